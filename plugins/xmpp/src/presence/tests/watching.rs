//! Romeo on SIP watches Juliet on XMPP.

use rialto_sdk::model::{Authentication, FailureReason, TerminationReason};
use tokio::time::advance;

use super::*;

#[tokio::test(start_paused = true)]
async fn rfc_8048_examples_11_to_14_subscription_is_pending_until_the_contact_grants_it() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    granted(&mut rig, &mut server).await;
    server.send(&here("balcony", "<show>away</show>")).await;
    let told = rig.report().await;
    assert_eq!(told.subscription_id(), &name("leg"));
    assert_eq!((told.watcher(), told.target()), (&romeo(), &juliet()));
    assert_eq!(told.authentication(), Authentication::Network);
    assert_eq!(tuples(&told), ["ID-balcony open"]);
}

#[tokio::test(start_paused = true)]
async fn rfc_8048_examples_15_and_16_contact_that_refuses_ends_the_subscription_as_rejected() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    pending(&mut rig, &mut server).await;
    server.send(&word("unsubscribed")).await;
    let told = rig.report().await;
    assert_eq!(
        told.state(),
        SubscriptionState::terminated(TerminationReason::Rejected)
    );
    assert_eq!(told.document(), None);
}

#[tokio::test(start_paused = true)]
async fn rfc_8048_example_17_end_is_told_to_the_contact_as_unavailable() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    granted(&mut rig, &mut server).await;
    let end = wish("leg", "t2").with_duration(Duration::ZERO);
    let done = rig.subscribe(end).await.unwrap();
    assert!(done.status().is_success());
    assert_eq!(
        short(&server.presence().await),
        "romeo@sip.example.com unavailable"
    );
    server.send(&here("balcony", "")).await;
    nothing_else(&mut server).await;
    assert!(
        rig.told.try_recv().is_err(),
        "it is nobody's business any more"
    );
    assert_eq!(rig.gateway.count("Ignored(Presence)"), 1);
}

#[tokio::test(start_paused = true)]
async fn rfc_3922_6_3_1_resources_are_told_together_and_the_last_one_as_closed() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    granted(&mut rig, &mut server).await;
    for (stanza, expected) in [
        (here("a", ""), &["ID-a open"][..]),
        (
            here("b", "<priority>5</priority>"),
            &["ID-a open", "ID-b open"],
        ),
        (gone("a"), &["ID-b open"]),
        (gone("b"), &["ID-b closed"]),
        (here("c", ""), &["ID-c open"]),
        (word("unavailable"), &["bare closed"]),
    ] {
        server.send(&stanza).await;
        assert_eq!(tuples(&rig.report().await), expected, "{stanza}");
    }
    // Nothing new is not told, whenever it was said and whatever else is in it.
    server
        .send(&here(
            "c",
            "<c xmlns='http://jabber.org/protocol/caps' node='n' ver='v' hash='sha-1'/>",
        ))
        .await;
    drop(rig.report().await);
    server
        .send(&here(
            "c",
            "<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>",
        ))
        .await;
    nothing_else(&mut server).await;
    assert!(rig.told.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn contact_who_has_granted_it_before_makes_it_active_at_once() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let done = rig.subscribe(wish("leg", "t1"));
    server.presence().await;
    // RFC 6121 §3.1.3: the server answers for its user, before it looks at the ping.
    server
        .send(&(word("subscribed") + &here("balcony", "")))
        .await;
    drop(rig.report().await);
    assert_eq!(tuples(&rig.report().await), ["ID-balcony open"]);
    server.prove().await;
    assert!(done.await.unwrap().status().is_success());
}

#[tokio::test(start_paused = true)]
async fn after_the_stream_was_lost_the_contact_is_probed_and_nothing_old_is_told() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    granted(&mut rig, &mut server).await;
    server.send(&here("balcony", "")).await;
    drop(rig.report().await);
    drop(server);
    let mut server = rig.join().await;
    let done = rig.subscribe(wish("leg", "t2"));
    assert_eq!(
        short(&server.presence().await),
        "romeo@sip.example.com probe"
    );
    server.prove().await;
    assert!(done.await.unwrap().status().is_success());
    advance(Duration::from_secs(3)).await;
    assert_eq!(
        tuples(&rig.report().await),
        ["bare closed"],
        "nobody has said otherwise"
    );
    server.send(&here("chamber", "")).await;
    assert_eq!(tuples(&rig.report().await), ["ID-chamber open"]);
}

#[tokio::test(start_paused = true)]
async fn contact_who_has_not_decided_is_asked_once_for_each_stream() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    pending(&mut rig, &mut server).await;
    let again = rig.subscribe(wish("leg", "t2")).await.unwrap();
    assert_eq!(again.status(), &ResponseStatus::Indeterminant);
    nothing_else(&mut server).await;
    let fetch = rig.subscribe(wish("fetch", "t3").with_duration(Duration::ZERO));
    assert_eq!(
        fetch.await.unwrap().status(),
        &ResponseStatus::Indeterminant
    );
    nothing_else(&mut server).await;
    drop(server);
    let mut server = rig.join().await;
    drop(rig.subscribe(wish("leg", "t4")));
    assert_eq!(
        short(&server.presence().await),
        "romeo@sip.example.com subscribe"
    );
}

