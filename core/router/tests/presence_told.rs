//! What watchers are told by the presence service: each change, the newest, in the order of its versions, and nothing that nobody asked for.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{FailureReason, ResponseStatus, SubscriptionState};

use self::support::{
    MAIL, SIP, XMPP,
    gallery::{ALICE, BOB, Gallery, HELEN, pidf, presentity, publish, seconds, subscribe, text},
};

const ACTIVE: SubscriptionState = SubscriptionState::Active;

#[test]
fn rfc2779_3_2_4_subscription_of_a_watcher_that_is_no_more_ends() {
    let mut gallery = Gallery::watched();
    gallery.hear(Some(pidf(BOB, "open", "news")), ACTIVE);
    gallery.refuse_told(FailureReason::NoSuchInbox);
    assert_eq!(gallery.asked.last().unwrap().2.duration(), Some(seconds(0)));
    assert_eq!(gallery.service.statistics().subscriptions, 0);
    assert!(gallery.journal.is_empty());
}

#[test]
fn rfc2779_2_2_5_and_3_2_3_change_is_told_to_each_of_a_thousand_watchers_once() {
    let mut gallery = Gallery::new();
    for n in 0..1_000 {
        let watcher = format!("pres:w{n}@voice.example");
        gallery.subscribe(SIP, subscribe(&watcher, HELEN, "s1"));
    }
    gallery.take_told();
    gallery.publish(SIP, publish("phone", 1, pidf(HELEN, "open", "hello")));
    let told = gallery.take_told();
    let mut watchers: Vec<_> = told.iter().map(|of| of.watcher().to_string()).collect();
    watchers.sort();
    watchers.dedup();
    assert_eq!((told.len(), watchers.len()), (1_000, 1_000));
    let first = told[0].document().unwrap().payload().as_bytes().as_ptr();
    assert!(
        told.iter()
            .all(|of| of.document().unwrap().payload().as_bytes().as_ptr() == first),
        "one document for all"
    );
}

#[test]
fn rfc2779_2_2_4_watchers_of_hundreds_of_presentities_are_told_of_each_change_once() {
    const WATCHERS: usize = 20;
    const PRESENTITIES: usize = 300;
    let of = |number: usize| format!("pres:p{number}@jabber.example");
    let mut gallery = Gallery::new();
    for (watcher, number) in (0..WATCHERS).flat_map(|of| (0..PRESENTITIES).map(move |n| (of, n))) {
        let watcher = format!("pres:w{watcher}@voice.example");
        let id = format!("s{number}");
        gallery.subscribe(SIP, subscribe(&watcher, &of(number), &id));
        gallery.answer_last_asked(ResponseStatus::Success);
    }
    gallery.take_told();
    let legs = std::mem::take(&mut gallery.asked);
    for (_, adapter, leg) in &legs {
        let document = pidf(leg.target().as_str(), "open", "here");
        gallery.hear_of(*adapter, leg, Some(document), ACTIVE);
    }
    let told = gallery.take_told();
    let mut pairs: Vec<_> = told
        .iter()
        .map(|told| {
            let entity = format!("entity='{}'", told.target());
            assert!(
                text(told.document()).contains(&entity),
                "of its own presentity"
            );
            (told.watcher().to_string(), told.target().to_string())
        })
        .collect();
    pairs.sort();
    pairs.dedup();
    let all = WATCHERS * PRESENTITIES;
    assert_eq!((told.len(), pairs.len()), (all, all));
}

#[test]
fn rfc2779_3_3_2_what_comes_anew_takes_the_place_of_what_was_known() {
    let mut gallery = Gallery::watched();
    gallery.hear(Some(pidf(BOB, "closed", "gone")), ACTIVE);
    gallery.take_told();
    gallery.restart();
    assert!(text(gallery.take_told()[0].document()).contains("gone"));
}

#[test]
fn rfc2779_3_4_1_change_is_told_in_the_same_moment() {
    let mut gallery = Gallery::watched();
    gallery.hear(Some(pidf(BOB, "closed", "now")), ACTIVE);
    assert_eq!(gallery.told.len(), 1, "no time has passed");
}

#[test]
fn rfc2779_5_2_2_notification_that_was_not_taken_is_told_again_and_the_newest_wins() {
    let mut gallery = Gallery::watched();
    gallery.hear(Some(pidf(BOB, "open", "one")), ACTIVE);
    gallery.hear(Some(pidf(BOB, "open", "two")), ACTIVE);
    gallery.hear(Some(pidf(BOB, "open", "three")), ACTIVE);
    assert_eq!(
        gallery.refuse_told(FailureReason::Unreachable),
        1,
        "one at a time"
    );
    assert!(gallery.told.is_empty(), "not at once");
    gallery.pass(seconds(2));
    let told = gallery.take_told();
    assert_eq!(told.len(), 1);
    assert!(text(told[0].document()).contains("three"));
}

#[test]
fn rfc2779_5_2_2_notification_under_way_is_told_again_after_a_restart_under_a_later_version() {
    let mut gallery = Gallery::watched();
    gallery.hear(Some(pidf(BOB, "open", "news")), ACTIVE);
    let before = gallery.told[0].2.version();
    gallery.restart();
    let told = gallery.take_told();
    assert!(text(told[0].document()).contains("news"));
    assert!(told[0].version() > before);
}

#[test]
fn versions_rise_by_one_and_stay_above_what_was_told_over_restarts() {
    let mut gallery = Gallery::watched();
    let mut last = 0;
    for n in 0..700 {
        gallery.hear(Some(pidf(BOB, "open", &n.to_string())), ACTIVE);
        let version = gallery.take_told()[0].version();
        assert!(n == 0 || version == last + 1);
        last = version;
    }
    gallery.restart();
    assert!(gallery.take_told()[0].version() > last);
}

#[test]
fn rfc2779_5_2_4_and_5_3_2_what_nobody_asked_for_is_not_believed() {
    let mut gallery = Gallery::watched();
    let (_, _, leg) = gallery.asked[0].clone();
    let forged = Some(pidf(BOB, "open", "forged"));
    // By an adapter that does not speak for Bob.
    gallery.hear_of(MAIL, &leg, forged.clone(), ACTIVE);
    assert_eq!(gallery.last_failure(), FailureReason::NoPresentity);
    // Under a name that is no subscription.
    let other = subscribe(ALICE, BOB, "00000000000000000000000000000000");
    gallery.hear_of(XMPP, &other, forged, ACTIVE);
    assert_eq!(gallery.last_failure(), FailureReason::NoPresentity);
    assert_eq!(gallery.service.statistics().unsolicited, 2);
    assert!(gallery.told.is_empty());
}

#[test]
fn rfc2779_5_2_1_notification_leaves_by_the_adapter_of_its_watcher_alone() {
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    gallery.subscribe(XMPP, subscribe(BOB, HELEN, "s1"));
    gallery.publish(SIP, publish("phone", 1, pidf(HELEN, "open", "x")));
    for (_, adapter, told) in &gallery.told {
        let of = if *adapter == SIP { ALICE } else { BOB };
        assert_eq!(told.watcher(), &presentity(of));
    }
}
