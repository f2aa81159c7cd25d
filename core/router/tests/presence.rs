//! The presence service: subscribe, refresh, fetch, notify, unsubscribe.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{
    Failure, FailureReason, NotifyOperation, Package, ResponseStatus, SubscriptionState,
    TerminationReason,
};
use rialto_router::{AdapterId, Hop};

use self::support::{
    MAIL, SIP, XMPP, builder_with_dns,
    gallery::{ALICE, BOB, CAROL, Gallery, pidf, presentity, seconds, settings, subscribe, text},
};

const ACTIVE: SubscriptionState = SubscriptionState::Active;
const SUCCESS: ResponseStatus = ResponseStatus::Success;

const fn ended(reason: TerminationReason) -> SubscriptionState {
    SubscriptionState::terminated(reason)
}

fn unreachable() -> ResponseStatus {
    Failure::new(FailureReason::Unreachable).into()
}

fn states(told: &[NotifyOperation]) -> Vec<SubscriptionState> {
    told.iter().map(NotifyOperation::state).collect()
}

#[test]
fn cpim_3_1_once_second_subscription_of_a_watcher_is_refused_and_a_refresh_is_not() {
    let mut gallery = Gallery::watched();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s2"));
    assert_eq!(gallery.last_failure(), FailureReason::AlreadySubscribed);
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    assert_eq!(gallery.service.statistics().subscriptions, 1);
}

#[test]
fn refresh_or_end_of_a_subscription_that_is_no_more_is_refused_and_makes_no_new_one() {
    let mut gallery = Gallery::watched();
    let known = |seconds_left| {
        let operation = subscribe(ALICE, BOB, "s1").into_known();
        operation.with_duration(seconds(seconds_left))
    };
    gallery.subscribe(SIP, known(600));
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    gallery.subscribe(SIP, known(0));
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    gallery.take_told();
    for seconds_left in [600, 0] {
        gallery.subscribe(SIP, known(seconds_left));
        assert_eq!(gallery.last_failure(), FailureReason::NoPresentity);
    }
    assert!(gallery.told.is_empty());
    assert_eq!(gallery.service.statistics().subscriptions, 0);
}

#[test]
fn cpim_3_2_next_hops_of_a_presentity_are_tried_as_dns_names_them() {
    let mut gallery = Gallery::with(builder_with_dns(), settings());
    gallery.subscribe(SIP, subscribe(ALICE, "pres:zoe@far.example", "s1"));
    assert_eq!(gallery.resolve, ["far.example".parse().unwrap()]);
    let hops = |_: &mut _, _: Option<AdapterId>| {
        Ok(["one.far.example", "two.far.example"]
            .map(|hop| Hop::new(XMPP).with_next_hop(hop))
            .to_vec())
    };
    let domain = gallery.resolve.remove(0);
    gallery.service.handle_resolved(gallery.now, &domain, hops);
    gallery.run();
    gallery.answer_last_asked(unreachable());
    let next_hops: Vec<_> = gallery
        .asked
        .iter()
        .map(|(.., of)| of.next_hop().unwrap().to_string())
        .collect();
    assert_eq!(next_hops, ["one.far.example", "two.far.example"]);
    gallery.answer_last_asked(SUCCESS);
    assert_eq!(*gallery.last_response().status(), SUCCESS);
}

#[test]
fn cpim_3_3_presence_crosses_as_it_was_made() {
    let mut gallery = Gallery::watched();
    let document = pidf(BOB, "closed", "a remark");
    gallery.hear(Some(document.clone()), ACTIVE);
    assert_eq!(gallery.take_told()[0].document(), Some(&document));
}

#[test]
fn cpim_3_4_persist_what_was_granted_holds_over_a_restart_with_what_was_known() {
    let mut gallery = Gallery::watched();
    let before = gallery.asked[0].2.subscription_id().to_string();
    gallery.restart();
    let told = gallery.take_told();
    assert_eq!(
        text(told[0].document()),
        text(Some(&pidf(BOB, "open", "here")))
    );
    gallery.pass(seconds(1));
    let again = gallery.asked[0].2.clone();
    assert_eq!(
        again.subscription_id().as_str(),
        before,
        "known natively by the same name"
    );
    gallery.hear(Some(pidf(BOB, "open", "elsewhere")), ACTIVE);
    assert!(text(gallery.take_told()[0].document()).contains("elsewhere"));
}

