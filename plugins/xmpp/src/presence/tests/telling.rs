//! Juliet on XMPP watches Romeo on SIP.

use std::time::Duration;

use rialto_sdk::model::{
    Authentication, Failure, FailureReason, ResponseStatus, SubscriptionState, TerminationReason,
};
use rialto_xmpp_codec::Condition;
use tokio::time::advance;

use super::*;

const SUBSCRIBE: &str =
    "<presence from='juliet@example.com' to='romeo@sip.example.com' type='subscribe' id='s1'/>";
const UNSUBSCRIBE: &str =
    "<presence from='juliet@example.com' to='romeo@sip.example.com' type='unsubscribe'/>";
const PROBE: &str =
    "<presence from='juliet@example.com/chamber' to='romeo@sip.example.com' type='probe'/>";

const REJECTED: SubscriptionState = SubscriptionState::terminated(TerminationReason::Rejected);
const TIMED_OUT: SubscriptionState = SubscriptionState::terminated(TerminationReason::Timeout);

/// Juliet has subscribed, and believes that these devices are there.
async fn subscribed(rig: &mut Rig, server: &mut FakeServer, devices: &str) -> SubscribeOperation {
    server.send(SUBSCRIBE).await;
    let kept = rig.wish().await.grant(ResponseStatus::Success);
    let state = SubscriptionState::Active;
    let done = rig.notify(notification(&kept, state, Some(document(devices))));
    told(server, 1 + devices.split(' ').count()).await;
    assert!(done.await.unwrap().is_success());
    kept
}

#[tokio::test(start_paused = true)]
async fn rfc_8048_example_1_subscribe_becomes_a_subscription_for_as_long_as_the_service_likes() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server.send(SUBSCRIBE).await;
    let wish = rig.wish().await.operation;
    assert_eq!((wish.watcher(), wish.target()), (&juliet(), &romeo()));
    assert_eq!(wish.duration(), None);
    assert_eq!(wish.authentication(), Authentication::Network);
}

#[tokio::test(start_paused = true)]
async fn rfc_8048_examples_4_to_6_first_active_notification_is_told_as_subscribed_and_presence() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server.send(SUBSCRIBE).await;
    let kept = rig.wish().await.grant(ResponseStatus::Indeterminant);
    // §5.2.1: pending is answered, and told to nobody.
    let pending = rig.notify(notification(&kept, SubscriptionState::Pending, None));
    assert!(pending.await.unwrap().is_success());
    nothing_else(&mut server).await;
    let active = notification(&kept, SubscriptionState::Active, Some(document("ID-x")));
    let id = *active.transaction_id();
    let done = rig.notify(active);
    let granted = server.presence().await;
    assert_eq!(short(&granted), "romeo@sip.example.com subscribed");
    assert_eq!(granted.to.as_deref(), Some("juliet@example.com"));
    let here = server.presence().await;
    assert_eq!(short(&here), "romeo@sip.example.com/x available");
    assert_eq!(here.id.as_deref(), Some(id.as_str()));
    server.prove().await;
    assert!(done.await.unwrap().is_success());
}

#[tokio::test(start_paused = true)]
async fn rfc_8048_examples_7_to_9_unsubscribe_ends_it_and_unsubscribed_says_so() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let kept = subscribed(&mut rig, &mut server, "a b").await;
    server.send(UNSUBSCRIBE).await;
    let end = rig.wish().await;
    assert_eq!(end.operation.subscription_id(), kept.subscription_id());
    assert!(end.operation.is_of_no_duration());
    drop(end.grant(ResponseStatus::Success));
    for word in ["/a unavailable", "/b unavailable", " unsubscribed"] {
        let said = server.presence().await;
        assert_eq!(short(&said), format!("romeo@sip.example.com{word}"));
    }
    // The last notification is not taken for an end that nobody asked for.
    let last = rig.notify(notification(&kept, TIMED_OUT, Some(document("a"))));
    assert!(last.await.unwrap().is_success());
    nothing_else(&mut server).await;
    advance(2 * HOUR).await;
    rig.presences.refresh();
    assert!(rig.asked.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn rfc_8048_examples_22_and_23_probe_of_who_is_known_is_a_fetch_and_its_sender_alone_is_told()
{
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let kept = subscribed(&mut rig, &mut server, "a").await;
    server.send(PROBE).await;
    let fetch = rig.wish().await;
    assert!(fetch.operation.is_of_no_duration());
    assert_ne!(fetch.operation.subscription_id(), kept.subscription_id());
    let fetch = fetch.grant(ResponseStatus::Success);
    let done = rig.notify(notification(&fetch, TIMED_OUT, Some(document("a b"))));
    let first = server.presence().await;
    assert_eq!(first.to.as_deref(), Some("juliet@example.com/chamber"));
    assert_eq!(short(&first), "romeo@sip.example.com/a available");
    assert_eq!(
        told(&mut server, 1).await,
        ["romeo@sip.example.com/b available"]
    );
    assert!(done.await.unwrap().is_success());
}

#[tokio::test(start_paused = true)]
async fn probe_of_who_is_not_known_subscribes_since_the_server_believes_that_it_has() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server.send(PROBE).await;
    let wish = rig.wish().await;
    assert_eq!(wish.operation.duration(), None);
    let kept = wish.grant(ResponseStatus::Success);
    let done = rig.notify(notification(
        &kept,
        SubscriptionState::Active,
        Some(document("-a")),
    ));
    assert_eq!(
        told(&mut server, 2).await,
        [
            "romeo@sip.example.com/a unavailable",
            "romeo@sip.example.com unavailable"
        ]
    );
    assert!(done.await.unwrap().is_success());
}

