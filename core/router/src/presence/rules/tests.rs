//! Rules decide, and are stored.

use proptest::{collection::vec, option, prelude::*, sample::select};
use rialto_model::{Bytes, Domain, Presentity};

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

fn rules(rules: &[WatcherRule]) -> PrincipalRules {
    PrincipalRules::new(rules.to_vec()).unwrap()
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

#[test]
fn inbox_takes_the_messages_of_those_whom_its_first_rule_names_and_of_no_other() {
    let rules: PrincipalRules = "accept messages from bob@a.example\nrefuse messages from anyone"
        .parse()
        .unwrap();
    let judge = |uri, authentication| rules.judge_sender(&inbox(uri), authentication);
    assert_eq!(judge("im:BOB@a.example", NETWORK), Some(Reception::Accept));
    // Nobody vouches that it is Bob.
    assert_eq!(judge("im:bob@a.example", NOBODY), Some(Reception::Refuse));
    assert_eq!(judge("im:eve@a.example", NETWORK), Some(Reception::Refuse));
    assert_eq!(
        PrincipalRules::default().judge_sender(&inbox("im:eve@a.example"), NOBODY),
        None
    );
}

#[test]
fn rules_are_bounded_in_number_and_in_bytes() {
    let rule = |local: String| {
        let domain = Domain::parse("a.example").unwrap();
        let one = AddressPattern::One(InstantInbox::new(&local, &domain).unwrap());
        WatcherRule::new(Subject::Address(one), Handling::Block)
    };
    let many = (0..=PrincipalRules::MOST).map(|number| rule(number.to_string()));
    assert!(matches!(
        PrincipalRules::new(many.collect()),
        Err(RulesError::TooMany { .. })
    ));
    let long = (0..500).map(|number| rule(number.to_string() + &"x".repeat(900)));
    assert!(matches!(
        PrincipalRules::new(long.collect()),
        Err(RulesError::TooLong { .. })
    ));
    let full = (0..PrincipalRules::MOST).map(|number| rule(number.to_string()));
    let full = PrincipalRules::new(full.collect()).unwrap();
    let one_more = RulesChange::First("block eve@b.example".parse().unwrap());
    assert!(full.changed(one_more).is_err());
    let known = RulesChange::First("allow 7@a.example".parse().unwrap());
    assert!(full.changed(known).is_ok());
}

fn changed(before: &str, change: RulesChange) -> String {
    let before: PrincipalRules = before.parse().unwrap();
    before.changed(change).unwrap().to_string()
}

#[test]
fn what_was_said_last_of_somebody_holds() {
    let first = |rule: &str| RulesChange::First(rule.parse().unwrap());
    let before = "block *@a.example\nblock bob@a.example when fetching\nrefuse messages from bob@a.example\n";
    assert_eq!(
        changed(before, first("allow Bob@a.example")),
        "allow bob@a.example\nblock *@a.example\nrefuse messages from bob@a.example\n"
    );
    assert_eq!(
        changed(
            before,
            first("show nothing to bob@a.example when subscribing")
        ),
        "show nothing to bob@a.example when subscribing\n".to_owned() + before
    );
    assert_eq!(
        changed(before, first("accept messages from bob@a.example")),
        "block *@a.example\nblock bob@a.example when fetching\naccept messages from bob@a.example\n"
    );
    let without = RulesChange::Without("Bob@a.example".parse().unwrap());
    assert_eq!(changed(before, without.clone()), "block *@a.example\n");
    assert_eq!(changed("let bob@a.example publish", without), "");
}

fn pattern() -> impl Strategy<Value = AddressPattern> {
    let domain = || "[a-z]{1,8}\\.example".prop_map(|text| Domain::parse(&text).unwrap());
    let one = ("[^\\p{Cc}]{1,8}|[a-z]{1,8}", domain())
        .prop_map(|(local, domain)| InstantInbox::new(&local, &domain).unwrap());
    prop_oneof![
        one.prop_map(AddressPattern::One),
        domain().prop_map(AddressPattern::At),
        domain().prop_map(AddressPattern::Below),
    ]
}

fn subject() -> impl Strategy<Value = Subject> {
    prop_oneof![
        pattern().prop_map(Subject::Address),
        select(vec![
            Subject::Anonymous,
            Subject::Unauthenticated,
            Subject::Anyone
        ]),
    ]
}

prop_compose! {
    fn any_rule()(
        subject in subject(),
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
    fn any_sender_rule()(
        subject in subject(), reception in select(vec![Reception::Accept, Reception::Refuse]),
    ) -> SenderRule {
        SenderRule::new(subject, reception)
    }
}

prop_compose! {
    pub(super) fn any_rules()(
        watchers in vec(any_rule(), 0..8), senders in vec(any_sender_rule(), 0..4),
        publishers in vec(pattern(), 0..3),
    ) -> PrincipalRules {
        let rules = PrincipalRules::new(watchers).unwrap().with_senders(senders).unwrap();
        rules.with_publishers(publishers).unwrap()
    }
}

prop_compose! {
    fn any_record()(rules in any_rules(), user in "[a-z]{1,9}") -> RulesRecord {
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
        let is_on_strangers =
            |subject: &Subject| matches!(subject, Subject::Anonymous | Subject::Unauthenticated);
        if let Some(Handling::Allow(_) | Handling::Confirm) = judged {
            let mut rules = record.rules.watchers().iter();
            prop_assert!(rules.any(|rule| is_on_strangers(rule.subject())));
        }
        if record.rules.judge_sender(&watcher, NOBODY) == Some(Reception::Accept) {
            let mut rules = record.rules.senders().iter();
            prop_assert!(rules.any(|rule| is_on_strangers(rule.subject())));
        }
    }
}
