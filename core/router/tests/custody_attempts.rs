//! Custody kept: what was answered early ends in a delivery or in a failure that is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{Disposition, Failure, FailureReason};
use rialto_router::{JournalTable, KeptState};

use self::support::{
    SIP, XMPP,
    office::{
        ALICE, BOB, DORA, INDETERMINANT, Office, SECOND, SUCCESS, down, early, patient, reason,
        to_bob,
    },
    operation,
};

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
fn message_that_waits_for_a_network_is_tried_as_soon_as_another_one_passes() {
    for passed in [SUCCESS, INDETERMINANT] {
        let mut office = early(patient(5));
        office.answer(down());
        assert!(office.deliveries.is_empty(), "it waits");
        office.send(operation(ALICE, DORA));
        office.answer(passed.clone());
        office.read();
        let (_, tried) = &office.deliveries[0];
        assert_eq!(tried.message().as_text().unwrap(), "1", "{passed:?}");
    }
}

/// The texts of the messages that go one after the other, each delivered at once.
fn delivered(office: &mut Office, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    for _ in 0..count {
        office.read();
        let [(_, delivered)] = office.deliveries.make_contiguous() else {
            panic!("one at a time: {:?}", office.deliveries);
        };
        texts.push(delivered.message().as_text().unwrap().to_owned());
        office.answer(SUCCESS);
    }
    texts
}

#[test]
fn messages_that_were_under_way_when_their_destination_died_are_kept_and_tried_in_the_order_in_which_they_came()
 {
    for restarts in [false, true] {
        let mut office = Office::new(patient(5).keeping_temporary_failures());
        for text in ["1", "2", "3", "4"] {
            office.send(to_bob(text));
        }
        for which in [2, 0, 1, 0] {
            office.deliveries.swap(0, which);
            office.answer(down());
        }
        office.send(to_bob("5"));
        office.sync();
        let answered: Vec<_> = office.responses.drain(..).map(|(sent, _)| sent).collect();
        assert_eq!(answered, [3, 2, 4, 1, 5], "as each was safe");
        if restarts {
            office.restart(2 * SECOND);
        } else {
            office.wait(2 * SECOND);
        }
        assert_eq!(delivered(&mut office, 5), ["1", "2", "3", "4", "5"]);
        assert!(office.is_done());
    }
}

#[test]
fn message_behind_one_that_has_failed_waits_until_that_is_safe() {
    for is_dropped in [false, true] {
        let mut office = early(patient(5).with_time_to_live(60 * SECOND));
        office.wait(20 * SECOND);
        office.answer(down());
        office.send(to_bob("2"));
        office.sync();
        let first = office.custodian.queue(office.now).next().unwrap().key;
        if is_dropped {
            office.custodian.drop_kept(office.now, first).unwrap();
            office.act();
        } else {
            office.wait(35 * SECOND);
        }
        office.read();
        office.send(to_bob("3"));
        assert!(office.deliveries.is_empty(), "a crash may bring it back");
        office.fail_writes();
        office.wait(2 * SECOND);
        assert!(office.deliveries.is_empty(), "still");
        office.sync();
        assert_eq!(office.take_report().disposition(), Disposition::Failed);
        office.wait(60 * SECOND);
        assert_eq!(delivered(&mut office, 1), ["2"]);
    }
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
