//! Thousands of runs of a presence service whose adapters answer late, twice or never and go down, whose disk is slow, and which crashes.
//!
//! Each run follows from its seed alone; a failing one names it. The same runs with a fault planted between the service and its caller
//! show that the ledger would notice. `RIALTO_SEEDS=1000000` plays more of them, `RIALTO_SEEDS=7000..8000` those.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod presence_simulation {
    pub(crate) mod fault;
    pub(crate) mod ledger;
    pub(crate) mod world;
}
mod support;

use self::presence_simulation::{fault::Fault, ledger::Violation, world::World};

const SEEDS: u64 = 1_000;
/// How soon a planted fault has to show.
const SEEDS_TO_NOTICE: u64 = 100;

#[test]
fn cpim_3_4_persist_no_subscription_is_lost_or_doubled_and_the_newest_document_wins() {
    support::play(SEEDS, 4, |seed| World::new(seed, None).run());
}

#[test]
fn presence_runs_of_one_seed_are_alike() {
    support::play_twice(10, |seed| World::new(seed, None).run());
}

fn noticed(fault: Fault) -> Violation {
    support::noticed(fault, SEEDS_TO_NOTICE, |seed| {
        World::new(seed, Some(fault)).run().err()
    })
}

#[test]
fn ledger_notices_a_subscription_that_a_restart_forgets() {
    // Its watcher may refresh what is not there any more, and is told from the beginning; or is granted another one.
    assert!(matches!(
        noticed(Fault::ForgetRecord),
        Violation::Lost { .. } | Violation::OldVersion { .. } | Violation::Doubled { .. }
    ));
}

#[test]
fn ledger_notices_writes_that_were_not_safe() {
    assert!(matches!(
        noticed(Fault::ForgetWrites),
        Violation::Lost { .. } | Violation::AfterTheEnd { .. } | Violation::OldVersion { .. }
    ));
}

#[test]
fn ledger_notices_a_notification_that_is_swallowed() {
    assert!(matches!(
        noticed(Fault::SwallowNotify),
        Violation::NotNewest { .. }
    ));
}

#[test]
fn ledger_notices_a_notification_after_the_end() {
    assert!(matches!(
        noticed(Fault::TellAfterEnd),
        Violation::AfterTheEnd { .. } | Violation::OldVersion { .. }
    ));
}

#[test]
fn ledger_notices_an_old_document() {
    assert!(matches!(
        noticed(Fault::TellOldDocument),
        Violation::WentBack { .. } | Violation::NotNewest { .. }
    ));
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
        Violation::NoResponse { .. } | Violation::BeforeTheGrant { .. }
    ));
}

#[test]
fn ledger_notices_a_second_subscription() {
    assert!(matches!(
        noticed(Fault::GrantTwice),
        Violation::Doubled { .. }
    ));
}
