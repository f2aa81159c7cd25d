//! Where messages go, and how their senders are shown there.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use rialto_model::{FailureReason, InstantInbox, MaxForwards, Origin, SourceRoute};
use rialto_router::{
    Adapter, AdapterId, Decision, Route, RoutingConflict, RoutingTable, RoutingTableBuilder,
};

use self::support::{MAIL, SIP, XMPP, decided, domain, hops, inbox, operation, table, vouched};

const ALICE: &str = "im:alice@voice.example";
const BOB: &str = "im:bob@jabber.example";
const CAROL: &str = "im:carol@mail.example";

fn decide(from: AdapterId, source: &str, destination: &str) -> Decision {
    decided(&table(), from, &vouched(operation(source, destination))).unwrap()
}

fn refusal(destination: &str) -> (FailureReason, String) {
    let failure = decided(&table(), SIP, &vouched(operation(ALICE, destination))).unwrap_err();
    (failure.reason(), failure.detail().to_owned())
}

fn shown(decision: &Decision) -> Option<&str> {
    decision.source().map(InstantInbox::as_str)
}

#[test]
fn static_route_leads_a_domain_and_all_below_it_to_its_adapter() {
    let cases = [
        ("im:bob@jabber.example", XMPP),
        ("im:bob@a.jabber.example", XMPP),
        ("im:bob@a.b.jabber.example", XMPP),
        ("im:bob@lab.jabber.example", SIP),
        ("im:bob@a.lab.jabber.example", SIP),
        ("im:bob@mail.example", MAIL),
    ];
    for (destination, adapter) in cases {
        assert_eq!(
            decide(SIP, ALICE, destination).adapter(),
            adapter,
            "{destination}"
        );
    }
}

#[test]
fn static_route_matches_whole_labels_only() {
    for destination in [
        "im:x@notjabber.example",
        "im:x@example.com",
        "im:x@jabber.example.org",
    ] {
        assert_eq!(
            refusal(destination).0,
            FailureReason::Unresolvable,
            "{destination}"
        );
    }
}

#[test]
fn static_route_hands_its_next_hop_on() {
    let decision = decide(XMPP, BOB, ALICE);
    assert_eq!(
        decision.next_hop().map(|hop| &**hop),
        Some("proxy.voice.example")
    );
    assert_eq!(decide(SIP, ALICE, BOB).next_hop(), None);
}

#[test]
fn destination_without_a_route_is_unresolvable_and_names_the_domain() {
    let (reason, detail) = refusal("im:x@nowhere.example");
    assert_eq!(reason, FailureReason::Unresolvable);
    assert_eq!(detail, "no way to the domain nowhere.example is known");
}

#[test]
fn relay_domain_has_no_inbox_but_source_routes() {
    for local in ["postmaster", "sip=voice.example", "=voice.example/x"] {
        let (reason, detail) = refusal(&format!("im:{local}@relay.example"));
        assert_eq!(reason, FailureReason::NoSuchInbox, "{local}");
        assert!(detail.contains("relay.example"), "{detail}");
    }
}

#[test]
fn relay_domain_answers_for_itself_and_not_for_what_is_below_it() {
    assert_eq!(
        refusal("im:sip=voice.example/x@below.relay.example").0,
        FailureReason::Unresolvable
    );
}

#[test]
fn cpim_2_4_1_1_source_route_that_holds_no_inbox_is_a_failure() {
    for local in ["sip=localhost/x", "sip=voice.example/", "sip=10.0.0.1/x"] {
        let (reason, detail) = refusal(&format!("im:{local}@relay.example"));
        assert_eq!(reason, FailureReason::InvalidDestination, "{local}");
        assert!(detail.contains("relay.example"), "{detail}");
    }
}

#[test]
fn cpim_e_2_map_example_of_the_draft_is_unwrapped() {
    let table = RoutingTable::builder()
        .with_adapter(Adapter::new("p", "pepp"))
        .with_relay_domain(domain("relay-domain.example"))
        .build()
        .unwrap();
    let draft = vouched(operation(
        ALICE,
        "im:pepp=example.com/fred@relay-domain.example",
    ));
    let decision = decided(&table, AdapterId::GATEWAY, &draft).unwrap();
    assert_eq!(decision.destination(), Some(&inbox("im:fred@example.com")));
    assert_eq!(decision.adapter(), AdapterId::new(0));
}

