//! Subscriptions, notifications and publications across the boundary, both ways.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::{path::PathBuf, time::Duration};

use crate::support::*;
use rialto_loader::Library;
use rialto_model::{
    Authentication, Bytes, FailureReason, MaxForwards, NotifyOperation, Package, PresenceDocument,
    Presentity, SubscribeOperation, SubscriptionId, SubscriptionState, TerminationReason,
    TransactionId,
};

fn presentity(user: &str) -> Presentity {
    Presentity::parse(&format!("pres:{user}@example.org")).unwrap()
}

fn subscription() -> SubscribeOperation {
    SubscribeOperation::new(
        TransactionId::random(&mut rand::rng()),
        SubscriptionId::random(&mut rand::rng()),
        presentity("alice"),
        presentity("bob"),
    )
}

/// Everything that a subscription can carry.
fn full_subscription() -> SubscribeOperation {
    subscription()
        .with_package(Package::WatcherInformation)
        .with_duration(Duration::from_secs(600))
        .with_authentication(Authentication::Network)
        .with_max_forwards(MaxForwards::new(7))
        .with_deadline(Duration::from_secs(5))
        .with_next_hop("tcp:192.0.2.1:5060")
        .with_reference("dialog\u{0}1")
}

fn notification(state: SubscriptionState) -> NotifyOperation {
    NotifyOperation::new(
        TransactionId::random(&mut rand::rng()),
        SubscriptionId::random(&mut rand::rng()),
        presentity("alice"),
        presentity("bob"),
        state,
    )
}

/// Everything that a notification can carry.
fn full_notification() -> NotifyOperation {
    let document =
        PresenceDocument::new("text/x; a=b".into(), Bytes::from(vec![0xff; 5000]).into());
    let state = SubscriptionState::Terminated {
        reason: TerminationReason::Probation,
        retry_after: Some(Duration::from_secs(9)),
    };
    notification(state)
        .with_package(Package::WatcherInformation)
        .with_document(document)
        .with_version(u32::MAX)
        .with_expires_in(Duration::ZERO)
        .with_authentication(Authentication::Network)
        .with_max_forwards(MaxForwards::new(7))
        .with_deadline(Duration::from_secs(5))
        .with_next_hop("")
        .with_reference("")
}

#[tokio::test]
async fn subscription_crosses_there_and_back_unchanged() {
    let gateway = Recorder::new();
    let adapter = faulty("gives_up", &gateway).await;
    for operation in [subscription(), full_subscription()] {
        let response = ended(adapter.subscribe(operation.clone())).await;
        assert!(response.status().is_success(), "{response:?}");
        assert_eq!(gateway.seen().subscriptions.pop(), Some(operation));
    }
}

#[tokio::test]
async fn notification_crosses_there_and_back_unchanged() {
    let gateway = Recorder::new();
    let adapter = faulty("gives_up", &gateway).await;
    let plain = notification(SubscriptionState::Pending);
    for operation in [plain, full_notification()] {
        let response = ended(adapter.notify(operation.clone())).await;
        assert!(response.status().is_success(), "{response:?}");
        assert_eq!(gateway.seen().notifications.pop(), Some(operation));
    }
}

#[tokio::test]
async fn duration_that_is_granted_comes_back_at_once_and_later() {
    for fault in ["none", "waits"] {
        let gateway = Recorder::new();
        let adapter = faulty(fault, &gateway).await;
        for wanted in [Duration::from_secs(600), Duration::ZERO] {
            let operation = subscription().with_duration(wanted);
            adapter.subscribe_with(operation.clone(), 1);
            let response = ended(adapter.subscribe(operation)).await;
            assert_eq!(response.duration(), Some(wanted), "{fault}");
        }
        let seen = gateway.until(|seen| seen.subscribed.len() == 2).await;
        let told: Vec<_> = seen.subscribed.iter().map(|(_, r)| r.duration()).collect();
        assert_eq!(told, [Some(Duration::from_secs(600)), Some(Duration::ZERO)]);
    }
}

#[tokio::test]
async fn adapter_without_the_service_is_never_asked() {
    let gateway = Recorder::new();
    let library = c_plugin(
        "no_presence",
        "#include <stdlib.h>\n#define ANSWER(done) ((void)(done), abort())",
    );
    let adapter = started(library, "{}", &gateway).await;
    let asked = ended(adapter.subscribe(subscription())).await;
    let told = ended(adapter.notify(notification(SubscriptionState::Active))).await;
    for response in [asked, told] {
        let (reason, _) = failed(response.into_status());
        assert_eq!(reason, FailureReason::UnsupportedService);
    }
}

#[test]
fn manifest_says_whether_presence_is_offered() {
    let offers = |path: PathBuf| Library::open(&path).unwrap().manifest().offers_presence();
    assert!(offers(faulty_plugin()));
    assert!(!offers(echo_plugin()));
}
