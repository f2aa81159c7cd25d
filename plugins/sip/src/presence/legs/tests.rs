use std::collections::HashMap;

use proptest::prelude::*;
use rialto_sdk::{model::TerminationReason, prelude::TransactionId};
use rialto_sip_codec::{Response, SipMessage};

use super::*;

const ACTIVE: SubscriptionState = SubscriptionState::Active;
const ENDED: SubscriptionState = SubscriptionState::terminated(TerminationReason::Timeout);

fn operation(name: &str, seconds: u64) -> SubscribeOperation {
    let id = TransactionId::parse(b"t").unwrap();
    let name = SubscriptionId::parse(name.as_bytes()).unwrap();
    let watcher = Presentity::parse("pres:juliet@xmpp.example").unwrap();
    let target = Presentity::parse("pres:romeo@sip.example").unwrap();
    SubscribeOperation::new(id, name, watcher, target).with_duration(Duration::from_secs(seconds))
}

/// A NOTIFY of the dialog that `asking` begins, by the fork of this tag.
fn notify(asking: &Asking, their_tag: &str, sequence: u32) -> String {
    format!(
        "NOTIFY sip:us@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK{sequence}\r\n\
         From: <sip:romeo@sip.example>;tag={their_tag}\r\nTo: <sip:juliet@xmpp.example>;tag={}\r\n\
         Call-ID: {}\r\nCSeq: {sequence} NOTIFY\r\nContact: <sip:romeo@192.0.2.9>\r\n\r\n",
        asking.tag(),
        asking.call_id(),
    )
}

fn hear(
    legs: &mut Legs<u8>,
    now: Instant,
    text: &str,
    state: SubscriptionState,
) -> Result<Heard<u8>, StatusCode> {
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    let request = Request::read(&message).unwrap();
    legs.hear(now, &request, Package::Presence, state, None)
}

fn ok(asking: &Asking, their_tag: &str) -> Result<Dialog, DialogError> {
    let text = format!(
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
         From: <sip:juliet@xmpp.example>;tag={}\r\nTo: <sip:romeo@sip.example>;tag={their_tag}\r\n\
         Call-ID: {}\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:romeo@192.0.2.8>\r\n\r\n",
        asking.tag(),
        asking.call_id(),
    );
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    Dialog::of_client(&Response::read(&message).unwrap())
}

fn code(status: StatusCode) -> u16 {
    status.code()
}

/// Any moment.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn rfc6665_4_4_1_notification_before_the_answer_begins_the_dialog() {
    let (mut legs, now) = (Legs::new(8), now());
    let asking = legs.ask(now, &operation("s", 3600), [1, 2], 7).unwrap();
    assert_eq!((asking.sequence, &asking.dialog), (1, &None));
    let heard = hear(&mut legs, now, &notify(&asking, "fast", 5), ACTIVE).unwrap();
    assert_eq!((heard.id.as_str(), heard.waiting), ("s", Some(7)));
    legs.granted(now, asking.call, ok(&asking, "other"), HOUR);
    let again = legs.ask(now, &operation("s", 3600), [3, 4], 8).unwrap();
    assert_eq!((again.call, again.sequence), (asking.call, 2));
    assert_eq!(again.dialog.unwrap().remote_tag(), "fast");
    let next = hear(&mut legs, now, &notify(&asking, "fast", 6), ACTIVE).unwrap();
    assert_eq!(next.waiting, None);
}

/// Linphone's notifications have no Contact, and may be taken before the answer is.
#[test]
fn dialog_is_the_answers_where_a_notification_before_it_names_no_address() {
    let (mut legs, now) = (Legs::new(8), now());
    let asking = legs.ask(now, &operation("s", 3600), [1, 2], 7).unwrap();
    let text = notify(&asking, "peer", 5).replace("Contact: ", "X-Contact: ");
    let heard = hear(&mut legs, now, &text, ACTIVE).unwrap();
    assert_eq!(heard.waiting, Some(7));
    legs.granted(now, asking.call, ok(&asking, "peer"), HOUR);
    let again = legs.ask(now, &operation("s", 3600), [3, 4], 8).unwrap();
    assert_eq!(again.dialog.unwrap().remote_tag(), "peer");
    let late = hear(&mut legs, now, &text, ACTIVE);
    assert_eq!(late.map_err(code), Err(500));
}