#[test]
fn cpim_3_4_persist_nothing_is_granted_that_is_not_safe() {
    let mut gallery = Gallery::new();
    gallery.is_slow = true;
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    gallery.answer_last_asked(SUCCESS);
    assert!(gallery.responses.is_empty());
    gallery.write();
    assert_eq!(*gallery.last_response().status(), SUCCESS);

    let mut gallery = Gallery::new();
    gallery.is_full = true;
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    assert_eq!(gallery.last_failure(), FailureReason::Overloaded);
    assert!(gallery.told.is_empty());
    gallery.is_full = false;
    gallery.pass(seconds(10));
    assert!(gallery.journal.is_empty(), "nothing is left of it");
}

#[test]
fn cpim_3_4_1_1_address_that_is_nobody_is_refused() {
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, subscribe(ALICE, "pres:nobody@relay.example", "s1"));
    assert_eq!(gallery.last_failure(), FailureReason::NoPresentity);
    gallery.subscribe(SIP, subscribe(ALICE, "pres:x@nowhere.example", "s1"));
    assert_eq!(gallery.last_failure(), FailureReason::Unresolvable);
    assert!(gallery.told.is_empty());
    assert_eq!(gallery.service.statistics().subscriptions, 0);
}

#[test]
fn cpim_3_4_1_2_watcher_that_speaks_by_another_network_is_refused() {
    let mut gallery = Gallery::new();
    let operation =
        subscribe(ALICE, BOB, "s1").with_authentication(rialto_model::Authentication::None);
    gallery.subscribe(XMPP, operation);
    assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
    assert!(gallery.asked.is_empty());
}

#[test]
fn cpim_3_4_1_3_subscription_in_progress_counts_as_one() {
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s2"));
    assert_eq!(gallery.last_failure(), FailureReason::AlreadySubscribed);
    // The same again is answered with the first.
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    gallery.answer_last_asked(SUCCESS);
    let answers = gallery
        .responses
        .iter()
        .filter(|(_, of)| *of.status() == SUCCESS);
    assert_eq!(answers.count(), 2);
    assert_eq!(gallery.asked.len(), 1);
}

#[test]
fn cpim_3_4_1_4_response_then_notification_then_changes_until_the_time_is_over() {
    let mut gallery = Gallery::new();
    let operation = subscribe(ALICE, BOB, "s1").with_duration(seconds(1));
    gallery.subscribe(SIP, operation.with_reference("dialog 1"));
    gallery.answer_last_asked(SUCCESS);
    assert_eq!(gallery.order, ["subscribe", "respond", "notify"]);
    let granted = gallery.last_response().duration().unwrap();
    assert_eq!(granted, seconds(60), "the service chose another one");
    gallery.take_told();
    for note in ["one", "two"] {
        gallery.hear(Some(pidf(BOB, "open", note)), ACTIVE);
        let told = gallery.take_told();
        assert!(text(told[0].document()).contains(note));
        assert_eq!(told[0].reference().unwrap(), "dialog 1");
    }
    gallery.pass(granted);
    assert_eq!(
        states(&gallery.take_told()),
        [ended(TerminationReason::Timeout)]
    );
    gallery.pass(seconds(10_000));
    assert!(gallery.told.is_empty());
    assert!(gallery.journal.is_empty());
    assert!(gallery.service.is_idle());
    assert_eq!(
        gallery.asked.last().unwrap().2.duration(),
        Some(seconds(0)),
        "the leg is ended too"
    );
}

#[test]
fn cpim_3_4_1_poll_fetch_is_answered_and_told_once() {
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "f1").with_duration(seconds(0)));
    let (_, adapter, asked) = gallery.asked.last().unwrap().clone();
    assert_eq!((adapter, asked.duration()), (XMPP, Some(seconds(0))));
    gallery.answer_last_asked(SUCCESS);
    gallery.hear(
        Some(pidf(BOB, "open", "x")),
        ended(TerminationReason::Timeout),
    );
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    let told = gallery.take_told();
    assert_eq!(states(&told), [ended(TerminationReason::Timeout)]);
    assert!(text(told[0].document()).contains("open"));
    gallery.pass(seconds(1_000));
    assert!(gallery.told.is_empty());
    assert_eq!(gallery.service.statistics().subscriptions, 0);
}

#[test]
fn cpim_3_4_2_notification_names_watcher_target_and_subscription_as_the_watcher_knows_them() {
    let mut gallery = Gallery::new();
    let target = "pres:xmpp=jabber.example/bob@relay.example";
    gallery.subscribe(SIP, subscribe(ALICE, target, "s1"));
    let asked = &gallery.asked[0].2;
    assert_eq!(asked.target().as_str(), BOB);
    assert_eq!(
        asked.watcher().as_str(),
        "pres:sip=voice.example/alice@second.example"
    );
    gallery.answer_last_asked(SUCCESS);
    gallery.hear(Some(pidf(BOB, "open", "x")), ACTIVE);
    for told in gallery.take_told() {
        assert_eq!(told.watcher(), &presentity(ALICE));
        assert_eq!(told.target(), &presentity(target));
        assert_eq!(told.subscription_id().as_str(), "s1");
        assert_eq!(told.package(), Package::Presence);
    }
}

