//! Rules of principals: who may watch, and what each sees.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{
    Authentication, FailureReason, NotifyOperation, Package, PidfReader, ResponseStatus, Status,
    SubscriptionState, TerminationReason,
    presence::{WatcherInformation, watchers::WatcherStatus},
};
use rialto_router::{Handling, PrincipalRules, Subject, View, WatcherRule, Way};

use self::support::{
    SIP, XMPP,
    gallery::{ALICE, BOB, CAROL, Gallery, HELEN, pidf, presentity, seconds, subscribe, text},
    rules::{address, alice, online, rules, with},
};

const ACTIVE: SubscriptionState = SubscriptionState::Active;
const SUCCESS: ResponseStatus = ResponseStatus::Success;

#[test]
fn rfc2779_2_3_1_watcher_that_a_rule_denies_sees_nothing_by_any_path() {
    for target in [HELEN, BOB] {
        let mut gallery = with(target, [(alice(), Handling::Block)]);
        for time in [None, Some(seconds(0))] {
            let operation = subscribe(ALICE, target, "s1");
            let operation = match time {
                Some(time) => operation.with_duration(time),
                None => operation,
            };
            gallery.subscribe(SIP, operation);
            assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
        }
        assert!(gallery.told.is_empty() && gallery.asked.is_empty());
    }
}

#[test]
fn rfc2779_2_3_2_watcher_may_be_allowed_to_fetch_and_not_to_subscribe() {
    let mut gallery = Gallery::new();
    let rule = WatcherRule::new(alice(), Handling::Block).only_for(Way::Subscribe);
    gallery.rules(HELEN, Some(PrincipalRules::new(vec![rule]).unwrap()));
    gallery.publish(SIP, online("x"));
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "f1").with_duration(seconds(0)));
    assert!(text(gallery.take_told()[0].document()).contains("open"));
}

#[test]
fn rfc2779_2_3_3_and_5_2_3_each_watcher_sees_what_the_rules_show_it_by_fetch_and_by_notification() {
    for time in [seconds(0), seconds(600)] {
        let carol = address("carol@voice.example");
        let mut gallery = with(HELEN, [(carol, Handling::Allow(View::StatusOnly))]);
        gallery.publish(SIP, online("in the garden"));
        for watcher in [ALICE, CAROL] {
            gallery.subscribe(SIP, subscribe(watcher, HELEN, "s1").with_duration(time));
        }
        let told = gallery.take_told();
        let [all, status] = [0, 1].map(|n| text(told[n].document()));
        assert!(all.contains("in the garden") && all.contains("open"));
        assert!(
            status.contains("open") && !status.contains("garden") && !status.contains("phone"),
            "{status}"
        );
        let read = PidfReader::new()
            .read(status.as_bytes())
            .unwrap()
            .into_information();
        assert_eq!(read.tuples()[0].status(), Some(Status::Open));
    }
}

#[test]
fn rfc2779_2_3_3_relayed_document_is_cut_too() {
    let mut gallery = with(BOB, [(alice(), Handling::Allow(View::StatusOnly))]);
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    gallery.answer_last_asked(SUCCESS);
    gallery.hear(Some(pidf(BOB, "open", "a secret")), ACTIVE);
    let told = gallery.take_told();
    let shown = text(told.last().unwrap().document());
    assert!(shown.contains("open") && !shown.contains("secret") && !shown.contains("desk"));
}

#[test]
fn watchers_of_one_document_are_shown_it_cut_by_the_names_that_they_know() {
    let mut gallery = with(BOB, [(Subject::Anyone, Handling::Allow(View::StatusOnly))]);
    let routed = "pres:xmpp=jabber.example/bob@relay.example";
    for (watcher, target) in [(ALICE, BOB), (CAROL, routed)] {
        gallery.subscribe(SIP, subscribe(watcher, target, "s1"));
        gallery.answer_last_asked(SUCCESS);
        gallery.hear(Some(pidf(BOB, "open", "a secret")), ACTIVE);
    }
    for notify in gallery.take_told() {
        let shown = text(notify.document());
        let entity = format!("entity=\"{}\"", notify.target());
        assert!(
            notify.document().is_none() || shown.contains(&entity),
            "{shown}"
        );
    }
}