#[test]
fn connection_of_a_phone_leads_to_its_watchers_once_and_that_of_a_server_to_none() {
    for (watchers, expected) in [(MOST_OF_A_PHONE, MOST_OF_A_PHONE), (MOST_OF_A_PHONE + 1, 0)] {
        let (mut legs, now) = (Legs::new(64), now());
        for number in 0..watchers as u128 {
            let name = format!("s{number}");
            let asking = legs.ask(now, &operation(&name, 3600), [number, 2], 0);
            let call = asking.unwrap().call;
            legs.spoke_over(7, call);
            legs.spoke_over(7, call);
        }
        assert_eq!(legs.ended(now, 8), []);
        assert_eq!(legs.ended(now, 7).len(), expected);
        assert_eq!(legs.ended(now, 7), []);
    }
}

#[test]
fn phone_that_makes_a_connection_for_each_notification_is_asked_again_once_a_minute() {
    let (mut legs, begin) = (Legs::new(8), now());
    let asking = legs.ask(begin, &operation("s", 3600), [1, 2], 0).unwrap();
    let asked_again = (0..120).filter(|second| {
        legs.spoke_over(*second, asking.call);
        let ended = legs.ended(begin + Duration::from_secs(*second), *second);
        !ended.is_empty()
    });
    assert_eq!(asked_again.collect::<Vec<_>>(), [0, 60]);
}

#[test]
fn subscriptions_that_are_over_make_no_server_of_a_phone() {
    let (mut legs, now) = (Legs::new(8), now());
    for number in 0..2 * MOST_OF_A_PHONE as u128 {
        let asking = legs
            .ask(now, &operation("s", 3600), [number, 2], 0)
            .unwrap();
        legs.spoke_over(7, asking.call);
        if number + 1 < 2 * MOST_OF_A_PHONE as u128 {
            legs.forget(asking.call);
        }
    }
    assert_eq!(legs.ended(now, 7).len(), 1);
}

#[test]
fn subscription_that_is_no_more_is_not_asked_again_when_its_connection_ends() {
    let (mut legs, now) = (Legs::new(8), now());
    let asking = legs.ask(now, &operation("s", 3600), [1, 2], 0).unwrap();
    legs.spoke_over(7, asking.call);
    legs.forget(asking.call);
    assert_eq!(legs.ended(now, 7), []);
}

#[test]
fn rfc3856_6_9_fork_beside_the_dialog_is_refused() {
    let (mut legs, now) = (Legs::new(8), now());
    let asking = legs.ask(now, &operation("s", 3600), [1, 2], 0).unwrap();
    legs.granted(now, asking.call, ok(&asking, "one"), HOUR);
    let other = hear(&mut legs, now, &notify(&asking, "two", 1), ACTIVE);
    assert_eq!(other.map_err(code), Err(481));
    assert!(hear(&mut legs, now, &notify(&asking, "one", 1), ACTIVE).is_ok());
}

#[test]
fn rfc3261_12_2_2_notification_that_is_not_newer_is_refused() {
    let (mut legs, now) = (Legs::new(8), now());
    let asking = legs.ask(now, &operation("s", 3600), [1, 2], 0).unwrap();
    assert!(hear(&mut legs, now, &notify(&asking, "one", 8), ACTIVE).is_ok());
    for sequence in [8, 7] {
        let late = hear(&mut legs, now, &notify(&asking, "one", sequence), ACTIVE);
        assert_eq!(late.map_err(code), Err(500));
    }
}

#[test]
fn notification_of_nothing_that_was_asked_for_is_refused() {
    let (mut legs, now) = (Legs::new(8), now());
    let asking = legs.ask(now, &operation("s", 3600), [1, 2], 0).unwrap();
    let text = notify(&asking, "one", 1);
    for wrong in [
        text.replace(&asking.call_id(), "9987@pc34.example.com"),
        text.replace(&asking.call_id(), &format!("{:032x}", 9)),
        text.replace(&asking.tag(), "0000000000000009"),
    ] {
        assert_eq!(hear(&mut legs, now, &wrong, ACTIVE).map_err(code), Err(481));
    }
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    let request = Request::read(&message).unwrap();
    let winfo = Package::WatcherInformation;
    let heard = legs.hear(now, &request, winfo, ACTIVE, None);
    assert_eq!(heard.map_err(code), Err(481));
}

