//! What watchers ask, and how they are answered.

use rialto_sdk::prelude::{
    Authentication, Bytes, Failure, FailureReason, Package, PresenceDocument, Presentity,
    ResponseStatus, SubscribeOperation, SubscriptionState,
};

use super::{notification, scene, subscribe, tell, within};
use crate::tests::{
    peer::{header, status},
    udp,
};

fn has(text: &str, name: &str) -> bool {
    text.contains(&format!("\r\n{name}: "))
}

#[tokio::test]
async fn rfc3856_6_subscription_is_a_subscribe_operation_and_its_answer_begins_a_dialog() {
    let (fake, adapter, peer) = scene().await;
    let routes = "Record-Route: <sip:p2.example;lr>\r\nRecord-Route: <sip:p1.example;lr>\r\nMax-Forwards: 9\r\n";
    let answer = peer.ask(udp(&adapter), subscribe("a", routes)).await;
    assert_eq!(status(&answer), 200);
    assert_eq!(header(&answer, "Expires"), "3600");
    let contact = format!(
        "<sip:juliet%40xmpp.example@{};rr=sip:p2.example%3Blr%20sip:p1.example%3Blr>",
        udp(&adapter)
    );
    assert_eq!(header(&answer, "Contact"), contact);
    assert!(
        answer
            .contains("Record-Route: <sip:p2.example;lr>\r\nRecord-Route: <sip:p1.example;lr>\r\n"),
        "{answer}"
    );
    let operation = fake.subscribed().remove(0);
    assert_eq!(operation.watcher().as_str(), "pres:romeo@sip.example");
    assert_eq!(operation.target().as_str(), "pres:juliet@xmpp.example");
    assert_eq!(
        (operation.package(), operation.duration()),
        (Package::Presence, None)
    );
    assert_eq!(operation.max_forwards().hops(), 9);
    assert_eq!(operation.authentication(), Authentication::None);
    assert!(operation.deadline().is_some());
}

#[tokio::test]
async fn rfc6665_4_2_1_refresh_and_end_within_the_dialog_have_the_name_of_the_beginning() {
    let (fake, adapter, peer) = scene().await;
    let first = subscribe("a", "");
    let answer = peer.ask(udp(&adapter), &first).await;
    let refresh = within(&first, &answer, 2, "Expires: 300\r\n");
    assert_eq!(
        header(&peer.ask(udp(&adapter), refresh).await, "Expires"),
        "300"
    );
    fake.grant(0);
    let end = within(&first, &answer, 3, "Expires: 0\r\n");
    let ended = peer.ask(udp(&adapter), end).await;
    assert_eq!((status(&ended), header(&ended, "Expires")), (200, "0"));
    let all = fake.subscribed();
    assert_eq!(all.len(), 3);
    for operation in &all {
        assert_eq!(operation.subscription_id(), all[0].subscription_id());
        assert_eq!(operation.target(), all[0].target());
        assert!(operation.reference().is_some());
    }
    assert!(all[2].is_of_no_duration() && !all[1].is_of_no_duration());
    let known: Vec<_> = all.iter().map(SubscribeOperation::is_of_known).collect();
    assert_eq!(known, [false, true, true]);
    let other = peer.ask(udp(&adapter), subscribe("b", "")).await;
    assert_eq!(status(&other), 200);
    assert_ne!(
        fake.subscribed()[3].subscription_id(),
        all[0].subscription_id()
    );
    fake.answer_with(Failure::new(FailureReason::NoPresentity).into());
    let over = within(&first, &answer, 4, "Expires: 300\r\n");
    assert_eq!(status(&peer.ask(udp(&adapter), over).await), 481);
}

#[tokio::test]
async fn rfc6665_4_5_1_id_of_event_makes_another_subscription_and_comes_back() {
    let (fake, adapter, peer) = scene().await;
    let first = subscribe("a", "").replace("Event: presence", "Event: presence;id=7");
    let answer = peer.ask(udp(&adapter), &first).await;
    let other = within(&first, &answer, 2, "").replace("id=7", "id=8");
    peer.ask(udp(&adapter), other).await;
    let all = fake.subscribed();
    assert_ne!(all[0].subscription_id(), all[1].subscription_id());
    let notification = notification(&all[0], 0, SubscriptionState::Active);
    let (_, text) = tokio::join!(tell(&adapter, notification), peer.serve(200, &[]));
    assert_eq!(header(&text, "Event"), "presence;id=7");
}

