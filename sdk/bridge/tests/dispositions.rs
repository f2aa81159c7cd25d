//! Dispositions as they cross: whole ones come through unchanged, malformed ones are refused with the reason.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    unsafe_code,
    reason = "a test may; plays the other side"
)]

use std::{
    ptr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rialto_abi as abi;
use rialto_bridge::{
    Malformed,
    operation::{DispositionView, Operation, own},
    read::lend,
    response,
};
use rialto_model::{
    Disposition, DispositionOperation, DispositionRequest, Failure, FailureReason, InstantInbox,
    MessageId, Notify, Origin, ResponseStatus, Retry, TransactionId,
};

fn plain(disposition: Disposition) -> DispositionOperation {
    DispositionOperation::new(
        TransactionId::parse(b"abc").unwrap(),
        TransactionId::parse(b"def").unwrap(),
        InstantInbox::parse("im:bob@example.net").unwrap(),
        InstantInbox::parse("im:alice@example.org").unwrap(),
        disposition,
    )
}

fn full() -> DispositionOperation {
    let failure = Failure::new(FailureReason::RecipientUnavailable)
        .with_origin(Origin::Operator)
        .with_retry(Retry::After(Duration::from_millis(1500)))
        .with_detail("450 mailbox füll");
    plain(Disposition::Failed)
        .with_failure(failure)
        .with_request(Notify::ALL.into_iter().collect())
        .with_message_id(MessageId::parse("<1@ümlaut>").unwrap())
        .with_reference("")
        .with_sent_at(UNIX_EPOCH + Duration::from_millis(1_700_000_000_123))
        .with_deadline(Duration::from_millis(1500))
}

fn disposition(operation: Operation) -> DispositionOperation {
    match operation {
        Operation::Disposition(disposition) => disposition,
        other => panic!("{other:?} is no disposition"),
    }
}

/// Lends a disposition and takes it.
fn crossed(original: &DispositionOperation) -> DispositionOperation {
    // SAFETY: a view follows the contract.
    disposition(unsafe { own(DispositionView::of(original).raw()) }.unwrap())
}

/// Takes a disposition after it was spoilt.
fn taken(spoil: impl FnOnce(&mut abi::Operation)) -> Result<DispositionOperation, Malformed> {
    let operation = full();
    let view = DispositionView::of(&operation);
    let mut raw = *view.raw();
    spoil(&mut raw);
    // SAFETY: follows the contract as far as memory goes.
    unsafe { own(&raw const raw) }.map(disposition)
}

#[test]
fn disposition_comes_through_unchanged() {
    assert_eq!(crossed(&full()), full());
    for kind in Disposition::ALL {
        assert_eq!(crossed(&plain(kind)), plain(kind));
    }
}

#[test]
fn every_request_comes_through_unchanged() {
    for bits in 0_u32..16 {
        let asked = Notify::ALL.into_iter().enumerate();
        let request: DispositionRequest = asked
            .filter(|(at, _)| bits & (1 << at) != 0)
            .map(|(_, notify)| notify)
            .collect();
        let original = plain(Disposition::Stored).with_request(request);
        assert_eq!(crossed(&original).request(), request);
    }
    let all = taken(|raw| raw.asked = u32::MAX).unwrap();
    assert_eq!(all, full(), "what is not known is passed over");
}

#[test]
fn numbers_are_those_of_the_header() {
    let number = |kind| DispositionView::of(&plain(kind)).raw().disposition;
    assert_eq!(
        Disposition::ALL.map(number),
        [
            abi::DISPOSITION_DELIVERED,
            abi::DISPOSITION_FAILED,
            abi::DISPOSITION_PROCESSED,
            abi::DISPOSITION_STORED,
            abi::DISPOSITION_DISPLAYED,
            abi::DISPOSITION_DELIVERY_FORBIDDEN,
            abi::DISPOSITION_PROCESSING_FORBIDDEN,
            abi::DISPOSITION_DISPLAY_FORBIDDEN,
            abi::DISPOSITION_DELIVERY_ERROR,
            abi::DISPOSITION_PROCESSING_ERROR,
            abi::DISPOSITION_DISPLAY_ERROR,
        ]
    );
    let bits = |notify| {
        let request = DispositionRequest::NONE.with(notify);
        DispositionView::of(&plain(Disposition::Stored).with_request(request))
            .raw()
            .asked
    };
    assert_eq!(
        Notify::ALL.map(bits),
        [
            abi::ASKED_POSITIVE_DELIVERY,
            abi::ASKED_NEGATIVE_DELIVERY,
            abi::ASKED_PROCESSING,
            abi::ASKED_DISPLAY,
        ]
    );
}

#[test]
fn time_crosses_to_the_millisecond_and_one_that_no_clock_shows_is_left_out() {
    let at = |time: SystemTime| {
        let original = plain(Disposition::Delivered).with_sent_at(time);
        crossed(&original).sent_at()
    };
    let shown = UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
    assert_eq!(at(shown + Duration::from_nanos(999_999)), Some(shown));
    assert_eq!(at(UNIX_EPOCH - Duration::from_secs(1)), None);
    let last = taken(|raw| raw.sent_at_ms = u64::MAX).unwrap();
    let far = UNIX_EPOCH.checked_add(Duration::from_millis(u64::MAX));
    assert_eq!(last.sent_at(), far);
    assert_eq!(taken(|raw| raw.sent_at_ms = 0).unwrap().sent_at(), None);
}

#[test]
fn detail_of_the_failure_arrives_as_one_line_of_bounded_length() {
    let detail = format!("a\r\n{}", "x".repeat(response::MAX_DETAIL));
    let failure = Failure::new(FailureReason::Refused).with_detail(detail);
    let told = crossed(&plain(Disposition::Failed).with_failure(failure));
    let detail = told.failure().unwrap().detail();
    assert!(detail.starts_with("a  x") && detail.len() == response::MAX_DETAIL);
}

#[test]
fn malformed_disposition_is_refused_with_the_reason() {
    let problem = |spoil: fn(&mut abi::Operation)| taken(spoil).unwrap_err().to_string();
    assert_eq!(
        problem(|raw| raw.concerning = lend(b"")),
        "what the disposition concerns is not named: the transaction identifier is empty"
    );
    assert_eq!(
        problem(|raw| raw.transaction_id = lend(b"")),
        "the transaction identifier is empty"
    );
    assert_eq!(
        problem(|raw| raw.disposition = abi::DISPOSITION_NONE),
        "the disposition has the unknown number 0"
    );
    assert_eq!(
        problem(|raw| raw.disposition = 12),
        "the disposition has the unknown number 12"
    );
    assert_eq!(
        problem(|raw| raw.message_id = lend(b"two words")),
        "the message's id has white space or a control character at byte 3"
    );
    assert_eq!(
        problem(|raw| raw.source = lend(b"bob")),
        "the source is invalid: the address does not begin with `im:`"
    );
    assert_eq!(
        problem(|raw| raw.reference = lend(b"\xff")),
        "the reference is not UTF-8"
    );
    assert_eq!(
        problem(|raw| raw.reference = lend(&[b'x'; abi::MAX_KEPT + 1])),
        "the reference has a length of 4097, at most 4096 is taken"
    );
    assert!(taken(|raw| raw.reference = lend(&[b'x'; abi::MAX_KEPT])).is_ok());
}

#[test]
fn failure_that_is_none_is_refused() {
    let with = |failure: &abi::Response| taken(|raw| raw.failure = failure);
    for status in [ResponseStatus::Success, ResponseStatus::Indeterminant] {
        let other = response::view(None, &status);
        assert_eq!(with(&other), Err(Malformed::NoFailure));
    }
    let refused = ResponseStatus::from(Failure::new(FailureReason::Refused));
    let mut failure = response::view(None, &refused);
    failure.size = 8;
    assert_eq!(with(&failure), Err(Malformed::Short { size: 8, first: 64 }));
    let unknown = taken(|raw| raw.failure = ptr::null()).unwrap();
    assert_eq!(unknown.failure(), None);
    let foreign = TransactionId::parse(b"xyz").unwrap();
    assert_eq!(
        with(&response::view(Some(&foreign), &refused)),
        Err(Malformed::AnotherOperation)
    );
}

#[test]
fn half_of_a_pointer_is_none() {
    let half = std::mem::offset_of!(abi::Operation, failure) + size_of::<usize>() / 2;
    let told = taken(|raw| raw.size = half as u32).unwrap();
    assert_eq!(told.failure(), None);
    assert_eq!(told.sent_at(), full().sent_at(), "all before it is read");
}

#[test]
fn what_is_newer_than_this_side_is_an_unsupported_service_and_all_else_a_fault() {
    let kind = taken(|raw| raw.kind = 99).unwrap_err();
    let disposition = taken(|raw| raw.disposition = 12).unwrap_err();
    let address = taken(|raw| raw.source = lend(b"bob")).unwrap_err();
    assert_eq!(kind.reason(), FailureReason::UnsupportedService);
    assert_eq!(disposition.reason(), FailureReason::UnsupportedService);
    assert_eq!(address.reason(), FailureReason::Internal);
}
