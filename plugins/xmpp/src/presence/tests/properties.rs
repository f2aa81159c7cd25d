//! Whatever comes in whatever order, what is told is true, and nothing is told to who wants to hear nothing.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use rialto_sdk::model::{Failure, FailureReason, PresenceTuple, Status, TerminationReason};
use rialto_sdk::tokio::time::Instant;

use super::super::contacts::{Asked, Contacts};
use super::super::watches::Watches;
use super::super::word::{Asker, Word};
use super::*;
use crate::mapping::Resource;
use crate::presence::Pair;

fn pair() -> Pair {
    Pair {
        contact: "juliet@example.com".into(),
        user: "romeo@sip.example.com".into(),
    }
}

/// A word of Juliet's server.
#[derive(Clone, Debug)]
enum Said {
    Here(&'static str),
    Gone(&'static str),
    NobodyThere,
    Lost,
}

fn word() -> impl Strategy<Value = Said> {
    let device = prop_oneof![Just("a"), Just("b"), Just("c")];
    prop_oneof![
        4 => device.clone().prop_map(Said::Here),
        4 => device.prop_map(Said::Gone),
        1 => Just(Said::NobodyThere),
        1 => Just(Said::Lost),
    ]
}

fn stanza(word: &Said) -> Option<Presence> {
    let (from, type_) = match word {
        Said::Here(device) => (
            format!("juliet@example.com/{device}"),
            PresenceType::Available,
        ),
        Said::Gone(device) => (
            format!("juliet@example.com/{device}"),
            PresenceType::Unavailable,
        ),
        Said::NobodyThere => ("juliet@example.com".to_owned(), PresenceType::Unavailable),
        Said::Lost => return None,
    };
    Some(Presence::new(from, "romeo@sip.example.com", type_))
}

fn open(operation: &NotifyOperation) -> BTreeSet<String> {
    let information = information(operation);
    let is_open = |tuple: &&PresenceTuple| tuple.status() == Some(Status::Open);
    let open = information.tuples().iter().filter(is_open);
    open.map(|tuple| tuple.id().to_string()).collect()
}

proptest! {
    #[test]
    fn gateway_knows_who_is_there_after_every_word(words in vec(word(), 1..24)) {
        let mut contacts = Contacts::new(1);
        let wish = SubscribeOperation::new(id("t"), name("leg"), romeo(), juliet());
        let asked = contacts.ask(&pair(), &wish, false, || id("n")).unwrap();
        prop_assert!(matches!(asked, Asked::Query(_)));
        let granted = Presence::new("juliet@example.com", "romeo@sip.example.com", PresenceType::Subscribed);
        prop_assert!(contacts.hear(&pair(), &granted, || id("n")).is_some());
        let (mut there, mut known) = (BTreeSet::new(), None);
        for word in words {
            let Some(stanza) = stanza(&word) else {
                contacts.stream_began();
                (there, known) = (BTreeSet::new(), None);
                continue;
            };
            match word {
                Said::Here(device) => drop(there.insert(format!("ID-{device}"))),
                Said::Gone(device) => drop(there.remove(&format!("ID-{device}"))),
                _ => there.clear(),
            }
            let heard = contacts.hear(&pair(), &stanza, || id("n")).unwrap();
            if let Some(told) = heard.told.last() {
                known = Some(open(told));
            }
            prop_assert_eq!(known.as_ref(), Some(&there));
        }
    }
}

/// What happens to Juliet's wish to watch Romeo.
#[derive(Clone, Debug)]
enum Step {
    Subscribe,
    Unsubscribe,
    Answer(ResponseStatus),
    Tell(SubscriptionState, bool, bool),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop_oneof![
        Just(ResponseStatus::Success),
        Just(ResponseStatus::Indeterminant),
        Just(Failure::new(FailureReason::Overloaded).into()),
        Just(Failure::new(FailureReason::NotPermitted).into()),
        Just(Failure::new(FailureReason::Cancelled).into()),
    ];
    let ends = TerminationReason::ALL.map(SubscriptionState::terminated);
    let state = prop_oneof![
        6 => Just(SubscriptionState::Active),
        1 => Just(SubscriptionState::Pending),
        2 => (0..ends.len()).prop_map(move |end| ends[end]),
    ];
    let flag = || proptest::bool::ANY;
    prop_oneof![
        2 => Just(Step::Subscribe),
        1 => Just(Step::Unsubscribe),
        3 => status.prop_map(Step::Answer),
        5 => (state, flag(), flag()).prop_map(|(state, is_open, is_taken)| Step::Tell(state, is_open, is_taken)),
        2 => (0..8000_u64).prop_map(Step::Pass),
    ]
}

proptest! {
    #[test]
    fn watcher_is_told_nothing_of_who_it_watches_no_more(steps in vec(step(), 1..40)) {
        let (mut watches, mut now) = (Watches::new(1), Instant::now());
        let mut is_leaving = false;
        for step in steps {
            match step {
                Step::Subscribe => {
                    prop_assert!(watches.subscribe(&pair()).is_ok());
                    is_leaving = false;
                }
                Step::Unsubscribe => {
                    let end = watches.unsubscribe(&pair());
                    prop_assert!(end.is_end);
                    is_leaving = true;
                }
                Step::Answer(status) if is_leaving => {
                    let said = watches.left(now, &pair(), &status);
                    let is_over = said.last().is_some_and(|last| last.type_ == PresenceType::Unsubscribed);
                    prop_assert!(said.is_empty() || is_over);
                }
                Step::Answer(status) => {
                    let granted = (&status, Some(HOUR));
                    let said = watches.answered(now, &pair(), Asker::Itself, granted);
                    let is_refusal = |of: &Presence| of.type_ != PresenceType::Available;
                    prop_assert!(said.iter().all(is_refusal));
                }
                Step::Tell(state, is_open, is_taken) => {
                    let known = [Resource::new(Some("a".into()), is_open)];
                    let telling = watches.tell(now, &pair(), state, &known, Some(HOUR));
                    let is_silent = is_leaving || state == SubscriptionState::Pending;
                    prop_assert!(!is_silent || telling.stanzas.is_empty());
                    let is_shown = telling.stanzas.iter().any(|word| {
                        matches!(word, Word::Resource(resource) if resource.is_open)
                    });
                    prop_assert!(!is_shown || is_open && state == SubscriptionState::Active);
                    // The end is told once; what comes later is about another.
                    is_leaving &= !state.is_terminated();
                    if is_taken {
                        watches.told(&pair(), telling);
                        let is_active = state == SubscriptionState::Active && !is_leaving;
                        prop_assert!(!is_active || watches.shows(&pair(), "a") == is_open);
                    }
                }
                Step::Pass(seconds) => {
                    now += Duration::from_secs(seconds);
                    let due = watches.take_due(now, 8);
                    prop_assert!(due.len() <= 1);
                    prop_assert!(due.iter().all(|ask| ask.is_end == is_leaving));
                    // One whose end was granted, and was never told, is forgotten.
                    is_leaving &= watches.is_leaving(&pair());
                }
            }
        }
    }
}
