//! Source routes, unwrapped and put around.

use super::*;

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
