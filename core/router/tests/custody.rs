//! Custody: what is answered early is safe, and ends in a delivery or in a failure that is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::{Duration, UNIX_EPOCH};

use rialto_model::{
    Disposition, Failure, FailureReason, MessageOperation, Notify, ResponseStatus, Retry,
    TransactionId,
};
use rialto_router::{
    CustodyLimits, CustodyPolicy, CustodySettings, JournalTable, KeptState, NamingKey,
};

use self::support::{
    SIP, XMPP,
    office::{ALICE, BOB, DORA, Office, asking, patient, to_bob, wall, word},
    operation, ticket, vouched,
};

const SECOND: Duration = Duration::from_secs(1);
const INDETERMINANT: ResponseStatus = ResponseStatus::Indeterminant;
const SUCCESS: ResponseStatus = ResponseStatus::Success;

fn down() -> Failure {
    Failure::new(FailureReason::Unreachable)
}

fn reason(status: &ResponseStatus) -> FailureReason {
    match status {
        ResponseStatus::Failure(failure) => failure.reason(),
        other => panic!("no failure but {other:?}"),
    }
}

/// An office with one message that was accepted early and whose first delivery is under way.
fn early(policy: CustodyPolicy) -> Office {
    let mut office = Office::new(policy);
    office.send(to_bob("1"));
    office.wait(policy.patience().unwrap());
    office.sync();
    assert_eq!(office.response(), (1, INDETERMINANT));
    office
}

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
    office.send(vouched(operation(ALICE, "im:x@nowhere.example")));
    assert_eq!(reason(&office.response().1), FailureReason::Unresolvable);
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
fn rfc2779_5_4_2_message_is_tried_again_under_the_same_identifier() {
    let mut office = early(patient(5));
    let first = *office.deliveries[0].1.transaction_id();
    office.answer(down());
    office.wait(2 * SECOND);
    office.read();
    assert_eq!(*office.deliveries[0].1.transaction_id(), first);
    office.restart(SECOND);
    office.read();
    let (_, again) = &office.deliveries[0];
    assert_eq!(*again.transaction_id(), first);
    assert_eq!(again.message().as_text().unwrap(), "1");
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
fn message_waits_no_longer_when_its_adapter_is_up_again() {
    let mut office = early(patient(5));
    office.answer(down());
    for _ in 0..6 {
        office.wait(40 * SECOND);
        office.read();
        office.answer(down());
    }
    office.wait(SECOND);
    assert!(office.deliveries.is_empty(), "it waits a minute by now");
    office.adapter_up(SIP);
    assert!(office.deliveries.is_empty() && office.loads.is_empty());
    office.adapter_up(XMPP);
    office.read();
    assert_eq!(office.deliveries.len(), 1);
    office.answer(SUCCESS);
    assert!(office.is_done());
}

#[test]
fn message_in_doubt_is_tried_again() {
    let mut office = early(patient(5));
    office.wait(30 * SECOND); // the adapter says nothing
    assert_eq!(office.cancels, 1);
    office.deliveries.clear();
    office.wait(2 * SECOND);
    office.read();
    office.answer(SUCCESS);
    assert!(office.is_done());
}

#[test]
fn rfc2779_5_4_1_message_that_fails_for_good_is_told_of_though_nobody_asked() {
    let mut office = early(patient(5));
    let refused = Failure::new(FailureReason::NoSuchInbox);
    office.answer(refused.clone());
    assert!(office.reports.is_empty(), "not before it is safe");
    office.sync();
    let told = office.take_report();
    assert_eq!(told.disposition(), Disposition::Failed);
    assert_eq!(told.failure(), Some(&refused));
    assert_eq!(told.concerning().as_str(), "of-the-sender");
    assert_eq!(
        (told.source().as_str(), told.destination().as_str()),
        (BOB, ALICE)
    );
    assert!(office.is_done());
}

#[test]
fn rfc2779_5_4_1_message_whose_time_is_over_is_told_of_after_a_restart_too() {
    let policy = patient(5).with_time_to_live(60 * SECOND);
    for restarts in [false, true] {
        let mut office = early(policy);
        office.answer(down());
        office.sync();
        if restarts {
            office.restart(120 * SECOND);
        } else {
            office.wait(60 * SECOND);
        }
        office.read();
        office.sync();
        let told = office.take_report();
        assert_eq!(told.disposition(), Disposition::Failed);
        assert_eq!(told.concerning().as_str(), "of-the-sender");
        assert!(office.is_done());
    }
}

#[test]
fn message_says_itself_when_it_is_worth_nothing_more() {
    let mut office = Office::new(patient(0));
    office.send(to_bob("1").with_time_to_live(10 * SECOND));
    office.sync();
    let (_, delivered) = &office.deliveries[0];
    assert_eq!(delivered.time_to_live(), Some(10 * SECOND));
    office.answer(down());
    office.wait(10 * SECOND);
    office.read();
    office.sync();
    assert_eq!(office.take_report().disposition(), Disposition::Failed);
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
fn message_behind_kept_ones_of_its_conversation_waits_its_turn() {
    let mut office = early(patient(5));
    for text in ["2", "3"] {
        office.send(to_bob(text));
        office.sync();
        assert_eq!(office.response().1, INDETERMINANT);
    }
    office.send(operation(ALICE, DORA));
    assert_eq!(office.deliveries.len(), 2, "the first one, and another's");
    office.deliveries.pop_back();
    for text in ["1", "2", "3"] {
        let (_, delivered) = &office.deliveries[0];
        assert_eq!(delivered.message().as_text().unwrap(), text);
        assert_eq!(office.deliveries.len(), 1);
        office.answer(SUCCESS);
        office.sync();
    }
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
fn operator_sees_what_is_kept_and_may_end_its_waiting() {
    let mut office = early(patient(5));
    office.answer(down());
    let kept: Vec<_> = office.custodian.queue(office.now).collect();
    let [kept] = &kept[..] else {
        panic!("{kept:?}");
    };
    assert_eq!((kept.source, kept.destination), (ALICE, BOB));
    assert_eq!(kept.last_failure, Some(FailureReason::Unreachable));
    assert_eq!((kept.attempts, kept.age), (1, 5 * SECOND));
    assert!(matches!(kept.state, KeptState::Resting(Some(_))));
    let key = kept.key;
    office.custodian.retry(office.now, key).unwrap();
    office.act();
    office.read();
    assert_eq!(office.deliveries.len(), 1);
}

#[test]
fn rfc2779_5_4_1_message_that_an_operator_drops_is_told_of() {
    for is_under_way in [false, true] {
        let mut office = early(patient(5));
        if !is_under_way {
            office.answer(down());
        }
        let key = office.custodian.queue(office.now).next().unwrap().key;
        office.custodian.drop_kept(office.now, key).unwrap();
        office.act();
        office.read();
        office.sync();
        let told = office.take_report();
        assert_eq!(told.failure().unwrap().reason(), FailureReason::Cancelled);
        assert!(office.is_done());
        assert!(office.custodian.drop_kept(office.now, key).is_err());
    }
}

#[test]
fn drain_leaves_what_is_kept_in_the_journal() {
    let mut office = early(patient(5));
    office.answer(down());
    office.custodian.begin_drain();
    office.wait(60 * SECOND);
    assert!(office.loads.is_empty() && office.custodian.is_idle());
    office.send(to_bob("2"));
    assert_eq!(reason(&office.response().1), FailureReason::ShuttingDown);
    office.restart(SECOND);
    office.read();
    assert_eq!(office.deliveries.len(), 1);
}

#[test]
fn record_of_a_later_version_refuses_the_start_and_says_what_to_do() {
    let mut office = early(patient(5));
    let ((table, key), record) = office.journal.first_key_value().unwrap();
    assert_eq!(*table, JournalTable::Operations);
    let mut later = record.to_vec();
    later[0] = 9;
    let (now, table, key) = (office.now, *table, key.clone());
    let refused = office.custodian.restore(now, table, &key, &later.into());
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("form 9, known up to 1"), "{text}");
    assert!(text.contains("start that version again"), "{text}");
}

#[test]
fn record_that_cannot_be_read_now_is_asked_for_again() {
    let mut office = early(patient(5));
    office.answer(down());
    office.wait(2 * SECOND);
    let key = office.loads.pop_front().unwrap();
    let unavailable = Err(rialto_router::Unread::Unavailable);
    office.custodian.handle_loaded(office.now, key, unavailable);
    office.act();
    office.wait(5 * SECOND);
    office.read();
    office.answer(SUCCESS);
    assert!(office.is_done());
}
