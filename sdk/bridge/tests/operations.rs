//! Operations as they cross: whole ones come through unchanged, malformed ones are refused with the reason.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    unsafe_code,
    reason = "a test may; plays the other side"
)]

use std::{ptr, sync::Arc, time::Duration};

use rialto_abi as abi;
use rialto_bridge::{
    Malformed,
    operation::{LENT_FROM, MAX_TEXTS, Operation, View, own},
    read::Sized32,
};
use rialto_model::{
    Authentication, Bytes, ContentHeader, FailureReason, Header, InstantInbox, InstantMessage,
    MaxForwards, MessageHeaders, MessageOperation, TransactionId,
};

fn operation(payload: Bytes) -> MessageOperation {
    let headers: MessageHeaders = [
        Header::new("Subject", "grüße")
            .with_language("de")
            .with_parameters("x=1"),
        Header::new("X.Y", ""),
    ]
    .into_iter()
    .collect();
    let message = InstantMessage::new("text/x", payload)
        .with_headers(headers)
        .with_thread("")
        .with_content_headers(vec![ContentHeader::new("Content-ID", "<1@example.org>")]);
    MessageOperation::new(
        TransactionId::parse(b"abc").unwrap(),
        InstantInbox::parse("im:alice@example.org").unwrap(),
        InstantInbox::parse("im:bob@example.net").unwrap(),
        message,
    )
    .with_max_forwards(MaxForwards::new(3))
    .with_deadline(Duration::from_millis(1500))
    .with_source_instance("phone")
    .with_next_hop("127.0.0.1:5060")
    .with_identity("stanza-1")
    .with_reference("")
    .with_time_to_live(Duration::from_secs(3600))
}

/// Takes an operation after it was spoilt.
fn taken(spoil: impl FnOnce(&mut abi::Operation)) -> Result<MessageOperation, Malformed> {
    let operation = operation(Bytes::from_static(b"text"));
    let view = View::of(&operation);
    let mut raw = *view.raw();
    spoil(&mut raw);
    // SAFETY: follows the contract as far as memory goes.
    unsafe { own(&raw const raw) }.map(message)
}

fn message(operation: Operation) -> MessageOperation {
    match operation {
        Operation::Message(message) => message,
        other => panic!("{other:?} is no message"),
    }
}

/// Lends a message and takes it.
fn crossed(original: &MessageOperation) -> MessageOperation {
    // SAFETY: a view follows the contract.
    message(unsafe { own(View::of(original).raw()) }.unwrap())
}

fn lend(bytes: &'static [u8]) -> abi::Bytes {
    abi::Bytes {
        ptr: bytes.as_ptr(),
        len: bytes.len(),
    }
}

#[test]
fn operation_comes_through_unchanged() {
    for len in [0, 1, LENT_FROM - 1, LENT_FROM, 100_000] {
        let original = operation(Bytes::from(vec![7; len]));
        assert_eq!(crossed(&original), original, "{len} bytes");
    }
}

#[test]
fn authentication_crosses_and_is_nobody_s_invention() {
    let original = operation(Bytes::new());
    assert_eq!(View::of(&original).raw().flags, 0);
    let vouched = original.with_authentication(Authentication::Network);
    assert_eq!(crossed(&vouched), vouched);
    let others = taken(|raw| raw.flags = !abi::FLAG_AUTHENTICATED).unwrap();
    assert_eq!(others.authentication(), Authentication::None);
}

#[test]
fn message_that_is_worth_something_only_now_stays_so() {
    let plain = operation(Bytes::new());
    assert!(!crossed(&plain).is_ephemeral());
    assert!(crossed(&plain.into_ephemeral()).is_ephemeral());
    assert!(
        !taken(|raw| raw.flags = !abi::FLAG_EPHEMERAL)
            .unwrap()
            .is_ephemeral()
    );
}

#[test]
fn shortest_time_to_live_does_not_become_none() {
    let brief = operation(Bytes::new()).with_time_to_live(Duration::from_nanos(1));
    assert_eq!(
        crossed(&brief).time_to_live(),
        Some(Duration::from_millis(1))
    );
}

#[test]
fn large_payload_is_kept_where_it_is_until_its_last_user_is_gone() {
    let owner = Arc::new(vec![7; LENT_FROM]);
    let original = operation(Bytes::from_owner(Owner(Arc::clone(&owner))));
    let taken = crossed(&original);
    drop(original);
    let kept = taken.message().payload().clone().into_bytes();
    assert_eq!(kept.as_ptr(), owner.as_ptr(), "not copied");
    drop(taken);
    assert_eq!(Arc::strong_count(&owner), 2);
    drop(kept);
    assert_eq!(Arc::strong_count(&owner), 1, "released");
}

struct Owner(Arc<Vec<u8>>);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[test]
fn payload_of_a_side_that_does_not_lend_is_copied() {
    let original = operation(Bytes::from(vec![7; 2 * LENT_FROM]));
    extern "C" fn refuse(_: *mut std::ffi::c_void) -> *mut std::ffi::c_void {
        ptr::null_mut()
    }
    for retain in [None, Some(refuse as unsafe extern "C" fn(_) -> _)] {
        let view = View::of(&original);
        let mut raw = *view.raw();
        raw.retain = retain;
        // SAFETY: follows the contract.
        let taken = unsafe { own(&raw const raw) };
        assert_eq!(taken.map(message).as_ref(), Ok(&original));
    }
}

