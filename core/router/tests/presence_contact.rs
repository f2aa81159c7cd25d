//! The presence service, and adapters that go, come, or are others than they were.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{Failure, FailureReason, ResponseStatus, SubscriptionState};
use rialto_router::PresenceLimits;

use self::support::{
    SIP, XMPP, builder,
    gallery::{ALICE, BOB, CAROL, Gallery, pidf, presentity, seconds, settings, subscribe, text},
};

const ACTIVE: SubscriptionState = SubscriptionState::Active;

fn unreachable() -> ResponseStatus {
    Failure::new(FailureReason::Unreachable).into()
}

/// Alice watches Bob, and has been told after a restart of the service.
fn restarted() -> Gallery {
    let mut gallery = Gallery::watched();
    gallery.restart();
    gallery.take_told();
    gallery
}

#[test]
fn network_that_is_not_there_yet_after_a_restart_is_not_taken_for_lost() {
    let mut gallery = restarted();
    gallery.pass(seconds(1));
    gallery.answer_last_asked(unreachable());
    gallery.pass(seconds(20));
    assert!(gallery.told.is_empty(), "{:?}", gallery.told);
    assert!(gallery.asked.len() > 1, "it is asked again");
    gallery.answer_last_asked(unreachable());
    gallery.pass(seconds(10));
    let told = gallery.take_told();
    assert!(text(told[0].document()).contains("<basic>closed</basic>"));
}

#[test]
fn network_that_is_back_is_asked_at_once_by_the_same_name() {
    let mut gallery = Gallery::watched();
    gallery.service.handle_lost(gallery.now, XMPP, None);
    gallery.run();
    gallery.take_told();
    gallery.asked.clear();
    gallery.service.handle_found(gallery.now, XMPP, None);
    gallery.pass(seconds(0));
    assert_eq!(gallery.asked.len(), 1);
    assert_ne!(gallery.asked[0].2.duration(), Some(seconds(0)));
}

#[test]
fn watchers_whose_network_is_back_are_told_at_once_what_they_missed() {
    let mut gallery = Gallery::watched();
    for _ in 0..6 {
        gallery.hear(Some(pidf(BOB, "closed", "at dinner")), ACTIVE);
        gallery.refuse_told(FailureReason::Unreachable);
        gallery.pass(seconds(40));
    }
    gallery.refuse_told(FailureReason::Unreachable);
    assert!(gallery.told.is_empty(), "it waits for a minute or so");
    gallery.service.handle_found(gallery.now, SIP, None);
    gallery.pass(seconds(0));
    assert!(text(gallery.take_told()[0].document()).contains("at dinner"));
}

#[test]
fn adapter_in_the_place_of_another_is_asked_anew_and_watchers_see_nothing_of_it() {
    let mut gallery = Gallery::watched();
    let name = *gallery.asked[0].2.subscription_id();
    gallery.asked.clear();
    gallery.service.handle_replaced(gallery.now, XMPP);
    gallery.pass(seconds(0));
    assert_eq!(*gallery.asked[0].2.subscription_id(), name);
    gallery.answer_last_asked(ResponseStatus::Success);
    gallery.hear(Some(pidf(BOB, "open", "here")), ACTIVE);
    assert!(gallery.told.is_empty(), "nothing has changed for Alice");
}

#[test]
fn adapter_that_does_not_answer_holds_up_no_watcher_of_another() {
    let limits = PresenceLimits::default().with_max_in_flight(4, 2);
    let mut gallery = Gallery::with(builder(), settings().with_limits(limits));
    let romeo = "pres:romeo@jabber.example";
    let strangers = ["a", "b", "c", "d"].map(|user| format!("pres:{user}@voice.example"));
    for watcher in &strangers {
        gallery.subscribe(SIP, subscribe(watcher, BOB, "s1"));
        gallery.answer_last_asked(ResponseStatus::Success);
    }
    assert_eq!(gallery.told.len(), 2, "the others wait for these");
    gallery.subscribe(XMPP, subscribe(romeo, CAROL, "s1"));
    gallery.answer_last_asked(ResponseStatus::Success);
    let (_, adapter, _) = gallery.told.last().unwrap();
    assert_eq!((gallery.told.len(), *adapter), (3, XMPP));
    assert_eq!(gallery.take_told().len(), 5, "all are told in the end");
    assert_eq!(gallery.service.statistics().in_flight, 0);
}

#[test]
fn presentity_is_asked_by_the_name_that_was_written_and_known_by_all_its_spellings() {
    let mut gallery = Gallery::new();
    let names = ["pres:BOB@jabber.example", BOB];
    for (name, watcher) in names.iter().zip([ALICE, CAROL]) {
        gallery.subscribe(SIP, subscribe(watcher, name, "s1"));
        assert_eq!(gallery.asked.last().unwrap().2.target().as_str(), *name);
    }
    assert_eq!(gallery.service.watchers(&presentity(BOB)).len(), 2);
}

#[test]
fn what_was_known_stays_true_until_the_turn_of_each_to_be_asked_after_a_restart() {
    const WATCHERS: usize = 600;
    // One is asked after the other, so that the last has its turn long after an answer would be late.
    let limits = PresenceLimits::default().with_answer_time(seconds(1) / 20);
    let mut gallery = Gallery::with(builder(), settings().with_limits(limits));
    for number in 0..WATCHERS {
        let watcher = format!("pres:w{number}@voice.example");
        gallery.subscribe(SIP, subscribe(&watcher, BOB, "s1"));
        gallery.answer_last_asked(ResponseStatus::Success);
        gallery.hear(Some(pidf(BOB, "open", "here")), ACTIVE);
    }
    gallery.take_told();
    gallery.restart();
    let mut closed = 0;
    for _ in 0..150 {
        gallery.pass(seconds(1) / 1000);
        for (attempt, ..) in std::mem::take(&mut gallery.asked) {
            gallery.answer(attempt, ResponseStatus::Success);
        }
        let told = gallery.take_told();
        let is_closed = |of: &&rialto_model::NotifyOperation| !text(of.document()).contains("here");
        closed += told.iter().filter(is_closed).count();
    }
    assert_eq!(closed, 0);
}
