//! The presence service, when things happen in an order, or on a disk, that nobody likes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{
    FailureReason, Package, ResponseStatus, SubscriptionState, TerminationReason,
    presence::WatcherInformation,
};
use rialto_router::{PrincipalRules, RulesChange};

use self::support::{
    SIP,
    gallery::{
        ALICE, BOB, Gallery, HELEN, apply, pidf, presentity, publish, seconds, subscribe, text,
    },
};

const SUCCESS: ResponseStatus = ResponseStatus::Success;

fn rules(text: &str) -> RulesChange {
    RulesChange::Replaced(text.parse().unwrap())
}

fn rules_of(gallery: &Gallery, of: &str) -> String {
    let rules = gallery.service.rules(&presentity(of));
    rules.map(PrincipalRules::to_string).unwrap_or_default()
}

#[test]
fn change_of_rules_behind_one_that_changes_nothing_is_made() {
    let mut gallery = Gallery::new();
    gallery.change_rules(HELEN, rules("block eve@mail.example\n"));
    gallery.is_slow = true;
    for text in ["", "", "block bob@jabber.example\n"] {
        gallery.change_rules(HELEN, rules(text));
    }
    gallery.is_slow = false;
    gallery.write();
    assert_eq!(gallery.rules_set, [Ok(()), Ok(()), Ok(()), Ok(())]);
    assert_eq!(rules_of(&gallery, HELEN), "block bob@jabber.example\n");
}

#[test]
fn rules_that_hold_are_not_overwritten_by_those_before_a_change_that_failed() {
    let (before, after) = ("allow eve@mail.example\n", "block eve@mail.example\n");
    let mut gallery = Gallery::new();
    gallery.change_rules(HELEN, rules(before));
    gallery.is_full = true;
    gallery.change_rules(HELEN, rules("confirm eve@mail.example\n"));
    assert!(gallery.rules_set[1].is_err());
    gallery.is_full = false;
    gallery.change_rules(HELEN, rules(after));
    assert_eq!(gallery.rules_set[2], Ok(()));
    gallery.pass(seconds(60));
    gallery.restart();
    assert_eq!(rules_of(&gallery, HELEN), after);
}

#[test]
fn publication_that_holds_is_not_overwritten_by_the_one_before_a_try_that_failed() {
    let next = || publish("phone", 2, pidf(HELEN, "open", "two")).with_expected_version(1);
    let mut gallery = Gallery::new();
    gallery.publish(SIP, publish("phone", 1, pidf(HELEN, "open", "one")));
    gallery.is_full = true;
    gallery.publish(SIP, next());
    assert_eq!(gallery.last_failure(), FailureReason::Overloaded);
    gallery.is_full = false;
    gallery.publish(SIP, next());
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    gallery.pass(seconds(60));
    gallery.restart();
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    assert!(text(gallery.take_told()[0].document()).contains("two"));
}

#[test]
fn what_a_publication_that_failed_may_have_left_is_undone_when_the_disk_can() {
    let mut gallery = Gallery::new();
    gallery.is_full = true;
    gallery.publish(SIP, publish("phone", 1, pidf(HELEN, "open", "one")));
    gallery.change_rules(HELEN, rules("block eve@mail.example\n"));
    gallery.is_full = false;
    gallery.pass(seconds(1));
    assert!(!gallery.service.is_idle());
    gallery.pass(seconds(10));
    assert!(gallery.service.is_idle() && gallery.journal.is_empty());
}

#[test]
fn publication_that_ran_out_while_its_refresh_was_written_holds_over_a_restart() {
    let mut gallery = Gallery::new();
    let document = pidf(HELEN, "open", "one");
    let first = publish("phone", 1, document.clone()).with_duration(seconds(60));
    gallery.publish(SIP, first);
    gallery.pass(seconds(59));
    gallery.is_slow = true;
    let refresh = publish("phone", 2, document).with_expected_version(1);
    gallery.publish(SIP, refresh);
    gallery.pass(seconds(2));
    gallery.is_slow = false;
    gallery.write();
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    gallery.restart();
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    assert!(text(gallery.take_told()[0].document()).contains("one"));
}

#[test]
fn presentity_is_told_who_watches_however_it_writes_its_own_name() {
    let mut gallery = Gallery::new();
    let own = subscribe("pres:Helen@home.example", HELEN, "w1");
    gallery.subscribe(SIP, own.with_package(Package::WatcherInformation));
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    gallery.take_told();
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    let told = gallery.take_told();
    let mut told = told.iter();
    let of = told.find(|of| of.package() == Package::WatcherInformation);
    let document = of.expect("it is told").document().unwrap();
    let all = WatcherInformation::parse(document.payload().as_bytes()).unwrap();
    assert_eq!(all.lists()[0].watchers()[0].uri().to_string(), ALICE);
}

#[test]
fn last_notification_has_the_reference_of_the_request_that_ended_the_subscription() {
    let mut gallery = Gallery::new();
    let asked = |reference: &'static str| subscribe(ALICE, HELEN, "s1").with_reference(reference);
    gallery.subscribe(SIP, asked("as it began"));
    gallery.take_told();
    gallery.subscribe(SIP, asked("as it ended").with_duration(seconds(0)));
    let told = gallery.take_told();
    let over = SubscriptionState::terminated(TerminationReason::Timeout);
    assert_eq!(told[0].state(), over);
    assert_eq!(told[0].reference().map(|of| &**of), Some("as it ended"));
}

