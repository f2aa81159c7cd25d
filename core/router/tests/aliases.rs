//! Users and domains that are known by plain addresses elsewhere.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{FailureReason, InstantInbox};
use rialto_router::{
    Adapter, AdapterId, Alias, AliasConflict, Decision, Route, RoutingConflict, RoutingTable,
    RoutingTableBuilder,
};

use self::support::{MAIL, SIP, XMPP, decided, domain, inbox, operation, pattern, table, vouched};

const ALICE: &str = "im:alice@voice.example";
const BOB: &str = "im:bob@jabber.example";

fn alias(address: &str, shown: &str) -> Alias {
    Alias::new(pattern(address), pattern(shown))
}

/// Three networks; XMPP and mail reach `example.com`, where all of SIP's users are shown.
fn builder() -> RoutingTableBuilder {
    let reached = [domain("example.com"), domain("relay.example")];
    RoutingTable::builder()
        .with_adapter(Adapter::new("sip", "sip").with_domains(&[domain("jabber.example")]))
        .with_adapter(Adapter::new("xmpp", "xmpp").with_domains(&reached))
        .with_adapter(Adapter::new("mail", "smtp"))
        .with_route(Route::new(domain("voice.example"), "sip"))
        .with_route(Route::new(domain("jabber.example"), "xmpp"))
        .with_route(Route::new(domain("mail.example"), "mail"))
        .with_route(Route::new(domain("lab.example"), "mail"))
        .with_relay_domain(domain("relay.example"))
}

fn with(aliases: impl IntoIterator<Item = Alias>) -> RoutingTable {
    let add = |builder: RoutingTableBuilder, alias| builder.with_alias(alias);
    aliases.into_iter().fold(builder(), add).build().unwrap()
}

fn mapped() -> RoutingTable {
    with([alias("*@voice.example", "*@example.com")])
}

fn decide(table: &RoutingTable, from: AdapterId, source: &str, destination: &str) -> Decision {
    decided(table, from, &operation(source, destination)).unwrap()
}

/// How a sender is shown.
fn shown(table: &RoutingTable, from: AdapterId, source: &str, destination: &str) -> String {
    let decision = decide(table, from, source, destination);
    decision
        .source()
        .map_or_else(|| source.to_owned(), ToString::to_string)
}

/// Whom a name leads to.
fn leads_to(table: &RoutingTable, from: AdapterId, source: &str, name: &str) -> String {
    let decision = decide(table, from, source, name);
    decision
        .destination()
        .map_or_else(|| name.to_owned(), ToString::to_string)
}

#[test]
fn cpim_e_2_hide_domain_map_shows_plain_addresses_and_leads_back() {
    let table = mapped();
    assert_eq!(shown(&table, SIP, ALICE, BOB), "im:alice@example.com");
    let reply = decide(&table, XMPP, BOB, "im:alice@example.com");
    assert_eq!(reply.adapter(), SIP);
    assert_eq!(reply.destination(), Some(&inbox(ALICE)));
    assert_eq!(reply.source(), None, "SIP reaches jabber.example plainly");
}

#[test]
fn cpim_e_2_hide_alias_is_used_only_where_the_network_reaches_it() {
    let table = mapped();
    assert_eq!(
        shown(&table, SIP, ALICE, "im:carol@mail.example"),
        "im:sip=voice.example/alice@relay.example"
    );
    let by_route = "im:sip=voice.example/alice@relay.example";
    assert_eq!(
        leads_to(&table, MAIL, "im:carol@mail.example", by_route),
        ALICE
    );
}

#[test]
fn cpim_e_2_hide_single_user_has_a_plain_name_even_at_the_relay_domain() {
    let table = with([alias("alice@voice.example", "alice@relay.example")]);
    assert_eq!(shown(&table, SIP, ALICE, BOB), "im:alice@relay.example");
    assert_eq!(leads_to(&table, XMPP, BOB, "im:alice@relay.example"), ALICE);
    let others = "im:sip=voice.example/dora@relay.example";
    assert_eq!(shown(&table, SIP, "im:dora@voice.example", BOB), others);
    assert_eq!(leads_to(&table, XMPP, BOB, others), "im:dora@voice.example");
}

