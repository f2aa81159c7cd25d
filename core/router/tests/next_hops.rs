//! Destinations whose next hops DNS names: asked for once, tried one at a time.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::{sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{
    Domain, Failure, FailureReason, MessageOperation, Origin, ResponseStatus, Retry,
};
use rialto_router::{Action, Adapter, AttemptId, Hop, Limits, Route, Router, RoutingTable};

use self::support::{
    SIP, XMPP, delivery, domain, failure, is_cancel, named, operation, response, start, ticket,
    vouched,
};

const ALICE: &str = "im:alice@voice.example";
const FRED: &str = "im:fred@elsewhere.example";
const ATTEMPT: Duration = Duration::from_secs(5);
const DEADLINE: Duration = Duration::from_secs(30);

fn table() -> RoutingTable {
    RoutingTable::builder()
        .with_adapter(Adapter::new("sip", "sip"))
        .with_adapter(Adapter::new("xmpp", "xmpp").with_domains(&[domain("relay.example")]))
        .with_route(Route::new(domain("voice.example"), "sip"))
        .with_relay_domain(domain("relay.example"))
        .with_found_by_dns("sip")
        .with_found_by_dns("xmpp")
        .build()
        .unwrap()
}

fn router() -> Router<StdRng> {
    let limits = Limits::new(8)
        .with_default_deadline(DEADLINE)
        .with_attempt_time(ATTEMPT);
    Router::new(Arc::new(table()), limits, StdRng::seed_from_u64(7))
}

fn sip(next_hop: &'static str) -> Hop {
    Hop::new(SIP).with_next_hop(next_hop)
}

/// The domain that DNS is to be asked for.
fn question(router: &mut Router<StdRng>) -> Domain {
    match router.poll_action() {
        Some(Action::Resolve { domain, .. }) => domain,
        other => panic!("no question but {other:?}"),
    }
}

/// A router that has handed an operation to the first of these hops.
fn trying(hops: &[Hop]) -> (Router<StdRng>, AttemptId, MessageOperation) {
    let mut router = router();
    router.handle_operation(start(), SIP, vouched(operation(ALICE, FRED)), ticket(1));
    let domain = question(&mut router);
    router.handle_resolved(start(), &domain, |_, _| Ok(hops.to_vec()));
    let (attempt, _, operation) = delivery(&mut router);
    (router, attempt, operation)
}

fn refused_connection() -> ResponseStatus {
    Failure::new(FailureReason::Unreachable).into()
}

#[test]
fn domain_without_a_route_is_asked_of_dns_and_goes_to_the_first_hop() {
    let mut router = router();
    router.handle_operation(start(), SIP, vouched(operation(ALICE, FRED)), ticket(1));
    assert_eq!(question(&mut router), domain("elsewhere.example"));
    assert!(
        router.poll_action().is_none(),
        "nothing until DNS has answered"
    );
    router.handle_resolved(start(), &domain("elsewhere.example"), |_, only| {
        assert_eq!(only, None);
        Ok(vec![sip("192.0.2.1:5060")])
    });
    let (attempt, adapter, handed) = delivery(&mut router);
    assert_eq!(adapter, SIP);
    assert_eq!(handed.next_hop().unwrap(), "192.0.2.1:5060");
    assert_eq!(handed.destination().as_str(), FRED);
    router.handle_response(start(), attempt, ResponseStatus::Success);
    assert_eq!(
        response(&mut router),
        (1, "of-the-sender".into(), ResponseStatus::Success)
    );
    assert!(router.is_idle());
}

#[test]
fn static_route_is_taken_without_asking_dns() {
    let mut router = router();
    router.handle_operation(start(), XMPP, operation(FRED, ALICE), ticket(1));
    assert_eq!(delivery(&mut router).1, SIP);
}