#[test]
fn cpim_e_2_map_source_route_takes_the_next_hop_of_its_domain() {
    let decision = decide(XMPP, BOB, "im:sip=voice.example/alice@relay.example");
    assert_eq!(
        decision.next_hop().map(|hop| &**hop),
        Some("proxy.voice.example")
    );
    assert_eq!(decision.destination(), Some(&inbox(ALICE)));
}

#[test]
fn cpim_e_2_map_protocol_wins_over_a_route_to_another_protocol() {
    let decision = decide(SIP, ALICE, "im:smtp=voice.example/alice@relay.example");
    assert_eq!((decision.adapter(), decision.next_hop()), (MAIL, None));
}

#[test]
fn cpim_e_2_map_unknown_protocol_is_unresolvable_and_named() {
    let (reason, detail) = refusal("im:pepp=example.com/fred@relay.example");
    assert_eq!(reason, FailureReason::Unresolvable);
    assert!(detail.contains("pepp"), "{detail}");
}

#[test]
fn cpim_e_2_map_nested_routes_of_ours_unwrap_to_a_bound() {
    let relay = domain("relay.example");
    let mut nested = inbox(BOB);
    for depth in 1..=8 {
        nested = SourceRoute::new("xmpp", nested).to_inbox(&relay).unwrap();
        let decision = decided(&table(), SIP, &vouched(operation(ALICE, nested.as_str())));
        match depth {
            ..=4 => assert_eq!(decision.unwrap().destination(), Some(&inbox(BOB))),
            _ => {
                let failure = decision.unwrap_err();
                assert_eq!(failure.reason(), FailureReason::InvalidDestination);
                assert!(failure.detail().contains("more than 4"), "{failure}");
            }
        }
    }
}

#[test]
fn cpim_e_2_hide_source_is_shown_as_it_is_where_its_domain_is_reached() {
    let decision = decide(XMPP, BOB, ALICE);
    assert_eq!(shown(&decision), None);
}

#[test]
fn cpim_e_2_hide_source_below_a_reached_domain_is_wrapped() {
    let decision = decide(XMPP, "im:bob@a.jabber.example", ALICE);
    assert_eq!(
        shown(&decision),
        Some("im:xmpp=a.jabber.example/bob@relay.example")
    );
}

#[test]
fn cpim_e_2_hide_source_is_shown_at_the_relay_domain_that_its_receiver_reaches() {
    assert_eq!(
        shown(&decide(SIP, ALICE, BOB)),
        Some("im:sip=voice.example/alice@second.example")
    );
    assert_eq!(
        shown(&decide(SIP, ALICE, CAROL)),
        Some("im:sip=voice.example/alice@relay.example")
    );
}

#[test]
fn cpim_e_2_hide_source_route_is_unwrapped_on_its_own_network() {
    let wrapped = "im:sip=voice.example/alice@second.example";
    let forwarded = |destination| {
        let message = vouched(operation(wrapped, destination));
        decided(&table(), XMPP, &message).unwrap()
    };
    assert_eq!(shown(&forwarded("im:dora@voice.example")), Some(ALICE));
    assert_eq!(
        shown(&forwarded(CAROL)),
        None,
        "already ours: not wrapped twice"
    );
}

#[test]
fn cpim_e_2_hide_source_stays_as_it_is_on_its_own_network() {
    let decision = decide(SIP, ALICE, "im:dora@voice.example");
    assert_eq!((decision.adapter(), shown(&decision)), (SIP, None));
}

#[test]
fn cpim_e_2_hide_source_stays_as_it_is_without_a_relay_domain() {
    let table = RoutingTable::builder()
        .with_adapter(Adapter::new("sip", "sip"))
        .with_adapter(Adapter::new("xmpp", "xmpp"))
        .with_route(Route::new(domain("jabber.example"), "xmpp"))
        .build()
        .unwrap();
    assert_eq!(
        decided(&table, SIP, &operation(ALICE, BOB))
            .unwrap()
            .source(),
        None
    );
}

#[test]
fn source_too_long_to_be_wrapped_is_a_failure_of_the_sender() {
    let long = format!("im:{}@voice.example", "a".repeat(2020));
    let failure = decided(&table(), SIP, &operation(&long, BOB)).unwrap_err();
    assert_eq!(
        (failure.reason(), failure.origin()),
        (FailureReason::InvalidSource, Origin::Sender)
    );
    assert!(failure.detail().contains("at most 2048"));
}

