//! One who is blocked politely, beside one who watches a presentity that is offline.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use rialto_model::{
    Failure, FailureReason, MaxForwards, NotifyOperation, Response, ResponseStatus,
    SubscriptionState,
};
use rialto_router::{Handling, Subject, View};

use self::support::{
    SIP,
    gallery::{ALICE, BOB, Gallery, HELEN, pidf, seconds, subscribe, text},
    rules::{address, alice, online, rules, with},
};

const ACTIVE: SubscriptionState = SubscriptionState::Active;
const SUCCESS: ResponseStatus = ResponseStatus::Success;

/// Whom everybody blocks here, so that no watcher may see a difference.
fn eve() -> (Subject, Handling) {
    (address("eve@x.example"), Handling::PoliteBlock)
}

/// All that a watcher is sent, and when.
type Transcript = Vec<(std::time::Duration, String)>;

/// What Alice asks, one thing after the other.
#[derive(Clone, Copy, Debug)]
enum Ask {
    Subscribe,
    Fetch,
    Unsubscribe,
    Wait(u64),
    Restart,
}

/// What Alice sees of somebody who has a rule on her, and is offline, or not to be seen.
fn transcript(target: &str, handling: Handling, is_online: bool, asks: &[Ask]) -> Transcript {
    let mut gallery = with(target, [(alice(), handling), eve()]);
    if is_online && target == HELEN {
        gallery.publish(SIP, online("at home").with_duration(seconds(80_000)));
    }
    gallery.responses.clear();
    let mut seen = Transcript::new();
    for ask in asks {
        let operation = subscribe(ALICE, target, "s1");
        match ask {
            Ask::Subscribe => gallery.subscribe(SIP, operation.with_duration(seconds(300))),
            Ask::Unsubscribe => gallery.subscribe(SIP, operation.with_duration(seconds(0))),
            Ask::Fetch => {
                let fetch = subscribe(ALICE, target, "f1").with_duration(seconds(0));
                gallery.subscribe(SIP, fetch);
            }
            Ask::Wait(time) => {
                for _ in 0..*time {
                    gallery.pass(seconds(1));
                    see(&mut gallery, &mut seen);
                }
            }
            Ask::Restart => gallery.restart(),
        }
        see(&mut gallery, &mut seen);
    }
    seen
}

/// Alice's network takes what she is told; Bob's says that he is offline.
fn see(gallery: &mut Gallery, seen: &mut Transcript) {
    let since = gallery.now - support::start();
    loop {
        let answers = gallery.responses.drain(..);
        seen.extend(answers.map(|(_, response)| (since, format!("{response:?}"))));
        let legs = std::mem::take(&mut gallery.asked);
        for (attempt, adapter, leg) in &legs {
            gallery.answer(*attempt, SUCCESS);
            let document = pidf(BOB, "closed", "last seen on Monday");
            gallery.hear_of(*adapter, leg, Some(document), ACTIVE);
        }
        // Those were answers to Bob's network.
        gallery.responses.clear();
        let told = std::mem::take(&mut gallery.told);
        for (attempt, _, notify) in &told {
            seen.push((since, line(notify)));
            gallery.answer(*attempt, SUCCESS);
        }
        if legs.is_empty() && told.is_empty() {
            return;
        }
    }
}

/// All that a notification says to a watcher.
fn line(notify: &NotifyOperation) -> String {
    let document = text(notify.document());
    let (state, time, version) = (notify.state(), notify.expires_in(), notify.version());
    let target = notify.target();
    format!("{state:?} {time:?} {version} {target:?} {document}")
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        Just(Ask::Subscribe),
        Just(Ask::Fetch),
        Just(Ask::Unsubscribe),
        (1..400_u64).prop_map(Ask::Wait),
        Just(Ask::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn rfc2779_5_1_15_polite_block_looks_like_an_offline_presentity_in_bytes_and_times(
        asks in prop::collection::vec(ask(), 1..12), is_hosted in any::<bool>(),
    ) {
        let target = if is_hosted { HELEN } else { BOB };
        let blocked = transcript(target, Handling::PoliteBlock, true, &asks);
        let offline = transcript(target, Handling::Allow(View::All), false, &asks);
        prop_assert_eq!(blocked, offline);
    }
}

#[test]
fn polite_block_of_one_who_was_told_something_shows_that_the_presentity_went_offline() {
    let mut gallery = Gallery::watched();
    gallery.rules(BOB, rules([(alice(), Handling::PoliteBlock)]));
    let told = gallery.take_told();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].state(), ACTIVE);
    assert!(text(told[0].document()).contains("<basic>closed</basic>"));
    assert_eq!(gallery.asked.last().unwrap().2.duration(), Some(seconds(0)));
}

