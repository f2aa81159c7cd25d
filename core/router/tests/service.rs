//! The message service: one response for each operation, whatever happens.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::{collections::HashSet, time::Duration};

use proptest::prelude::*;
use rialto_model::{Failure, FailureReason, ResponseStatus, Retry};
use rialto_router::{Action, AdapterId, AttemptId, Limits};

use self::support::{
    SIP, XMPP, builder, decided, delivery, failure, hops, is_cancel, limited, named, operation,
    response, router, start, ticket, vouched,
};

const ALICE: &str = "im:alice@voice.example";
const BOB: &str = "im:bob@jabber.example";
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn cpim_2_4_1_1_destination_that_cannot_be_resolved_is_a_failure_at_once() {
    let mut router = router();
    router.handle_operation(
        start(),
        SIP,
        vouched(operation(ALICE, "im:x@nowhere.example")),
        ticket(1),
    );
    assert_eq!(failure(&mut router), FailureReason::Unresolvable);
    assert!(router.is_idle());
}

#[test]
fn rfc2779_2_1_1_table_without_messages_refuses_those_of_networks_alone() {
    let table = builder().without_messages().build().unwrap();
    let refused = decided(&table, SIP, &operation(ALICE, BOB)).unwrap_err();
    assert_eq!(refused.reason(), FailureReason::UnsupportedService);
    let own = decided(&table, AdapterId::GATEWAY, &operation(ALICE, BOB));
    assert!(own.is_ok(), "{own:?}");
    assert!(decided(&builder().build().unwrap(), SIP, &operation(ALICE, BOB)).is_ok());
}

#[test]
fn cpim_2_4_1_3a_delivered_is_success() {
    let mut router = router();
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(1));
    let (attempt, adapter, _) = delivery(&mut router);
    assert_eq!(adapter, XMPP);
    assert!(
        router.poll_action().is_none(),
        "no success before the far side's own"
    );
    router.handle_response(start(), attempt, ResponseStatus::Success);
    assert_eq!(
        response(&mut router),
        (1, "of-the-sender".into(), ResponseStatus::Success)
    );
    assert!(router.is_idle());
}

#[test]
fn cpim_2_4_1_3b_not_deliverable_is_failure_with_its_reason() {
    let mut router = router();
    let refused = Failure::new(FailureReason::Refused).with_detail("not today");
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(1));
    let (attempt, ..) = delivery(&mut router);
    router.handle_response(start(), attempt, refused.clone().into());
    assert_eq!(response(&mut router).2, ResponseStatus::Failure(refused));
}

#[test]
fn cpim_2_4_1_3c_delegated_without_a_word_is_indeterminant() {
    let mut router = router();
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(1));
    let (attempt, ..) = delivery(&mut router);
    router.handle_response(start(), attempt, ResponseStatus::Indeterminant);
    assert_eq!(response(&mut router).2, ResponseStatus::Indeterminant);
}

#[test]
fn rfc2779_4_2_1_sender_is_told_each_way_in_which_an_operation_can_end() {
    let ends = [
        ResponseStatus::Success,
        ResponseStatus::Indeterminant,
        Failure::new(FailureReason::NoSuchInbox).into(),
    ];
    for end in ends {
        let mut router = router();
        router.handle_operation(start(), XMPP, operation(BOB, ALICE), ticket(9));
        let (attempt, ..) = delivery(&mut router);
        router.handle_response(start(), attempt, end.clone());
        assert_eq!(response(&mut router).2, end);
    }
}

#[test]
fn rfc2779_5_4_1_sender_is_told_of_non_delivery_when_nobody_answers() {
    let mut router = router();
    let waiting = operation(ALICE, BOB).with_deadline(5 * SECOND);
    router.handle_operation(start(), SIP, waiting, ticket(1));
    let (attempt, _, onward) = delivery(&mut router);
    assert_eq!(onward.deadline(), Some(5 * SECOND));
    assert_eq!(router.poll_timeout(), Some(start() + 5 * SECOND));
    router.handle_timeout(start() + 4 * SECOND);
    assert!(router.poll_action().is_none());
    router.handle_timeout(start() + 5 * SECOND);
    assert!(is_cancel(router.poll_action(), attempt));
    let ResponseStatus::Failure(failure) = response(&mut router).2 else {
        panic!("silence is no success");
    };
    assert_eq!(failure.reason(), FailureReason::TimedOut);
    assert_eq!(failure.retry(), Retry::Never, "it may have arrived");
    assert!(failure.detail().contains("may have arrived"));
    assert_eq!((router.poll_timeout(), router.is_idle()), (None, true));
}

