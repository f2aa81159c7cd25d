//! What is remembered of an operation, for those who ask later.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::{sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{Failure, FailureReason, ResponseStatus};
use rialto_router::{Answer, Hop, Life, Limits, Router, StepKind};

use self::support::{
    SIP, XMPP, builder_with_dns, delivery, domain, limited, named, operation, response, router,
    start, ticket, vouched,
};

const ALICE: &str = "im:alice@voice.example";
const BOB: &str = "im:bob@jabber.example";
const FRED: &str = "im:fred@elsewhere.example";
const SECOND: Duration = Duration::from_secs(1);

/// The steps of the one life that is found, in words.
fn words(lives: &[Life]) -> Vec<String> {
    assert_eq!(lives.len(), 1, "{lives:?}");
    let word = |what: &StepKind| match what {
        StepKind::Received { from, .. } => format!("received from {from}"),
        StepKind::HandedOver {
            adapter,
            onward: Some(onward),
            ..
        } => format!("handed to {adapter} as {onward}"),
        StepKind::FailedOver { reason, .. } => format!("failed over: {reason:?}"),
        StepKind::Answered(Answer::Failure(reason)) => format!("failed: {reason:?}"),
        what => format!("{what:?}"),
    };
    lives[0].steps.iter().map(|step| word(&step.what)).collect()
}

#[test]
fn life_of_an_operation_is_found_by_any_of_its_identifiers() {
    let mut router = router();
    let message = operation(ALICE, BOB).with_identity("z9hG4bK-native");
    router.handle_operation(start(), SIP, message, ticket(1));
    let (attempt, _, handed) = delivery(&mut router);
    let onward = handed.transaction_id().to_string();
    router.handle_response(start() + SECOND, attempt, ResponseStatus::Success);
    response(&mut router);
    let expected = [
        "received from 0",
        &format!("handed to 1 as {onward}"),
        "Answered(Success)",
    ];
    for identifier in ["of-the-sender", "z9hG4bK-native", &onward] {
        let lives = router.lives(identifier.as_bytes());
        assert_eq!(words(&lives), expected, "by {identifier}");
        let times: Vec<_> = lives[0]
            .steps
            .iter()
            .map(|step| step.at - start())
            .collect();
        assert_eq!(times, [Duration::ZERO, Duration::ZERO, SECOND]);
    }
    assert!(router.lives(b"of-nobody").is_empty());
}

#[test]
fn life_tells_of_each_next_hop_that_was_tried() {
    let table = Arc::new(builder_with_dns().build().unwrap());
    let mut router = Router::new(table, Limits::default(), StdRng::seed_from_u64(7));
    router.handle_operation(start(), SIP, vouched(operation(ALICE, FRED)), ticket(1));
    router.poll_action();
    let hops = || vec![Hop::new(SIP).with_next_hop("a"), Hop::new(XMPP)];
    router.handle_resolved(start(), &domain("elsewhere.example"), |_, _| Ok(hops()));
    let (attempt, _, first) = delivery(&mut router);
    let down = Failure::new(FailureReason::Unreachable);
    router.handle_response(start(), attempt, down.into());
    let (attempt, _, second) = delivery(&mut router);
    assert_eq!(first.transaction_id(), second.transaction_id());
    let refused = Failure::new(FailureReason::NoSuchInbox);
    router.handle_response(start(), attempt, refused.into());
    let onward = first.transaction_id();
    assert_eq!(
        words(&router.lives(onward.as_bytes())),
        [
            "received from 0",
            "Resolving",
            &format!("handed to 0 as {onward}"),
            "failed over: Unreachable",
            &format!("handed to 1 as {onward}"),
            "failed: NoSuchInbox",
        ]
    );
}

#[test]
fn life_of_an_operation_that_is_refused_at_once_is_told_too() {
    let mut router = limited(Limits::new(1));
    router.handle_operation(start(), SIP, named(b"first", ALICE, BOB), ticket(1));
    router.handle_operation(start(), SIP, named(b"second", ALICE, BOB), ticket(2));
    assert_eq!(
        words(&router.lives(b"second")),
        ["received from 0", "failed: Overloaded"]
    );
}

#[test]
fn lives_of_two_operations_with_one_identifier_are_told_apart() {
    let mut router = router();
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(1));
    router.handle_operation(start(), XMPP, operation(BOB, ALICE), ticket(2));
    let (attempt, ..) = delivery(&mut router);
    router.handle_response(start(), attempt, ResponseStatus::Indeterminant);
    let lives = router.lives(b"of-the-sender");
    let [first, second] = &lives[..] else {
        panic!("two were to be found: {lives:?}");
    };
    assert_eq!((first.steps.len(), second.steps.len()), (3, 1));
}

#[test]
fn router_that_is_to_remember_nothing_tells_nothing() {
    let mut router = limited(Limits::default().with_remembered_steps(0));
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(1));
    let _handed = delivery(&mut router);
    assert!(router.lives(b"of-the-sender").is_empty());
}