#[test]
fn rfc2779_2_3_7_rules_decide_when_the_presentity_is_out_of_contact() {
    let mut gallery = with(BOB, [(alice(), Handling::Block)]);
    gallery.service.handle_lost(gallery.now, XMPP, None);
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
}

#[test]
fn rfc2779_3_3_3_remembered_document_is_shown_by_the_rules_of_now() {
    let mut gallery = Gallery::watched();
    gallery.rules(BOB, rules([(alice(), Handling::Allow(View::StatusOnly))]));
    gallery.take_told();
    gallery.restart();
    let told = gallery.take_told();
    let shown = text(told.last().unwrap().document());
    assert!(shown.contains("open") && !shown.contains("here"), "{shown}");
    gallery.rules(BOB, rules([(alice(), Handling::Block)]));
    assert!(gallery.take_told().iter().all(|of| of.document().is_none()));
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "f1").with_duration(seconds(0)));
    assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
}

#[test]
fn rfc2779_5_1_3_rule_can_admit_those_for_whom_nobody_vouches() {
    let stranger =
        || subscribe("pres:x@far.example", HELEN, "s1").with_authentication(Authentication::None);
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, stranger());
    assert_eq!(
        gallery.last_failure(),
        FailureReason::NotPermitted,
        "rfc2779-5.1.6"
    );
    gallery.rules(
        HELEN,
        rules([(Subject::Unauthenticated, Handling::Allow(View::StatusOnly))]),
    );
    gallery.subscribe(SIP, stranger());
    assert_eq!(*gallery.last_response().status(), SUCCESS);
}

#[test]
fn rfc2779_5_1_6_nobody_subscribes_by_the_name_of_another() {
    let mut gallery = Gallery::new();
    let forged = subscribe(ALICE, HELEN, "s1").with_authentication(Authentication::None);
    gallery.subscribe(XMPP, forged.clone());
    assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
    gallery.subscribe(SIP, forged);
    assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
    assert_eq!(gallery.service.watchers(&presentity(HELEN)), []);
}

#[test]
fn rfc2779_5_1_11_watcher_waits_for_the_presentity_to_decide() {
    let mut gallery = with(HELEN, [(Subject::Anyone, Handling::Confirm)]);
    gallery.publish(SIP, online("x"));
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    assert_eq!(
        *gallery.last_response().status(),
        ResponseStatus::Indeterminant
    );
    let told = gallery.take_told();
    assert_eq!(
        (told[0].state(), told[0].document()),
        (SubscriptionState::Pending, None)
    );
    let waiting = gallery.service.watchers(&presentity(HELEN));
    assert_eq!(waiting[0].state, SubscriptionState::Pending);
    gallery.rules(HELEN, rules([(alice(), Handling::Allow(View::All))]));
    let told = gallery.take_told();
    assert_eq!(told[0].state(), ACTIVE);
    assert!(text(told[0].document()).contains("open"));
}

#[test]
fn rfc2779_5_1_13_rule_keeps_one_principal_from_subscribing_and_no_other() {
    let mut gallery = with(HELEN, [(alice(), Handling::Block)]);
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
    gallery.subscribe(SIP, subscribe(CAROL, HELEN, "s1"));
    assert_eq!(*gallery.last_response().status(), SUCCESS);
}

#[test]
fn rfc2779_5_1_14_rule_keeps_the_anonymous_out() {
    let mut gallery = with(
        HELEN,
        [
            (Subject::Anonymous, Handling::Block),
            (Subject::Unauthenticated, Handling::Allow(View::All)),
        ],
    );
    let nobody = subscribe("pres:anonymous@anonymous.invalid", HELEN, "s1");
    gallery.subscribe(SIP, nobody.with_authentication(Authentication::None));
    assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
}