#[test]
fn cpim_3_4_3_unsubscribe_is_told_once_and_nothing_after_that() {
    let mut gallery = Gallery::watched();
    gallery.order.clear();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1").with_duration(seconds(0)));
    assert_eq!(gallery.order, ["subscribe", "respond", "notify"]);
    let told = gallery.take_told();
    assert_eq!(states(&told), [ended(TerminationReason::Timeout)]);
    let (_, adapter, leg) = gallery.asked[0].clone();
    gallery.hear_of(adapter, &leg, Some(pidf(BOB, "closed", "late")), ACTIVE);
    gallery.pass(seconds(10_000));
    assert!(gallery.told.is_empty());
    gallery.restart();
    assert!(gallery.told.is_empty());
}

#[test]
fn cpim_3_4_4_fetch_of_a_watcher_with_a_subscription_takes_what_is_known() {
    let mut gallery = Gallery::watched();
    let asked = gallery.asked.len();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "f1").with_duration(seconds(0)));
    let told = gallery.take_told();
    assert_eq!(told[0].subscription_id().as_str(), "f1");
    assert!(text(told[0].document()).contains("here"));
    assert_eq!(gallery.asked.len(), asked);
    gallery.hear(Some(pidf(BOB, "open", "still told")), ACTIVE);
    assert_eq!(gallery.take_told()[0].subscription_id().as_str(), "s1");
}

#[test]
fn rfc2779_5_1_5_refusal_of_the_presentity_is_told_to_the_watcher() {
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    gallery.answer_last_asked(Failure::new(FailureReason::NotPermitted).into());
    assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
    assert!(gallery.journal.is_empty());
    assert!(gallery.told.is_empty());

    let mut gallery = Gallery::watched();
    gallery.hear(None, ended(TerminationReason::Rejected));
    assert_eq!(
        states(&gallery.take_told()),
        [ended(TerminationReason::Rejected)]
    );
    assert!(gallery.journal.is_empty());
}

#[test]
fn rfc2779_5_1_7_unsubscribe_ends_at_once_when_the_far_side_is_down() {
    let mut gallery = Gallery::watched();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1").with_duration(seconds(0)));
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    gallery.take_told();
    gallery.answer_last_asked(unreachable());
    gallery.pass(seconds(5));
    assert_eq!(gallery.asked.len(), 3, "the far side is told again");
    gallery.answer_last_asked(SUCCESS);
    assert!(gallery.told.is_empty());
    assert!(gallery.service.is_idle());
}

#[test]
fn rfc2779_5_1_8_another_one_cannot_end_or_refresh_a_subscription() {
    let mut gallery = Gallery::watched();
    // Another adapter, by the same names.
    gallery.subscribe(MAIL, subscribe(ALICE, BOB, "s1").with_duration(seconds(0)));
    assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
    // Another watcher, by the same identifier: that is a fetch of its own.
    gallery.subscribe(SIP, subscribe(CAROL, BOB, "s1").with_duration(seconds(0)));
    gallery.answer_last_asked(SUCCESS);
    gallery.take_told();
    let (_, adapter, leg) = gallery.asked[0].clone();
    gallery.hear_of(adapter, &leg, Some(pidf(BOB, "open", "still")), ACTIVE);
    assert_eq!(gallery.take_told()[0].watcher(), &presentity(ALICE));
}

#[test]
fn rfc2779_5_1_9_end_that_the_watcher_did_not_ask_for_is_told_over_a_restart_too() {
    let mut gallery = Gallery::watched();
    let ended_by_bob = gallery
        .service
        .cancel(gallery.now, &presentity(BOB), &presentity(ALICE));
    gallery.run();
    assert_eq!(ended_by_bob, 1);
    gallery.restart();
    assert_eq!(
        states(&gallery.take_told()),
        [ended(TerminationReason::Rejected)]
    );
    assert!(gallery.journal.is_empty());
}

#[test]
fn rfc2779_5_1_10_and_5_1_11_subscription_can_be_seen_by_watcher_and_presentity() {
    let gallery = Gallery::watched();
    let [alice, bob] = [presentity(ALICE), presentity(BOB)];
    let own = gallery.service.subscription(&alice, &bob).unwrap();
    assert_eq!(own.state, ACTIVE);
    let watchers = gallery.service.watchers(&bob);
    assert_eq!(watchers, [own]);
    assert_eq!(watchers[0].watcher, alice);
    assert!(
        watchers[0].authentication.is_authenticated(),
        "rfc2779-5.1.12"
    );
}