#[tokio::test]
async fn pending_is_answered_200_and_told_in_the_notification() {
    let (fake, adapter, peer) = scene().await;
    fake.answer_with(ResponseStatus::Indeterminant);
    let answer = peer.ask(udp(&adapter), subscribe("a", "")).await;
    assert_eq!((status(&answer), header(&answer, "Expires")), (200, "3600"));
}

#[tokio::test]
async fn rfc3857_watchers_of_oneself_are_subscribed_to_as_a_package_of_their_own() {
    let (fake, adapter, peer) = scene().await;
    let winfo = subscribe("a", "").replace("Event: presence", "o: presence.winfo");
    assert_eq!(status(&peer.ask(udp(&adapter), winfo).await), 200);
    let operation = fake.subscribed().remove(0);
    assert_eq!(operation.package(), Package::WatcherInformation);
    let document = PresenceDocument::new(
        "application/watcherinfo+xml".into(),
        Bytes::from("<watcherinfo/>").into(),
    );
    let told = notification(&operation, 0, SubscriptionState::Active).with_document(document);
    let (_, text) = tokio::join!(tell(&adapter, told), peer.serve(200, &[]));
    assert_eq!(header(&text, "Event"), "presence.winfo");
    assert_eq!(header(&text, "Content-Type"), "application/watcherinfo+xml");
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_is_refused_with_the_way_out() {
    let (fake, adapter, peer) = scene().await;
    let event = "Event: presence\r\n";
    let usual = subscribe("x", "");
    let asked_of = |uri: &str| {
        let line = format!("SUBSCRIBE {uri} SIP/2.0");
        usual.replace("SUBSCRIBE sip:juliet@xmpp.example SIP/2.0", &line)
    };
    let long_route = format!("Record-Route: <sip:{}@p.example;lr>\r\n", "p".repeat(2048));
    let packages = ("Allow-Events", "presence, presence.winfo");
    let documents = "application/pidf+xml, application/watcherinfo+xml";
    let with_a_way_out = [
        (usual.replace(event, ""), 489, packages),
        (usual.replace(event, "Event: dialog\r\n"), 489, packages),
        (
            subscribe("x", "Expires: 59\r\n"),
            423,
            ("Min-Expires", "60"),
        ),
        (
            subscribe("x", "Accept: application/cpim-pidf+xml, text/*\r\n"),
            406,
            ("Accept", documents),
        ),
        (
            subscribe("x", "Require: eventlist\r\n"),
            420,
            ("Unsupported", "eventlist"),
        ),
    ];
    let without = [
        (subscribe("x", "Max-Forwards: 0\r\n"), 483),
        (usual.replace("Contact: ", "X-Contact: "), 400),
        (usual.replace("<sip:romeo@192", "<tel:+1@192"), 400),
        (usual.replace("sip:juliet@", "sips:juliet@"), 416),
        (asked_of("tel:+1"), 416),
        (asked_of("sip:xmpp.example"), 400),
        (usual.replace("<sip:romeo@sip", "<sip:sip"), 400),
        (
            usual.replace("<sip:romeo@sip.example>;tag=fx", "<sip:romeo@sip.example>"),
            400,
        ),
        (
            subscribe("x", &"Record-Route: <sip:p.example;lr>\r\n".repeat(17)),
            513,
        ),
        (subscribe("x", &long_route), 513),
    ];
    let without = without.map(|(text, code)| (text, code, ("Server", "rialto")));
    let cases = with_a_way_out.into_iter().chain(without);
    for (number, (text, code, (name, value))) in cases.enumerate() {
        let text = text.replace("branch=z9hG4bKx", &format!("branch=z9hG4bKx{number}"));
        let text = text.replace("call-x", &format!("call-x{number}"));
        let answer = peer.ask(udp(&adapter), text.as_bytes()).await;
        assert_eq!(status(&answer), code, "{text}{answer}");
        assert_eq!(header(&answer, name), value);
    }
    assert_eq!(fake.subscribed(), []);
    for taken in [
        "Expires: 0\r\n",
        "Expires: 60\r\n",
        "Accept: text/html, application/*\r\n",
        "Accept: */*\r\n",
    ] {
        let branch = format!("ok{}", taken.len());
        let answer = peer.ask(udp(&adapter), subscribe(&branch, taken)).await;
        assert_eq!(status(&answer), 200, "{taken}");
    }
}

#[tokio::test]
async fn refusal_of_the_service_is_the_answer_and_no_dialog_begins() {
    let (fake, adapter, peer) = scene().await;
    let busy = Failure::new(FailureReason::Overloaded);
    let cases = [
        (Failure::new(FailureReason::NotPermitted), 403, ""),
        (Failure::new(FailureReason::NoPresentity), 404, ""),
        (busy, 503, "2"),
        (Failure::new(FailureReason::AlreadySubscribed), 480, "2"),
    ];
    for (number, (failure, code, retry_after)) in cases.into_iter().enumerate() {
        fake.answer_with(failure.into());
        let answer = peer
            .ask(udp(&adapter), subscribe(&number.to_string(), ""))
            .await;
        assert_eq!(status(&answer), code);
        assert!(
            !has(&answer, "Contact") && !has(&answer, "Expires"),
            "{answer}"
        );
        if !retry_after.is_empty() {
            assert_eq!(header(&answer, "Retry-After"), retry_after);
        }
    }
}

#[tokio::test]
async fn copy_of_a_subscription_gets_the_same_answer_and_is_no_second_one() {
    let (fake, adapter, peer) = scene().await;
    let first = peer.ask(udp(&adapter), subscribe("a", "")).await;
    let second = peer.ask(udp(&adapter), subscribe("a", "")).await;
    assert_eq!(first, second);
    assert_eq!(fake.subscribed().len(), 1);
}

/// As it does where a proxy forks it and both branches lead here.
#[tokio::test]
async fn rfc3261_8_2_2_2_subscription_that_comes_by_two_ways_is_one() {
    let (fake, adapter, peer) = scene().await;
    let first = subscribe("a", "");
    let other_way = first.replace("branch=z9hG4bKa", "branch=z9hG4bKother");
    assert_eq!(status(&peer.ask(udp(&adapter), first).await), 200);
    assert_eq!(status(&peer.ask(udp(&adapter), other_way).await), 482);
    assert_eq!(fake.subscribed().len(), 1);
}

#[tokio::test]
async fn presentity_of_a_retargeted_subscription_is_the_same_within_the_dialog() {
    let (fake, adapter, peer) = scene().await;
    let first = subscribe("a", "").replace("To: <sip:juliet@", "To: <sip:alias@");
    let answer = peer.ask(udp(&adapter), &first).await;
    let contact = header(&answer, "Contact").trim_matches(['<', '>']);
    let refresh = first
        .replace(
            "SUBSCRIBE sip:juliet@xmpp.example",
            &format!("SUBSCRIBE {contact}"),
        )
        .replace("CSeq: 1", "CSeq: 2")
        .replace(
            "To: <sip:alias@xmpp.example>",
            &format!("To: {}", header(&answer, "To")),
        );
    peer.ask(udp(&adapter), refresh).await;
    let all = fake.subscribed();
    assert_eq!(
        all[1].target(),
        &Presentity::parse("pres:juliet@xmpp.example").unwrap()
    );
    assert_eq!(all[0].subscription_id(), all[1].subscription_id());
}

/// A client that was killed and started again has lost its dialog, and says so when it is asked.
#[tokio::test(start_paused = true)]
async fn subscription_of_a_client_that_lost_the_one_before_is_taken_at_the_second_try() {
    let (fake, adapter, peer) = scene().await;
    fake.fail_next(FailureReason::AlreadySubscribed);
    let answer = peer.ask(udp(&adapter), subscribe("a", "")).await;
    assert_eq!(status(&answer), 200);
    let all = fake.subscribed();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0], all[1]);
}

/// Proxies record their routes in the first request of a dialog, and few do in others.
#[tokio::test]
async fn rfc3261_12_2_routes_of_a_dialog_stay_when_a_refresh_records_none() {
    let (fake, adapter, peer) = scene().await;
    let routes = "Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>\r\n";
    let first = subscribe("a", routes);
    let answer = peer.ask(udp(&adapter), &first).await;
    let refresh = within(&first, &answer, 2, "").replace(routes, "");
    let refreshed = peer.ask(udp(&adapter), refresh).await;
    assert_eq!(header(&refreshed, "Contact"), header(&answer, "Contact"));
    let all = fake.subscribed();
    let told = notification(&all[1], 1, SubscriptionState::Active);
    let (_, text) = tokio::join!(tell(&adapter, told), peer.serve(200, &[]));
    let passed = "Route: <sip:p2.example;lr>\r\nRoute: <sip:p1.example;lr>\r\n";
    assert!(text.contains(passed), "{text}");
    assert_eq!(header(&text, "Contact"), header(&answer, "Contact"));
}
