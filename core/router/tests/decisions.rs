//! Where messages go, and how their senders are shown there.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;
mod decisions {
    use super::*;

    mod building;
    mod source_routes;
}

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
