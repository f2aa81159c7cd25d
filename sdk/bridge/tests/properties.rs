//! What holds for every operation that crosses.

#![allow(
    clippy::unwrap_used,
    unsafe_code,
    reason = "a test may; plays the other side"
)]

use std::time::{Duration, UNIX_EPOCH};

use proptest::{collection::vec, option, prelude::*, sample::select};
use rialto_abi as abi;
use rialto_bridge::{
    Outcome,
    operation::{DispositionView, LENT_FROM, Operation, View, own},
    read::Sized32,
    response,
};
use rialto_model::{
    Authentication, Bytes, Disposition, DispositionOperation, Failure, FailureReason, Header,
    InstantInbox, InstantMessage, MaxForwards, MessageId, MessageOperation, Notify,
    NotifyOperation, Package, PresenceDocument, Presentity, PublishOperation, ResponseStatus,
    Retry, SubscribeOperation, SubscriptionId, SubscriptionState, TerminationReason, TransactionId,
};

fn id() -> impl Strategy<Value = TransactionId> {
    "[!-~]{1,40}".prop_map(|id| TransactionId::parse(id.as_bytes()).unwrap())
}

fn inbox() -> impl Strategy<Value = InstantInbox> {
    "[a-z]{1,8}".prop_map(|user| InstantInbox::parse(&format!("im:{user}@example.org")).unwrap())
}

/// Any text that may be missing, and may be empty.
fn text() -> impl Strategy<Value = Option<String>> {
    option::of("\\PC{0,20}|[\\x00-\\x7f]{0,5}")
}

fn limit() -> impl Strategy<Value = Option<Duration>> {
    let milliseconds = prop_oneof![1_u64..100_000, Just(u64::MAX)];
    option::of(milliseconds.prop_map(Duration::from_millis))
}

/// What is said of the one value of a pair, if anything.
fn said<O, V>(operation: O, value: Option<V>, say: impl FnOnce(O, V) -> O) -> O {
    match value {
        Some(value) => say(operation, value),
        None => operation,
    }
}

fn instant_message() -> impl Strategy<Value = InstantMessage> {
    let headers = vec(("[A-Z][a-z.]{0,8}", "\\PC{0,12}"), 0..3);
    let payload = prop_oneof![vec(any::<u8>(), 0..64), Just(vec![7; LENT_FROM])];
    (headers, payload, text()).prop_map(|(headers, payload, thread)| {
        let headers = headers
            .into_iter()
            .map(|(name, value)| Header::new(name, value));
        let message =
            InstantMessage::new("text/x", Bytes::from(payload)).with_headers(headers.collect());
        said(message, thread, InstantMessage::with_thread)
    })
}

fn message() -> impl Strategy<Value = MessageOperation> {
    let named = (id(), inbox(), inbox(), instant_message());
    let flags = (any::<u8>(), any::<bool>(), any::<bool>());
    let texts = (text(), text(), text(), text(), text());
    (named, flags, texts, limit(), limit()).prop_map(|(named, flags, texts, deadline, lives)| {
        let (id, source, destination, message) = named;
        let (hops, is_authenticated, is_ephemeral) = flags;
        let (from, to, next_hop, identity, reference) = texts;
        let operation = MessageOperation::new(id, source, destination, message)
            .with_max_forwards(MaxForwards::new(hops));
        let operation = said(operation, from, MessageOperation::with_source_instance);
        let operation = said(operation, to, MessageOperation::with_destination_instance);
        let operation = said(operation, next_hop, MessageOperation::with_next_hop);
        let operation = said(operation, identity, MessageOperation::with_identity);
        let operation = said(operation, reference, MessageOperation::with_reference);
        let operation = said(operation, deadline, MessageOperation::with_deadline);
        let operation = said(operation, lives, MessageOperation::with_time_to_live);
        let operation = match is_authenticated {
            true => operation.with_authentication(Authentication::Network),
            false => operation,
        };
        match is_ephemeral {
            true => operation.into_ephemeral(),
            false => operation,
        }
    })
}

/// Details as they are after one crossing: one line, and not the reason's own text.
fn failure() -> impl Strategy<Value = Failure> {
    let retry = prop_oneof![
        Just(Retry::Never),
        Just(Retry::Backoff),
        any::<u64>().prop_map(|after| Retry::After(Duration::from_millis(after))),
    ];
    let reason = select(FailureReason::ALL);
    (reason, retry, "[ -~é]{1,40}").prop_map(|(reason, retry, detail)| {
        Failure::new(reason).with_retry(retry).with_detail(detail)
    })
}

