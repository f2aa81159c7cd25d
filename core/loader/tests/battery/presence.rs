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

/// A plugin that offers these services only, and whose process ends if it is called.
fn with_services(name: &str, services: &str) -> PathBuf {
    let code =
        "#include <stdlib.h>\n#define ANSWER(done) ((void)(done), abort())\n#define SERVICES";
    c_plugin(name, &format!("{code} {services}"))
}

#[tokio::test]
async fn rfc2779_2_1_1_adapter_with_one_service_starts_and_the_other_gets_a_clear_failure() {
    let gateway = Recorder::new();
    let messages = with_services("only_messages", "RIALTO_SERVICE_MESSAGES");
    let adapter = started(messages, "{}", &gateway).await;
    let asked = ended(adapter.subscribe(subscription())).await;
    let told = ended(adapter.notify(notification(SubscriptionState::Active))).await;
    let presence = with_services("only_presence", "RIALTO_SERVICE_PRESENCE");
    let adapter = started(presence, "{}", &gateway).await;
    let delivered = ended(adapter.deliver(operation("x"))).await;
    for response in [asked, told, delivered] {
        let (reason, _) = failed(response.into_status());
        assert_eq!(reason, FailureReason::UnsupportedService);
    }
}

#[tokio::test]
async fn responses_of_all_kinds_are_told_apart_where_their_tokens_are_equal() {
    let gateway = Recorder::new();
    let adapter = faulty("waits", &gateway).await;
    let (message, subscribes) = (operation("x"), full_subscription());
    let notifies = full_notification();
    let ids = [
        *message.transaction_id(),
        *subscribes.transaction_id(),
        *notifies.transaction_id(),
    ];
    adapter.deliver_with(message, 7);
    adapter.subscribe_with(subscribes, 7);
    adapter.notify_with(notifies, 7);
    let seen = gateway
        .until(|seen| seen.responded.len() + seen.subscribed.len() + seen.notified.len() == 3)
        .await;
    let told = [&seen.responded, &seen.subscribed, &seen.notified].map(|told| {
        let [(7, response)] = told.as_slice() else {
            panic!("{seen:?}");
        };
        *response.transaction_id()
    });
    assert_eq!(told, ids);
}

#[tokio::test]
async fn what_nobody_waits_for_is_cancelled_in_the_plugin() {
    let gateway = Recorder::new();
    let adapter = faulty("never_answers", &gateway).await;
    drop(adapter.subscribe(subscription()));
    gateway.until(|seen| seen.measured.len() == 2).await;
    let ticket = adapter.notify_with(full_notification(), 1);
    assert!(adapter.cancel(ticket));
    gateway.until(|seen| seen.measured.len() == 4).await;
    assert_eq!(
        (gateway.counted("waiting"), gateway.counted("dropped")),
        (2, 2)
    );
    assert!(gateway.seen().notified.is_empty());
}

#[tokio::test]
async fn what_is_not_answered_in_time_is_answered_for() {
    let gateway = Recorder::new();
    let adapter = faulty("never_answers", &gateway).await;
    let soon = Duration::from_millis(20);
    let asked = ended(adapter.subscribe(subscription().with_deadline(soon))).await;
    let told = ended(adapter.notify(full_notification().with_deadline(soon))).await;
    for response in [asked, told] {
        assert_eq!(response.duration(), None);
        assert_eq!(failed(response.into_status()).0, FailureReason::TimedOut);
    }
}

#[tokio::test]
async fn panic_over_presence_fails_that_operation_alone() {
    let adapter = faulty("panic_in_call", &Recorder::new()).await;
    let asked = ended(adapter.subscribe(subscription())).await;
    let told = ended(adapter.notify(full_notification())).await;
    for (response, call) in [(asked, "subscribe"), (told, "notify")] {
        let (reason, detail) = failed(response.into_status());
        assert_eq!(reason, FailureReason::Internal);
        assert_eq!(detail, format!("the plugin panicked: {call}: a bug"));
    }
}

/// Is the network of watchers and presentities at once: whoever subscribes is told at once, publishes what it is told, and is granted ten minutes.
const PRESENCE: &str = r#"#include "rialto.h"
static RialtoHost host;
static uint32_t taken(uint64_t ticket, const RialtoResponse *response) {
    (void)ticket, (void)response;
    return RIALTO_ACCEPTED;
}
static void presence(void *adapter, const RialtoOperation *operation, RialtoCompletion done) {
    RialtoResponse yes = { .size = sizeof yes };
    RialtoOperation onward = *operation;
    RialtoPresence says = { 0 };
    (void)adapter;
    if (!operation->presence) {
        done.complete(done.ticket, &yes);
        return;
    }
    says = *operation->presence;
    onward.size = sizeof onward;
    onward.presence = &says;
    onward.source = operation->destination;
    onward.destination = operation->source;
    if (operation->kind == RIALTO_KIND_SUBSCRIBE) {
        onward.kind = RIALTO_KIND_NOTIFY;
        says.state = RIALTO_SUBSCRIPTION_ACTIVE;
        onward.content_type = (RialtoBytes)RIALTO_TEXT("text/x");
        onward.payload = (RialtoBytes)RIALTO_TEXT("here");
        yes.duration_ms = 600000;
    } else {
        onward.kind = RIALTO_KIND_PUBLISH;
        onward.flags |= RIALTO_FLAG_REPLACES;
        says.expected_version = 6;
    }
    host.submit(host.ctx, &onward, (RialtoCompletion){ 1, taken });
    done.complete(done.ticket, &yes);
}
#define DELIVER presence
#define SERVICES (RIALTO_SERVICE_MESSAGES | RIALTO_SERVICE_PRESENCE)"#;

#[tokio::test]
async fn plugin_in_c_grants_notifies_and_publishes() {
    let gateway = Recorder::new();
    let adapter = started(c_plugin("presence", PRESENCE), "{}", &gateway).await;
    let asked = subscription().with_duration(Duration::from_secs(60));
    let response = ended(adapter.subscribe(asked.clone())).await;
    assert!(response.status().is_success());
    assert_eq!(response.duration(), Some(Duration::from_secs(600)));
    let seen = gateway.until(|seen| !seen.notifications.is_empty()).await;
    let expected = NotifyOperation::new(
        *asked.transaction_id(),
        *asked.subscription_id(),
        asked.watcher().clone(),
        asked.target().clone(),
        SubscriptionState::Active,
    );
    let here = Bytes::from_static(b"here").into();
    let expected = expected
        .with_document(PresenceDocument::new("text/x".into(), here))
        .with_expires_in(Duration::from_secs(60));
    assert_eq!(seen.notifications, [expected]);

    let told = notification(SubscriptionState::Active).with_version(7);
    let response = ended(adapter.notify(told.clone())).await;
    assert_eq!(
        (response.status().is_success(), response.duration()),
        (true, None)
    );
    let seen = gateway.until(|seen| !seen.publications.is_empty()).await;
    let publication = &seen.publications[0];
    assert_eq!(publication.publication_id(), told.subscription_id());
    assert_eq!(publication.publisher(), told.watcher());
    assert_eq!(publication.presentity(), told.target());
    assert_eq!(publication.version(), 7);
    assert_eq!(publication.expected_version(), Some(6));
}

#[test]
fn manifest_says_whether_presence_is_offered() {
    let offers = |path: PathBuf| Library::open(&path).unwrap().manifest().offers_presence();
    assert!(offers(faulty_plugin()));
    assert!(!offers(echo_plugin()));
}