#[test]
fn sender_is_shown_for_the_network_of_the_hop_that_is_tried() {
    let hops = [sip("192.0.2.1:5060"), Hop::new(XMPP)];
    let (mut router, attempt, first) = trying(&hops);
    assert_eq!(first.source().as_str(), ALICE);
    router.handle_response(start(), attempt, refused_connection());
    let (_, adapter, second) = delivery(&mut router);
    assert_eq!((adapter, second.next_hop()), (XMPP, None));
    assert_eq!(
        second.source().as_str(),
        "im:sip=voice.example/alice@relay.example"
    );
}

#[test]
fn source_route_that_names_a_protocol_asks_for_its_hops_alone() {
    let mut router = router();
    let wrapped = "im:sip=elsewhere.example/fred@relay.example";
    router.handle_operation(start(), SIP, vouched(operation(ALICE, wrapped)), ticket(1));
    let domain = question(&mut router);
    router.handle_resolved(start(), &domain, |_, only| {
        assert_eq!(only, Some(SIP));
        Ok(vec![sip("192.0.2.1:5060")])
    });
    assert_eq!(delivery(&mut router).2.destination().as_str(), FRED);
}

#[test]
fn cpim_2_2_4_each_refused_and_silent_hops_give_way_and_the_sender_hears_one_success() {
    let hops = [
        sip("192.0.2.1:5060"),
        sip("192.0.2.2:5060"),
        sip("192.0.2.3:5060"),
    ];
    let (mut router, first, to_first) = trying(&hops);
    router.handle_response(start(), first, refused_connection());
    let (second, _, to_second) = delivery(&mut router);
    assert_eq!(to_second.next_hop().unwrap(), "192.0.2.2:5060");
    assert_eq!(to_second.deadline(), Some(ATTEMPT));
    let later = start() + ATTEMPT;
    assert_eq!(router.poll_timeout(), Some(later));
    router.handle_timeout(later);
    assert!(
        is_cancel(router.poll_action(), second),
        "the silent one is called off"
    );
    let (third, _, to_third) = delivery(&mut router);
    assert_eq!(to_third.next_hop().unwrap(), "192.0.2.3:5060");
    assert_eq!(
        to_third.deadline(),
        Some(DEADLINE - ATTEMPT),
        "the last has all the time"
    );
    assert_eq!(
        [to_first.transaction_id(), to_second.transaction_id()],
        [to_third.transaction_id(); 2],
        "a hop that gets it twice can tell"
    );
    router.handle_response(later, second, ResponseStatus::Indeterminant);
    router.handle_response(later, third, ResponseStatus::Success);
    assert_eq!(response(&mut router).2, ResponseStatus::Success);
    assert!(router.poll_action().is_none() && router.is_idle());
    let statistics = router.statistics();
    assert_eq!((statistics.failovers, statistics.resolutions), (2, 1));
    assert_eq!((statistics.ignored_responses, statistics.successes), (1, 1));
}

#[test]
fn busy_far_side_gives_way_but_our_own_load_does_not() {
    let hops = [sip("192.0.2.1:5060"), sip("192.0.2.2:5060")];
    let busy = Failure::new(FailureReason::Overloaded);
    let (mut router, attempt, _) = trying(&hops);
    let far = busy.clone().with_origin(Origin::Peer);
    router.handle_response(start(), attempt, far.into());
    assert_eq!(
        delivery(&mut router).2.next_hop().unwrap(),
        "192.0.2.2:5060"
    );

    let (mut router, attempt, _) = trying(&hops);
    router.handle_response(start(), attempt, busy.into());
    assert_eq!(failure(&mut router), FailureReason::Overloaded);
}

#[test]
fn refusal_is_final() {
    for reason in [
        FailureReason::NoSuchInbox,
        FailureReason::Refused,
        FailureReason::NotPermitted,
        FailureReason::RecipientUnavailable,
        FailureReason::UnsupportedContent,
    ] {
        let (mut router, attempt, _) = trying(&[sip("192.0.2.1:5060"), sip("192.0.2.2:5060")]);
        router.handle_response(start(), attempt, Failure::new(reason).into());
        assert_eq!(failure(&mut router), reason);
        assert!(router.poll_action().is_none());
    }
}