#[test]
fn fetch_that_the_presentitys_network_refuses_fails_unless_somebody_is_blocked_politely() {
    let refused = || ResponseStatus::from(Failure::new(FailureReason::NotPermitted));
    let fetch = || subscribe(ALICE, BOB, "f1").with_duration(seconds(0));
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, fetch());
    gallery.answer_last_asked(refused());
    assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);

    let mut gallery = with(BOB, [eve()]);
    gallery.subscribe(SIP, fetch());
    gallery.answer_last_asked(refused());
    gallery.pass(seconds(5));
    assert!(text(gallery.take_told()[0].document()).contains("closed"));
}

#[test]
fn watcher_cannot_find_out_whether_it_is_blocked_politely_by_what_cannot_be_sent_on() {
    let see = |handling| {
        let mut gallery = with(BOB, [(alice(), handling), eve()]);
        let spent = subscribe(ALICE, BOB, "s1").with_max_forwards(MaxForwards::new(0));
        gallery.subscribe(SIP, spent);
        gallery.pass(seconds(30));
        let told = gallery.take_told();
        let told = told.iter().map(|of| (of.state(), text(of.document())));
        let status = gallery.last_response().status().clone();
        (status, told.collect::<Vec<_>>())
    };
    assert_eq!(see(Handling::PoliteBlock), see(Handling::Allow(View::All)));
}

/// What Alice sees of a fetch that was on its way when Bob came to block somebody politely: her, or another.
fn fetch_under_new_rules(handling: Handling, is_granted: bool) -> Transcript {
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "f1").with_duration(seconds(0)));
    let asked = gallery.asked[0].clone();
    gallery.pass(seconds(1));
    if is_granted {
        gallery.answer(asked.0, SUCCESS);
    }
    gallery.pass(seconds(1));
    gallery.rules(BOB, rules([(alice(), handling), eve()]));
    let mut seen = Transcript::new();
    for second in 0..40 {
        let since = gallery.now - support::start();
        let answers = std::mem::take(&mut gallery.responses);
        // What comes from Bob's network has other names.
        let of_alice = |response: &Response| response.transaction_id().as_str() == "of-the-watcher";
        let answers = answers.iter().map(|(_, response)| response);
        seen.extend(
            answers
                .filter(|of| of_alice(of))
                .map(|of| (since, format!("{of:?}"))),
        );
        let told = gallery.take_told();
        seen.extend(told.iter().map(|notify| (since, line(notify))));
        if second == 2 {
            gallery.answer(asked.0, SUCCESS);
            let document = pidf(BOB, "closed", "last seen on Monday");
            gallery.hear_of(asked.1, &asked.2, Some(document), ACTIVE);
        }
        gallery.pass(seconds(1));
    }
    assert!(gallery.service.is_idle());
    seen
}

#[test]
fn rfc2779_5_1_15_fetch_on_its_way_when_a_polite_block_begins_looks_like_one_of_an_offline_presentity()
 {
    for is_granted in [false, true] {
        let blocked = fetch_under_new_rules(Handling::PoliteBlock, is_granted);
        assert_eq!(blocked.len(), 2, "answered and told: {blocked:?}");
        let offline = fetch_under_new_rules(Handling::Allow(View::All), is_granted);
        assert_eq!(blocked, offline);
    }
}

#[test]
fn fetch_on_its_way_is_answered_by_the_rules_of_now() {
    for (handling, expected) in [
        (Handling::Confirm, ResponseStatus::Indeterminant),
        (Handling::Allow(View::Nothing), SUCCESS),
    ] {
        let mut gallery = Gallery::new();
        gallery.subscribe(SIP, subscribe(ALICE, BOB, "f1").with_duration(seconds(0)));
        gallery.rules(BOB, rules([(alice(), handling)]));
        assert_eq!(*gallery.last_response().status(), expected);
        let told = gallery.take_told();
        assert_eq!(told.len(), 1);
        assert!(!text(told[0].document()).contains("open"));
        assert!(gallery.service.is_idle());
    }
}