#[test]
fn cpim_e_2_hide_reply_to_a_number_and_to_a_quoted_name_comes_home() {
    for alice in [
        "im:+12015550123/ext=22/user=phone@voice.example",
        "im:%22fred%20smith%22@voice.example",
        "im:a%252fuser=phone@voice.example",
    ] {
        let shown = decide(SIP, alice, BOB).source().unwrap().clone();
        assert_eq!(shown.domain(), "second.example");
        let back = decide(XMPP, BOB, shown.as_str());
        assert_eq!(back.adapter(), SIP);
        assert_eq!(back.destination(), Some(&inbox(alice)));
    }
}

#[test]
fn cpim_2_4_2_each_relay_takes_one_hop() {
    let decision = decided(&table(), SIP, &hops(operation(ALICE, BOB), 5)).unwrap();
    assert_eq!(decision.max_forwards(), MaxForwards::new(4));
}

#[test]
fn cpim_2_4_2_zero_forwards_is_failure() {
    let failure = decided(&table(), SIP, &hops(operation(ALICE, BOB), 0)).unwrap_err();
    assert_eq!(failure.reason(), FailureReason::HopLimitReached);
}

#[test]
fn explanation_has_a_line_for_each_step_and_the_same_decision() {
    let message = operation(ALICE, "im:xmpp=jabber.example/bob@relay.example");
    let explanation = table().explain(SIP, &message);
    assert_eq!(
        explanation.steps(),
        [
            "inboxes: im:alice@voice.example to im:xmpp=jabber.example/bob@relay.example, both valid",
            "hop count: 69 left after this gateway",
            "relay domain relay.example: the source route leads to im:bob@jabber.example by xmpp",
            "access: im:alice@voice.example to im:bob@jabber.example, not authenticated: \
             allowed by default (no rule forbids it)",
            "static route jabber.example: adapter xmpp",
            "way back: shown as im:sip=voice.example/alice@second.example, as xmpp does not reach its domain",
        ]
    );
    assert_eq!(
        explanation.decision().unwrap(),
        Some(&decided(&table(), SIP, &message).unwrap())
    );
}

#[test]
fn explanation_ends_with_the_failure() {
    let explanation = table().explain(SIP, &vouched(operation(ALICE, "im:x@nowhere.example")));
    let last = explanation.steps().last().unwrap();
    assert_eq!(
        last,
        "failure: no way to the domain nowhere.example is known"
    );
    assert!(explanation.decision().is_err());
}

#[test]
fn builder_names_all_conflicts_at_once() {
    let conflicts = RoutingTable::builder()
        .with_adapter(Adapter::new("sip", "sip"))
        .with_adapter(Adapter::new("sip", "SIP 2"))
        .with_route(Route::new(domain("a.example"), "sip"))
        .with_route(Route::new(domain("a.example"), "nobody"))
        .with_route(Route::new(domain("relay.example"), "sip"))
        .with_relay_domain(domain("relay.example"))
        .with_relay_domain(domain("relay.example"))
        .build()
        .unwrap_err();
    let a = domain("a.example");
    let relay = domain("relay.example");
    assert_eq!(
        conflicts,
        [
            RoutingConflict::AdapterTwice { name: "sip".into() },
            RoutingConflict::Protocol {
                adapter: "sip".into(),
                protocol: "SIP 2".into()
            },
            RoutingConflict::RelayTwice {
                domain: relay.clone()
            },
            RoutingConflict::UnknownAdapter {
                domain: a.clone(),
                adapter: "nobody".into()
            },
            RoutingConflict::RouteTwice { domain: a },
            RoutingConflict::RelayRouted { domain: relay },
        ]
    );
}

