//! Several gateways in a row, in a loop, or one of them twice.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;

use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{FailureReason, MaxForwards, ResponseStatus};
use rialto_router::{Action, Adapter, AdapterId, Limits, Route, Router, RoutingTable};

use self::support::{delivery, domain, hops, operation, response, start, ticket, vouched};

/// A gateway that takes everything from the network on its one side to that on its other.
fn gateway(seed: u64) -> Router<StdRng> {
    let table = RoutingTable::builder()
        .with_adapter(Adapter::new("left", "sip"))
        .with_adapter(Adapter::new("right", "xmpp"))
        .with_route(Route::new(domain("right.example"), "right"))
        .with_route(Route::new(domain("left.example"), "left"))
        .with_relay_domain(domain(&format!("relay{seed}.example")))
        .build()
        .unwrap();
    Router::new(
        Arc::new(table),
        Limits::default(),
        StdRng::seed_from_u64(seed),
    )
}

#[test]
fn rfc2779_2_4_3_message_through_two_gateways_arrives_and_its_response_comes_back() {
    let [mut near, mut far] = [1, 2].map(gateway);
    let message = operation("im:alice@left.example", "im:bob@right.example");
    near.handle_operation(start(), AdapterId::new(0), message, ticket(1));
    let (at_near, _, onward) = delivery(&mut near);
    let between = onward.transaction_id().to_string();
    far.handle_operation(start(), AdapterId::new(0), onward, ticket(2));
    let (at_far, _, arrived) = delivery(&mut far);
    assert_eq!(arrived.max_forwards(), MaxForwards::new(68));
    far.handle_response(start(), at_far, ResponseStatus::Success);
    let (_, id, status) = response(&mut far);
    assert_eq!(id, between);
    near.handle_response(start(), at_near, status);
    assert_eq!(
        response(&mut near),
        (1, "of-the-sender".into(), ResponseStatus::Success)
    );
}

#[test]
fn cpim_2_4_2_message_in_a_loop_of_two_gateways_dies_with_a_failure_to_its_sender() {
    let mut pair = [1, 2].map(gateway);
    let mut message = hops(
        operation("im:alice@left.example", "im:bob@right.example"),
        9,
    );
    let mut waiting = Vec::new();
    let failed = loop {
        let here = waiting.len() % 2;
        let number = ticket(waiting.len() as u64);
        pair[here].handle_operation(start(), AdapterId::new(0), message, number);
        match pair[here].poll_action() {
            Some(Action::Deliver {
                attempt, operation, ..
            }) => {
                waiting.push(attempt);
                message = operation;
            }
            Some(Action::Respond { response, .. }) => break response.into_status(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(waiting.len(), 9, "one hop each");
    let mut status = failed;
    while let Some(attempt) = waiting.pop() {
        let here = waiting.len() % 2;
        pair[here].handle_response(start(), attempt, status);
        status = response(&mut pair[here]).2;
    }
    let ResponseStatus::Failure(failure) = status else {
        panic!("the message arrived nowhere");
    };
    assert_eq!(failure.reason(), FailureReason::HopLimitReached);
    assert!(pair.iter().all(Router::is_idle));
}

#[test]
fn cpim_2_4_2_message_that_passes_twice_by_an_alias_arrives() {
    let mut router = gateway(1);
    let first = operation("im:alice@left.example", "im:alias@right.example");
    router.handle_operation(start(), AdapterId::new(0), first, ticket(1));
    let (outer, _, onward) = delivery(&mut router);
    // The right network's alias leads back to a user of the left one.
    let resolved = onward.with_destination("im:dora@left.example".parse().unwrap());
    let resolved = vouched(resolved);
    router.handle_operation(start(), AdapterId::new(1), resolved, ticket(2));
    let (inner, adapter, arrived) = delivery(&mut router);
    assert_eq!(adapter, AdapterId::new(0));
    assert_eq!(arrived.source().as_str(), "im:alice@left.example");
    assert_eq!(arrived.max_forwards(), MaxForwards::new(68));
    router.handle_response(start(), inner, ResponseStatus::Success);
    let (number, _, status) = response(&mut router);
    assert_eq!(number, 2);
    router.handle_response(start(), outer, status);
    assert_eq!(response(&mut router).2, ResponseStatus::Success);
}