#[tokio::test(start_paused = true)]
async fn rfc2779_5_1_5_refusal_is_told_with_its_reason_and_as_unsubscribed() {
    for (reason, condition) in [
        (FailureReason::NotPermitted, Condition::Forbidden),
        (FailureReason::NoPresentity, Condition::ItemNotFound),
        (FailureReason::AlreadySubscribed, Condition::Conflict),
    ] {
        let mut rig = Rig::new();
        let mut server = rig.join().await;
        server.send(SUBSCRIBE).await;
        drop(rig.wish().await.grant(Failure::new(reason).into()));
        let error = server.presence().await;
        assert_eq!(error.id.as_deref(), Some("s1"));
        assert_eq!(error.error.unwrap().condition, condition, "RFC 3922 §6.1");
        let refused = server.presence().await;
        assert_eq!(short(&refused), "romeo@sip.example.com unsubscribed");
    }
}

#[tokio::test(start_paused = true)]
async fn wish_that_cannot_be_granted_now_is_made_again_and_nothing_is_told() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server.send(SUBSCRIBE).await;
    let busy = Failure::new(FailureReason::Overloaded);
    drop(rig.wish().await.grant(busy.into()));
    rig.settle().await;
    nothing_else(&mut server).await;
    rig.presences.refresh();
    assert!(rig.asked.try_recv().is_err(), "not at once");
    advance(Duration::from_secs(600)).await;
    rig.presences.refresh();
    drop(rig.wish().await.grant(ResponseStatus::Success));
}

#[tokio::test(start_paused = true)]
async fn subscription_is_refreshed_before_it_ends_under_the_same_name() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let kept = subscribed(&mut rig, &mut server, "a").await;
    advance(HOUR / 2).await;
    rig.presences.refresh();
    assert!(rig.asked.try_recv().is_err(), "not before it is time");
    advance(HOUR / 2 - Duration::from_secs(60)).await;
    rig.presences.refresh();
    let refresh = rig.wish().await;
    assert_eq!(refresh.operation.subscription_id(), kept.subscription_id());
    assert_eq!(refresh.operation.reference(), kept.reference());
    drop(refresh.grant(ResponseStatus::Success));
}

#[tokio::test(start_paused = true)]
async fn rfc2779_5_1_9_end_that_concerns_the_watcher_is_told_and_another_is_mended() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let kept = subscribed(&mut rig, &mut server, "a").await;
    let mended = rig.notify(notification(&kept, TIMED_OUT, None));
    assert!(mended.await.unwrap().is_success());
    nothing_else(&mut server).await;
    advance(Duration::from_secs(30)).await;
    rig.presences.refresh();
    let again = rig.wish().await;
    assert_eq!(again.operation.subscription_id(), kept.subscription_id());
    let kept = again.grant(ResponseStatus::Success);
    let done = rig.notify(notification(&kept, REJECTED, None));
    assert_eq!(
        told(&mut server, 2).await,
        [
            "romeo@sip.example.com/a unavailable",
            "romeo@sip.example.com unsubscribed"
        ]
    );
    assert!(done.await.unwrap().is_success());
}

#[tokio::test(start_paused = true)]
async fn only_what_is_new_is_told_and_every_device_that_goes() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let kept = subscribed(&mut rig, &mut server, "a b").await;
    let active = |tuples| notification(&kept, SubscriptionState::Active, Some(document(tuples)));
    assert!(rig.notify(active("b a")).await.unwrap().is_success());
    nothing_else(&mut server).await;
    let done = rig.notify(active("b c"));
    assert_eq!(
        told(&mut server, 2).await,
        [
            "romeo@sip.example.com/c available",
            "romeo@sip.example.com/a unavailable"
        ]
    );
    assert!(done.await.unwrap().is_success());
}

#[tokio::test(start_paused = true)]
async fn what_the_server_may_not_have_taken_is_told_again() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let kept = subscribed(&mut rig, &mut server, "a").await;
    let active = |tuples| notification(&kept, SubscriptionState::Active, Some(document(tuples)));
    let lost = rig.notify(active("b"));
    server.presence().await;
    drop(server);
    assert!(!lost.await.unwrap().is_success());
    let mut server = rig.join().await;
    let done = rig.notify(active("b"));
    assert_eq!(
        told(&mut server, 2).await,
        [
            "romeo@sip.example.com/b available",
            "romeo@sip.example.com/a unavailable"
        ]
    );
    assert!(done.await.unwrap().is_success());
}