#[test]
fn builder_refuses_adapters_that_source_routes_cannot_tell_apart() {
    let build = |names: [(&'static str, &'static str); 3]| {
        let adapters = names.map(|(name, protocol)| Adapter::new(name, protocol));
        let add = |builder: RoutingTableBuilder, adapter| builder.with_adapter(adapter);
        adapters
            .into_iter()
            .fold(RoutingTable::builder(), add)
            .build()
            .err()
    };
    let conflict = |adapter: &'static str| {
        let (adapter, protocol) = (adapter.into(), "sip".into());
        Some(vec![RoutingConflict::AdapterName { adapter, protocol }])
    };
    assert_eq!(
        build([("sip", "sip"), ("lab-2", "sip"), ("x_y", "xmpp")]),
        None
    );
    assert_eq!(
        build([("sip", "sip"), ("lab_2", "sip"), ("x", "xmpp")]),
        conflict("lab_2")
    );
    assert_eq!(
        build([("sip", "sip"), ("xmpp", "sip"), ("x", "xmpp")]),
        conflict("xmpp")
    );
}

#[test]
fn rfc2779_2_1_5_a_hundred_thousand_domains_each_find_their_own_way() {
    let names: Vec<_> = (0..100_000)
        .map(|n| domain(&format!("d{n}.example")))
        .collect();
    let mut builder = RoutingTable::builder();
    for adapter in 0..7 {
        builder = builder.with_adapter(Adapter::new(format!("n{adapter}"), "sip"));
    }
    for (n, name) in names.iter().enumerate() {
        builder = builder.with_route(Route::new(name.clone(), format!("n{}", n % 7)));
    }
    let table = builder.build().unwrap();
    for (n, name) in names.iter().enumerate() {
        let message = vouched(operation(ALICE, &format!("im:x@{name}")));
        let decision = decided(&table, AdapterId::GATEWAY, &message).unwrap();
        assert_eq!(usize::from(decision.adapter().number()), n % 7);
    }
}

/// Three networks of which two speak one protocol; no route says where the third one's users are.
fn conversing() -> RoutingTable {
    RoutingTable::builder()
        .with_adapter(Adapter::new("sip", "sip"))
        .with_adapter(Adapter::new("xmpp", "xmpp").with_domains(&[domain("voice.example")]))
        .with_adapter(Adapter::new("lab", "sip"))
        .with_route(Route::new(domain("voice.example"), "sip"))
        .with_route(Route::new(domain("jabber.example"), "xmpp"))
        .with_route(Route::new(domain("known.example"), "lab"))
        .with_relay_domain(domain("relay.example"))
        .build()
        .unwrap()
}

proptest! {
    #[test]
    fn cpim_e_2_hide_reply_to_the_shown_address_comes_home(
        from in 0_usize..3,
        to in 0_usize..3,
        locals in ["[a-z\"@/=%. \u{e4}\u{1f600}]{1,20}", "[!-~]{1,20}"],
    ) {
        let table = conversing();
        // Alice's network may be one that no route knows; Bob's has to be found to begin with.
        let homes = ["voice.example", "jabber.example", "unknown.example"];
        let known = ["voice.example", "jabber.example", "known.example"];
        let alice = InstantInbox::new(&locals[0], &domain(homes[from])).unwrap();
        let bob = InstantInbox::new(&locals[1], &domain(known[to])).unwrap();
        let [from, to] = [from, to].map(|n| AdapterId::new(n as u16));

        let there = decided(&table, from, &operation(alice.as_str(), bob.as_str())).unwrap();
        prop_assert_eq!(there.adapter(), to);
        prop_assume!(from != to);
        let shown = there.source().unwrap_or(&alice);
        let back = decided(&table, to, &vouched(operation(bob.as_str(), shown.as_str()))).unwrap();
        prop_assert_eq!(back.adapter(), from);
        prop_assert_eq!(back.destination().unwrap_or(shown), &alice);

        // And once more: what Alice sees of Bob leads to him.
        let shown = back.source().unwrap_or(&bob);
        let again = decided(&table, from, &vouched(operation(alice.as_str(), shown.as_str()))).unwrap();
        prop_assert_eq!(again.adapter(), to);
        prop_assert_eq!(again.destination().unwrap_or(shown), &bob);
    }

    #[test]
    fn decision_and_explanation_agree_for_any_destination(
        local in "([a-z]{1,5}=)?[ -~]{1,30}",
        home in "(relay|second|voice|a\\.jabber|nowhere)",
    ) {
        let destination = InstantInbox::new(&local, &domain(&format!("{home}.example"))).unwrap();
        let message = vouched(operation(ALICE, destination.as_str()));
        let explanation = table().explain(SIP, &message);
        let decision = decided(&table(), SIP, &message);
        prop_assert_eq!(explanation.decision(), decision.as_ref().map(Some));
    }
}
