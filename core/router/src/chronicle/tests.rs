//! The ring beside a list that forgets nothing, and lives that go by two names.

use std::time::Duration;

use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{Disposition, FailureReason, InstantInbox, InstantMessage};

use super::*;
use crate::CallerTicket;

const FROM: AdapterId = AdapterId::new(3);

#[expect(
    clippy::disallowed_methods,
    reason = "an instant cannot be had otherwise; no test looks at its value"
)]
fn start() -> Instant {
    Instant::now()
}

fn operation(id: &str) -> MessageOperation {
    let inbox = InstantInbox::parse("im:a@voice.example").unwrap();
    MessageOperation::new(
        TransactionId::parse(id.as_bytes()).unwrap(),
        inbox.clone(),
        inbox,
        InstantMessage::text("a secret"),
    )
}

fn caller(number: u64) -> Owner {
    Owner::Caller(CallerTicket::new(number))
}

fn kept(number: u64) -> Owner {
    Owner::Kept(JournalKey::new(number))
}

fn chronicle(capacity: usize) -> Chronicle {
    let mut chronicle = Chronicle::new(capacity, 7);
    chronicle.observe(start());
    chronicle
}

/// What the one life has that an identifier names, without times and marks.
fn told(chronicle: &Chronicle, identifier: &str) -> Vec<StepKind> {
    let mut lives = chronicle.lives(identifier.as_bytes());
    assert_eq!(lives.len(), 1, "{identifier}: {lives:?}");
    let steps = lives.remove(0).steps.into_iter();
    let is_beginning =
        |what: &StepKind| matches!(what, StepKind::Received { .. } | StepKind::Tried { .. });
    steps
        .map(|step| step.what)
        .filter(|what| !is_beginning(what))
        .collect()
}

#[test]
fn kept_operation_is_found_by_all_its_names_before_and_after_it_was_kept() {
    let mut chronicle = chronicle(100);
    let key = JournalKey::new(5);
    let onward = TransactionId::random(&mut StdRng::seed_from_u64(1));
    let first = operation("first").with_identity("stanza-1");
    chronicle.note_operation(caller(1), FROM, &first);
    chronicle.note_operation(caller(2), FROM, &operation("other"));
    chronicle.note(caller(1), StepKind::Kept { key });
    chronicle.note(caller(2), StepKind::Answered(Answer::Success));
    chronicle.note(kept(5), StepKind::Written);
    chronicle.note(caller(1), StepKind::Accepted);
    chronicle.note_operation(kept(5), FROM, &first);
    chronicle.note_delivery(kept(5), FROM, &onward);
    chronicle.note(kept(5), StepKind::Expired);
    let expected = [
        StepKind::Kept { key },
        StepKind::Written,
        StepKind::Accepted,
        StepKind::HandedOver {
            adapter: FROM,
            onward: OnwardId::of(&onward),
        },
        StepKind::Expired,
    ];
    for identifier in ["first", "stanza-1", onward.as_str()] {
        assert_eq!(told(&chronicle, identifier), expected);
    }
    assert_eq!(
        told(&chronicle, "other"),
        [StepKind::Answered(Answer::Success)]
    );
    assert!(chronicle.lives(b"nobody").is_empty());
}

#[test]
fn operation_that_was_kept_before_a_restart_is_found_by_its_senders_identifier() {
    let mut chronicle = chronicle(100);
    chronicle.note_operation(kept(9), AdapterId::GATEWAY, &operation("of-yesterday"));
    chronicle.note(kept(9), StepKind::Dropped);
    assert_eq!(told(&chronicle, "of-yesterday"), [StepKind::Dropped]);
}

#[test]
fn later_word_belongs_to_the_operation_that_was_handed_over_under_that_identifier() {
    let mut chronicle = chronicle(100);
    let mut dice = StdRng::seed_from_u64(1);
    let [onward, other] = [(); 2].map(|()| TransactionId::random(&mut dice));
    let (adapter, report) = (FROM, JournalKey::new(8));
    for (ticket, id, onward) in [(1, "one", &onward), (2, "two", &other)] {
        chronicle.note_operation(caller(ticket), FROM, &operation(id));
        chronicle.note_delivery(caller(ticket), adapter, onward);
    }
    // The ticket is free again when the word comes.
    chronicle.note_operation(caller(1), FROM, &operation("three"));
    let displayed = StepKind::DispositionReceived(Disposition::Displayed);
    let told = StepKind::DispositionTold(Disposition::Displayed);
    chronicle.note_onward(&onward, displayed);
    let kept = StepKind::DispositionKept {
        disposition: Disposition::Displayed,
        key: report,
    };
    chronicle.note_onward(&onward, kept);
    chronicle.note(Owner::Kept(report), told);
    let handed = |id| StepKind::HandedOver {
        adapter,
        onward: OnwardId::of(id),
    };
    let expected = [handed(&onward), displayed, kept, told];
    assert_eq!(self::told(&chronicle, "one"), expected);
    assert_eq!(self::told(&chronicle, onward.as_str()), expected);
    assert_eq!(self::told(&chronicle, "two"), [handed(&other)]);
    assert_eq!(self::told(&chronicle, "three"), []);
}

