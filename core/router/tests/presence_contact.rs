//! The presence service, and adapters that go, come, or are others than they were.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{
    Failure, FailureReason, NotifyOperation, ResponseStatus, Retry, SubscriptionState,
    TerminationReason, TransactionId,
};
use rialto_router::{CallerTicket, PresenceLimits};

use self::support::{
    SIP, XMPP, builder,
    gallery::{ALICE, BOB, CAROL, Gallery, pidf, presentity, seconds, settings, subscribe, text},
};

const ACTIVE: SubscriptionState = SubscriptionState::Active;
const SUCCESS: ResponseStatus = ResponseStatus::Success;

fn unreachable() -> ResponseStatus {
    Failure::new(FailureReason::Unreachable).into()
}

fn states(told: &[NotifyOperation]) -> Vec<SubscriptionState> {
    told.iter().map(NotifyOperation::state).collect()
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
    gallery.answer_last_asked(SUCCESS);
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
        gallery.answer_last_asked(SUCCESS);
    }
    assert_eq!(gallery.told.len(), 2, "the others wait for these");
    gallery.subscribe(XMPP, subscribe(romeo, CAROL, "s1"));
    gallery.answer_last_asked(SUCCESS);
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
        gallery.answer_last_asked(SUCCESS);
        gallery.hear(Some(pidf(BOB, "open", "here")), ACTIVE);
    }
    gallery.take_told();
    gallery.restart();
    let mut closed = 0;
    for _ in 0..150 {
        gallery.pass(seconds(1) / 1000);
        for (attempt, ..) in std::mem::take(&mut gallery.asked) {
            gallery.answer(attempt, SUCCESS);
        }
        let told = gallery.take_told();
        let is_closed = |of: &&NotifyOperation| !text(of.document()).contains("here");
        closed += told.iter().filter(is_closed).count();
    }
    assert_eq!(closed, 0);
}

#[test]
fn rfc2779_3_2_1_fetch_of_one_who_is_out_of_contact_shows_what_was_known_and_when() {
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "f1").with_duration(seconds(0)));
    gallery.hear(
        Some(pidf(BOB, "open", "yesterday")),
        SubscriptionState::terminated(TerminationReason::Timeout),
    );
    gallery.take_told();
    gallery.pass(seconds(3_600));
    gallery.restart();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "f2").with_duration(seconds(0)));
    gallery.answer_last_asked(unreachable());
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    let told = text(gallery.take_told()[0].document());
    assert!(told.contains("yesterday"), "{told}");
    assert!(
        told.contains("<timestamp>2023-11-14T22:13:20Z</timestamp>"),
        "{told}"
    );
    // Another watcher's is not shown.
    gallery.subscribe(SIP, subscribe(CAROL, BOB, "f3").with_duration(seconds(0)));
    gallery.answer_last_asked(unreachable());
    assert_eq!(
        *gallery.last_response().status(),
        ResponseStatus::Indeterminant
    );
    assert_eq!(gallery.take_told()[0].document(), None);
}

#[test]
fn rfc2779_3_2_2_subscription_to_one_who_is_out_of_contact_is_pending_until_it_is_back() {
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    gallery.answer_last_asked(unreachable());
    assert_eq!(
        *gallery.last_response().status(),
        ResponseStatus::Indeterminant
    );
    assert_eq!(states(&gallery.take_told()), [SubscriptionState::Pending]);
    gallery.restart();
    gallery.pass(seconds(2));
    gallery.answer_last_asked(SUCCESS);
    gallery.hear(Some(pidf(BOB, "open", "back")), ACTIVE);
    let told = gallery.take_told();
    assert_eq!(told.last().unwrap().state(), ACTIVE);
    assert!(text(told.last().unwrap().document()).contains("back"));
}

#[test]
fn presentity_that_does_not_answer_makes_the_watcher_wait_no_longer_than_its_patience() {
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    gallery.pass(seconds(4));
    assert!(gallery.responses.is_empty());
    gallery.pass(seconds(2));
    assert_eq!(
        *gallery.last_response().status(),
        ResponseStatus::Indeterminant
    );
    gallery.take_told();
    gallery.answer_last_asked(SUCCESS);
    assert_eq!(states(&gallery.take_told()), [ACTIVE]);
}

#[test]
fn rfc2779_3_2_4_and_3_2_5_loss_of_contact_is_told_without_a_goodbye() {
    let mut gallery = Gallery::watched();
    gallery
        .service
        .handle_lost(gallery.now, XMPP, Some(&"jabber.example".parse().unwrap()));
    gallery.run();
    let told = gallery.take_told();
    assert!(text(told[0].document()).contains("<basic>closed</basic>"));
    gallery.pass(seconds(2));
    gallery.answer_last_asked(SUCCESS);
    assert!(
        text(gallery.take_told()[0].document()).contains("here"),
        "what was known is true again"
    );

    // Nobody says so: the soft state passes.
    let mut gallery = Gallery::watched();
    gallery.pass(seconds(601));
    assert!(gallery.asked.len() >= 2);
    assert!(text(gallery.take_told()[0].document()).contains("<basic>closed</basic>"));
}

#[test]
fn far_side_that_names_a_time_is_asked_again_then_and_not_before() {
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    let busy = Failure::new(FailureReason::Overloaded).with_retry(Retry::After(seconds(100)));
    gallery.answer_last_asked(busy.into());
    gallery.pass(seconds(99));
    assert_eq!(gallery.asked.len(), 1);
    gallery.pass(seconds(2));
    assert_eq!(gallery.asked.len(), 2);
}

#[test]
fn leg_is_refreshed_before_it_ends_and_tells_nothing_anew() {
    let mut gallery = Gallery::watched();
    for _ in 0..5 {
        let asked = gallery.asked.len();
        let answered_at = gallery.now;
        while gallery.asked.len() == asked {
            gallery.pass(seconds(5));
        }
        assert!(gallery.now < answered_at + seconds(540));
        gallery.answer_last_asked(SUCCESS);
        gallery.hear(Some(pidf(BOB, "open", "here")), ACTIVE);
        assert!(gallery.told.is_empty());
    }
}

#[test]
fn network_that_says_that_it_tells_no_more_is_asked_again_and_not_at_once() {
    let mut gallery = Gallery::watched();
    let (_, adapter, leg) = gallery.asked.pop().expect("it was asked");
    let id = TransactionId::parse(b"of-the-presentity").unwrap();
    let (watcher, target) = (leg.watcher().clone(), leg.target().clone());
    let over = NotifyOperation::new(id, *leg.subscription_id(), watcher, target, ACTIVE);
    let ticket = CallerTicket::new(99);
    gallery.service.handle_notify(
        gallery.now,
        adapter,
        over.with_expires_in(seconds(0)),
        ticket,
    );
    gallery.pass(seconds(0));
    assert!(gallery.asked.is_empty(), "that could go round for ever");
    gallery.pass(seconds(1));
    assert_eq!(gallery.asked.len(), 1);
}

#[test]
fn leg_that_the_far_side_ends_for_now_is_asked_for_again() {
    let mut gallery = Gallery::watched();
    gallery.hear(
        None,
        SubscriptionState::terminated(TerminationReason::Deactivated),
    );
    assert!(gallery.told.is_empty());
    gallery.pass(seconds(2));
    assert_eq!(gallery.asked.len(), 2);
}