#[test]
fn watching_is_ended_however_the_principal_writes_the_name_of_the_watcher() {
    let mut gallery = Gallery::watched();
    let shouted = presentity(&ALICE.replace("alice@", "ALICE@"));
    let ended = gallery
        .service
        .cancel(gallery.now, &presentity(BOB), &shouted);
    gallery.run();
    assert_eq!(ended, 1);
    let told = gallery.take_told();
    let end = SubscriptionState::Terminated {
        reason: TerminationReason::Rejected,
        retry_after: None,
    };
    assert_eq!(told.last().map(|told| told.state()), Some(end));
}

#[test]
fn end_that_a_watcher_did_not_ask_for_is_told_when_it_is_safe() {
    let mut gallery = Gallery::watched();
    gallery.is_full = true;
    let [bob, alice] = [BOB, ALICE].map(presentity);
    gallery.service.cancel(gallery.now, &bob, &alice);
    gallery.run();
    assert!(gallery.told.is_empty(), "a crash would revive it now");
    gallery.is_full = false;
    gallery.pass(seconds(5));
    let end = SubscriptionState::terminated(TerminationReason::Rejected);
    let told = gallery.take_told();
    assert_eq!(told.iter().map(|of| of.state()).collect::<Vec<_>>(), [end]);
    assert!(gallery.journal.is_empty());
}

#[test]
fn end_that_comes_before_an_acceptance_fails_is_a_success() {
    let mut gallery = Gallery::new();
    gallery.is_slow = true;
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1").with_duration(seconds(0)));
    assert_eq!(gallery.last_failure(), FailureReason::Cancelled);
    let writes = std::mem::take(&mut gallery.writes);
    for ((write, changes), result) in writes.iter().zip([Err(rialto_router::Unwritten), Ok(())]) {
        if result.is_ok() {
            apply(&mut gallery.journal, changes);
        }
        gallery.service.handle_written(gallery.now, *write, result);
    }
    gallery.run();
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    assert_eq!(gallery.responses.len(), 2);
    gallery.write();
    gallery.take_told();
    assert!(gallery.journal.is_empty() && gallery.service.is_idle());
}

#[test]
fn names_that_a_watcher_gave_before_it_was_accepted_hold_over_a_restart() {
    let mut gallery = Gallery::new();
    gallery.is_slow = true;
    for reference in ["first", "second"] {
        let operation = subscribe(ALICE, HELEN, "s1").with_reference(reference);
        gallery.subscribe(SIP, operation);
    }
    gallery.is_slow = false;
    gallery.write();
    gallery.restart();
    let told = gallery.take_told();
    assert_eq!(told[0].reference().map(|of| &**of), Some("second"));
}

#[test]
fn answer_of_a_leg_that_was_given_up_is_nothing_to_who_has_its_place() {
    let fetch = |id| subscribe(ALICE, BOB, id).with_duration(seconds(0));
    let mut gallery = Gallery::new();
    // Answered at once, while Bob's network is asked.
    gallery.change_rules(BOB, rules("polite-block eve@mail.example\n"));
    gallery.subscribe(SIP, fetch("f1"));
    let (late, ..) = gallery.asked[0];
    gallery.change_rules(BOB, rules("block alice@voice.example\n"));
    gallery.take_told();
    gallery.change_rules(BOB, rules(""));
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    let answered = gallery.responses.len();
    gallery.answer(late, SUCCESS);
    assert_eq!(
        gallery.responses.len(),
        answered,
        "nobody has granted this one"
    );
    gallery.answer_last_asked(SUCCESS);
    assert_eq!(*gallery.last_response().status(), SUCCESS);
}

#[test]
fn disk_that_takes_nothing_lets_nothing_gather_that_is_to_be_undone() {
    const MOST: u64 = 10_000;
    let mut gallery = Gallery::new();
    gallery.is_full = true;
    for _ in 0..MOST + 100 {
        gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
        assert_eq!(gallery.last_failure(), FailureReason::Overloaded);
    }
    // Each acceptance, and what was to undo it.
    assert_eq!(gallery.service.statistics().failed_writes, 2 * MOST);
    gallery.publish(SIP, publish("phone", 1, pidf(HELEN, "open", "x")));
    assert_eq!(gallery.last_failure(), FailureReason::Overloaded);
    gallery.change_rules(HELEN, rules("block eve@mail.example\n"));
    assert!(gallery.rules_set[0].is_err());
    assert_eq!(gallery.service.statistics().failed_writes, 2 * MOST);
    gallery.is_full = false;
    gallery.is_slow = true;
    gallery.pass(seconds(5));
    gallery.write();
    gallery.is_slow = false;
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    assert_eq!(*gallery.last_response().status(), SUCCESS);
}

#[test]
fn name_of_a_subscription_is_not_used_again_before_its_end_is_told() {
    let again = || subscribe(ALICE, BOB, "s1");
    let mut gallery = Gallery::watched();
    gallery.is_slow = true;
    let [bob, alice] = [BOB, ALICE].map(presentity);
    gallery.service.cancel(gallery.now, &bob, &alice);
    gallery.run();
    gallery.subscribe(SIP, again());
    assert_eq!(gallery.last_failure(), FailureReason::Overloaded);
    gallery.subscribe(SIP, again().into_known());
    assert_eq!(gallery.last_failure(), FailureReason::NoPresentity);
    gallery.is_slow = false;
    gallery.write();
    gallery.restart();
    gallery.subscribe(SIP, again());
    assert_eq!(
        gallery.last_failure(),
        FailureReason::Overloaded,
        "after a restart too"
    );
    // By another name it may watch at once.
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s2"));
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    gallery.take_told();
    gallery.subscribe(SIP, again());
    gallery.answer_last_asked(SUCCESS);
    assert_eq!(*gallery.last_response().status(), SUCCESS);
}