#[test]
fn rfc2779_5_4_2_operation_that_ended_before_it_was_handed_over_is_not_delivered() {
    let mut router = router();
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(1));
    router.handle_timeout(start() + 60 * SECOND);
    let ResponseStatus::Failure(failure) = response(&mut router).2 else {
        panic!("nobody delivered it");
    };
    assert_eq!(
        (failure.reason(), failure.retry()),
        (FailureReason::TimedOut, Retry::Backoff)
    );
    assert!(router.poll_action().is_none() && router.is_idle());
    assert_eq!(router.statistics().deliveries, 0);
}

#[test]
fn rfc2779_5_4_2_late_doubled_and_unknown_answers_are_counted_and_forgotten() {
    let mut router = router();
    for number in 1..=2 {
        router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(number));
    }
    let (first, ..) = delivery(&mut router);
    let (second, ..) = delivery(&mut router);
    router.handle_response(start(), first, ResponseStatus::Success);
    router.handle_response(start(), first, ResponseStatus::Indeterminant);
    router.handle_timeout(start() + 60 * SECOND);
    router.handle_response(start(), second, ResponseStatus::Success);
    router.handle_response(
        start(),
        AttemptId::from_bits(u64::MAX),
        ResponseStatus::Success,
    );
    assert_eq!(response(&mut router).2, ResponseStatus::Success);
    assert!(is_cancel(router.poll_action(), second));
    assert_eq!(failure(&mut router), FailureReason::TimedOut);
    assert!(router.is_idle());
    assert_eq!(router.statistics().ignored_responses, 3);
}

#[test]
fn answer_to_an_ended_delivery_does_not_reach_the_next_in_its_place() {
    let mut router = router();
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(1));
    let (first, ..) = delivery(&mut router);
    router.handle_response(start(), first, ResponseStatus::Success);
    let _ended = response(&mut router);
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(2));
    let (second, ..) = delivery(&mut router);
    assert_ne!(first, second);
    router.handle_response(start(), first, Failure::new(FailureReason::Refused).into());
    assert!(router.poll_action().is_none());
    assert_eq!(AttemptId::from_bits(second.to_bits()), second);
}

#[test]
fn rfc2779_5_4_4_receiver_replies_to_the_address_that_is_shown() {
    let mut router = router();
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(1));
    let (_, _, there) = delivery(&mut router);
    let reply = operation(there.destination().as_str(), there.source().as_str());
    router.handle_operation(start(), XMPP, reply, ticket(2));
    let (_, adapter, back) = delivery(&mut router);
    assert_eq!(adapter, SIP);
    assert_eq!(
        (back.source().as_str(), back.destination().as_str()),
        (BOB, ALICE)
    );
    assert_eq!(
        back.next_hop().map(|hop| &**hop),
        Some("proxy.voice.example")
    );
}

#[test]
fn onward_copy_has_its_own_identifier_and_no_next_hop_of_its_sender() {
    let mut router = router();
    let forged = operation(ALICE, BOB).with_next_hop("127.0.0.1");
    router.handle_operation(start(), SIP, forged, ticket(1));
    let (_, _, onward) = delivery(&mut router);
    assert_ne!(onward.transaction_id().as_str(), "of-the-sender");
    assert_eq!(onward.transaction_id().as_str().len(), 32);
    assert_eq!(onward.next_hop(), None);
}

#[test]
fn cancelled_operation_is_called_off_and_answered_once() {
    let mut router = router();
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(1));
    let (attempt, ..) = delivery(&mut router);
    router.handle_cancel(start(), ticket(1));
    router.handle_cancel(start(), ticket(1));
    router.handle_response(start(), attempt, ResponseStatus::Success);
    assert!(is_cancel(router.poll_action(), attempt));
    assert_eq!(failure(&mut router), FailureReason::Cancelled);
    assert!(router.is_idle());
}

#[test]
fn full_router_refuses_with_a_time_to_come_back() {
    let mut router = limited(Limits::new(1));
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(1));
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(2));
    let (attempt, ..) = delivery(&mut router);
    let ResponseStatus::Failure(failure) = response(&mut router).2 else {
        panic!("the router was full");
    };
    assert_eq!(failure.reason(), FailureReason::Overloaded);
    assert!(matches!(failure.retry(), Retry::After(_)));
    router.handle_response(start(), attempt, ResponseStatus::Success);
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(3));
    assert!(matches!(router.poll_action(), Some(Action::Respond { .. })));
    assert!(matches!(router.poll_action(), Some(Action::Deliver { .. })));
}

