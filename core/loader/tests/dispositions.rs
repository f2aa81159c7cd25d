//! What became of a message, told across the boundary both ways.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod support;

use std::time::{Duration, SystemTime};

use rialto_loader::Library;
use rialto_model::{
    Disposition, DispositionOperation, DispositionRequest, Failure, FailureReason, InstantInbox,
    MessageId, Notify, Response, Retry, TransactionId,
};
use support::*;

fn disposition(disposition: Disposition) -> DispositionOperation {
    DispositionOperation::new(
        TransactionId::random(&mut rand::rng()),
        TransactionId::random(&mut rand::rng()),
        InstantInbox::parse("im:bob@example.net").unwrap(),
        InstantInbox::parse("im:alice@example.org").unwrap(),
        disposition,
    )
}

/// Everything that a disposition can carry.
fn full() -> DispositionOperation {
    let failure = Failure::new(FailureReason::NoSuchInbox)
        .with_detail("550 no such user")
        .with_retry(Retry::After(Duration::from_secs(7)));
    let asked = [Notify::NegativeDelivery, Notify::Display];
    disposition(Disposition::Failed)
        .with_failure(failure)
        .with_request(asked.into_iter().collect::<DispositionRequest>())
        .with_message_id(MessageId::parse("id-1@ümlaut").unwrap())
        .with_reference("alice@example.org/phone\u{0}1")
        .with_sent_at(SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123))
        .with_deadline(Duration::from_secs(5))
}

async fn told(adapter: &rialto_loader::Adapter, operation: DispositionOperation) -> Response {
    let id = *operation.transaction_id();
    let response = ended(adapter.deliver_disposition(operation)).await;
    assert_eq!(
        *response.transaction_id(),
        id,
        "the response is the operation's"
    );
    response
}

#[tokio::test]
async fn disposition_crosses_there_and_back_unchanged() {
    let gateway = Recorder::new();
    let adapter = faulty("gives_up", &gateway).await;
    let plain = Disposition::ALL.map(disposition);
    for operation in plain.into_iter().chain([full()]) {
        let response = told(&adapter, operation.clone()).await;
        assert!(response.status().is_success(), "{response:?}");
        assert_eq!(gateway.seen().dispositions.pop(), Some(operation));
    }
    assert!(gateway.seen().submitted.is_empty());
}

#[tokio::test]
async fn responses_of_messages_and_dispositions_are_told_apart_where_their_tokens_are_equal() {
    let gateway = Recorder::new();
    let adapter = faulty("waits", &gateway).await;
    let (message, disposition) = (operation("x"), full());
    let ids = (*message.transaction_id(), *disposition.transaction_id());
    adapter.deliver_with(message, 7);
    adapter.deliver_disposition_with(disposition, 7);
    let seen = gateway
        .until(|seen| seen.responded.len() + seen.told.len() == 2)
        .await;
    let [(7, responded)] = seen.responded.as_slice() else {
        panic!("{seen:?}");
    };
    let [(7, told)] = seen.told.as_slice() else {
        panic!("{seen:?}");
    };
    assert_eq!((*responded.transaction_id(), *told.transaction_id()), ids);
}

#[tokio::test]
async fn adapter_without_the_service_is_never_called() {
    let gateway = Recorder::new();
    let library = c_plugin(
        "no_dispositions",
        "#include <stdlib.h>\n#define ANSWER(done) ((void)(done), abort())",
    );
    let adapter = started(library, "{}", &gateway).await;
    let (reason, _) = failed(told(&adapter, full()).await.into_status());
    assert_eq!(reason, FailureReason::UnsupportedService);
    adapter.deliver_disposition_with(full(), 1);
    assert_eq!(gateway.seen().told.len(), 1);
}

#[tokio::test]
async fn disposition_that_nobody_waits_for_is_cancelled_in_the_plugin() {
    let gateway = Recorder::new();
    let adapter = faulty("never_answers", &gateway).await;
    drop(adapter.deliver_disposition(full()));
    gateway.until(|seen| seen.measured.len() == 2).await;
    let ticket = adapter.deliver_disposition_with(full(), 1);
    assert!(adapter.cancel(ticket));
    gateway.until(|seen| seen.measured.len() == 4).await;
    assert_eq!(
        (gateway.counted("waiting"), gateway.counted("dropped")),
        (2, 2)
    );
    assert!(gateway.seen().told.is_empty());
}

#[tokio::test]
async fn disposition_that_is_not_answered_in_time_is_answered_for() {
    let gateway = Recorder::new();
    let adapter = faulty("never_answers", &gateway).await;
    let operation = full().with_deadline(Duration::from_millis(20));
    let (reason, _) = failed(told(&adapter, operation).await.into_status());
    assert_eq!(reason, FailureReason::TimedOut);
}

#[tokio::test]
async fn panic_over_a_disposition_fails_it_alone() {
    let adapter = faulty("panic_in_call", &Recorder::new()).await;
    let (reason, detail) = failed(told(&adapter, full()).await.into_status());
    assert_eq!(reason, FailureReason::Internal);
    assert_eq!(detail, "the plugin panicked: deliver_disposition: a bug");
}

#[test]
fn manifest_says_whether_dispositions_are_offered_and_how_long_senders_wait() {
    let faulty = Library::open(&faulty_plugin()).unwrap();
    let manifest = faulty.manifest();
    assert!(manifest.offers_messages() && manifest.offers_dispositions());
    assert_eq!(manifest.patience(), Some(Duration::from_secs(20)));
    let echo = Library::open(&echo_plugin()).unwrap();
    assert!(!echo.manifest().offers_dispositions());
    assert_eq!(echo.manifest().patience(), None);
}
