//! Operations of the presence service as they cross: whole ones come through unchanged, malformed ones are refused with the reason.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    unsafe_code,
    reason = "a test may; plays the other side"
)]

use std::{ptr, time::Duration};

use rialto_abi as abi;
use rialto_bridge::{
    Malformed,
    operation::{LENT_FROM, Operation, own},
    read::lend,
};
use rialto_model::{
    Authentication, Bytes, FailureReason, MaxForwards, NotifyOperation, Package, PresenceDocument,
    Presentity, PublishOperation, SubscribeOperation, SubscriptionId, SubscriptionState,
    TerminationReason, TransactionId,
};

fn id() -> TransactionId {
    TransactionId::parse(b"abc").unwrap()
}

fn name() -> SubscriptionId {
    SubscriptionId::parse(b"def").unwrap()
}

fn alice() -> Presentity {
    Presentity::parse("pres:alice@example.org").unwrap()
}

fn bob() -> Presentity {
    Presentity::parse("pres:bob@example.net").unwrap()
}

fn document(len: usize) -> PresenceDocument {
    PresenceDocument::new("text/x".into(), Bytes::from(vec![7; len]).into())
}

fn subscribe() -> SubscribeOperation {
    SubscribeOperation::new(id(), name(), alice(), bob())
}

fn notify(state: SubscriptionState) -> NotifyOperation {
    NotifyOperation::new(id(), name(), alice(), bob(), state)
}

fn publish() -> PublishOperation {
    PublishOperation::new(id(), name(), bob(), alice())
}

/// One of each kind, with all that it can carry.
fn full() -> [Operation; 3] {
    let ended = SubscriptionState::Terminated {
        reason: TerminationReason::GiveUp,
        retry_after: Some(Duration::from_secs(9)),
    };
    [
        Operation::Subscribe(
            subscribe()
                .with_package(Package::WatcherInformation)
                .with_duration(Duration::ZERO)
                .with_authentication(Authentication::Network)
                .with_max_forwards(MaxForwards::new(3))
                .with_deadline(Duration::from_millis(1500))
                .with_next_hop("127.0.0.1:5060")
                .with_reference("")
                .into_known(),
        ),
        Operation::Notify(
            notify(ended)
                .with_package(Package::WatcherInformation)
                .with_document(document(3))
                .with_version(u32::MAX)
                .with_expires_in(Duration::from_secs(3600))
                .with_authentication(Authentication::Network)
                .with_max_forwards(MaxForwards::new(3))
                .with_deadline(Duration::from_millis(1500))
                .with_next_hop("127.0.0.1:5060")
                .with_reference("dialog"),
        ),
        Operation::Publish(
            publish()
                .with_document(document(3))
                .with_duration(Duration::from_secs(3600))
                .with_expected_version(0)
                .with_version(u64::MAX)
                .with_authentication(Authentication::Network)
                .with_deadline(Duration::from_millis(1500)),
        ),
    ]
}

fn crossed(original: &Operation) -> Operation {
    // SAFETY: what is lent follows the contract.
    original.lend(|raw| unsafe { own(raw) }).unwrap()
}

/// Takes an operation after it was spoilt.
fn taken(
    original: &Operation,
    spoil: impl FnOnce(&mut abi::Operation, &mut abi::Presence),
) -> Result<Operation, Malformed> {
    original.lend(|raw| {
        // SAFETY: what is lent follows the contract.
        let (mut raw, mut presence) = (*raw, unsafe { *raw.presence });
        let lent = &raw mut presence;
        raw.presence = lent;
        // SAFETY: ours, and borrowed by nobody else meanwhile.
        spoil(&mut raw, unsafe { &mut *lent });
        // SAFETY: follows the contract as far as memory goes.
        unsafe { own(&raw const raw) }
    })
}

#[test]
fn each_comes_through_unchanged_full_and_plain() {
    let plain = [
        Operation::Subscribe(subscribe()),
        Operation::Notify(notify(SubscriptionState::Active)),
        Operation::Publish(publish()),
    ];
    for original in full().into_iter().chain(plain) {
        assert_eq!(crossed(&original), original);
    }
}

#[test]
fn watcher_is_the_source_of_a_subscription_and_the_destination_of_a_notification() {
    let text = |bytes: abi::Bytes| {
        // SAFETY: what is lent follows the contract.
        String::from_utf8(
            unsafe { rialto_bridge::read::bytes("it", bytes) }
                .unwrap()
                .to_vec(),
        )
    };
    let ways = full().map(|operation| {
        operation.lend(|raw| (text(raw.source).unwrap(), text(raw.destination).unwrap()))
    });
    let [alice, bob] = [alice(), bob()].map(|it| it.to_string());
    assert_eq!(
        ways,
        [
            (alice.clone(), bob.clone()),
            (bob.clone(), alice.clone()),
            (alice, bob)
        ]
    );
}

#[test]
fn large_document_is_kept_where_it_is() {
    let document = document(LENT_FROM);
    let bytes = document.payload().as_bytes().as_ptr();
    let original = notify(SubscriptionState::Active).with_document(document);
    let Operation::Notify(taken) = crossed(&Operation::Notify(original.clone())) else {
        panic!("another kind");
    };
    assert_eq!(taken, original);
    let kept = taken.document().unwrap().payload().as_bytes().as_ptr();
    assert_eq!(kept, bytes, "not copied");
}

#[test]
fn empty_document_is_not_none() {
    let original = Operation::Notify(notify(SubscriptionState::Active).with_document(document(0)));
    assert_eq!(crossed(&original), original);
}