#[test]
fn alias_of_one_network_is_unknown_to_the_others() {
    let table = with([alias("*@voice.example", "*@example.com").with_adapters(["xmpp"])]);
    assert_eq!(shown(&table, SIP, ALICE, BOB), "im:alice@example.com");
    assert_eq!(leads_to(&table, XMPP, BOB, "im:alice@example.com"), ALICE);
    let from_mail = vouched(operation("im:carol@mail.example", "im:alice@example.com"));
    let failure = table.decide(MAIL, &from_mail).unwrap_err();
    assert_eq!(failure.reason(), FailureReason::Unresolvable);
}

#[test]
fn one_user_has_different_names_on_different_networks() {
    let table = with([
        alias("alice@voice.example", "al@example.com").with_adapters(["xmpp"]),
        alias("alice@voice.example", "ally@example.com").with_adapters(["mail"]),
    ]);
    assert_eq!(leads_to(&table, XMPP, BOB, "im:al@example.com"), ALICE);
    let carol = "im:carol@mail.example";
    assert_eq!(leads_to(&table, MAIL, carol, "im:ally@example.com"), ALICE);
}

#[test]
fn alias_for_one_user_replaces_what_the_pattern_says_of_both_of_its_sides() {
    let table = with([
        alias("*@voice.example", "*@example.com"),
        alias("alice@voice.example", "dora@example.com"),
    ]);
    assert_eq!(shown(&table, SIP, ALICE, BOB), "im:dora@example.com");
    assert_eq!(leads_to(&table, XMPP, BOB, "im:dora@example.com"), ALICE);
    // Her name is taken, so Dora goes by a source route.
    let dora = "im:dora@voice.example";
    let route = shown(&table, SIP, dora, BOB);
    assert_eq!(route, "im:sip=voice.example/dora@relay.example");
    assert_eq!(leads_to(&table, XMPP, BOB, &route), dora);
    // And the pattern's name for Alice leads nowhere.
    let former = vouched(operation(BOB, "im:alice@example.com"));
    assert_eq!(
        table.decide(XMPP, &former).unwrap_err().reason(),
        FailureReason::Unresolvable
    );
}

#[test]
fn user_whose_address_is_another_s_name_is_shown_as_a_source_route() {
    let table = with([alias("alice@voice.example", "bob@jabber.example").with_adapters(["mail"])]);
    let carol = "im:carol@mail.example";
    assert_eq!(leads_to(&table, MAIL, carol, BOB), ALICE);
    let route = shown(&table, XMPP, BOB, carol);
    assert_eq!(route, "im:xmpp=jabber.example/bob@relay.example");
    assert_eq!(
        leads_to(&table, MAIL, carol, &route),
        BOB,
        "not aliased again"
    );
}

#[test]
fn user_whose_address_is_another_s_name_is_not_shown_without_a_relay_domain() {
    let table = RoutingTable::builder()
        .with_adapter(Adapter::new("sip", "sip"))
        .with_adapter(Adapter::new("xmpp", "xmpp"))
        .with_route(Route::new(domain("voice.example"), "sip"))
        .with_route(Route::new(domain("jabber.example"), "xmpp"))
        .with_alias(alias("x@voice.example", "bob@jabber.example").with_adapters(["sip"]))
        .build()
        .unwrap();
    let failure = decided(&table, XMPP, &operation(BOB, ALICE)).unwrap_err();
    assert_eq!(failure.reason(), FailureReason::InvalidSource);
    assert!(!failure.detail().contains("x@"), "{failure}");
}

#[test]
fn message_to_oneself_by_one_s_own_name_comes_back() {
    let decision = decide(&mapped(), SIP, ALICE, "im:alice@example.com");
    assert_eq!(decision.adapter(), SIP);
    assert_eq!(decision.destination(), Some(&inbox(ALICE)));
    assert_eq!(decision.source(), None);
}