#[test]
fn draining_router_ends_what_it_has_and_takes_no_more() {
    let mut router = router();
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(1));
    let (attempt, ..) = delivery(&mut router);
    router.begin_drain();
    router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(2));
    assert_eq!(failure(&mut router), FailureReason::ShuttingDown);
    assert!(!router.is_idle());
    router.handle_response(start(), attempt, ResponseStatus::Success);
    assert_eq!(response(&mut router).0, 1);
    assert!(router.is_idle());
}

#[test]
fn deadline_is_the_operations_own_or_the_default_and_never_above_the_maximum() {
    let limits = Limits::new(10)
        .with_default_deadline(7 * SECOND)
        .with_max_deadline(9 * SECOND);
    let cases = [
        (None, 7),
        (Some(3), 3),
        (Some(9_000), 9),
        (Some(u64::MAX), 9),
    ];
    for (own, expected) in cases {
        let mut router = limited(limits);
        let mut message = operation(ALICE, BOB);
        if let Some(seconds) = own {
            message = message.with_deadline(Duration::from_secs(seconds));
        }
        router.handle_operation(start(), SIP, message, ticket(1));
        assert_eq!(delivery(&mut router).2.deadline(), Some(expected * SECOND));
        assert_eq!(router.poll_timeout(), Some(start() + expected * SECOND));
    }
}

#[test]
fn operation_without_time_left_is_not_handed_over() {
    let mut router = router();
    let late = operation(ALICE, BOB).with_deadline(Duration::ZERO);
    router.handle_operation(start(), SIP, late, ticket(1));
    assert_eq!(failure(&mut router), FailureReason::TimedOut);
    assert!(router.is_idle());
}

#[test]
fn statistics_account_for_every_operation() {
    let mut router = limited(Limits::new(2));
    for number in 1..=3 {
        router.handle_operation(start(), SIP, operation(ALICE, BOB), ticket(number));
    }
    let (attempt, ..) = delivery(&mut router);
    router.handle_response(start(), attempt, ResponseStatus::Success);
    router.handle_operation(start(), SIP, hops(operation(ALICE, BOB), 0), ticket(4));
    while router.poll_action().is_some() {}
    let counted = router.statistics();
    assert_eq!(
        (counted.operations, counted.in_progress, counted.deliveries),
        (4, 1, 2)
    );
    assert_eq!(
        (counted.successes, counted.failures, counted.indeterminants),
        (1, 2, 0)
    );
    assert_eq!((counted.overloaded, counted.undeliverable), (1, 1));
}

proptest! {
    #[test]
    fn cpim_2_4_1_echo_response_carries_the_identifier_of_its_operation(
        ids in proptest::collection::vec("[!-~]{1,40}", 1..20),
        ends in proptest::collection::vec(0_u8..5, 20),
    ) {
        let mut router = router();
        for (number, id) in (0..).zip(&ids) {
            let destination = if ends[number as usize] == 4 { "im:x@nowhere.example" } else { BOB };
            let message = vouched(named(id.as_bytes(), ALICE, destination));
            router.handle_operation(start(), SIP, message, ticket(number));
        }
        let mut own = HashSet::new();
        let mut heard = 0;
        let mut open = Vec::new();
        while let Some(action) = router.poll_action() {
            match action {
                Action::Deliver { attempt, operation, .. } => {
                    prop_assert!(own.insert(operation.transaction_id().to_string()));
                    open.push(attempt);
                }
                Action::Respond { ticket, response, .. } => {
                    heard += 1;
                    prop_assert_eq!(response.transaction_id().as_str(), &ids[ticket.number() as usize]);
                }
                _ => {}
            }
            if let (Some(attempt), true) = (open.last().copied(), ends[heard] > 1) {
                router.handle_response(start(), attempt, ResponseStatus::Success);
                open.pop();
            }
        }
        router.handle_timeout(start() + 3600 * SECOND);
        while let Some(action) = router.poll_action() {
            if let Action::Respond { ticket, response, .. } = action {
                heard += 1;
                prop_assert_eq!(response.transaction_id().as_str(), &ids[ticket.number() as usize]);
            }
        }
        prop_assert_eq!(heard, ids.len());
    }
}
