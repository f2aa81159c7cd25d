//! What is remembered of a message that the gateway takes custody of, step by step.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::Duration;

use rialto_model::{Disposition, Failure, FailureReason, Notify, ResponseStatus};
use rialto_router::{CustodyPolicy, Life, StepKind};

use self::support::{
    XMPP,
    office::{Office, apply, asking, patient, to_bob, word},
    ticket,
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

fn down() -> Failure {
    Failure::new(FailureReason::Unreachable)
}

/// The steps of the one life that is found, in words.
fn words(office: &Office, identifier: &str) -> Vec<String> {
    let lives = office.custodian.router().lives(identifier.as_bytes());
    let [life] = &lives[..] else {
        panic!("{identifier}: {lives:?}");
    };
    in_words(life)
}

fn in_words(life: &Life) -> Vec<String> {
    let word = |what: &StepKind| match what {
        StepKind::Received { .. } => "received".into(),
        StepKind::Tried { .. } => "tried".into(),
        StepKind::Restored { .. } => "restored".into(),
        StepKind::HandedOver { .. } => "handed over".into(),
        StepKind::Kept { key, .. } => format!("kept as {}", key.number()),
        StepKind::RetryPlanned { reason, .. } => format!("again later: {reason:?}"),
        StepKind::DispositionKept {
            disposition, key, ..
        } => format!("to tell: {disposition:?} as {}", key.number()),
        what => format!("{what:?}"),
    };
    life.steps.iter().map(|step| word(&step.what)).collect()
}

/// An office with one message that was accepted early and whose first delivery is under way.
fn early(policy: CustodyPolicy) -> Office {
    let mut office = Office::new(policy);
    office.send(to_bob("a secret"));
    office.wait(policy.patience().unwrap());
    office.sync();
    office
}

const EARLY: [&str; 6] = [
    "received",
    "handed over",
    "kept as 0",
    "Written",
    "Accepted",
    "Answered(Indeterminant)",
];

#[test]
fn life_goes_on_after_the_sender_was_answered() {
    let mut office = early(patient(5));
    let onward = *office.deliveries.front().unwrap().1.transaction_id();
    assert_eq!(words(&office, "of-the-sender"), EARLY);
    office.answer(down());
    office.wait(2 * SECOND);
    office.read();
    office.answer(ResponseStatus::Success);
    let later = [
        "Ended(Failure(Unreachable))",
        "again later: Unreachable",
        "tried",
        "handed over",
        "Ended(Success)",
    ];
    for identifier in ["of-the-sender", onward.as_str()] {
        assert_eq!(
            words(&office, identifier),
            [&EARLY[..], &later[..]].concat()
        );
    }
}

#[test]
fn time_of_the_next_try_is_the_time_at_which_it_comes() {
    let mut office = early(patient(5));
    office.answer(down());
    let lives = office.custodian.router().lives(b"of-the-sender");
    let planned = lives.first().and_then(|life| life.steps.last()).unwrap();
    let StepKind::RetryPlanned { after, .. } = planned.what else {
        panic!("{planned:?}");
    };
    assert_eq!(planned.at, office.now);
    assert_eq!(office.custodian.poll_timeout(), Some(office.now + after));
}

#[test]
fn life_tells_how_the_sender_heard_of_a_failure() {
    let mut office = early(patient(5));
    office.answer(Failure::new(FailureReason::Refused));
    office.sync();
    assert_eq!(office.take_report().disposition(), Disposition::Failed);
    let later = [
        "Ended(Failure(Refused))",
        "to tell: Failed as 1",
        "Ended(Success)",
        "DispositionTold(Failed)",
    ];
    assert_eq!(
        words(&office, "of-the-sender"),
        [&EARLY[..], &later[..]].concat()
    );
}

#[test]
fn message_without_patience_is_kept_before_it_is_tried() {
    let mut office = Office::new(patient(0));
    office.send(to_bob("a secret"));
    office.sync();
    office.answer(ResponseStatus::Success);
    let expected = [
        "received",
        "kept as 0",
        "Written",
        "Accepted",
        "Answered(Indeterminant)",
        "tried",
        "handed over",
        "Ended(Success)",
    ];
    assert_eq!(words(&office, "of-the-sender"), expected);
}

#[test]
fn message_that_cannot_be_written_has_no_acceptance_in_its_life() {
    let mut office = Office::new(patient(0));
    office.send(to_bob("a secret"));
    office.fail_writes();
    assert_eq!(
        words(&office, "of-the-sender"),
        ["received", "kept as 0", "Answered(Failure(Overloaded))"]
    );
}

#[test]
fn life_begins_anew_with_the_journal_and_says_what_expired() {
    let mut office = early(patient(5));
    office.answer(down());
    office.sync();
    office.restart(2 * HOUR);
    office.read();
    office.sync();
    let _report = office.take_report();
    assert_eq!(
        words(&office, "of-the-sender"),
        [
            "restored",
            "Expired",
            "to tell: Failed as 1",
            "Ended(Success)",
            "DispositionTold(Failed)"
        ]
    );
}

#[test]
fn message_that_an_operator_dropped_says_so() {
    let mut office = early(patient(5));
    office.answer(down());
    let key = office.custodian.queue(office.now).next().unwrap().key;
    office.custodian.drop_kept(office.now, key).unwrap();
    let dropped = String::from("Dropped");
    assert!(words(&office, "of-the-sender").contains(&dropped));
}

#[test]
fn later_word_is_a_part_of_the_life_of_its_message() {
    let mut office = Office::new(patient(5));
    office.send(asking(&[Notify::PositiveDelivery]));
    let (_, delivered) = office.deliveries.front().unwrap().clone();
    office.answer(ResponseStatus::Success);
    office.sync();
    let said = word(&delivered, Disposition::Delivered);
    office
        .custodian
        .handle_disposition(office.now, XMPP, said, ticket(1));
    office.act();
    office.sync();
    let _report = office.take_report();
    let life = words(&office, "of-the-sender");
    let (before, after) = life.split_at(life.len() - 4);
    assert_eq!(
        before,
        [
            "received",
            "handed over",
            "Ended(Success)",
            "Answered(Success)"
        ]
    );
    let [received, kept, ended, told] = after else {
        panic!("{after:?}");
    };
    assert_eq!(received, "DispositionReceived(Delivered)");
    assert!(kept.starts_with("to tell: Delivered as "), "{kept}");
    assert_eq!(
        (ended.as_str(), told.as_str()),
        ("Ended(Success)", "DispositionTold(Delivered)")
    );
}

#[test]
fn word_on_a_message_that_was_never_handed_over_is_a_part_of_its_life() {
    let mut office = Office::new(patient(0));
    office.send(asking(&[Notify::Processing]));
    let (write, changes) = office.writes.pop_front().unwrap();
    apply(&mut office.journal, &changes);
    office.custodian.handle_written(office.now, write, Ok(()));
    let life = words(&office, "of-the-sender");
    let is_kept = |step: &String| step.starts_with("to tell: Stored as ");
    let kept = life.iter().position(is_kept).expect("a report is kept");
    assert!(
        !life.iter().take(kept).any(|step| step == "handed over"),
        "{life:?}"
    );
}

#[test]
fn message_that_comes_again_has_a_life_of_its_own() {
    let mut office = Office::new(patient(0));
    for _ in 0..2 {
        office.send(to_bob("a secret").with_identity("the same"));
        office.sync();
    }
    let lives = office.custodian.router().lives(b"the same");
    let [_, again] = &lives[..] else {
        panic!("{lives:?}");
    };
    assert_eq!(in_words(again), ["received", "Answered(Indeterminant)"]);
}

#[test]
fn message_that_follows_one_under_way_has_a_life_of_its_own() {
    let mut office = Office::new(patient(5));
    for _ in 0..2 {
        office.send(to_bob("a secret").with_identity("the same"));
    }
    office.answer(ResponseStatus::Success);
    let lives = office.custodian.router().lives(b"the same");
    let [_, again] = &lives[..] else {
        panic!("{lives:?}");
    };
    assert_eq!(in_words(again), ["received", "Answered(Success)"]);
}