fn disposition() -> impl Strategy<Value = DispositionOperation> {
    let named = (id(), id(), inbox(), inbox(), select(&Disposition::ALL[..]));
    let message_id = "[!-~é]{1,40}".prop_map(|id| MessageId::parse(id).unwrap());
    let sent_at = (1..u64::MAX / 2).prop_map(|at| UNIX_EPOCH + Duration::from_millis(at));
    let told = (option::of(failure()), vec(select(&Notify::ALL[..]), 0..4));
    let kept = (option::of(message_id), text(), option::of(sent_at), limit());
    (named, told, kept).prop_map(|(named, told, kept)| {
        let (id, concerning, source, destination, disposition) = named;
        let (failure, asked) = told;
        let (message_id, reference, sent_at, deadline) = kept;
        let operation = DispositionOperation::new(id, concerning, source, destination, disposition)
            .with_request(asked.into_iter().collect());
        let operation = said(operation, failure, DispositionOperation::with_failure);
        let operation = said(operation, message_id, DispositionOperation::with_message_id);
        let operation = said(operation, reference, DispositionOperation::with_reference);
        let operation = said(operation, sent_at, DispositionOperation::with_sent_at);
        said(operation, deadline, DispositionOperation::with_deadline)
    })
}

fn name() -> impl Strategy<Value = SubscriptionId> {
    id().prop_map(|id| SubscriptionId::parse(id.as_bytes()).unwrap())
}

fn presentity() -> impl Strategy<Value = Presentity> {
    "[a-z]{1,8}".prop_map(|user| Presentity::parse(&format!("pres:{user}@example.org")).unwrap())
}

/// A duration that may be none at all; none that a millisecond cannot say.
fn duration() -> impl Strategy<Value = Option<Duration>> {
    let milliseconds = prop_oneof![0_u64..100_000, Just(u64::MAX - 1)];
    option::of(milliseconds.prop_map(Duration::from_millis))
}

fn authentication() -> impl Strategy<Value = Authentication> {
    select(&[Authentication::None, Authentication::Network][..])
}

fn document() -> impl Strategy<Value = Option<PresenceDocument>> {
    let payload = prop_oneof![vec(any::<u8>(), 0..64), Just(vec![7; LENT_FROM])];
    option::of(("\\PC{0,20}", payload).prop_map(|(content_type, payload)| {
        PresenceDocument::new(content_type.into(), Bytes::from(payload).into())
    }))
}

fn state() -> impl Strategy<Value = SubscriptionState> {
    prop_oneof![
        Just(SubscriptionState::Pending),
        Just(SubscriptionState::Active),
        (select(&TerminationReason::ALL[..]), limit()).prop_map(|(reason, retry_after)| {
            SubscriptionState::Terminated {
                reason,
                retry_after,
            }
        }),
    ]
}

fn subscribe() -> impl Strategy<Value = Operation> {
    let named = (id(), name(), presentity(), presentity());
    let said = (select(&Package::ALL[..]), authentication(), any::<u8>());
    let texts = (text(), text(), limit(), duration());
    (named, said, texts).prop_map(|(named, (package, vouches, hops), texts)| {
        let (id, name, watcher, target) = named;
        let (next_hop, reference, deadline, duration) = texts;
        let operation = SubscribeOperation::new(id, name, watcher, target)
            .with_package(package)
            .with_authentication(vouches)
            .with_max_forwards(MaxForwards::new(hops));
        let operation = self::said(operation, next_hop, SubscribeOperation::with_next_hop);
        let operation = self::said(operation, reference, SubscribeOperation::with_reference);
        let operation = self::said(operation, deadline, SubscribeOperation::with_deadline);
        let operation = self::said(operation, duration, SubscribeOperation::with_duration);
        Operation::Subscribe(operation)
    })
}

fn notify() -> impl Strategy<Value = Operation> {
    let named = (id(), name(), presentity(), presentity(), state());
    let said = (select(&Package::ALL[..]), authentication(), any::<u8>());
    let texts = (text(), text(), limit(), duration());
    let told = (document(), any::<u32>());
    (named, said, texts, told).prop_map(|(named, (package, vouches, hops), texts, told)| {
        let (id, name, watcher, target, state) = named;
        let (next_hop, reference, deadline, expires_in) = texts;
        let (document, version) = told;
        let operation = NotifyOperation::new(id, name, watcher, target, state)
            .with_package(package)
            .with_version(version)
            .with_authentication(vouches)
            .with_max_forwards(MaxForwards::new(hops));
        let operation = self::said(operation, document, NotifyOperation::with_document);
        let operation = self::said(operation, next_hop, NotifyOperation::with_next_hop);
        let operation = self::said(operation, reference, NotifyOperation::with_reference);
        let operation = self::said(operation, deadline, NotifyOperation::with_deadline);
        let operation = self::said(operation, expires_in, NotifyOperation::with_expires_in);
        Operation::Notify(operation)
    })
}