#[test]
fn rfc2779_5_1_16_rule_that_forbids_ends_the_subscription_and_tells_the_watcher() {
    let mut gallery = Gallery::watched();
    gallery.rules(BOB, rules([(alice(), Handling::Block)]));
    let told = gallery.take_told();
    let rejected = SubscriptionState::terminated(TerminationReason::Rejected);
    assert_eq!(
        told.iter().map(NotifyOperation::state).collect::<Vec<_>>(),
        [rejected]
    );
    assert_eq!(gallery.asked.last().unwrap().2.duration(), Some(seconds(0)));
}

#[test]
fn rules_hold_when_they_are_safe_and_not_before() {
    let mut gallery = Gallery::new();
    gallery.is_full = true;
    gallery.rules(HELEN, rules([(alice(), Handling::Block)]));
    assert!(gallery.rules_set[0].is_err());
    assert_eq!(gallery.service.rules(&presentity(HELEN)), None);
    gallery.is_full = false;
    gallery.rules(HELEN, rules([(alice(), Handling::Block)]));
    assert!(gallery.rules_set[1].is_ok());
    gallery.restart();
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
    gallery.rules(HELEN, None);
    assert!(gallery.journal.is_empty());
}

#[test]
fn rfc2779_5_1_11_presentity_is_told_who_watches_and_of_every_change_of_that() {
    let mut gallery = with(HELEN, [(Subject::Anyone, Handling::Confirm)]);
    let own = subscribe(HELEN, HELEN, "w1").with_package(Package::WatcherInformation);
    gallery.subscribe(SIP, own);
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    gallery.take_told();
    let list = |told: &[NotifyOperation]| {
        let mut told = told.iter().rev();
        let last = told.find(|of| of.package() == Package::WatcherInformation);
        let last = last.expect("the presentity is told");
        WatcherInformation::parse(last.document().unwrap().payload().as_bytes()).unwrap()
    };
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    let all = list(&gallery.take_told());
    let watcher = &all.lists()[0].watchers()[0];
    assert_eq!(watcher.uri().to_string(), ALICE);
    assert_eq!(watcher.status(), WatcherStatus::Pending);
    gallery.rules(HELEN, rules([(alice(), Handling::Allow(View::All))]));
    let all = list(&gallery.take_told());
    assert_eq!(all.lists()[0].watchers()[0].status(), WatcherStatus::Active);
    let end = subscribe(ALICE, HELEN, "s1").with_duration(seconds(0));
    gallery.subscribe(SIP, end);
    let all = list(&gallery.take_told());
    assert!(all.lists()[0].watchers().is_empty());
}

#[test]
fn rfc2779_5_1_2_nobody_else_learns_who_watches() {
    let mut gallery = Gallery::watched();
    for target in [BOB, HELEN] {
        let nosy = subscribe(CAROL, target, "w1").with_package(Package::WatcherInformation);
        gallery.subscribe(SIP, nosy);
        assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
    }
    assert!(gallery.told.is_empty());
}

#[test]
fn every_record_says_which_presentity_it_is_about() {
    let mut gallery = with(HELEN, [(alice(), Handling::Allow(View::All))]);
    gallery.publish(SIP, online("x"));
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    let routed = "pres:xmpp=jabber.example/bob@relay.example";
    gallery.subscribe(SIP, subscribe(ALICE, routed, "s1"));
    gallery.answer_last_asked(SUCCESS);
    gallery.hear(Some(pidf(BOB, "open", "x")), ACTIVE);
    let (routes, settings) = (support::table(), support::gallery::settings());
    let mut about = Vec::new();
    for ((table, key), record) in &gallery.journal {
        let presentity = settings.presentity_of_record(&routes, *table, key, record);
        about.push(presentity.unwrap().map(|of| of.to_string()));
    }
    about.sort();
    let helen = || Some(HELEN.to_owned());
    // What was told of Bob hangs on the subscription.
    let bob = Some(BOB.to_owned());
    assert_eq!(about, [None, bob, helen(), helen(), helen()]);
}
