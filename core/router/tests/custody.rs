//! Custody taken: what is answered early is safe.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::UNIX_EPOCH;

use rialto_model::{
    Disposition, Failure, FailureReason, MessageOperation, Notify, ResponseStatus, Retry,
};
use rialto_router::{CustodyLimits, CustodyPolicy, CustodySettings, NamingKey};

use self::support::{
    SIP,
    office::{
        ALICE, BOB, DORA, FRED, INDETERMINANT, Office, SECOND, SUCCESS, asking, down, early,
        patient, reason, to_bob, wall,
    },
    operation, ticket, vouched,
};

#[test]
fn rfc2779_4_3_1_message_that_is_answered_in_time_never_touches_the_disk() {
    let mut office = Office::new(patient(5).keeping_temporary_failures());
    let sent = office.send(to_bob("1"));
    office.wait(4 * SECOND);
    office.answer(SUCCESS);
    assert_eq!(office.response(), (sent, SUCCESS));
    assert!(office.writes.is_empty() && office.is_done());
    office.wait(60 * SECOND);
    assert!(office.writes.is_empty() && office.responses.is_empty());
}

#[test]
fn cpim_3_4_persist_sender_is_answered_early_only_when_the_message_is_safe() {
    let mut office = Office::new(patient(5));
    let sent = office.send(to_bob("1"));
    office.wait(5 * SECOND);
    assert_eq!((office.writes.len(), office.responses.len()), (1, 0));
    office.sync();
    assert_eq!(office.response(), (sent, INDETERMINANT));
    office.answer(SUCCESS);
    assert!(office.responses.is_empty() && office.is_done());
}

#[test]
fn cpim_2_4_1_3a_outcome_that_comes_before_the_write_is_safe_is_answered_itself() {
    for outcome in [
        SUCCESS,
        down().into(),
        Failure::new(FailureReason::Refused).into(),
    ] {
        let mut office = Office::new(patient(5));
        let sent = office.send(to_bob("1"));
        office.wait(5 * SECOND);
        office.answer(outcome.clone());
        assert_eq!(office.response(), (sent, outcome));
        office.sync();
        assert!(office.responses.is_empty() && office.is_done());
    }
}

#[test]
fn rfc2779_5_4_1_message_whose_bringer_has_died_is_kept_and_its_failure_told_later() {
    let mut office = Office::new(patient(5));
    let sent = office.send(to_bob("1"));
    office.gone(sent);
    assert_eq!((office.cancels, office.writes.len()), (0, 1));
    office.sync();
    assert_eq!(office.response(), (sent, INDETERMINANT));
    office.answer(Failure::new(FailureReason::Refused));
    office.sync();
    let report = office.take_report();
    assert_eq!(report.disposition(), Disposition::Failed);
    office.sync();
    assert!(office.is_done());
}

#[test]
fn rfc2779_5_4_1_failure_is_told_later_also_if_it_comes_before_the_write_is_safe() {
    for is_late in [false, true] {
        let mut office = Office::new(patient(5));
        let sent = office.send(to_bob("1"));
        if is_late {
            office.wait(5 * SECOND);
            assert_eq!(office.writes.len(), 1, "it is kept already");
        }
        office.gone(sent);
        office.answer(Failure::new(FailureReason::Refused));
        assert!(office.responses.is_empty(), "nobody would hear it");
        office.sync();
        assert_eq!(office.take_report().disposition(), Disposition::Failed);
        office.sync();
        assert!(office.is_done());
    }
}

#[test]
fn rfc2779_5_4_2_message_that_comes_again_from_the_successor_of_its_bringer_is_not_delivered_twice()
{
    let mut office = Office::new(patient(5));
    let first = office.send(to_bob("1").with_identity("stanza 7"));
    office.gone(first);
    let again = office.send(to_bob("1").with_identity("stanza 7"));
    office.sync();
    let answered: Vec<_> = office.responses.drain(..).collect();
    assert_eq!(answered, [(first, INDETERMINANT), (again, INDETERMINANT)]);
    assert_eq!(office.deliveries.len(), 1);
    office.answer(SUCCESS);
    office.sync();
    assert!(office.is_done());
}

