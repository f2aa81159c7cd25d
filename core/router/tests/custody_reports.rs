//! The later word on a message: from whom it is taken, and that it is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{Disposition, Failure, FailureReason, Notify, TransactionId};
use rialto_router::CustodyPolicy;

use self::support::{
    SIP, XMPP, named,
    office::{
        ALICE, BOB, DORA, FRED, INDETERMINANT, Office, SECOND, SUCCESS, apply, asking, down, early,
        patient, reason, word,
    },
    ticket, vouched,
};

#[test]
fn cpim_2_4_1_3d_later_word_reaches_its_sender_in_his_own_terms() {
    let mut office = Office::new(patient(5));
    let asked = [Notify::PositiveDelivery, Notify::Display];
    let sent = office.send(asking(&asked));
    let (_, delivered) = office.deliveries[0].clone();
    office.answer(SUCCESS);
    assert_eq!(office.response(), (sent, SUCCESS));
    office.sync();
    for (restarts, said) in [
        (false, Disposition::Delivered),
        (true, Disposition::Displayed),
    ] {
        if restarts {
            office.sync();
            office.restart(SECOND);
        }
        let said_twice = [(); 2].map(|()| word(&delivered, said));
        for (word, number) in said_twice.into_iter().zip(100..) {
            office
                .custodian
                .handle_disposition(office.now, XMPP, word, ticket(number));
            office.act();
            office.sync();
            assert_eq!(office.response(), (number, SUCCESS));
        }
        let told = office.take_report();
        assert_eq!(told.disposition(), said);
        assert_eq!(told.concerning().as_str(), "of-the-sender");
        assert_eq!(told.message_id().unwrap().as_str(), "of-alice");
        assert_eq!(told.reference().unwrap(), "what SIP needs");
        assert_eq!(told.request(), asked.into_iter().collect());
        assert_eq!(
            (told.source().as_str(), told.destination().as_str()),
            (BOB, ALICE)
        );
        assert!(office.reports.is_empty(), "once");
    }
    assert!(office.is_done());
}

#[test]
fn later_word_is_taken_from_nobody_else_and_only_if_it_was_asked_for() {
    let mut office = Office::new(patient(5));
    office.send(asking(&[Notify::PositiveDelivery]));
    let (_, delivered) = office.deliveries[0].clone();
    office.answer(SUCCESS);
    office.sync();
    office.responses.clear();
    let mut refused = |from, word| {
        office
            .custodian
            .handle_disposition(office.now, from, word, ticket(9));
        office.act();
        assert_eq!(reason(&office.response().1), FailureReason::NotPermitted);
        assert!(office.reports.is_empty() && office.writes.is_empty());
    };
    refused(SIP, word(&delivered, Disposition::Delivered));
    refused(XMPP, word(&delivered, Disposition::Displayed));
    let elsewhere = delivered.clone().with_destination(support::inbox(DORA));
    refused(XMPP, word(&elsewhere, Disposition::Delivered));
    let id = TransactionId::parse(b"made-up").unwrap();
    let unknown = delivered.clone().into_forward(id).0;
    refused(XMPP, word(&unknown, Disposition::Delivered));
}

#[test]
fn later_word_on_a_kept_message_is_taken_after_a_restart_before_it_is_tried_again() {
    let resolved = |office: &mut Office| office.resolve("elsewhere.example", XMPP);
    for (destination, is_kept_first) in [(BOB, true), (BOB, false), (FRED, true), (FRED, false)] {
        let mut office = Office::new(patient(if is_kept_first { 0 } else { 5 }));
        let asked = vouched(asking(&[Notify::PositiveDelivery]));
        office.send(asked.with_destination(support::inbox(destination)));
        resolved(&mut office);
        office.wait(5 * SECOND);
        office.sync();
        resolved(&mut office);
        let (_, delivered) = office.deliveries[0].clone();
        assert_eq!(office.response().1, INDETERMINANT);
        office.restart(SECOND);
        assert!(office.deliveries.is_empty(), "its record is not read yet");
        let word = word(&delivered, Disposition::Delivered);
        office
            .custodian
            .handle_disposition(office.now, XMPP, word, ticket(9));
        office.act();
        office.sync();
        assert_eq!(office.response(), (9, SUCCESS));
        assert_eq!(office.take_report().disposition(), Disposition::Delivered);
        office.read();
        assert!(office.deliveries.is_empty() && office.is_done());
    }
}

