//! What operators are told of their rules.

use super::*;

#[test]
fn explanation_names_the_rule_that_decided_and_where_it_stands() {
    let table = with([
        deny().from_adapter("mail"),
        allow()
            .to(pattern("*@jabber.example"))
            .with_place("rialto.toml:31"),
    ]);
    let explained = |from, source| {
        let steps = table.explain(from, &operation(source, BOB)).into_parts().0;
        steps.join("\n")
    };
    let text = explained(SIP, ALICE);
    assert!(
        text.contains(": allowed by rule 2 (rialto.toml:31)"),
        "{text}"
    );
    let text = explained(MAIL, EVE);
    assert!(text.contains(": denied by rule 1\n"), "{text}");
    assert!(
        text.ends_with("the gateway's rules do not permit this message"),
        "{text}"
    );
}

#[test]
fn rules_that_are_never_asked_and_unknown_adapters_are_conflicts() {
    let conflicts = [
        deny().from(pattern("*@*.b.example")).with_place("a.toml:1"),
        allow(),
        deny().from(pattern("*@a.b.example")),
        deny().from_adapter("fax").to_adapter("telex"),
    ]
    .into_iter()
    .fold(builder(), RoutingTableBuilder::with_access_rule)
    .build()
    .unwrap_err();
    let texts: Vec<_> = conflicts
        .into_iter()
        .map(|conflict| match conflict {
            RoutingConflict::AccessRule { number, conflict } => {
                assert!(!conflict.hint().is_empty());
                format!("{number} {conflict}")
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        texts,
        [
            "2 this rule is never asked: rule 1 before it matches all that it would match (a.toml:1)",
            "3 this rule is never asked: rule 2 before it matches all that it would match",
            "3 `fax` is no adapter",
            "3 `telex` is no adapter",
        ]
    );
}

#[test]
fn rules_and_block_lists_that_name_users_as_they_are_shown_are_conflicts() {
    let alias = |address, shown| rialto_router::Alias::new(pattern(address), pattern(shown));
    let conflicts = builder()
        .with_alias(alias("*@voice.example", "*@example.com"))
        .with_alias(alias("bob@jabber.example", "bob@relay.example"))
        // Of what one network alone knows, others may be the addresses.
        .with_alias(alias("*@jabber.example", "*@example.net").with_adapters(["sip"]))
        .with_access_rule(deny().from(pattern("mallory@example.com")))
        .with_access_rule(deny().to(pattern("*@example.com")))
        .with_access_rule(deny().from(pattern("*@example.net")))
        .with_blocked(
            inbox("im:bob@relay.example"),
            ["sip=spam.example/x@relay.example", "x@spam.example"].map(pattern),
        )
        .build()
        .unwrap_err();
    let texts: Vec<_> = conflicts
        .iter()
        .map(|conflict| {
            assert!(conflict.hint().is_some());
            let text = conflict.to_string();
            text.split(": ").next().unwrap().to_owned()
        })
        .collect();
    assert_eq!(
        texts,
        [
            "`mallory@example.com` is how `mallory@voice.example` is shown",
            "`*@example.com` is how `*@voice.example` is shown",
            "`bob@relay.example` is how `bob@jabber.example` is shown",
            "`sip=spam.example/x@relay.example` is how `x@spam.example` is shown",
        ]
    );
}

#[test]
fn more_rules_than_the_bound_are_a_conflict() {
    let rules = (0..10_001).map(|n| deny().from(pattern(&format!("u{n}@a.example"))));
    let builder = rules.fold(builder(), RoutingTableBuilder::with_access_rule);
    let conflicts = builder.build().unwrap_err();
    assert!(matches!(
        &*conflicts,
        [RoutingConflict::AccessRule {
            conflict: AccessRuleConflict::TooMany { count: 10_001, .. },
            ..
        }]
    ));
}
