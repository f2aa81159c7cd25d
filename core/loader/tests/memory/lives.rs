//! Whole lives of adapters, each with what is freed in it by the other side.

use std::time::Duration;

use rialto_loader::Adapter;
use rialto_model::{ContentHeader, Header, InstantMessage, MessageHeaders};

use crate::support::*;

/// An operation that has all that is lent across the boundary.
fn rich(len: usize) -> rialto_model::MessageOperation {
    let headers: MessageHeaders = [
        Header::new("Subject", "a subject"),
        Header::new("NS", "x <y>"),
    ]
    .into_iter()
    .collect();
    let plain = operation("");
    let message = InstantMessage::text("x".repeat(len))
        .with_headers(headers)
        .with_content_headers(vec![ContentHeader::new("Content-ID", "<1>")])
        .with_thread("a thread");
    rialto_model::MessageOperation::new(
        *plain.transaction_id(),
        plain.source().clone(),
        plain.destination().clone(),
        message,
    )
    .with_identity("native name")
    .with_reference("what comes back")
}

/// Delivers small and large messages, abandons one of them, and ends.
async fn lives(adapter: Adapter) {
    for len in [0, 10, 5_000, 200_000] {
        let response = ended(adapter.deliver(rich(len))).await;
        assert!(response.status().is_success(), "{response:?}");
        drop(adapter.deliver(rich(len)));
    }
    adapter.stop(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn echo_in_c_frees_what_it_takes() {
    let gateway = Recorder::new();
    lives(started(echo_c_plugin(), "{}", &gateway).await).await;
    assert_eq!(gateway.seen().submitted.len(), 8);
}

#[tokio::test]
async fn echo_in_rust_frees_what_it_takes() {
    let gateway = Recorder::new();
    lives(started(echo_plugin(), "{}", &gateway).await).await;
    assert!(gateway.seen().submitted.len() >= 4);
}

#[tokio::test]
async fn submissions_that_are_answered_late_are_freed_then() {
    let gateway = Recorder::holding();
    let adapter = started(echo_c_plugin(), "{}", &gateway).await;
    let delivery = adapter.deliver(rich(5_000));
    gateway.until(|seen| seen.submitted.len() == 1).await;
    drop(delivery);
    adapter.stop(Duration::from_secs(5)).await.unwrap();
    drop(adapter);
    for answer in gateway.held() {
        answer.send(&rialto_model::ResponseStatus::Success);
    }
}

#[tokio::test]
async fn faults_of_a_plugin_leave_nothing_behind() {
    for fault in ["panic_in_call", "gives_up", "never_answers"] {
        let adapter = faulty(fault, &Recorder::new()).await;
        let operation = rich(5_000).with_deadline(Duration::from_millis(20));
        let _however_it_ended = ended(adapter.deliver(operation)).await;
        adapter.stop(Duration::from_secs(5)).await.unwrap();
    }
}
