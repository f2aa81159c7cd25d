//! Who may send to whom.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;
mod access {
    use super::*;

    mod operators;
    mod strangers;
}

use std::sync::Arc;

use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{Failure, FailureReason, MessageOperation, ResponseStatus};
use rialto_router::{
    AccessRule, AccessRuleConflict, Action, Adapter, AdapterId, Hop, Limits, Route, Router,
    RoutingConflict, RoutingTable, RoutingTableBuilder, RuleAction, Verdict,
};

use self::support::{
    MAIL, SIP, XMPP, domain, failure, inbox, operation, pattern, response, start, ticket, vouched,
};

const ALICE: &str = "im:alice@voice.example";
const BOB: &str = "im:bob@jabber.example";
const EVE: &str = "im:eve@elsewhere.example";
const FRED: &str = "im:fred@faraway.example";

fn builder() -> RoutingTableBuilder {
    RoutingTable::builder()
        .with_adapter(Adapter::new("sip", "sip"))
        .with_adapter(Adapter::new("xmpp", "xmpp").with_domains(&[domain("relay.example")]))
        .with_adapter(Adapter::new("mail", "smtp"))
        .with_route(Route::new(domain("voice.example"), "sip"))
        .with_route(Route::new(domain("jabber.example"), "xmpp"))
        .with_route(Route::new(domain("partner.example"), "mail").of_a_partner())
        .with_relay_domain(domain("relay.example"))
        .with_found_by_dns("sip")
        .with_found_by_dns("xmpp")
}

fn with(rules: impl IntoIterator<Item = AccessRule>) -> RoutingTable {
    let builder = rules
        .into_iter()
        .fold(builder(), RoutingTableBuilder::with_access_rule);
    builder.build().unwrap()
}

fn allow() -> AccessRule {
    AccessRule::new(RuleAction::Allow)
}

fn deny() -> AccessRule {
    AccessRule::new(RuleAction::Deny)
}

fn decide(
    table: &RoutingTable,
    from: AdapterId,
    message: MessageOperation,
) -> Result<Verdict, Failure> {
    table.decide(from, &message)
}

/// Whether a message is taken on, or refused by the rules; anything else fails.
fn permits(table: &RoutingTable, from: AdapterId, message: MessageOperation) -> bool {
    match decide(table, from, message) {
        Ok(_) => true,
        Err(failure) => {
            assert_eq!(failure.reason(), FailureReason::NotPermitted, "{failure}");
            false
        }
    }
}

#[test]
fn cpim_2_4_1_2_message_that_a_rule_denies_fails_from_every_adapter() {
    let table = with([deny().to(pattern("bob@jabber.example"))]);
    for from in [SIP, XMPP, MAIL] {
        let source = [ALICE, "im:dora@jabber.example", EVE][usize::from(from.number())];
        let failure = decide(&table, from, operation(source, BOB)).unwrap_err();
        assert_eq!(failure.reason(), FailureReason::NotPermitted);
        assert!(!failure.detail().contains('@'), "names nobody: {failure}");
        let other = operation(source, "im:carol@jabber.example");
        assert!(permits(&table, from, other), "{source}");
    }
}

#[test]
fn cpim_2_4_1_2_denied_message_is_answered_and_counted_and_asks_no_dns() {
    let limits = Limits::default();
    let table = Arc::new(with([]));
    let mut router = Router::new(table, limits, StdRng::seed_from_u64(7));
    router.handle_operation(start(), SIP, operation(EVE, FRED), ticket(1));
    assert_eq!(failure(&mut router), FailureReason::NotPermitted);
    assert!(router.is_idle() && router.poll_action().is_none());
    let counted = router.statistics();
    assert_eq!((counted.not_permitted, counted.undeliverable), (1, 0));
    assert_eq!(counted.resolutions, 0);
}

#[test]
fn rfc2779_2_3_5_principal_s_block_list_wins_over_what_the_operator_allows() {
    let blocked = [
        "*@spam.example",
        "*@*.evil.example",
        "mallory@voice.example",
    ]
    .map(pattern);
    let table = builder()
        .with_access_rule(allow())
        .with_blocked(inbox(BOB), blocked)
        .build()
        .unwrap();
    let cases = [
        ("im:x@spam.example", XMPP, false),
        ("im:x@a.b.evil.example", XMPP, false),
        ("im:x@evil.example", XMPP, true),
        ("im:mallory@voice.example", SIP, false),
        (ALICE, SIP, true),
    ];
    for (source, from, permitted) in cases {
        assert_eq!(
            permits(&table, from, operation(source, BOB)),
            permitted,
            "{source}"
        );
        let carol = operation(source, "im:carol@jabber.example");
        assert!(
            permits(&table, from, carol),
            "others are not concerned: {source}"
        );
    }
}