#[test]
fn sender_who_writes_under_the_own_name_is_taken_for_the_same_user() {
    let as_named = "im:alice@example.com";
    assert_eq!(shown(&mapped(), SIP, as_named, BOB), as_named);
    let to_mail = shown(&mapped(), SIP, as_named, "im:carol@mail.example");
    assert_eq!(to_mail, "im:sip=voice.example/alice@relay.example");
}

#[test]
fn gateway_s_own_messages_know_the_names_that_all_networks_know() {
    let table = with([
        alias("*@voice.example", "*@example.com"),
        alias("*@jabber.example", "*@example.net").with_adapters(["sip"]),
    ]);
    let operator = "im:operator@relay.example";
    let own = AdapterId::GATEWAY;
    assert_eq!(
        leads_to(&table, own, operator, "im:alice@example.com"),
        ALICE
    );
    let unknown = operation(operator, "im:bob@example.net");
    assert!(table.decide(own, &unknown).is_err());
}

#[test]
fn forwarded_user_is_shown_under_the_alias_at_home() {
    let table = with([alias("*@jabber.example", "*@example.com").with_adapters(["xmpp"])]);
    let route = "im:xmpp=jabber.example/bob@relay.example";
    let message = vouched(operation(route, "im:eve@jabber.example"));
    let decision = decided(&table, SIP, &message).unwrap();
    assert_eq!(
        decision.source().map(InstantInbox::as_str),
        Some("im:bob@example.com")
    );
}

#[test]
fn explanation_says_what_an_alias_stands_for_and_is_shown_as() {
    let table = mapped();
    let explained = |from, source, destination| {
        let explanation = table.explain(from, &operation(source, destination));
        explanation.steps().join("\n")
    };
    let there = explained(XMPP, BOB, "im:alice@example.com");
    assert!(
        there.contains("alias: im:alice@example.com stands for im:alice@voice.example"),
        "{there}"
    );
    let back = explained(SIP, ALICE, BOB);
    assert!(
        back.ends_with("way back: shown as im:alice@example.com, its alias there"),
        "{back}"
    );
}

#[test]
fn table_without_aliases_changes_no_address() {
    let decision = decided(&table(), XMPP, &operation(BOB, ALICE)).unwrap();
    assert_eq!((decision.source(), decision.destination()), (None, None));
}

/// The conflicts of these aliases, with the numbers of those that they are about.
fn conflicts(aliases: &[Alias]) -> Vec<(usize, AliasConflict)> {
    let add = |builder: RoutingTableBuilder, alias: &Alias| builder.with_alias(alias.clone());
    let found = aliases.iter().fold(builder(), add).build().unwrap_err();
    let each = |conflict| match conflict {
        RoutingConflict::Alias { number, conflict } => (number, conflict),
        other => panic!("{other:?}"),
    };
    found.into_iter().map(each).collect()
}

#[test]
fn aliases_that_are_not_one_to_one_are_conflicts() {
    let (a, b, c) = ("*@a.lab.example", "*@b.lab.example", "*@c.lab.example");
    let (x, y) = ("x@a.lab.example", "y@b.lab.example");
    let shown_twice = AliasConflict::ShownTwice {
        shown: pattern(b),
        other: pattern(a),
    };
    assert_eq!(conflicts(&[alias(a, b), alias(c, b)]), [(1, shown_twice)]);
    let address_twice = AliasConflict::AddressTwice {
        address: pattern(x),
        other: pattern(y),
    };
    assert_eq!(
        conflicts(&[alias(x, y), alias(x, "z@b.lab.example")]),
        [(1, address_twice)]
    );
    let (address, shown) = (pattern(a), pattern(y));
    assert_eq!(
        conflicts(&[alias(a, y)]),
        [(0, AliasConflict::Kinds { address, shown })]
    );
    let address = pattern(a);
    assert_eq!(
        conflicts(&[alias(a, a)]),
        [(0, AliasConflict::Itself { address })]
    );
    let below = "*@*.a.lab.example";
    let (address, shown) = (pattern(below), pattern("*@*.b.lab.example"));
    assert_eq!(
        conflicts(&[alias(below, "*@*.b.lab.example")]),
        [(0, AliasConflict::Kinds { address, shown })]
    );
}

