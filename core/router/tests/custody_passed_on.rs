//! What a system on its way has taken, and brings back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{Disposition, Failure, FailureReason, MessageOperation, Notify, ResponseStatus};
use rialto_router::{AdapterId, CustodyLimits, CustodyPolicy, CustodySettings, NamingKey};

use self::support::{
    SIP, XMPP, inbox,
    office::{
        BOB, FRED, INDETERMINANT, Office, SECOND, asking, down, early, patient, reason, to_bob,
        word,
    },
    ticket, vouched,
};

/// Sends a message that somebody on its way takes; yields it as he got it.
fn pass_on(office: &mut Office, operation: MessageOperation) -> MessageOperation {
    office.send(operation);
    office.sync();
    office.read();
    let (_, delivered) = office.deliveries[0].clone();
    office.answer(INDETERMINANT);
    delivered
}

fn bring_back(
    office: &mut Office,
    from: AdapterId,
    passed_on: &MessageOperation,
) -> ResponseStatus {
    office.responses.clear();
    let failure = Failure::new(FailureReason::NoSuchInbox);
    let said = word(passed_on, Disposition::Failed).with_failure(failure);
    office
        .custodian
        .handle_disposition(office.now, from, said, ticket(99));
    office.act();
    office.sync();
    office.response().1
}

fn named(text: &str) -> MessageOperation {
    to_bob(text).with_reference("what SIP needs")
}

#[test]
fn rfc2779_4_2_1_message_that_comes_back_later_is_told_to_a_sender_who_asked_for_nothing() {
    let mut office = Office::new(patient(5));
    let passed_on = pass_on(&mut office, named("1"));
    assert_eq!(
        office.response(),
        (1, INDETERMINANT),
        "not called delivered"
    );
    assert!(office.journal.is_empty(), "no disk for each message");
    for told in [1, 0] {
        assert_eq!(
            bring_back(&mut office, XMPP, &passed_on),
            ResponseStatus::Success
        );
        assert_eq!(office.reports.len(), told, "once");
        if told == 1 {
            let report = office.take_report();
            assert_eq!(
                report.failure().unwrap().reason(),
                FailureReason::NoSuchInbox
            );
            assert_eq!(report.source().as_str(), BOB);
            assert_eq!(report.concerning().as_str(), "of-the-sender");
            assert_eq!(report.reference().unwrap(), "what SIP needs");
        }
    }
    assert!(office.is_done());
}

#[test]
fn rfc2779_5_4_1_kept_message_that_comes_back_after_a_restart_is_told() {
    for (destination, patience) in [(BOB, 0), (FRED, 0)] {
        let mut office = Office::new(patient(patience));
        let operation = vouched(named("1")).with_destination(inbox(destination));
        office.send(operation);
        office.sync();
        office.resolve("elsewhere.example", XMPP);
        let (_, passed_on) = office.deliveries[0].clone();
        office.answer(INDETERMINANT);
        office.sync();
        office.restart(SECOND);
        assert!(office.deliveries.is_empty(), "its end was safe");
        assert_eq!(
            bring_back(&mut office, XMPP, &passed_on),
            ResponseStatus::Success
        );
        assert_eq!(office.take_report().source().as_str(), destination);
        assert!(office.is_done());
    }
}

#[test]
fn rfc2779_5_4_1_message_that_is_taken_while_it_is_being_written_is_told_of_as_well() {
    let mut office = Office::new(patient(5));
    office.send(named("1"));
    office.wait(5 * SECOND);
    let (_, passed_on) = office.deliveries[0].clone();
    office.answer(INDETERMINANT);
    assert_eq!(office.response(), (1, INDETERMINANT));
    office.sync();
    assert_eq!(
        bring_back(&mut office, XMPP, &passed_on),
        ResponseStatus::Success
    );
    assert_eq!(office.take_report().disposition(), Disposition::Failed);
    assert!(office.is_done());
}

#[test]
fn what_was_passed_on_is_brought_back_by_nobody_else_and_only_as_failed() {
    let mut office = Office::new(patient(5));
    let passed_on = pass_on(&mut office, named("1"));
    let not_permitted = |status| assert_eq!(reason(&status), FailureReason::NotPermitted);
    not_permitted(bring_back(&mut office, SIP, &passed_on));
    let elsewhere = passed_on
        .clone()
        .with_destination(inbox("im:dora@jabber.example"));
    not_permitted(bring_back(&mut office, XMPP, &elsewhere));
    for said in [Disposition::Delivered, Disposition::Displayed] {
        let said = word(&passed_on, said);
        office
            .custodian
            .handle_disposition(office.now, XMPP, said, ticket(99));
        office.act();
        not_permitted(office.response().1);
    }
    assert!(office.reports.is_empty());
    assert_eq!(
        bring_back(&mut office, XMPP, &passed_on),
        ResponseStatus::Success
    );
}