#[test]
fn message_whose_bringer_has_died_is_promised_to_nobody_once_it_could_not_be_written() {
    let mut office = Office::new(patient(5));
    let first = office.send(to_bob("1").with_identity("stanza 7"));
    office.gone(first);
    office.fail_writes();
    office.fail_writes();
    let again = office.send(to_bob("1").with_identity("stanza 7"));
    office.wait(5 * SECOND);
    office.sync();
    assert!(office.responses.is_empty(), "its removal may come after it");
    office.gone(again);
    assert_eq!(office.cancels, 0);
    office.answer(SUCCESS);
    let answered: Vec<_> = office.responses.drain(..).collect();
    assert_eq!(answered, [(first, SUCCESS), (again, SUCCESS)]);
    assert!(office.is_done());
}

#[test]
fn rfc2779_5_4_1_failure_of_a_message_whose_bringer_has_died_is_told_when_the_disk_takes_it() {
    let refused = || Failure::new(FailureReason::Refused);
    // It is known before the write has failed, or after it, or the message was to be written first.
    for (patience, is_known_first) in [(5, true), (5, false), (0, true)] {
        let mut office = Office::new(patient(patience));
        let sent = office.send(to_bob("1").with_identity("stanza 7"));
        office.gone(sent);
        let is_out = !office.deliveries.is_empty();
        assert_eq!(is_out, patience > 0);
        if is_out && is_known_first {
            office.answer(refused());
        }
        office.fail_writes();
        if is_out && !is_known_first {
            office.answer(refused());
        }
        assert!(matches!(office.response(), (of, ResponseStatus::Failure(_)) if of == sent));
        office.fail_writes();
        assert!(
            office.reports.is_empty(),
            "it would come again with the message"
        );
        office.wait(2 * SECOND);
        office.sync();
        assert_eq!(office.take_report().disposition(), Disposition::Failed);
        assert!(office.is_done() && office.journal.is_empty());
    }
}

#[test]
fn messages_whose_deadlines_come_together_are_written_in_their_order() {
    let mut office = Office::new(CustodyPolicy::NEVER.keeping_temporary_failures());
    for number in 0..16 {
        office.send(vouched(operation(ALICE, FRED)).with_identity(format!("stanza {number}")));
    }
    office.wait(30 * SECOND);
    let written: Vec<_> = written(&office).collect();
    assert_eq!(written.len(), 16);
    assert!(written.is_sorted(), "{written:?}");
}

#[test]
fn messages_whose_bringer_has_died_are_written_in_their_order() {
    let mut office = Office::new(patient(5));
    let sent = [(); 3].map(|()| ticket(office.send(vouched(operation(ALICE, FRED)))));
    let [first, second, third] = sent;
    office
        .custodian
        .handle_gone(office.now, &[third, first, second]);
    office.act();
    let written: Vec<_> = written(&office).collect();
    assert_eq!(written.len(), 3);
    assert!(written.is_sorted(), "{written:?}");
}

/// The keys of what is being written, in the order in which that was asked for.
fn written(office: &Office) -> impl Iterator<Item = &[u8]> {
    let writes = office.writes.iter();
    writes.map(|(_, changes)| &changes[0].key[..])
}

#[test]
fn message_that_may_not_be_kept_ends_when_its_bringer_has_died() {
    for operation in [to_bob("1"), to_bob("1").into_ephemeral()] {
        let policy = match operation.is_ephemeral() {
            true => patient(5),
            false => CustodyPolicy::NEVER,
        };
        let mut office = Office::new(policy);
        let sent = office.send(operation);
        office.gone(sent);
        assert_eq!((office.cancels, office.writes.len()), (1, 0));
        assert_eq!(reason(&office.response().1), FailureReason::Cancelled);
    }
}

#[test]
fn rfc3862_4_4_message_that_is_kept_says_when_it_came_however_late_it_goes_on() {
    let mut office = early(patient(5).keeping_temporary_failures());
    let sent = |operation: &MessageOperation| operation.message().headers().date_time();
    assert_eq!(sent(&office.deliveries[0].1), None, "it was not late then");
    office.answer(down());
    office.restart(60 * SECOND);
    office.read();
    let came = wall().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let sent = sent(&office.deliveries[0].1).unwrap().unix_timestamp();
    assert_eq!(u64::try_from(sent).unwrap(), came);
}