#[test]
fn every_state_and_reason_comes_through_with_the_number_of_the_header() {
    let number = |state| {
        let original = Operation::Notify(notify(state));
        assert_eq!(crossed(&original), original);
        // SAFETY: what is lent follows the contract.
        let presence = original.lend(|raw| unsafe { *raw.presence });
        (presence.state, presence.reason)
    };
    let none = abi::TERMINATION_NONE;
    assert_eq!(
        number(SubscriptionState::Pending),
        (abi::SUBSCRIPTION_PENDING, none)
    );
    assert_eq!(
        number(SubscriptionState::Active),
        (abi::SUBSCRIPTION_ACTIVE, none)
    );
    assert_eq!(
        TerminationReason::ALL.map(|reason| number(SubscriptionState::terminated(reason))),
        [
            abi::TERMINATION_DEACTIVATED,
            abi::TERMINATION_PROBATION,
            abi::TERMINATION_REJECTED,
            abi::TERMINATION_TIMEOUT,
            abi::TERMINATION_GIVE_UP,
            abi::TERMINATION_NO_RESOURCE,
            abi::TERMINATION_INVARIANT,
        ]
        .map(|reason| (abi::SUBSCRIPTION_TERMINATED, reason))
    );
}

#[test]
fn every_package_comes_through_with_the_number_of_the_header() {
    let number = |package| {
        let original = Operation::Subscribe(subscribe().with_package(package));
        assert_eq!(crossed(&original), original);
        // SAFETY: what is lent follows the contract.
        original.lend(|raw| unsafe { (*raw.presence).package })
    };
    assert_eq!(
        Package::ALL.map(number),
        [abi::PACKAGE_PRESENCE, abi::PACKAGE_WATCHER_INFORMATION]
    );
}

#[test]
fn end_for_an_unknown_reason_leaves_the_watcher_free_to_subscribe_again() {
    let ended = SubscriptionState::terminated(TerminationReason::Rejected);
    let original = Operation::Notify(notify(ended));
    for number in [abi::TERMINATION_NONE, 99] {
        let Ok(Operation::Notify(taken)) = taken(&original, |_, presence| presence.reason = number)
        else {
            panic!("taken as a notification");
        };
        let timeout = SubscriptionState::terminated(TerminationReason::Timeout);
        assert_eq!(taken.state(), timeout);
    }
}

#[test]
fn publication_that_replaces_nothing_has_no_expected_version() {
    let [_, _, full] = full();
    let new = taken(&full, |raw, presence| {
        raw.flags = !abi::FLAG_REPLACES;
        presence.expected_version = 7;
    });
    let Ok(Operation::Publish(new)) = new else {
        panic!("{new:?} is no publication");
    };
    assert_eq!(new.expected_version(), None);
}

#[test]
fn malformed_operation_is_refused_with_the_reason() {
    let [subscription, notification, publication] = full();
    let problem = |original, spoil: fn(&mut abi::Operation, &mut abi::Presence)| {
        taken(original, spoil).unwrap_err().to_string()
    };
    for original in [&subscription, &notification, &publication] {
        assert_eq!(
            problem(original, |raw, _| raw.presence = ptr::null()),
            "an operation of the presence service has no `presence`"
        );
        assert_eq!(
            problem(original, |_, presence| presence.size = 8),
            "a struct has 8 bytes, at least 64 are needed"
        );
        assert_eq!(
            problem(original, |_, presence| presence.subscription_id = lend(b"")),
            "the subscription is not named: the transaction identifier is empty"
        );
        assert_eq!(
            problem(original, |raw, _| raw.transaction_id = lend(b"a b")),
            "byte 1 of the transaction identifier is not visible ASCII"
        );
        assert_eq!(
            problem(original, |raw, _| raw.source = lend(b"im:a@example.org")),
            "the source is invalid: the address does not begin with `pres:`"
        );
        assert_eq!(
            problem(original, |raw, _| raw.reference =
                lend(&[b'x'; abi::MAX_KEPT + 1])),
            "the reference has a length of 4097, at most 4096 is taken"
        );
        assert_eq!(
            problem(original, |raw, _| raw.max_forwards = 256),
            "the hop count is 256, at most 255 is taken"
        );
        assert_eq!(
            problem(original, |raw, _| raw.content_type = lend(b"\xff")),
            "the content type is not UTF-8"
        );
    }
    for original in [&subscription, &notification] {
        assert_eq!(
            problem(original, |_, presence| presence.package = 2),
            "the package has the unknown number 2"
        );
    }
    assert_eq!(
        problem(&notification, |_, presence| presence.state = 4),
        "the state of the subscription has the unknown number 4"
    );
    assert_eq!(
        problem(&notification, |_, presence| presence.version = 1 << 32),
        "the version is 4294967296, at most 4294967295 is taken"
    );
    assert_eq!(
        problem(&notification, |raw, _| raw.payload.ptr = ptr::null()),
        "the payload has a length but no memory"
    );
}

#[test]
fn what_is_newer_than_this_side_is_an_unsupported_service() {
    let [_, notification, _] = full();
    let package = taken(&notification, |_, presence| presence.package = 2);
    let state = taken(&notification, |_, presence| presence.state = 0);
    let nothing = taken(&notification, |raw, _| raw.presence = ptr::null());
    assert_eq!(
        package.unwrap_err().reason(),
        FailureReason::UnsupportedService
    );
    assert_eq!(
        state.unwrap_err().reason(),
        FailureReason::UnsupportedService
    );
    assert_eq!(nothing.unwrap_err().reason(), FailureReason::Internal);
}
