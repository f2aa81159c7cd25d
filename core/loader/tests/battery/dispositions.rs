//! What became of a message, told across the boundary both ways.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::time::{Duration, SystemTime};

use crate::support::*;
use rialto_loader::Library;
use rialto_model::{
    Disposition, DispositionOperation, DispositionRequest, Failure, FailureReason, InstantInbox,
    MessageId, Notify, Response, Retry, TransactionId,
};

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

/// Reports on each message that it was shown, and hands each disposition back.
const REPORTS: &str = r#"#include "rialto.h"
static RialtoHost host;
static uint32_t taken(uint64_t ticket, const RialtoResponse *response) {
    (void)ticket, (void)response;
    return RIALTO_ACCEPTED;
}
static void reports(void *adapter, const RialtoOperation *operation, RialtoCompletion done) {
    RialtoResponse yes = { .size = sizeof yes };
    RialtoOperation shown = {
        .size = sizeof shown,
        .kind = RIALTO_KIND_DISPOSITION,
        .transaction_id = RIALTO_TEXT("report-1"),
        .concerning = operation->transaction_id,
        .source = operation->destination,
        .destination = operation->source,
        .disposition = RIALTO_DISPOSITION_DISPLAYED,
    };
    (void)adapter;
    if (operation->kind == RIALTO_KIND_DISPOSITION) {
        host.submit(host.ctx, operation, done);
        return;
    }
    host.submit(host.ctx, &shown, (RialtoCompletion){ 1, taken });
    done.complete(done.ticket, &yes);
}
#define DELIVER reports
#define SERVICES (RIALTO_SERVICE_MESSAGES | RIALTO_SERVICE_DISPOSITIONS)"#;

#[tokio::test]
async fn plugin_in_c_reports_on_what_was_delivered_to_it_and_hears_of_what_it_sent() {
    let gateway = Recorder::new();
    let adapter = started(c_plugin("reports", REPORTS), "{}", &gateway).await;
    let message = operation("x");
    assert!(
        ended(adapter.deliver(message.clone()))
            .await
            .status()
            .is_success()
    );
    let shown = gateway.seen().dispositions.pop().unwrap();
    assert_eq!(shown.concerning(), message.transaction_id());
    assert_eq!(shown.disposition(), Disposition::Displayed);
    assert_eq!(shown.source(), message.destination());
    let lost = full();
    let response = told(&adapter, lost.clone()).await;
    assert!(response.status().is_success());
    assert_eq!(gateway.seen().dispositions.pop(), Some(lost));
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
    for (name, defines, patience) in [
        (
            "no_patience",
            "#define PATIENCE RIALTO_PATIENCE_NONE",
            Some(Duration::ZERO),
        ),
        (
            "some_patience",
            "#define PATIENCE 1500",
            Some(Duration::from_millis(1500)),
        ),
        (
            "older_table",
            "#include <stddef.h>\n#define PATIENCE 1500\n#define SIZE offsetof(RialtoPlugin, patience_ms)",
            None,
        ),
    ] {
        let library = Library::open(&c_plugin(name, defines)).unwrap();
        assert_eq!(library.manifest().patience(), patience, "{name}");
    }
}

/// A plugin in C that submits what is delivered to it, after a `change`, and answers as it is answered.
fn submitting(change: &str) -> String {
    format!(
        "#include <stddef.h>
        #include \"rialto.h\"
        static RialtoHost host;
        static void submits(void *adapter, const RialtoOperation *operation, RialtoCompletion done) {{
            RialtoOperation changed = *operation;
            (void)adapter;
            {change}
            host.submit(host.ctx, &changed, done);
        }}
        #define DELIVER submits"
    )
}

#[tokio::test]
async fn plugin_with_the_structs_of_an_older_contract_works_as_it_did() {
    let older = format!(
        "{}\n#define SIZE offsetof(RialtoPlugin, patience_ms)",
        submitting("changed.size = offsetof(RialtoOperation, identity);")
    );
    let gateway = Recorder::new();
    let adapter = started(c_plugin("older", &older), "{}", &gateway).await;
    let plain = operation("x");
    let message = plain.clone().with_identity("1").with_reference("2");
    let response = ended(adapter.deliver(message)).await;
    assert!(response.status().is_success());
    assert_eq!(gateway.seen().submitted, [plain]);
}

async fn refused(name: &str, change: &str) -> (FailureReason, String) {
    let gateway = Recorder::new();
    let adapter = started(c_plugin(name, &submitting(change)), "{}", &gateway).await;
    let response = ended(adapter.deliver(operation("x"))).await;
    let seen = gateway.seen();
    assert!(seen.submitted.is_empty() && seen.dispositions.is_empty());
    failed(response.into_status())
}

#[tokio::test]
async fn operation_of_a_kind_that_nobody_knows_is_an_unsupported_service() {
    let (reason, _) = refused("unknown_kind", "changed.kind = 99;").await;
    assert_eq!(reason, FailureReason::UnsupportedService);
}

#[tokio::test]
async fn malformed_disposition_is_refused_with_what_is_wrong_with_it() {
    let (reason, detail) = refused(
        "malformed_disposition",
        "changed.kind = RIALTO_KIND_DISPOSITION;
        changed.disposition = RIALTO_DISPOSITION_DELIVERED;
        changed.concerning = (RialtoBytes)RIALTO_TEXT(\"two words\");",
    )
    .await;
    assert_eq!(reason, FailureReason::Internal);
    assert_eq!(
        detail,
        "the plugin submitted a malformed operation: what the disposition concerns is not named: byte 3 of the \
         transaction identifier is not visible ASCII"
    );
}