#[test]
fn later_word_is_found_when_all_before_it_is_forgotten() {
    let mut chronicle = chronicle(2);
    let onward = TransactionId::random(&mut StdRng::seed_from_u64(1));
    chronicle.note_delivery(caller(1), FROM, &onward);
    let failed = StepKind::DispositionReceived(Disposition::Failed);
    for _ in 0..2 {
        chronicle.note_onward(&onward, failed);
    }
    assert_eq!(told(&chronicle, onward.as_str()), [failed, failed]);
}

#[test]
fn ticket_that_is_used_again_begins_another_life() {
    let mut chronicle = chronicle(100);
    for (id, reason) in [
        ("one", FailureReason::TimedOut),
        ("two", FailureReason::Refused),
    ] {
        chronicle.note_operation(caller(1), FROM, &operation(id));
        chronicle.note(caller(1), StepKind::Answered(Answer::Failure(reason)));
    }
    for (id, reason) in [
        ("one", FailureReason::TimedOut),
        ("two", FailureReason::Refused),
    ] {
        let answered = StepKind::Answered(Answer::Failure(reason));
        assert_eq!(told(&chronicle, id), [answered]);
    }
}

#[test]
fn lives_that_share_an_identifier_are_bounded_and_the_last_are_given() {
    let mut chronicle = chronicle(1_000);
    for number in 0..500 {
        chronicle.note_operation(
            caller(number),
            AdapterId::new(number as u16),
            &operation("one"),
        );
    }
    let lives = chronicle.lives(b"one");
    assert_eq!(lives.len(), Chronicle::MOST_LIVES);
    let last = lives.last().unwrap().steps[0].what;
    assert!(matches!(last, StepKind::Received { from, .. } if from.number() == 499));
}

#[test]
fn chronicle_of_nothing_remembers_nothing() {
    let mut chronicle = chronicle(0);
    chronicle.note_operation(caller(1), FROM, &operation("one"));
    chronicle.note(caller(1), StepKind::Accepted);
    assert!(chronicle.lives(b"one").is_empty() && chronicle.records.capacity() == 0);
}

proptest! {
    #[test]
    fn ring_holds_the_last_steps_of_all_in_their_order(
        capacity in 1..40_usize,
        steps in prop::collection::vec((0..5_u64, 0..4_u8), 0..120),
    ) {
        let mut chronicle = Chronicle::new(capacity, 7);
        let room = chronicle.records.capacity();
        let beginning = start();
        let mut model = Vec::new();
        for (n, (number, kind)) in steps.into_iter().enumerate() {
            let at = beginning + Duration::from_millis(n as u64);
            chronicle.observe(at);
            if kind == 0 {
                chronicle.note_operation(caller(number), FROM, &operation(&number.to_string()));
            } else {
                let after = Duration::from_secs(u64::from(kind));
                let reason = FailureReason::Unreachable;
                chronicle.note(caller(number), StepKind::RetryPlanned { after, reason });
            }
            model.push((number, kind, at));
        }
        prop_assert_eq!(chronicle.records.capacity(), room, "something was allocated");
        let kept = &model[model.len().saturating_sub(capacity)..];
        for number in 0..5 {
            let mut expected: Vec<Vec<Instant>> = Vec::new();
            for (_, kind, at) in kept.iter().filter(|(of, ..)| *of == number) {
                match expected.last_mut() {
                    Some(life) if *kind != 0 => life.push(*at),
                    // The beginning of the first may be forgotten; then nobody can ask for it.
                    None if *kind != 0 => {}
                    _ => expected.push(vec![*at]),
                }
            }
            let lives = chronicle.lives(number.to_string().as_bytes());
            let times = |life: &Life| life.steps.iter().map(|step| step.at).collect::<Vec<_>>();
            prop_assert_eq!(lives.iter().map(times).collect::<Vec<_>>(), expected);
        }
    }
}