#[test]
fn subscription_that_ended_is_begun_anew_and_one_that_is_ending_hears_its_last_word() {
    let (mut legs, now) = (Legs::new(8), now());
    let asking = legs.ask(now, &operation("s", 3600), [1, 2], 0).unwrap();
    legs.granted(now, asking.call, ok(&asking, "one"), HOUR);
    assert!(
        !hear(&mut legs, now, &notify(&asking, "one", 1), ENDED)
            .unwrap()
            .is_ending
    );
    assert_eq!(legs.len(), 0);
    let anew = legs.ask(now, &operation("s", 3600), [3, 4], 0).unwrap();
    assert_eq!((anew.call, anew.sequence, &anew.dialog), (3, 1, &None));
    legs.granted(now, anew.call, ok(&anew, "one"), HOUR);
    let end = legs.ask(now, &operation("s", 0), [5, 6], 0).unwrap();
    assert_eq!((end.call, end.sequence), (3, 2));
    assert!(
        hear(&mut legs, now, &notify(&anew, "one", 1), ENDED)
            .unwrap()
            .is_ending
    );
}

#[test]
fn first_request_without_an_answer_is_not_repeated_but_begun_anew() {
    let (mut legs, now) = (Legs::new(8), now());
    let lost = legs.ask(now, &operation("s", 3600), [1, 2], 0).unwrap();
    let next = legs.ask(now, &operation("s", 3600), [3, 4], 0).unwrap();
    assert_eq!((next.call, next.sequence), (3, 1));
    let late = hear(&mut legs, now, &notify(&lost, "one", 1), ACTIVE);
    assert_eq!(late.map_err(code), Err(481));
}

#[test]
fn subscriptions_are_bounded_and_those_that_are_over_leave_room() {
    let (mut legs, now) = (Legs::new(3), now());
    for name in ["a", "b", "c"] {
        let call = u128::from(name.as_bytes()[0]);
        legs.ask(now, &operation(name, 3600), [call, 0], 0).unwrap();
    }
    legs.granted(now, u128::from(b'a'), Err(DialogError::NoContact), HOUR);
    assert_eq!(legs.ask(now, &operation("d", 3600), [1, 0], 0), Err(Full));
    let later = now + GRACE + GRACE;
    legs.ask(later, &operation("d", 3600), [1, 0], 0).unwrap();
    assert_eq!(legs.len(), 2);
}

/// What may happen to a subscription of one of three names.
#[derive(Clone, Copy, Debug)]
enum Step {
    Ask { name: u8, is_end: bool },
    Grant { name: u8 },
    Hear { name: u8, is_end: bool },
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..3_u8;
    prop_oneof![
        (name.clone(), any::<bool>()).prop_map(|(name, is_end)| Step::Ask { name, is_end }),
        name.clone().prop_map(|name| Step::Grant { name }),
        (name, any::<bool>()).prop_map(|(name, is_end)| Step::Hear { name, is_end }),
        Just(Step::Wait),
    ]
}

proptest! {
    /// Whatever happens: a name has one dialog at most, its requests are numbered in order, and tables stay of one size.
    #[test]
    fn requests_of_a_dialog_are_numbered_in_order_and_tables_agree(steps in proptest::collection::vec(step(), 1..60)) {
        let (mut legs, mut now) = (Legs::<u8>::new(3), now());
        let mut last: HashMap<u8, Asking> = HashMap::new();
        let (mut calls, mut sequence) = (0_u128, 0);
        for step in steps {
            match step {
                Step::Ask { name, is_end } => {
                    calls += 1;
                    let wanted = operation(&name.to_string(), if is_end { 0 } else { 3600 });
                    if let Ok(asking) = legs.ask(now, &wanted, [calls, calls], 0) {
                        match last.get(&name).filter(|before| before.call == asking.call) {
                            Some(before) => {
                                prop_assert_eq!(asking.sequence, before.sequence + 1);
                                prop_assert!(asking.dialog.is_some());
                            }
                            None => prop_assert_eq!((asking.sequence, asking.call), (1, calls)),
                        }
                        last.insert(name, asking);
                    }
                }
                Step::Grant { name } => {
                    if let Some(asking) = last.get(&name) {
                        legs.granted(now, asking.call, ok(asking, "one"), HOUR);
                    }
                }
                Step::Hear { name, is_end } => {
                    sequence += 1;
                    if let Some(asking) = last.get(&name) {
                        let state = if is_end { ENDED } else { ACTIVE };
                        let heard = hear(&mut legs, now, &notify(asking, "one", sequence), state);
                        if let Ok(heard) = heard {
                            prop_assert_eq!(heard.id.as_str(), name.to_string());
                            prop_assert_eq!(heard.call, asking.call);
                        }
                    }
                }
                Step::Wait => now += HOUR,
            }
            prop_assert!(legs.len() <= 3);
            prop_assert_eq!(legs.calls.len(), legs.legs.len());
        }
    }
}
