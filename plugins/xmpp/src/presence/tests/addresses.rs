//! Romeo on SIP watches Juliet on XMPP under several addresses, which are one there.

use rialto_sdk::model::{FailureReason, TerminationReason};

use super::*;

/// Another way to write Juliet, as SIP writes numbers.
fn phone() -> SubscribeOperation {
    let juliet = Presentity::parse("pres:juliet/user=phone@example.com").unwrap();
    wish("phone", "t2").with_target(juliet)
}

/// What the next `count` reports are about, by name, and what they say.
async fn reports(rig: &mut Rig, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    for _ in 0..count {
        let told = rig.report().await;
        let said = match told.document() {
            Some(_) => tuples(&told).join(", "),
            None => "nothing".to_owned(),
        };
        all.push(format!("{}: {said}", told.subscription_id()));
    }
    all
}

/// Both of Romeo's subscriptions, and Juliet, who is on her balcony.
async fn both(rig: &mut Rig, server: &mut FakeServer) {
    granted(rig, server).await;
    server.send(&here("balcony", "")).await;
    assert_eq!(reports(rig, 1).await, ["leg: ID-balcony open"]);
    let second = rig.subscribe(phone()).await.unwrap();
    assert!(second.status().is_success());
    let told = rig.report().await;
    assert_eq!(told.subscription_id(), &name("phone"));
    assert_eq!(told.target(), phone().target(), "as it was asked for");
    assert_eq!(tuples(&told), ["ID-balcony open"]);
}

#[tokio::test(start_paused = true)]
async fn all_are_told_what_the_contact_decides_and_how_it_is() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    pending(&mut rig, &mut server).await;
    let second = rig.subscribe(phone()).await.unwrap();
    assert_eq!(second.status(), &ResponseStatus::Indeterminant);
    server.send(&word("subscribed")).await;
    let granted = ["leg: nothing", "phone: nothing"];
    assert_eq!(reports(&mut rig, 2).await, granted);
    assert_eq!(
        told(&mut server, 1).await,
        ["romeo@sip.example.com probe"],
        "they are one to the contact, who was asked once"
    );
    server.send(&here("balcony", "")).await;
    let here = ["leg: ID-balcony open", "phone: ID-balcony open"];
    assert_eq!(reports(&mut rig, 2).await, here);
    server.send(&word("unsubscribed")).await;
    for _ in 0..2 {
        let rejected = SubscriptionState::terminated(TerminationReason::Rejected);
        assert_eq!(rig.report().await.state(), rejected);
    }
}

#[tokio::test(start_paused = true)]
async fn end_of_one_ends_no_other_and_the_last_one_is_told_to_the_contact() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    both(&mut rig, &mut server).await;
    let end = wish("leg", "t3").with_duration(Duration::ZERO);
    assert!(rig.subscribe(end).await.unwrap().status().is_success());
    nothing_else(&mut server).await;
    server.send(&here("chamber", "")).await;
    let told = ["phone: ID-balcony open, ID-chamber open"];
    assert_eq!(reports(&mut rig, 1).await, told);
    let end = phone().with_duration(Duration::ZERO);
    assert!(rig.subscribe(end).await.unwrap().status().is_success());
    let last = short(&server.presence().await);
    assert_eq!(last, "romeo@sip.example.com unavailable");
    assert!(rig.told.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn one_that_the_gateway_does_not_know_any_more_ends_no_other() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    both(&mut rig, &mut server).await;
    server.send(&gone("balcony")).await;
    let told = rig.told.recv().await.unwrap();
    assert_eq!(told.operation.subscription_id(), &name("leg"));
    let unknown = rialto_sdk::model::Failure::new(FailureReason::NoPresentity);
    told.answer.send(unknown.into()).unwrap();
    assert_eq!(reports(&mut rig, 1).await, ["phone: ID-balcony closed"]);
    server.send(&here("chamber", "")).await;
    assert_eq!(reports(&mut rig, 1).await, ["phone: ID-chamber open"]);
}

#[tokio::test(start_paused = true)]
async fn those_beyond_the_bound_take_the_place_of_the_one_that_was_asked_again_longest_ago() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    both(&mut rig, &mut server).await;
    for number in 0..3 {
        let name = format!("n{number}");
        let more = rig.subscribe(wish(&name, &name)).await.unwrap();
        assert!(more.status().is_success());
        drop(rig.report().await);
    }
    server.send(&gone("balcony")).await;
    let told = ["phone", "n0", "n1", "n2"].map(|name| format!("{name}: ID-balcony closed"));
    assert_eq!(reports(&mut rig, 4).await, told);
    nothing_else(&mut server).await;
    assert!(rig.told.try_recv().is_err());
}
