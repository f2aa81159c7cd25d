//! Rules decide, and are stored.

use proptest::{collection::vec, option, prelude::*, sample::select};
use rialto_model::{Bytes, Presentity};

use super::*;
use crate::custody::record::{Unreadable, wire::Reader};

const NETWORK: Authentication = Authentication::Network;
const NOBODY: Authentication = Authentication::None;

fn inbox(uri: &str) -> InstantInbox {
    uri.parse().unwrap()
}

fn address(text: &str) -> Subject {
    Subject::Address(text.parse().unwrap())
}

fn rules(rules: &[WatcherRule]) -> PresenceRules {
    PresenceRules::new(rules.to_vec()).unwrap()
}

#[test]
fn rule_that_allows_an_address_means_nobody_who_only_says_so() {
    let rules = rules(&[WatcherRule::new(
        address("bob@a.example"),
        Handling::Allow(View::All),
    )]);
    let bob = inbox("im:Bob@a.example");
    let judge = |authentication| rules.judge(&bob, authentication, Way::Subscribe);
    assert_eq!(judge(NETWORK), Some(Handling::Allow(View::All)));
    assert_eq!(judge(NOBODY), None);
}

#[test]
fn rule_that_blocks_an_address_holds_for_whoever_says_so() {
    for handling in [Handling::Block, Handling::PoliteBlock] {
        let rules = rules(&[WatcherRule::new(address("*@a.example"), handling)]);
        for authentication in [NETWORK, NOBODY] {
            let judged = rules.judge(&inbox("im:bob@a.example"), authentication, Way::Fetch);
            assert_eq!(judged, Some(handling));
        }
    }
}

#[test]
fn first_rule_that_means_a_watcher_decides() {
    let rules = rules(&[
        WatcherRule::new(address("bob@a.example"), Handling::Allow(View::StatusOnly)),
        WatcherRule::new(Subject::Anonymous, Handling::Block),
        WatcherRule::new(Subject::Anyone, Handling::Confirm),
        WatcherRule::new(address("eve@a.example"), Handling::Block),
    ]);
    let judge = |uri| rules.judge(&inbox(uri), NETWORK, Way::Subscribe);
    assert_eq!(
        judge("im:bob@a.example"),
        Some(Handling::Allow(View::StatusOnly))
    );
    assert_eq!(judge("im:x@anonymous.invalid"), Some(Handling::Block));
    assert_eq!(judge("im:eve@a.example"), Some(Handling::Confirm));
}

fn pattern() -> impl Strategy<Value = AddressPattern> {
    "([a-z]{1,8}|\\*)@[a-z]{1,8}\\.example".prop_map(|text| text.parse().unwrap())
}

prop_compose! {
    fn any_rule()(
        subject in prop_oneof![
            pattern().prop_map(Subject::Address),
            select(vec![Subject::Anonymous, Subject::Unauthenticated, Subject::Anyone]),
        ],
        way in option::of(select(vec![Way::Subscribe, Way::Fetch])),
        code in 0..6_u8,
    ) -> WatcherRule {
        let rule = WatcherRule::new(subject, Handling::from_code(code).unwrap());
        match way {
            Some(way) => rule.only_for(way),
            None => rule,
        }
    }
}

prop_compose! {
    fn any_record()(
        watchers in vec(any_rule(), 0..8), publishers in vec(pattern(), 0..3), user in "[a-z]{1,9}",
    ) -> RulesRecord {
        let rules = PresenceRules::new(watchers).unwrap().with_publishers(publishers).unwrap();
        let presentity = Presentity::parse(&format!("pres:{user}@a.example")).unwrap();
        RulesRecord { presentity, rules }
    }
}

fn read(bytes: &[u8]) -> Result<RulesRecord, Unreadable> {
    let bytes = Bytes::copy_from_slice(bytes);
    let mut from = Reader::new(&bytes);
    let _version = from.byte()?;
    let _kind = from.byte()?;
    let record = RulesRecord::read(&mut from)?;
    from.end().map(|()| record)
}

proptest! {
    #[test]
    fn stored_rules_are_the_rules_that_were_set(record in any_record()) {
        prop_assert_eq!(read(&record.write()), Ok(record));
    }

    #[test]
    fn damaged_rules_are_refused_or_are_rules(
        record in any_record(), at in any::<prop::sample::Index>(), byte in any::<u8>(), len in any::<prop::sample::Index>(),
    ) {
        let mut bytes = record.write();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(record) = read(&bytes) {
            prop_assert_eq!(read(&record.write()), Ok(record));
        }
        let cut = record.write();
        let len = len.index(cut.len());
        prop_assert!(read(&cut[..len]).is_err());
    }

    #[test]
    fn what_is_allowed_to_a_stranger_is_allowed_by_a_rule_on_strangers(
        record in any_record(), user in "[a-z]{1,2}", domain in "[a-z]\\.example|anonymous\\.invalid",
    ) {
        let watcher = inbox(&format!("im:{user}@{domain}"));
        let judged = record.rules.judge(&watcher, NOBODY, Way::Subscribe);
        if let Some(Handling::Allow(_) | Handling::Confirm) = judged {
            let mut rules = record.rules.watchers().iter();
            let is_on_strangers = |rule: &WatcherRule| {
                matches!(rule.subject(), Subject::Anonymous | Subject::Unauthenticated)
            };
            prop_assert!(rules.any(is_on_strangers));
        }
    }
}