#[test]
fn last_failure_is_the_senders_unless_an_earlier_hop_may_have_the_message() {
    let hops = [sip("192.0.2.1:5060"), sip("192.0.2.2:5060")];
    let (mut router, first, _) = trying(&hops);
    router.handle_response(start(), first, refused_connection());
    let (second, ..) = delivery(&mut router);
    router.handle_response(start(), second, refused_connection());
    assert_eq!(failure(&mut router), FailureReason::Unreachable);

    let (mut router, _, _) = trying(&hops);
    router.handle_timeout(start() + ATTEMPT);
    router.poll_action();
    let (second, ..) = delivery(&mut router);
    router.handle_response(start() + ATTEMPT, second, refused_connection());
    let ResponseStatus::Failure(failure) = response(&mut router).2 else {
        panic!("no failure");
    };
    assert_eq!(failure.reason(), FailureReason::TimedOut);
    assert_eq!(failure.retry(), Retry::Never);
    assert!(failure.detail().contains("may have arrived"), "{failure}");
}

#[test]
fn hop_of_which_the_adapter_says_that_it_did_not_answer_may_have_the_message() {
    let hops = [sip("192.0.2.1:5060"), sip("192.0.2.2:5060")];
    let silent = ResponseStatus::from(Failure::new(FailureReason::TimedOut));
    let (mut router, first, _) = trying(&hops);
    router.handle_response(start(), first, silent.clone());
    let (second, ..) = delivery(&mut router);
    router.handle_response(start(), second, refused_connection());
    let ResponseStatus::Failure(failure) = response(&mut router).2 else {
        panic!("no failure");
    };
    assert_eq!(failure.reason(), FailureReason::TimedOut);
    assert_eq!(failure.retry(), Retry::Never);

    // Of one hop alone, its own word is the truth.
    let (mut router, only, _) = trying(hops.get(..1).unwrap());
    router.handle_response(start(), only, silent.clone());
    assert_eq!(response(&mut router).2, silent);
}

#[test]
fn deadline_ends_the_operation_whatever_hops_are_left() {
    let hops = [(); 10].map(|()| sip("192.0.2.1:5060"));
    let (mut router, _, _) = trying(&hops);
    for n in 1..6 {
        router.handle_timeout(start() + n * ATTEMPT);
        router.poll_action();
        assert_eq!(delivery(&mut router).1, SIP);
    }
    router.handle_timeout(start() + DEADLINE);
    router.poll_action();
    assert_eq!(failure(&mut router), FailureReason::TimedOut);
    assert!(router.is_idle());
}

#[test]
fn domain_is_asked_once_and_its_operations_leave_in_order() {
    let mut router = router();
    for (number, id) in [(1, b"1"), (2, b"2")] {
        router.handle_operation(
            start(),
            SIP,
            vouched(named(id, ALICE, FRED)),
            ticket(number),
        );
    }
    let domain = question(&mut router);
    assert!(router.poll_action().is_none());
    let mut draws = 0;
    router.handle_resolved(start(), &domain, |_, _| {
        draws += 1;
        Ok(vec![sip("192.0.2.1:5060")])
    });
    assert_eq!(draws, 2, "each draws its own order");
    for _ in 0..2 {
        let (attempt, ..) = delivery(&mut router);
        router.handle_response(start(), attempt, ResponseStatus::Success);
    }
    assert_eq!([response(&mut router).0, response(&mut router).0], [1, 2]);
}

#[test]
fn what_dns_says_against_a_domain_is_the_senders_failure() {
    let mut router = router();
    router.handle_operation(start(), SIP, vouched(operation(ALICE, FRED)), ticket(1));
    let domain = question(&mut router);
    let says = Failure::new(FailureReason::Unresolvable).with_detail("there is no such domain");
    router.handle_resolved(start(), &domain, |_, _| Err(says.clone()));
    assert_eq!(response(&mut router).2, ResponseStatus::Failure(says));

    router.handle_operation(start(), SIP, vouched(operation(ALICE, FRED)), ticket(2));
    question(&mut router);
    router.handle_resolved(start(), &domain, |_, _| Ok(Vec::new()));
    assert_eq!(failure(&mut router), FailureReason::Unresolvable);
    assert_eq!(router.statistics().undeliverable, 2);
}