#[test]
fn chains_and_loops_of_aliases_are_conflicts_also_through_a_pattern() {
    let chain = |number, address, other| {
        let (address, other) = (pattern(address), pattern(other));
        (number, AliasConflict::Chain { address, other })
    };
    let (a, b, c) = ("*@a.lab.example", "*@b.lab.example", "*@c.lab.example");
    assert_eq!(conflicts(&[alias(a, b), alias(b, c)]), [chain(1, b, a)]);
    assert_eq!(
        conflicts(&[alias(a, b), alias(b, a)]),
        [chain(0, a, b), chain(1, b, a)]
    );
    let (x, y) = ("x@b.lab.example", "y@c.lab.example");
    assert_eq!(conflicts(&[alias(a, b), alias(x, y)]), [chain(1, x, a)]);
    assert_eq!(conflicts(&[alias(b, c), alias(y, x)])[0], chain(0, b, y));
}

#[test]
fn aliases_of_different_networks_do_not_meet() {
    let (a, b, c) = ("*@a.lab.example", "*@b.lab.example", "*@c.lab.example");
    let on = |alias: Alias, adapter| alias.with_adapters([adapter]);
    with([
        on(alias(a, b), "sip"),
        on(alias(c, b), "xmpp"),
        on(alias(b, c), "mail"),
    ]);
}

#[test]
fn alias_that_leads_nowhere_or_hides_many_is_a_conflict_and_one_user_is_not() {
    let shown = pattern("*@jabber.example");
    let jabber = domain("jabber.example");
    assert_eq!(
        conflicts(&[alias("*@voice.example", "*@jabber.example")]),
        [(
            0,
            AliasConflict::ShownRouted {
                shown,
                domain: jabber
            }
        )]
    );
    let relay = domain("relay.example");
    for (address, shown) in [
        ("*@voice.example", "*@relay.example"),
        ("x@voice.example", "sip=voice.example/y@relay.example"),
    ] {
        let (shown_at, domain) = (pattern(shown), relay.clone());
        let conflict = AliasConflict::ShownAtRelay {
            shown: shown_at,
            domain,
        };
        assert_eq!(conflicts(&[alias(address, shown)]), [(0, conflict)]);
    }
    let (nowhere, address) = ("x@nowhere.example", pattern("x@nowhere.example"));
    assert_eq!(
        conflicts(&[alias(nowhere, "x@example.com")]),
        [(0, AliasConflict::AddressUnrouted { address })]
    );
    let address = pattern("x@relay.example");
    assert_eq!(
        conflicts(&[alias("x@relay.example", "x@example.com")]),
        [(
            0,
            AliasConflict::AddressAtRelay {
                address,
                domain: relay
            }
        )]
    );
    with([alias("alice@voice.example", "bob@jabber.example")]);
    with([alias("*@voice.example", "*@chat.jabber.example")]);
}

#[test]
fn all_conflicts_of_aliases_are_named_at_once_each_with_a_hint() {
    let found = conflicts(&[
        alias("*@a.lab.example", "*@b.lab.example").with_adapters(["xmpp", "fax", "sip"]),
        alias("*@c.lab.example", "*@b.lab.example"),
        alias("*@d.lab.example", "x@d.lab.example"),
    ]);
    let numbers: Vec<_> = found.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [0, 1, 2], "{found:?}");
    assert_eq!(found[0].1.to_string(), "`fax` is no adapter");
    assert!(
        found
            .iter()
            .all(|(_, conflict)| !conflict.hint().is_empty())
    );
}