#[test]
fn cpim_3_4_persist_message_without_patience_is_written_before_it_is_delivered() {
    let mut office = Office::new(patient(0));
    let sent = office.send(to_bob("1"));
    assert!(office.deliveries.is_empty() && office.responses.is_empty());
    office.sync();
    assert_eq!(office.response(), (sent, INDETERMINANT));
    assert_eq!(office.deliveries.len(), 1);
    office.answer(SUCCESS);
    assert!(office.is_done());
}

#[test]
fn cpim_2_4_1_3b_message_that_nobody_can_deliver_is_refused_before_it_is_kept() {
    let mut office = Office::new(patient(0));
    office.send(vouched(operation(ALICE, "im:x@relay.example")));
    assert_eq!(reason(&office.response().1), FailureReason::NoSuchInbox);
    assert!(office.writes.is_empty() && office.is_done());
}

#[test]
fn cpim_2_4_1_3b_temporary_failure_in_time_is_told_at_once_unless_it_is_to_be_kept() {
    let mut office = Office::new(patient(5));
    office.send(to_bob("1"));
    office.answer(down());
    assert_eq!(reason(&office.response().1), FailureReason::Unreachable);

    let mut office = Office::new(patient(5).keeping_temporary_failures());
    office.send(to_bob("1"));
    office.answer(down());
    assert!(office.responses.is_empty());
    office.sync();
    assert_eq!(office.response().1, INDETERMINANT);
    office.wait(2 * SECOND);
    office.read();
    office.answer(SUCCESS);
    assert!(office.is_done());
}

#[test]
fn rfc2779_5_4_2_message_that_was_not_kept_has_its_name_again_for_a_new_process_with_the_same_secret()
 {
    let name = |secret: u8| {
        let mut office = Office::new(patient(5));
        let key = NamingKey::new([secret; NamingKey::LEN]);
        office.custodian.name_by(key);
        office.send(to_bob("1").with_identity("stanza 7"));
        *office.deliveries[0].1.transaction_id()
    };
    assert_eq!(name(1), name(1));
    assert_ne!(name(1), name(2));
}

#[test]
fn name_on_which_a_word_is_waited_for_is_given_to_nobody_else() {
    let mut office = Office::new(patient(5));
    office
        .custodian
        .name_by(NamingKey::new([1; NamingKey::LEN]));
    let named = || asking(&[Notify::Display]).with_identity("stanza 7");
    let mut names = Vec::new();
    for _ in 0..2 {
        office.send(named());
        names.push(*office.deliveries[0].1.transaction_id());
        office.answer(SUCCESS);
    }
    assert_ne!(names[0], names[1], "it is another message of that name");
}

#[test]
fn rfc2779_2_5_2_message_that_comes_again_is_answered_as_the_first_was_and_not_delivered() {
    let mut office = Office::new(patient(5));
    let named = || to_bob("1").with_identity("stanza 7");
    office.send(named());
    office.send(named());
    assert_eq!(office.deliveries.len(), 1, "under way");
    office.wait(5 * SECOND);
    office.send(named());
    office.sync();
    let answered: Vec<_> = office.responses.drain(..).collect();
    assert_eq!(answered, [1, 2, 3].map(|sent| (sent, INDETERMINANT)));
    office.answer(SUCCESS);
    office.sync();
    for restarts in [false, true] {
        if restarts {
            office.restart(SECOND);
        }
        let sent = office.send(named());
        assert_eq!(office.response(), (sent, INDETERMINANT));
        assert!(office.deliveries.is_empty());
    }
    let other = operation(ALICE, DORA).with_identity("stanza 7");
    office.send(other);
    assert_eq!(office.deliveries.len(), 1, "to another destination");
}