#[test]
fn later_word_is_taken_however_the_far_network_writes_the_inbox() {
    for (sent, said) in [
        ("im:%C3%89va@jabber.example", "im:%C3%A9va@jabber.example"),
        ("im:BOB@jabber.example", "im:bob@jabber.example"),
        ("im:bob@jabber.example", "im:bob/user=phone@jabber.example"),
    ] {
        let mut office = Office::new(patient(5));
        let asked = asking(&[Notify::PositiveDelivery]);
        office.send(asked.with_destination(support::inbox(sent)));
        let (_, delivered) = office.deliveries[0].clone();
        office.answer(SUCCESS);
        office.sync();
        let said = delivered.with_destination(support::inbox(said));
        let word = word(&said, Disposition::Delivered);
        office
            .custodian
            .handle_disposition(office.now, XMPP, word, ticket(9));
        office.act();
        office.sync();
        assert_eq!(office.take_report().source().as_str(), sent);
    }
}

#[test]
fn rfc2779_4_2_1_failure_that_is_found_later_is_told_whatever_was_asked() {
    let mut office = Office::new(patient(5));
    office.send(asking(&[Notify::PositiveDelivery]));
    let (_, delivered) = office.deliveries[0].clone();
    office.answer(SUCCESS);
    let word = word(&delivered, Disposition::Failed).with_failure(FailureReason::TooLarge.into());
    office
        .custodian
        .handle_disposition(office.now, XMPP, word, ticket(9));
    office.act();
    office.sync();
    let told = office.take_report();
    assert_eq!(told.disposition(), Disposition::Failed);
    assert_eq!(told.failure().unwrap().reason(), FailureReason::TooLarge);
}

#[test]
fn later_word_ends_the_doubt_about_a_kept_message() {
    for said in [Disposition::Delivered, Disposition::Failed] {
        let mut office = Office::new(patient(0));
        office.send(asking(&[Notify::PositiveDelivery]));
        office.sync();
        let (_, delivered) = office.deliveries[0].clone();
        office.answer(Failure::new(FailureReason::TimedOut));
        let word = word(&delivered, said);
        office
            .custodian
            .handle_disposition(office.now, XMPP, word, ticket(9));
        office.act();
        office.sync();
        assert_eq!(office.take_report().disposition(), said);
        office.wait(60 * SECOND);
        assert!(office.deliveries.is_empty() && office.is_done());
        assert!(office.reports.is_empty(), "told once");
    }
}

#[test]
fn word_is_safe_together_with_the_end_of_its_message_and_told_once_over_a_crash() {
    let mut office = Office::new(patient(0));
    office.send(asking(&[Notify::PositiveDelivery]));
    office.sync();
    let (_, delivered) = office.deliveries[0].clone();
    office.answer(Failure::new(FailureReason::TimedOut));
    let said = word(&delivered, Disposition::Delivered);
    office
        .custodian
        .handle_disposition(office.now, XMPP, said, ticket(9));
    office.act();
    let key = office.custodian.queue(office.now).next().unwrap().key;
    office.custodian.drop_kept(office.now, key).unwrap();
    office.act();
    office.read();
    office.fail_writes();
    office.wait(2 * SECOND);
    // The disk is well again, but the process dies behind the first write.
    office.writes.truncate(1);
    office.sync();
    office.restart(SECOND);
    office.read();
    assert_eq!(office.take_report().disposition(), Disposition::Delivered);
    assert!(office.deliveries.is_empty(), "it has ended");
    assert!(office.is_done() && office.reports.is_empty());
}

#[test]
fn word_on_a_message_that_a_crash_brings_back_though_it_was_not_kept_is_told_once() {
    let mut office = Office::new(patient(5));
    office.send(asking(&[Notify::PositiveDelivery]));
    let (_, delivered) = office.deliveries[0].clone();
    office.wait(5 * SECOND);
    let said = word(&delivered, Disposition::Delivered);
    office
        .custodian
        .handle_disposition(office.now, XMPP, said, ticket(9));
    office.act();
    office.answer(Failure::new(FailureReason::TimedOut));
    assert_eq!(reason(&office.response().1), FailureReason::TimedOut);
    // The store fails, but has the first of what it was given all the same.
    let (_, acceptance) = office.writes[0].clone();
    apply(&mut office.journal, &acceptance);
    office.fail_writes();
    office.wait(2 * SECOND);
    // It is well again, but the process dies when the word is safe.
    office.writes.truncate(1);
    office.sync();
    office.restart(SECOND);
    office.read();
    assert_eq!(office.take_report().disposition(), Disposition::Delivered);
    office.answer(Failure::new(FailureReason::Refused));
    assert!(office.is_done() && office.reports.is_empty());
}