#[test]
fn operation_that_dns_keeps_waiting_ends_at_its_deadline_and_is_never_delivered() {
    let mut router = router();
    router.handle_operation(start(), SIP, vouched(operation(ALICE, FRED)), ticket(1));
    let domain = question(&mut router);
    router.handle_timeout(start() + DEADLINE);
    assert_eq!(failure(&mut router), FailureReason::TimedOut);
    router.handle_resolved(start(), &domain, |_, _| Ok(vec![sip("192.0.2.1:5060")]));
    assert!(router.poll_action().is_none() && router.is_idle());
}

#[test]
fn operations_that_wait_for_dns_leave_room_for_others() {
    let mut router = router();
    for number in 0..3 {
        let id = [b'0' + number];
        router.handle_operation(
            start(),
            SIP,
            vouched(named(&id, ALICE, FRED)),
            ticket(number.into()),
        );
    }
    question(&mut router);
    assert_eq!(
        failure(&mut router),
        FailureReason::Overloaded,
        "a quarter of eight"
    );
    router.handle_operation(start(), SIP, operation(FRED, ALICE), ticket(9));
    assert_eq!(delivery(&mut router).1, SIP);
}

#[test]
fn hop_that_failed_is_tried_last_until_it_has_rested_or_works_again() {
    let hops = [sip("192.0.2.1:5060"), sip("192.0.2.2:5060")];
    let (mut router, attempt, _) = trying(&hops);
    router.handle_response(start(), attempt, refused_connection());
    let (attempt, ..) = delivery(&mut router);
    router.handle_response(start(), attempt, ResponseStatus::Success);
    response(&mut router);
    let mut first_hop = |after: Duration| {
        router.handle_operation(
            start() + after,
            SIP,
            vouched(operation(ALICE, FRED)),
            ticket(2),
        );
        let domain = question(&mut router);
        router.handle_resolved(start() + after, &domain, |_, _| Ok(hops.to_vec()));
        let (attempt, _, operation) = delivery(&mut router);
        router.handle_response(start() + after, attempt, ResponseStatus::Success);
        response(&mut router);
        operation.next_hop().unwrap().to_string()
    };
    assert_eq!(first_hop(Duration::from_secs(29)), "192.0.2.2:5060");
    assert_eq!(first_hop(Duration::from_secs(31)), "192.0.2.1:5060");
}

#[test]
fn cancelled_operation_is_called_off_at_the_hop_that_has_it() {
    let hops = [sip("192.0.2.1:5060"), sip("192.0.2.2:5060")];
    let (mut router, first, _) = trying(&hops);
    router.handle_response(start(), first, refused_connection());
    let (second, ..) = delivery(&mut router);
    router.handle_cancel(start(), ticket(1));
    assert!(is_cancel(router.poll_action(), second));
    assert_eq!(failure(&mut router), FailureReason::Cancelled);
    assert!(router.poll_action().is_none() && router.is_idle());
}

#[test]
fn adapter_that_dns_shall_find_has_to_be_one_and_only_once() {
    let conflicts = RoutingTable::builder()
        .with_adapter(Adapter::new("sip", "sip"))
        .with_found_by_dns("sip")
        .with_found_by_dns("sip")
        .with_found_by_dns("mail")
        .build()
        .unwrap_err();
    let text: Vec<String> = conflicts.iter().map(ToString::to_string).collect();
    assert_eq!(
        text,
        [
            "the adapter `sip` is named twice among those that DNS finds",
            "`mail`, which DNS shall find, is no adapter",
        ]
    );
}