#[test]
fn rfc2779_2_5_2_name_of_a_message_is_of_no_use_to_another_sender() {
    let mut office = Office::new(patient(0));
    let named = |source| operation(source, BOB).with_identity("stanza 7");
    for source in ["im:mallory@voice.example", ALICE] {
        office.send(named(source));
        office.sync();
        assert_eq!(office.response().1, INDETERMINANT);
    }
    assert_eq!(office.deliveries.len(), 2, "each is a message of its own");
}

#[test]
fn rfc2779_5_4_1_message_that_is_sent_again_after_its_failure_was_told_is_delivered() {
    for restarts in [false, true] {
        let mut office = Office::new(patient(0));
        let named = || to_bob("1").with_identity("stanza 7");
        office.send(named());
        office.sync();
        assert_eq!(office.response().1, INDETERMINANT);
        office.answer(Failure::new(FailureReason::NoSuchInbox));
        office.sync();
        assert_eq!(office.take_report().disposition(), Disposition::Failed);
        if restarts {
            office.sync();
            office.restart(SECOND);
        }
        office.send(named());
        office.sync();
        assert_eq!(office.response().1, INDETERMINANT);
        assert_eq!(office.deliveries.len(), 1, "the second time");
    }
}

#[test]
fn identity_of_a_message_that_was_not_kept_is_forgotten() {
    let mut office = Office::new(patient(5));
    for _ in 0..2 {
        office.send(to_bob("1").with_identity("stanza 7"));
        office.answer(down());
        assert_eq!(reason(&office.response().1), FailureReason::Unreachable);
    }
    assert_eq!(office.custodian.statistics().identities, 0);
}

#[test]
fn message_that_cannot_be_written_is_not_promised() {
    let mut office = Office::new(patient(0));
    office.send(to_bob("1"));
    office.fail_writes();
    let (_, status) = office.response();
    let ResponseStatus::Failure(failure) = status else {
        panic!("{status:?}");
    };
    assert_eq!(failure.reason(), FailureReason::Overloaded);
    assert!(matches!(failure.retry(), Retry::After(_)));
    assert!(office.deliveries.is_empty() && office.is_done());
}

#[test]
fn message_under_way_that_cannot_be_written_waits_for_its_outcome() {
    let mut office = Office::new(patient(5));
    office.send(to_bob("1"));
    office.wait(5 * SECOND);
    office.fail_writes();
    assert!(office.responses.is_empty());
    office.answer(SUCCESS);
    assert_eq!(office.response(), (1, SUCCESS));
    assert!(office.is_done());

    office.send(to_bob("2"));
    office.wait(5 * SECOND);
    office.fail_writes();
    office.wait(25 * SECOND);
    assert_eq!(reason(&office.response().1), FailureReason::TimedOut);
}

#[test]
fn what_may_have_been_written_of_a_refused_message_is_removed() {
    let mut office = Office::new(patient(0));
    office.send(to_bob("1").with_identity("stanza 7"));
    let (write, changes) = office.writes.pop_front().unwrap();
    // It failed, and is there all the same.
    support::office::apply(&mut office.journal, &changes);
    let failed = Err(rialto_router::Unwritten);
    office.custodian.handle_written(office.now, write, failed);
    office.act();
    office.fail_writes();
    office.wait(2 * SECOND);
    office.sync();
    assert!(office.journal.is_empty());
}

#[test]
fn ephemeral_message_is_never_kept() {
    for policy in [patient(0), patient(5).keeping_temporary_failures()] {
        let mut office = Office::new(policy);
        office.send(to_bob("typing").into_ephemeral().with_identity("7"));
        office.wait(5 * SECOND);
        office.answer(down());
        assert_eq!(reason(&office.response().1), FailureReason::Unreachable);
        assert!(office.writes.is_empty() && office.is_done());
    }
}

#[test]
fn full_custody_promises_nothing_more() {
    let limits = CustodyLimits::default().with_max_kept(1);
    let settings = CustodySettings::new(limits).with_policy(SIP, patient(0));
    let mut office = Office::with_settings(settings);
    office.send(to_bob("1"));
    office.send(to_bob("2"));
    assert_eq!(reason(&office.response().1), FailureReason::Overloaded);
    office.sync();
    assert_eq!(office.response(), (1, INDETERMINANT));
}