#[test]
fn rfc2779_2_3_5_blocked_sender_does_not_get_by_in_other_forms() {
    let table = builder()
        .with_alias(rialto_router::Alias::new(
            pattern("*@voice.example"),
            pattern("*@example.com"),
        ))
        .with_blocked(inbox(BOB), [pattern("mallory@voice.example")])
        .build()
        .unwrap();
    let bobs = [
        BOB,
        "im:BOB@jabber.example",
        "im:%EF%BD%82ob@jabber.example",
        "im:bo%C2%ADb%E2%80%8B@jabber.example",
        "im:bob/user=phone@jabber.example",
        "im:xmpp=jabber.example/bob@relay.example",
        "im:xmpp=jabber.example/bob/user=phone@relay.example",
    ];
    let mallories = [
        "im:mallory@voice.example",
        "im:Mallory@voice.example",
        "im:mallory/user=ip@voice.example",
        "im:mallory/ext=1/user=phone@voice.example",
        "im:mallory@example.com",
        "im:sip=voice.example/mallory@relay.example",
    ];
    for (source, destination) in mallories.iter().flat_map(|s| bobs.map(|d| (*s, d))) {
        let message = vouched(operation(source, destination));
        assert!(!permits(&table, SIP, message), "{source} to {destination}");
    }
}

#[test]
fn first_rule_that_matches_decides() {
    let table = with([
        allow()
            .from(pattern("eve@elsewhere.example"))
            .to(pattern("*@faraway.example")),
        deny().from(pattern("*@elsewhere.example")),
        allow().from_adapter("mail"),
    ]);
    assert!(permits(&table, SIP, operation(EVE, FRED)));
    assert!(!permits(&table, SIP, operation(EVE, BOB)));
    assert!(!permits(
        &table,
        MAIL,
        operation("im:x@elsewhere.example", BOB)
    ));
    assert!(permits(&table, MAIL, operation("im:x@other.example", FRED)));
}

#[test]
fn rule_may_ask_whether_the_sender_is_authenticated() {
    let table = with([deny().unauthenticated().to(pattern("bob@jabber.example"))]);
    assert!(!permits(&table, SIP, operation(ALICE, BOB)));
    assert!(permits(&table, SIP, vouched(operation(ALICE, BOB))));
    let table = with([allow().authenticated(), deny()]);
    assert!(!permits(&table, SIP, operation(ALICE, BOB)));
    assert!(permits(&table, SIP, vouched(operation(EVE, FRED))));
}

#[test]
fn gateway_s_own_messages_pass_the_defaults_but_not_the_rules() {
    let operator = "im:operator@relay.example";
    let own = AdapterId::GATEWAY;
    assert!(permits(&with([]), own, operation(operator, BOB)));
    assert!(permits(&with([]), own, operation(EVE, FRED)));
    let table = with([deny().to(pattern("*@jabber.example"))]);
    assert!(!permits(&table, own, operation(operator, BOB)));
}

/// Asks for the hop that DNS has named.
fn settle(table: &RoutingTable, from: AdapterId, source: &str, hop: Hop) -> Result<bool, Failure> {
    let verdict = table.decide(from, &vouched(operation(source, FRED)))?;
    let Verdict::Undecided(undecided) = verdict else {
        panic!("{verdict:?}");
    };
    table.settle(&undecided, &inbox(source), hop).map(|_| true)
}

#[test]
fn rule_about_the_deliverer_is_asked_again_when_dns_has_named_it() {
    let table = with([deny().to_adapter("xmpp").from(pattern("*@voice.example"))]);
    assert_eq!(settle(&table, SIP, ALICE, Hop::new(SIP)), Ok(true));
    let failure = settle(&table, SIP, ALICE, Hop::new(XMPP)).unwrap_err();
    assert_eq!(failure.reason(), FailureReason::NotPermitted);
    assert!(
        !permits(&table, SIP, operation(ALICE, BOB)),
        "known without DNS"
    );
}

#[test]
fn hop_that_the_rules_deny_gives_way_to_one_that_they_allow() {
    let table = with([deny().to_adapter("xmpp")]);
    let mut router = Router::new(Arc::new(table), Limits::default(), StdRng::seed_from_u64(7));
    for (number, hops) in [(1, vec![XMPP, SIP]), (2, vec![XMPP])] {
        let message = vouched(operation(ALICE, FRED));
        router.handle_operation(start(), SIP, message, ticket(number));
        let Some(Action::Resolve { domain, .. }) = router.poll_action() else {
            panic!("no question");
        };
        let hops: Vec<_> = hops.into_iter().map(Hop::new).collect();
        router.handle_resolved(start(), &domain, |_, _| Ok(hops.clone()));
        if number == 1 {
            let (attempt, adapter, _) = support::delivery(&mut router);
            assert_eq!(adapter, SIP);
            router.handle_response(start(), attempt, ResponseStatus::Success);
            assert_eq!(response(&mut router).2, ResponseStatus::Success);
        } else {
            assert_eq!(failure(&mut router), FailureReason::NotPermitted);
        }
    }
}
