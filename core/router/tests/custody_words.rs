//! The far side's word on a message, over a disk that fails and a process that dies before it is safe.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{Disposition, Failure, FailureReason, MessageOperation, Notify};
use rialto_router::Unwritten;

use self::support::{
    XMPP,
    office::{Office, SECOND, SUCCESS, apply, asking, patient, reason, to_bob, word},
    ticket,
};

/// An office with a kept message in doubt; and the message as the far side has it.
fn in_doubt() -> (Office, MessageOperation) {
    let mut office = Office::new(patient(0));
    office.send(asking(&[Notify::PositiveDelivery, Notify::Display]));
    office.sync();
    let (_, delivered) = office.deliveries[0].clone();
    office.answer(Failure::new(FailureReason::TimedOut));
    office.responses.clear();
    (office, delivered)
}

fn say(office: &mut Office, of: &MessageOperation, said: Disposition) {
    let said = word(of, said);
    office
        .custodian
        .handle_disposition(office.now, XMPP, said, ticket(9));
    office.act();
}

/// The disk is full: it removes what is to be removed, and takes nothing.
fn sync_full(office: &mut Office) {
    for (write, changes) in std::mem::take(&mut office.writes) {
        let grows = changes.iter().any(|change| change.put.is_some());
        if !grows {
            apply(&mut office.journal, &changes);
        }
        let result = if grows { Err(Unwritten) } else { Ok(()) };
        office.custodian.handle_written(office.now, write, result);
    }
    office.act();
}

/// The disk is done with what waits longest, if anything does.
fn sync_one(office: &mut Office) {
    if let Some((write, changes)) = office.writes.pop_front() {
        apply(&mut office.journal, &changes);
        office.custodian.handle_written(office.now, write, Ok(()));
        office.act();
    }
}

fn drop_kept(office: &mut Office) {
    let key = office.custodian.queue(office.now).next().unwrap().key;
    office.custodian.drop_kept(office.now, key).unwrap();
    office.act();
    office.read();
}

#[test]
fn rfc2779_5_4_1_message_stays_on_a_full_disk_until_what_its_sender_is_told_is_safe() {
    let (mut office, delivered) = in_doubt();
    say(&mut office, &delivered, Disposition::Failed);
    sync_full(&mut office);
    assert_eq!(reason(&office.response().1), FailureReason::Overloaded);
    drop_kept(&mut office);
    sync_full(&mut office);
    office.restart(SECOND);
    office.read();
    office.answer(Failure::new(FailureReason::Refused));
    office.sync();
    assert_eq!(office.take_report().disposition(), Disposition::Failed);
    assert!(office.is_done() && office.reports.is_empty());
}

#[test]
fn message_that_ends_before_the_word_on_it_is_safe_goes_with_it_and_frees_its_conversation() {
    let (mut office, delivered) = in_doubt();
    say(&mut office, &delivered, Disposition::Failed);
    sync_full(&mut office);
    drop_kept(&mut office);
    office.send(to_bob("2"));
    office.sync();
    assert!(office.deliveries.is_empty(), "it is behind the first");
    office.wait(2 * SECOND);
    office.sync();
    assert_eq!(office.take_report().disposition(), Disposition::Failed);
    let (_, second) = office.deliveries[0].clone();
    assert_eq!(second.message().payload().as_bytes(), b"2");
    office.answer(SUCCESS);
    assert!(office.is_done() && office.reports.is_empty(), "told once");
}

#[test]
fn word_that_was_not_safe_is_taken_again_after_a_crash() {
    let (mut office, delivered) = in_doubt();
    say(&mut office, &delivered, Disposition::Delivered);
    // Something else is written of the message behind it, and that is safe alone.
    say(&mut office, &delivered, Disposition::Displayed);
    let (first, _) = office.writes.pop_front().unwrap();
    office
        .custodian
        .handle_written(office.now, first, Err(Unwritten));
    assert_eq!(office.writes.len(), 1);
    office.sync();
    office.restart(SECOND);
    office.read();
    assert_eq!(office.take_report().disposition(), Disposition::Displayed);
    office.responses.clear();
    say(&mut office, &delivered, Disposition::Delivered);
    office.sync();
    assert_eq!(office.response(), (9, SUCCESS));
    office.read();
    assert_eq!(office.take_report().disposition(), Disposition::Delivered);
}

#[test]
fn two_words_that_are_safe_are_told_once_each_though_the_record_was_overtaken() {
    for crashes_after in 1..4 {
        let (mut office, delivered) = in_doubt();
        say(&mut office, &delivered, Disposition::Delivered);
        say(&mut office, &delivered, Disposition::Displayed);
        for _ in 0..crashes_after {
            sync_one(&mut office);
        }
        office.restart(SECOND);
        office.read();
        for said in [Disposition::Delivered, Disposition::Displayed] {
            say(&mut office, &delivered, said);
            office.sync();
            office.read();
        }
        let mut told = Vec::new();
        while !office.reports.is_empty() {
            told.push(office.take_report().disposition());
            office.read();
        }
        let both = [Disposition::Delivered, Disposition::Displayed];
        assert!(
            both.iter().all(|said| told.contains(said)) && told.len() == 2,
            "{told:?}"
        );
    }
}

#[test]
fn words_are_told_when_the_record_of_their_message_says_so_and_not_before() {
    for is_restarted in [false, true] {
        let (mut office, delivered) = in_doubt();
        say(&mut office, &delivered, Disposition::Delivered);
        say(&mut office, &delivered, Disposition::Displayed);
        sync_one(&mut office);
        sync_one(&mut office);
        if is_restarted {
            office.restart(SECOND);
        }
        // Each was written without the other, and what says both is not taken.
        sync_full(&mut office);
        office.read();
        assert!(office.reports.is_empty(), "after a crash they come again");
        office.wait(2 * SECOND);
        office.sync();
        office.read();
        for said in [Disposition::Delivered, Disposition::Displayed] {
            assert_eq!(office.take_report().disposition(), said);
            office.read();
        }
        assert!(office.reports.is_empty());
    }
}

#[test]
fn word_that_is_safe_without_a_record_of_its_message_is_not_told_again() {
    let (mut office, delivered) = in_doubt();
    say(&mut office, &delivered, Disposition::Displayed);
    office.fail_writes();
    assert_eq!(
        reason(&office.response().1),
        FailureReason::Overloaded,
        "it is to be said again"
    );
    // The message fails meanwhile, and the disk takes neither: its end goes without the word, and the word without its record.
    office.wait(2 * SECOND);
    office.read();
    office.answer(Failure::new(FailureReason::NoSuchInbox));
    office.fail_writes();
    office.wait(2 * SECOND);
    let (_, changes) = office.writes.pop_front().unwrap();
    assert!(changes.iter().all(|change| change.put.is_some()));
    apply(&mut office.journal, &changes);
    office.restart(SECOND);
    office.read();
    assert!(office.reports.is_empty(), "no record says that it is told");
    office.sync();
    office.read();
    assert_eq!(office.take_report().disposition(), Disposition::Displayed);
    say(&mut office, &delivered, Disposition::Displayed);
    office.sync();
    assert_eq!(office.response(), (9, SUCCESS));
    assert!(office.reports.is_empty(), "once");
}
