//! Tables that are built, and those that are not.

use super::*;

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
