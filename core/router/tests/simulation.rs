//! Thousands of runs of a router among adapters that answer late, twice, wrongly or never.
//!
//! Each run follows from its seed alone; a failing one names it. The same runs with a fault planted between the router
//! and its caller show that the ledger would notice.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod simulation {
    pub(crate) mod ledger;
    pub(crate) mod sabotage;
    pub(crate) mod world;
}
mod support;

use self::simulation::{ledger::Violation, sabotage::Fault, world::World};

const SEEDS: u64 = 4_000;
/// How soon a planted fault has to show.
const SEEDS_TO_NOTICE: u64 = 50;

#[test]
fn cpim_2_4_1_echo_every_operation_has_one_true_response_in_thousands_of_runs() {
    support::play(SEEDS, 2, |seed| {
        World::new(seed, None).run().map(|counted| {
            [
                counted.successes,
                counted.failures,
                counted.indeterminants,
                counted.undeliverable,
                counted.not_permitted,
                counted.overloaded,
                counted.shutting_down,
                counted.timed_out,
                counted.cancelled,
                counted.ignored_responses,
                counted.resolutions,
                counted.failovers,
            ]
        })
    });
}

#[test]
fn runs_of_one_seed_are_alike() {
    support::play_twice(20, |seed| World::new(seed, None).run());
}

fn noticed(fault: Fault) -> Violation {
    support::noticed(fault, SEEDS_TO_NOTICE, |seed| {
        World::new(seed, Some(fault)).run().err()
    })
}

#[test]
fn ledger_notices_a_doubled_response() {
    assert!(matches!(
        noticed(Fault::DoubleResponse),
        Violation::SecondResponse { .. }
    ));
}

#[test]
fn ledger_notices_a_swallowed_response() {
    assert!(matches!(
        noticed(Fault::SwallowResponse),
        Violation::NoResponse { .. }
    ));
}

#[test]
fn ledger_notices_a_foreign_transaction_identifier() {
    assert!(matches!(
        noticed(Fault::SwapTransactionIds),
        Violation::ForeignTransactionId { .. }
    ));
}

#[test]
fn ledger_notices_reordered_deliveries() {
    assert!(matches!(
        noticed(Fault::ReorderDeliveries),
        Violation::OutOfOrder { .. }
    ));
}

#[test]
fn ledger_notices_a_doubled_delivery() {
    assert!(matches!(
        noticed(Fault::DoubleDelivery),
        Violation::DeliveredTwice { .. }
    ));
}

#[test]
fn ledger_notices_a_success_that_nobody_gave() {
    assert!(matches!(
        noticed(Fault::InventSuccess),
        Violation::LostButSuccess { .. }
    ));
}

#[test]
fn ledger_notices_a_delivery_that_is_not_called_off() {
    assert!(matches!(
        noticed(Fault::SwallowCancel),
        Violation::NotCalledOff { .. }
    ));
}

#[test]
fn ledger_notices_a_message_that_the_rules_forbid() {
    assert!(matches!(
        noticed(Fault::IgnoreRules),
        Violation::Forbidden { .. }
    ));
}
