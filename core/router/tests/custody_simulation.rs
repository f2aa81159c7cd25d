//! Thousands of lives of a custodian that crashes at any moment, over a disk that is late, fails and is full.
//!
//! Each run follows from its seed alone; a failing one names it. The same runs with a fault planted around the custodian show
//! that the ledger would notice. `RIALTO_SEEDS=1000000` plays more of them, `RIALTO_SEEDS=7000..8000` those.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod custody_simulation {
    pub(crate) mod disk;
    pub(crate) mod fault;
    pub(crate) mod ledger;
    pub(crate) mod stage;
    pub(crate) mod violation;
    pub(crate) mod world;
}
mod support;

use self::custody_simulation::{fault::Fault, violation::Violation, world::World};

const SEEDS: u64 = 3_000;
/// How soon a planted fault has to show.
const SEEDS_TO_NOTICE: u64 = 400;

#[test]
fn cpim_3_4_persist_what_is_accepted_is_delivered_or_told_over_crashes_at_any_moment() {
    support::play(SEEDS, 4, |seed| {
        World::new(seed, None).run().map(|run| {
            [
                run.crashes,
                run.accepted,
                run.not_kept,
                run.repeated,
                run.retries,
                run.delivered,
                run.failed,
                run.expired,
                run.dropped,
                run.told,
                run.words_refused,
                run.failed_writes,
                run.restored,
                run.too_early,
            ]
        })
    });
}

#[test]
fn lives_of_one_seed_are_alike() {
    support::play_twice(20, |seed| World::new(seed, None).run());
}

/// Whether a planted fault is noticed, for what it is.
fn is_noticed(fault: Fault, what: impl Fn(&Violation) -> bool) -> bool {
    (0..SEEDS_TO_NOTICE).any(|seed| {
        let noticed = World::new(seed, Some(fault)).run().err();
        noticed.is_some_and(|violation| what(&violation))
    })
}

#[test]
fn ledger_notices_what_a_disk_has_that_lies() {
    assert!(is_noticed(Fault::LyingDisk, |violation| matches!(
        violation,
        Violation::Lost { .. }
    )));
}

#[test]
fn ledger_notices_a_message_that_a_restart_forgets() {
    assert!(is_noticed(Fault::ForgottenMessage, |violation| matches!(
        violation,
        Violation::Lost { .. }
    )));
}

#[test]
fn ledger_notices_identities_that_a_restart_forgets() {
    assert!(is_noticed(
        Fault::ForgottenIdentities,
        |violation| matches!(violation, Violation::DeliveredTwice { .. })
    ));
}

#[test]
fn ledger_notices_reports_that_are_thrown_away() {
    assert!(is_noticed(Fault::SwallowedReports, |violation| matches!(
        violation,
        Violation::Lost { .. }
    )));
}

#[test]
fn ledger_notices_a_report_that_a_restart_forgets() {
    assert!(is_noticed(Fault::ForgottenReport, |violation| matches!(
        violation,
        Violation::Untold { .. }
    )));
}

#[test]
fn ledger_notices_reports_that_nobody_asked_for() {
    assert!(is_noticed(Fault::UnaskedReports, |violation| matches!(
        violation,
        Violation::NotAsked { .. }
    )));
}

#[test]
fn ledger_notices_reports_that_come_twice() {
    assert!(is_noticed(Fault::RenamedReports, |violation| matches!(
        violation,
        Violation::ToldTwice { .. }
    )));
}

#[test]
fn ledger_notices_a_success_that_nobody_gave() {
    assert!(is_noticed(Fault::InventedSuccess, |violation| matches!(
        violation,
        Violation::LostButSuccess { .. }
    )));
}

#[test]
fn ledger_notices_a_response_that_is_swallowed() {
    assert!(is_noticed(Fault::SwallowedResponse, |violation| matches!(
        violation,
        Violation::NoResponse { .. }
    )));
}

#[test]
fn ledger_notices_a_response_that_is_doubled() {
    assert!(is_noticed(Fault::DoubledResponse, |violation| matches!(
        violation,
        Violation::SecondResponse { .. }
    )));
}

#[test]
fn ledger_notices_a_delivery_under_another_name() {
    assert!(is_noticed(Fault::RenamedDelivery, |violation| matches!(
        violation,
        Violation::DeliveredTwice { .. }
    )));
}

#[test]
fn ledger_notices_two_of_one_conversation_that_change_places() {
    assert!(is_noticed(Fault::SwappedDeliveries, |violation| matches!(
        violation,
        Violation::OutOfOrder { .. }
    )));
}

#[test]
fn ledger_notices_a_restart_that_turns_the_order_round() {
    assert!(is_noticed(Fault::ReversedJournal, |violation| matches!(
        violation,
        Violation::OutOfOrder { .. } | Violation::Together { .. }
    )));
}