#[test]
fn what_was_delivered_or_is_worth_something_only_now_is_not_remembered() {
    let mut office = early(patient(5));
    office.answer(ResponseStatus::Success);
    let ephemeral = pass_on(&mut office, to_bob("now").into_ephemeral());
    assert!(ephemeral.is_ephemeral());
    assert_eq!(office.custodian.statistics().awaited, 0);
}

#[test]
fn what_was_passed_on_is_remembered_for_some_time_and_of_some_number() {
    let limits = CustodyLimits::default()
        .with_max_awaited(1)
        .with_max_passed_on(2)
        .with_passed_on_time(60 * SECOND);
    let settings = CustodySettings::new(limits).with_policy(SIP, patient(5));
    let mut office = Office::with_settings(settings);
    let asked_for = pass_on(&mut office, asking(&[Notify::NegativeDelivery]));
    let [first, second, third] = ["1", "2", "3"].map(|text| pass_on(&mut office, named(text)));
    let refused = |status| reason(&status) == FailureReason::NotPermitted;
    assert!(
        refused(bring_back(&mut office, XMPP, &first)),
        "the oldest goes first"
    );
    assert_eq!(
        bring_back(&mut office, XMPP, &second),
        ResponseStatus::Success
    );
    office.wait(61 * SECOND);
    assert!(refused(bring_back(&mut office, XMPP, &third)));
    let asked_for = bring_back(&mut office, XMPP, &asked_for);
    assert_eq!(asked_for, ResponseStatus::Success, "it has its own place");
}

#[test]
fn message_that_was_passed_on_and_comes_again_has_the_name_that_it_had() {
    let mut office = Office::new(patient(5));
    office
        .custodian
        .name_by(NamingKey::new([7; NamingKey::LEN]));
    let [first, second] = [(); 2].map(|()| pass_on(&mut office, named("1").with_identity("mine")));
    assert_eq!(first.transaction_id(), second.transaction_id());
    assert_eq!(office.custodian.statistics().awaited, 1);
}

#[test]
fn rfc2779_5_4_1_message_that_comes_back_is_told_of_where_no_message_is_ever_kept() {
    let mut office = Office::new(CustodyPolicy::NEVER);
    let passed_on = pass_on(&mut office, named("1"));
    assert_eq!(office.response(), (1, INDETERMINANT));
    assert_eq!(
        bring_back(&mut office, XMPP, &passed_on),
        ResponseStatus::Success
    );
    assert_eq!(office.take_report().disposition(), Disposition::Failed);
    assert!(office.is_done());
}

#[test]
fn rfc2779_5_4_1_message_that_comes_back_is_told_of_without_a_journal() {
    let limits = CustodyLimits::default().with_max_in_flight(1);
    let settings = CustodySettings::new(limits).with_policy(SIP, patient(0));
    let mut office = Office::with_settings(settings.in_memory());
    let passed_on = ["1", "2", "3"].map(|text| pass_on(&mut office, named(text)));
    for passed_on in &passed_on {
        let taken = bring_back(&mut office, XMPP, passed_on);
        assert_eq!(taken, ResponseStatus::Success);
    }
    // One that is not taken waits in memory, whatever else does.
    let (untaken, ..) = office.reports.pop_front().unwrap();
    office
        .custodian
        .handle_disposition_response(office.now, untaken, down().into());
    for _ in &passed_on {
        office.wait(2 * SECOND);
        assert_eq!(office.take_report().disposition(), Disposition::Failed);
    }
    assert!(office.writes.is_empty() && office.loads.is_empty() && office.journal.is_empty());
    assert!(office.is_done());
}

#[test]
fn cpim_2_4_1_3d_receipt_reaches_its_sender_without_a_journal() {
    let settings = CustodySettings::default().in_memory();
    let mut office = Office::with_settings(settings);
    office.send(asking(&[Notify::PositiveDelivery]));
    let (_, delivered) = office.deliveries[0].clone();
    office.answer(ResponseStatus::Success);
    let said = word(&delivered, Disposition::Delivered);
    office
        .custodian
        .handle_disposition(office.now, XMPP, said, ticket(99));
    office.act();
    assert_eq!(office.responses.len(), 2, "both are answered");
    assert_eq!(office.take_report().disposition(), Disposition::Delivered);
    assert!(office.writes.is_empty() && office.is_done());
}