#[tokio::test(start_paused = true)]
async fn notification_is_understood_after_a_restart_by_its_reference_alone() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server.send(SUBSCRIBE).await;
    let kept = rig.wish().await.grant(ResponseStatus::Success);
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let state = SubscriptionState::Active;
    let done = rig.notify(notification(&kept, state, Some(document("a"))));
    assert_eq!(
        told(&mut server, 2).await,
        [
            "romeo@sip.example.com subscribed",
            "romeo@sip.example.com/a available"
        ]
    );
    assert!(done.await.unwrap().is_success());
    advance(HOUR - Duration::from_secs(60)).await;
    rig.presences.refresh();
    let refresh = rig.wish().await.operation;
    assert_eq!(refresh.subscription_id(), kept.subscription_id());
}

#[tokio::test(start_paused = true)]
async fn watcher_whom_its_server_does_not_know_ends_the_subscription() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let kept = subscribed(&mut rig, &mut server, "a").await;
    let state = SubscriptionState::Active;
    let done = rig.notify(notification(&kept, state, Some(document("b"))));
    let id = server.presence().await.id.unwrap();
    server
        .send(&format!(
            "<presence type='error' from='juliet@example.com' to='romeo@sip.example.com' id='{id}'>\
             <error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
        ))
        .await;
    let ResponseStatus::Failure(failure) = done.await.unwrap() else {
        panic!("no failure")
    };
    assert_eq!(failure.reason(), FailureReason::NoSuchInbox);
    advance(2 * HOUR).await;
    rig.presences.refresh();
    assert!(rig.asked.try_recv().is_err(), "nothing is refreshed");
}

#[tokio::test(start_paused = true)]
async fn document_that_is_none_tells_that_nothing_is_there() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let kept = subscribed(&mut rig, &mut server, "a").await;
    let odd = PresenceDocument::new("application/odd".into(), Bytes::from_static(b"?").into());
    let done = rig.notify(notification(&kept, SubscriptionState::Active, Some(odd)));
    assert_eq!(
        told(&mut server, 1).await,
        ["romeo@sip.example.com/a unavailable"]
    );
    assert!(done.await.unwrap().is_success());
}

/// Both are told the same by the gateway; so they are by this plugin, whatever they ask.
#[tokio::test(start_paused = true)]
async fn rfc2779_5_1_15_watcher_who_is_blocked_politely_sees_what_one_of_nobody_there_does() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let mut rig = Rig::new();
        let mut server = rig.join().await;
        server.send(SUBSCRIBE).await;
        let kept = rig.wish().await.grant(ResponseStatus::Success);
        let state = SubscriptionState::Active;
        let done = rig.notify(notification(&kept, state, Some(document("-status"))));
        let mut said = told(&mut server, 3).await;
        assert!(done.await.unwrap().is_success());
        server.send(PROBE).await;
        let fetch = rig.wish().await.grant(ResponseStatus::Success);
        let done = rig.notify(notification(&fetch, TIMED_OUT, Some(document("-status"))));
        said.extend(told(&mut server, 1).await);
        assert!(done.await.unwrap().is_success());
        seen.push(said);
    }
    assert_eq!(seen[0], seen[1]);
    let gone = ["/status", "", ""].map(|of| format!("romeo@sip.example.com{of} unavailable"));
    assert_eq!(seen[0][1..], gone);
}

#[tokio::test(start_paused = true)]
async fn wish_from_one_who_cannot_be_addressed_is_refused_here() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    server
        .send(&SUBSCRIBE.replace("juliet@example.com", "juliet@localhost"))
        .await;
    let error = server.presence().await.error.unwrap();
    assert_eq!(error.condition, Condition::JidMalformed);
    assert!(rig.asked.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn subscriptions_are_bounded() {
    let mut rig = Rig::with(
        rialto_sdk::serde_json::json!({ "subscriptions": 1 }),
        64 * 1024,
    );
    let mut server = rig.join().await;
    server.send(SUBSCRIBE).await;
    drop(rig.wish().await.grant(ResponseStatus::Success));
    server.send(&SUBSCRIBE.replace("juliet@", "nurse@")).await;
    let error = server.presence().await.error.unwrap();
    assert_eq!(error.condition, Condition::ResourceConstraint);
    assert_eq!(error.type_.as_str(), "wait");
    // What another has been granted before is told all the same.
    let mut other = Rig::new();
    let mut its_server = other.join().await;
    its_server
        .send(&SUBSCRIBE.replace("juliet@", "nurse@"))
        .await;
    let kept = other.wish().await.grant(ResponseStatus::Success);
    let state = SubscriptionState::Active;
    let done = rig.notify(notification(&kept, state, Some(document("a"))));
    assert_eq!(told(&mut server, 2).await.len(), 2);
    assert!(done.await.unwrap().is_success());
}