#[test]
fn longer_struct_is_read_up_to_what_is_known_and_shorter_one_is_refused() {
    let size = size_of::<abi::Operation>();
    assert!(taken(|raw| raw.size = size as u32 + 8).is_ok());
    let first = <abi::Operation as Sized32>::FIRST;
    assert_eq!(
        taken(|raw| raw.size = first as u32 - 8),
        Err(Malformed::Short {
            size: first - 8,
            first
        })
    );
    // SAFETY: null is allowed.
    assert_eq!(unsafe { own(ptr::null()) }, Err(Malformed::Null));
}

#[test]
fn malformed_operation_is_refused_with_the_reason() {
    let problem = |spoil: fn(&mut abi::Operation)| taken(spoil).unwrap_err().to_string();
    assert_eq!(
        problem(|raw| raw.kind = 99),
        "the kind of operation has the unknown number 99"
    );
    assert_eq!(
        problem(|raw| raw.max_forwards = 256),
        "the hop count is 256, at most 255 is taken"
    );
    assert_eq!(
        problem(|raw| raw.transaction_id = lend(b"")),
        "the transaction identifier is empty"
    );
    assert_eq!(
        problem(|raw| raw.transaction_id = lend(b"a b")),
        "byte 1 of the transaction identifier is not visible ASCII"
    );
    assert_eq!(
        problem(|raw| raw.source = lend(b"sip:a@example.org")),
        "the source is invalid: the address does not begin with `im:`"
    );
    assert_eq!(
        problem(|raw| raw.thread = lend(b"\xff")),
        "the thread is not UTF-8"
    );
    assert_eq!(
        problem(|raw| raw.payload.len = usize::MAX),
        format!(
            "the payload has a length of {}, at most 67108864 is taken",
            usize::MAX
        )
    );
    assert_eq!(
        problem(|raw| raw.payload.ptr = ptr::null()),
        "the payload has a length but no memory"
    );
    assert_eq!(
        problem(|raw| raw.headers_len = 5000),
        "the list of headers has a length of 5000, at most 1024 is taken"
    );
    assert_eq!(
        problem(|raw| raw.content_headers = ptr::null()),
        "the list of content headers has a length but no memory"
    );
    assert_eq!(
        problem(|raw| raw.identity = lend(&[b'x'; abi::MAX_KEPT + 1])),
        "the identity has a length of 4097, at most 4096 is taken"
    );
    assert_eq!(
        problem(|raw| raw.reference = lend(b"\xff")),
        "the reference is not UTF-8"
    );
}

#[test]
fn operation_with_too_much_text_is_refused() {
    static LONG: [u8; MAX_TEXTS] = [b'x'; MAX_TEXTS];
    let error = taken(|raw| raw.next_hop = lend(&LONG)).unwrap_err();
    assert!(
        matches!(
            error,
            Malformed::TooLong {
                what: "the next hop",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn reasons_have_the_same_numbers_as_in_the_header() {
    for (number, reason) in [
        (abi::REASON_INVALID_SOURCE, FailureReason::InvalidSource),
        (
            abi::REASON_INVALID_DESTINATION,
            FailureReason::InvalidDestination,
        ),
        (abi::REASON_NO_SUCH_INBOX, FailureReason::NoSuchInbox),
        (abi::REASON_NO_PRESENTITY, FailureReason::NoPresentity),
        (abi::REASON_NOT_PERMITTED, FailureReason::NotPermitted),
        (
            abi::REASON_ALREADY_SUBSCRIBED,
            FailureReason::AlreadySubscribed,
        ),
        (
            abi::REASON_HOP_LIMIT_REACHED,
            FailureReason::HopLimitReached,
        ),
        (abi::REASON_UNRESOLVABLE, FailureReason::Unresolvable),
        (abi::REASON_UNREACHABLE, FailureReason::Unreachable),
        (abi::REASON_TIMED_OUT, FailureReason::TimedOut),
        (
            abi::REASON_RECIPIENT_UNAVAILABLE,
            FailureReason::RecipientUnavailable,
        ),
        (abi::REASON_TOO_LARGE, FailureReason::TooLarge),
        (
            abi::REASON_UNSUPPORTED_CONTENT,
            FailureReason::UnsupportedContent,
        ),
        (
            abi::REASON_UNKNOWN_REQUIRED_HEADER,
            FailureReason::UnknownRequiredHeader,
        ),
        (abi::REASON_OVERLOADED, FailureReason::Overloaded),
        (abi::REASON_SHUTTING_DOWN, FailureReason::ShuttingDown),
        (abi::REASON_INTERNAL, FailureReason::Internal),
        (
            abi::REASON_UNSUPPORTED_SERVICE,
            FailureReason::UnsupportedService,
        ),
        (abi::REASON_REFUSED, FailureReason::Refused),
        (abi::REASON_CANCELLED, FailureReason::Cancelled),
    ] {
        assert_eq!(reason.code(), number, "{reason:?}");
    }
    assert_eq!(
        FailureReason::ALL.len() as u32,
        abi::REASON_CANCELLED,
        "all are listed above"
    );
}