fn publish() -> impl Strategy<Value = Operation> {
    let named = (id(), name(), presentity(), presentity(), authentication());
    let told = (document(), any::<u64>(), option::of(any::<u64>()));
    (named, told, limit(), duration()).prop_map(|(named, told, deadline, duration)| {
        let (id, name, presentity, publisher, vouches) = named;
        let (document, version, expected) = told;
        let operation = PublishOperation::new(id, name, presentity, publisher)
            .with_version(version)
            .with_authentication(vouches);
        let operation = said(operation, document, PublishOperation::with_document);
        let operation = said(operation, expected, PublishOperation::with_expected_version);
        let operation = said(operation, deadline, PublishOperation::with_deadline);
        let operation = said(operation, duration, PublishOperation::with_duration);
        Operation::Publish(operation)
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        message().prop_map(Operation::Message),
        disposition().prop_map(Operation::Disposition),
        subscribe(),
        notify(),
        publish(),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let status = prop_oneof![
        Just(ResponseStatus::Success),
        Just(ResponseStatus::Indeterminant),
        failure().prop_map(ResponseStatus::from),
    ];
    (status, duration()).prop_map(|(status, duration)| Outcome { status, duration })
}

/// Where the fields end that older sides do not know: the sizes that a struct of theirs can have.
fn older_sizes() -> impl Iterator<Item = u32> {
    abi::LAYOUT
        .iter()
        // SAFETY: a constant of ours.
        .filter(|field| unsafe { std::slice::from_raw_parts(field.of.ptr, field.of.len) } == b"Operation")
        .map(|field| field.offset)
        .filter(|offset| *offset as usize >= <abi::Operation as Sized32>::FIRST)
}

proptest! {
    #[test]
    fn every_operation_comes_through_unchanged(original in operation()) {
        // SAFETY: what is lent follows the contract.
        let taken = original.lend(|raw| unsafe { own(raw) });
        prop_assert_eq!(taken, Ok(original));
    }

    #[test]
    fn view_of_a_disposition_may_move(original in disposition()) {
        let moved = Box::new(DispositionView::of(&original));
        // SAFETY: a view follows the contract, also where it was moved.
        let taken = unsafe { own(moved.raw()) };
        prop_assert_eq!(taken, Ok(Operation::Disposition(original)));
    }

    #[test]
    fn every_outcome_comes_through_unchanged(original in outcome()) {
        let raw = response::outcome_view(&original);
        // SAFETY: a view follows the contract.
        let taken = unsafe { response::outcome(&raw const raw, None) };
        prop_assert_eq!(taken, Ok(original));
    }

    #[test]
    fn outcome_of_an_older_side_says_nothing_of_a_duration(original in outcome()) {
        let mut raw = response::outcome_view(&original);
        raw.size = std::mem::offset_of!(abi::Response, duration_ms) as u32;
        // SAFETY: follows the contract: that many bytes are there.
        let taken = unsafe { response::outcome(&raw const raw, None) };
        prop_assert_eq!(taken, Ok(original.status.into()));
    }

    #[test]
    fn message_of_an_older_side_says_less_and_nothing_else(original in message()) {
        let view = View::of(&original);
        for size in older_sizes() {
            let mut raw = *view.raw();
            raw.size = size;
            // SAFETY: follows the contract: that many bytes are there.
            let Ok(Operation::Message(taken)) = (unsafe { own(&raw const raw) }) else {
                return Err(TestCaseError::fail("taken as a message"));
            };
            let kept = [
                (taken.identity(), original.identity(), std::mem::offset_of!(abi::Operation, identity)),
                (taken.reference(), original.reference(), std::mem::offset_of!(abi::Operation, reference)),
            ];
            for (taken, said, at) in kept {
                prop_assert_eq!(taken, said.filter(|_| at < size as usize));
            }
            prop_assert_eq!(taken.message(), original.message());
            prop_assert_eq!(taken.is_ephemeral(), original.is_ephemeral());
        }
    }
}

#[test]
fn there_are_sides_that_know_less() {
    let sizes: Vec<_> = older_sizes().collect();
    assert_eq!(
        sizes.first(),
        Some(&224),
        "the first release of the contract"
    );
    assert_eq!(sizes.len(), 10, "one for each field that was added");
}