#[test]
fn sender_who_asks_is_told_what_the_gateway_does() {
    let mut office = Office::new(patient(0));
    office.send(asking(&[Notify::Processing]));
    office.sync();
    assert_eq!(office.take_report().disposition(), Disposition::Stored);
    office.answer(SUCCESS);
    office.sync();
    assert!(office.reports.is_empty(), "one word on each side");

    let mut office = Office::new(CustodyPolicy::NEVER);
    office.send(asking(&[Notify::Processing]));
    office.answer(SUCCESS);
    office.sync();
    assert_eq!(office.take_report().disposition(), Disposition::Processed);
}

#[test]
fn report_is_kept_until_its_adapter_takes_it() {
    let mut office = early(patient(5));
    office.answer(Failure::new(FailureReason::Refused));
    office.sync();
    let (report, _, first) = office.reports.pop_front().unwrap();
    office
        .custodian
        .handle_disposition_response(office.now, report, down().into());
    office.act();
    office.restart(SECOND);
    office.read();
    let (_, _, again) = office.reports.pop_front().unwrap();
    assert_eq!(again.transaction_id(), first.transaction_id());
    office.wait(30 * SECOND); // no answer
    office.wait(2 * SECOND);
    office.read();
    assert_eq!(office.take_report().failure(), first.failure());
    assert!(office.is_done());
}

#[test]
fn rfc2779_5_4_1_report_that_nobody_takes_holds_up_no_other() {
    const CAROL: &str = "im:carol@voice.example";
    let mut office = Office::new(patient(0));
    let fail = |office: &mut Office, id: &str, source| {
        office.send(named(id.as_bytes(), source, BOB));
        office.sync();
        office.answer(Failure::new(FailureReason::NoSuchInbox));
        office.sync();
    };
    let under_way = |office: &Office| {
        let reports = office.reports.iter();
        let concerning = reports.map(|(_, _, report)| report.concerning().to_string());
        concerning.collect::<Vec<_>>()
    };
    for (id, source) in [("1", ALICE), ("2", ALICE), ("3", CAROL)] {
        fail(&mut office, id, source);
    }
    assert_eq!(under_way(&office), ["1", "2", "3"], "none was taken yet");
    // The device that sent the first is gone for good.
    let (gone, ..) = office.reports.pop_front().unwrap();
    let silence = Failure::new(FailureReason::TimedOut).into();
    office
        .custodian
        .handle_disposition_response(office.now, gone, silence);
    office.act();
    fail(&mut office, "4", CAROL);
    assert_eq!(under_way(&office), ["2", "3", "4"]);
    office.wait(2 * SECOND);
    office.read();
    assert_eq!(
        under_way(&office),
        ["2", "3", "4", "1"],
        "it is tried again"
    );
}

#[test]
fn cpim_2_4_1_3d_receipt_is_taken_after_a_restart_though_the_disk_was_full_at_the_hand_over() {
    let mut office = Office::new(patient(0));
    office.send(asking(&[Notify::PositiveDelivery]));
    office.sync();
    let (_, delivered) = office.deliveries[0].clone();
    office.answer(SUCCESS);
    office.fail_writes();
    office.wait(2 * SECOND);
    // What only removes is taken, and what has to be put waits for room.
    let (removals, puts): (Vec<_>, _) = office
        .writes
        .drain(..)
        .partition(|(_, changes)| changes.iter().all(|change| change.put.is_none()));
    assert_eq!((removals.len(), puts.len()), (1, 1));
    office.writes = removals.into();
    office.sync();
    office.writes = puts.into();
    office.fail_writes();
    office.wait(2 * SECOND);
    office.sync();
    office.restart(SECOND);
    assert!(office.deliveries.is_empty(), "its end was safe");
    let said = word(&delivered, Disposition::Delivered);
    office
        .custodian
        .handle_disposition(office.now, XMPP, said, ticket(99));
    office.act();
    office.sync();
    assert_eq!(office.response(), (99, SUCCESS));
    assert_eq!(office.take_report().disposition(), Disposition::Delivered);
}