#[tokio::test(start_paused = true)]
async fn refresh_probes_the_contact_who_may_have_changed_its_mind() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    granted(&mut rig, &mut server).await;
    server.send(&here("balcony", "")).await;
    drop(rig.report().await);
    let done = rig.subscribe(wish("leg", "t2"));
    assert_eq!(
        short(&server.presence().await),
        "romeo@sip.example.com probe"
    );
    server.send(&word("unsubscribed")).await;
    let told = rig.report().await;
    assert_eq!(
        told.state(),
        SubscriptionState::terminated(TerminationReason::Rejected)
    );
    server.prove().await;
    assert!(!done.await.unwrap().status().is_success());
}

#[tokio::test(start_paused = true)]
async fn contact_whose_server_is_lost_is_not_there() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    granted(&mut rig, &mut server).await;
    server.send(&here("balcony", "")).await;
    drop(rig.report().await);
    server
        .send(
            "<presence type='error' from='juliet@example.com' to='romeo@sip.example.com' id='old'>\
             <error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
        )
        .await;
    let told = rig.report().await;
    assert_eq!(told.state(), SubscriptionState::Active);
    assert_eq!(tuples(&told), ["bare closed"]);
}

#[tokio::test(start_paused = true)]
async fn contact_that_does_not_exist_fails_the_subscription() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let done = rig.subscribe(wish("leg", "t1"));
    let id = server.presence().await.id.unwrap();
    assert_eq!(id, "t1");
    server
        .send(
            "<presence type='error' from='juliet@example.com' to='romeo@sip.example.com' id='t1'>\
             <error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
        )
        .await;
    let response = done.await.unwrap();
    let ResponseStatus::Failure(failure) = response.status() else {
        panic!("no failure")
    };
    assert_eq!(failure.reason(), FailureReason::NoSuchInbox);
}

#[tokio::test(start_paused = true)]
async fn rfc2779_5_3_2_presence_of_one_whom_nobody_watches_goes_nowhere() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server
        .send(&(here("balcony", "") + &word("subscribed") + &word("unsubscribed")))
        .await;
    nothing_else(&mut server).await;
    assert!(rig.told.try_recv().is_err());
    assert_eq!(rig.gateway.count("Ignored(Presence)"), 3);
}

#[tokio::test(start_paused = true)]
async fn subscription_that_the_gateway_does_not_know_is_forgotten() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    granted(&mut rig, &mut server).await;
    server.send(&here("balcony", "")).await;
    let told = rig.told.recv().await.unwrap();
    let unknown = rialto_sdk::model::Failure::new(FailureReason::NoPresentity);
    told.answer.send(unknown.into()).unwrap();
    rig.settle().await;
    server.send(&gone("balcony")).await;
    nothing_else(&mut server).await;
    assert!(rig.told.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn watcher_of_a_foreign_domain_is_refused_as_the_server_would_end_the_stream() {
    let rig = Rig::new();
    let foreign = Presentity::parse("pres:romeo@elsewhere.example").unwrap();
    let response = rig
        .subscribe(wish("leg", "t1").with_watcher(foreign))
        .await
        .unwrap();
    let ResponseStatus::Failure(failure) = response.status() else {
        panic!("no failure")
    };
    assert_eq!(failure.reason(), FailureReason::InvalidSource);
}

#[tokio::test(start_paused = true)]
async fn contact_with_many_devices_is_told_with_some_of_them() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    granted(&mut rig, &mut server).await;
    let most = crate::mapping::MAX_RESOURCES;
    for number in 0..most {
        server.send(&here(&format!("r{number}"), "")).await;
        assert_eq!(tuples(&rig.report().await).len(), number + 1);
    }
    server.send(&here("one-more", "")).await;
    nothing_else(&mut server).await;
    assert!(rig.told.try_recv().is_err(), "no more than {most}");
    server.send(&(gone("r0") + &here("one-more", ""))).await;
    drop(rig.report().await);
    assert_eq!(tuples(&rig.report().await).len(), most);
}

#[tokio::test(start_paused = true)]
async fn storm_of_questions_leaves_half_of_the_queue_to_messages() {
    let mut rig = Rig::with(
        rialto_sdk::serde_json::json!({ "queue_messages": 8 }),
        64 * 1024,
    );
    let _server = rig.join().await;
    let mut waiting = Vec::new();
    for number in 0..8 {
        let contact = Presentity::parse(&format!("pres:c{number}@example.com")).unwrap();
        let name = format!("n{number}");
        waiting.push(rig.subscribe(wish(&name, &name).with_target(contact)));
        rig.settle().await;
    }
    let is_refused = |done: &&JoinHandle<Response>| done.is_finished();
    assert_eq!(waiting.iter().filter(is_refused).count(), 4);
    for done in waiting.into_iter().filter(JoinHandle::is_finished) {
        let response = done.await.unwrap();
        let ResponseStatus::Failure(failure) = response.status() else {
            panic!("no failure")
        };
        assert_eq!(failure.reason(), FailureReason::Overloaded);
    }
    let message = rig.deliver(crate::connection::fake::operation("m1", "a message"));
    rig.settle().await;
    assert!(
        !message.is_finished(),
        "it was taken, and waits for its proof"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_not_presence_is_refused() {
    let rig = Rig::new();
    let winfo = rialto_sdk::model::Package::WatcherInformation;
    let response = rig.subscribe(wish("leg", "t1").with_package(winfo)).await;
    let response = response.unwrap();
    let ResponseStatus::Failure(failure) = response.status() else {
        panic!("no failure")
    };
    assert_eq!(failure.reason(), FailureReason::UnsupportedService);
}
