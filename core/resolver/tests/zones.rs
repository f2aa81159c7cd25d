//! Domains on a real name server: what is asked, in which order, and what comes of it.

mod support;

use std::{collections::HashMap, time::Duration};

use rand::{SeedableRng, rngs::SmallRng};
use rialto_model::FailureReason::Unresolvable;
use rialto_resolver::{AddressFamilies, Config, ConfigError, Resolver, Service};
use rialto_tests::dns::servers_are_wanted;
use support::{World, addresses, domain, failure, mail, sip, xmpp};

#[tokio::test]
async fn cpim_2_2_2_srv_records_are_asked_for_before_any_address() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::new();
    assert_eq!(
        world.addresses("listed.test").await,
        [
            "sip 192.0.2.1:5061",
            "sip 192.0.2.2:5061",
            "sip [2001:db8::1]:5061",
            "sip 192.0.2.3:5062"
        ]
    );
    let asked = world.asked();
    let (first, rest) = asked.split_at(2);
    let mut first: Vec<_> = first
        .iter()
        .map(|a| format!("{} {}", a.kind, a.name))
        .collect();
    first.sort();
    assert_eq!(
        first,
        ["SRV _im._sip.listed.test", "SRV _im._xmpp.listed.test"]
    );
    assert!(
        rest.iter()
            .all(|a| ["A", "AAAA"].contains(&a.kind.as_str())),
        "{rest:?}"
    );
    assert!(
        rest.iter().all(|a| a.name.ends_with("hosts.test")),
        "{rest:?}"
    );
}

#[tokio::test]
async fn cpim_2_2_2_srv_records_are_asked_for_even_when_there_are_none() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::new();
    world.addresses("plain.test").await;
    let asked = world.asked();
    let last_srv = asked.iter().rposition(|a| a.kind == "SRV").unwrap();
    let first_address = asked
        .iter()
        .position(|a| a.kind == "A" || a.kind == "AAAA")
        .unwrap();
    assert!(asked[0].name.starts_with("_im."), "{asked:?}");
    assert!(last_srv < first_address, "{asked:?}");
}

#[tokio::test]
async fn cpim_2_2_2_cname_of_a_domain_is_processed_as_if_it_were_the_domain() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::new();
    let listed = world.addresses("listed.test").await;
    assert_eq!(world.addresses("alias.test").await, listed);
    assert_eq!(world.addresses("alias2.test").await, listed);
    assert_eq!(world.addresses("away.test").await, ["sip 192.0.2.71:5071"]);
    assert_eq!(
        world.addresses("aliasplain.test").await,
        ["sip 192.0.2.10:5060"]
    );
}

#[tokio::test]
async fn cpim_2_2_2_cname_of_a_record_leads_to_the_records_at_its_end() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::new();
    let listed = world.addresses("listed.test").await;
    assert_eq!(world.addresses("record.test").await, listed);
    assert_eq!(world.addresses("todomain.test").await, listed);
    assert_eq!(
        world.addresses("recordaway.test").await,
        ["sip 192.0.2.71:5071"]
    );
    assert_eq!(
        world.addresses("hostalias.test").await,
        ["sip 192.0.2.3:5060"]
    );
    // A wildcard alias to the domain itself is no circle, and says nothing.
    assert_eq!(world.addresses("wild.test").await, ["sip 192.0.2.20:5060"]);
}

#[tokio::test]
async fn cpim_2_2_2_cname_loop_is_a_failure() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::new();
    for name in ["circle1.test", "circle.test", "chain.test"] {
        let (reason, detail) = world.failure(name).await;
        assert_eq!(reason, Unresolvable, "{name}: {detail}");
        assert!(
            detail.contains("circle or are too many"),
            "{name}: {detail}"
        );
    }
}

#[tokio::test]
async fn cpim_2_2_2_no_a_record_is_used_where_there_are_srv_records() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::new();
    let (reason, detail) = world.failure("dead.test").await;
    assert_eq!(reason, Unresolvable);
    assert!(detail.contains("none of them has an address"), "{detail}");
    let asked = world.asked();
    assert!(
        asked
            .iter()
            .all(|a| a.name != "dead.test" && !a.name.starts_with("_sip.")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn cpim_2_2_2_no_a_record_is_used_where_the_service_is_not_offered() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::new();
    let (reason, detail) = world.failure("refused.test").await;
    assert_eq!(reason, Unresolvable);
    assert!(detail.contains("not offered"), "{detail}");
    assert_eq!(
        world.addresses("refusedsip.test").await,
        ["xmpp 192.0.2.3:5269"]
    );
    assert_eq!(
        world.addresses("noudp.test").await,
        ["sip tcp:192.0.2.3:5060"]
    );
}

#[tokio::test]
async fn cpim_2_2_2_implicit_record_is_the_address_on_the_default_port() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::new();
    assert_eq!(world.addresses("plain.test").await, ["sip 192.0.2.10:5060"]);
    assert_eq!(
        world.addresses("plain6.test").await,
        ["sip [2001:db8::10]:5060"]
    );
    let jabber = World::with(|config| config, vec![mail(), xmpp(), sip()]);
    assert_eq!(
        jabber.addresses("plain.test").await,
        ["xmpp 192.0.2.10:5269"]
    );
    let none = World::with(|config| config, vec![mail()]);
    assert_eq!(none.failure("plain.test").await.0, Unresolvable);
}

#[tokio::test]
async fn cpim_2_2_3_order_of_protocols_in_the_configuration_decides() {
    if !servers_are_wanted() {
        return;
    }
    let (by_sip, by_xmpp) = (
        ["sip 192.0.2.1:5060", "sip 192.0.2.2:5060"],
        "xmpp 192.0.2.3:5269",
    );
    let config = |config: Config| config.with_families(AddressFamilies::V4);
    let sip_first = World::with(config, vec![sip(), xmpp()]);
    assert_eq!(
        sip_first.addresses("both.test").await,
        [by_sip[0], by_sip[1], by_xmpp]
    );
    let xmpp_first = World::with(config, vec![xmpp(), sip()]);
    assert_eq!(
        xmpp_first.addresses("both.test").await,
        [by_xmpp, by_sip[0], by_sip[1]]
    );
    let resolution = sip_first.resolve("both.test").await;
    let mut rng = SmallRng::seed_from_u64(0);
    let only: Vec<_> = resolution.hops(&mut rng, Some("xmpp")).unwrap().collect();
    assert_eq!(only.len(), 1);
    let refused = resolution
        .hops(&mut rng, Some("smtp"))
        .map(drop)
        .unwrap_err();
    assert!(refused.detail().contains("no way by smtp"), "{refused}");
}

#[tokio::test]
async fn cpim_2_2_4_sort_is_by_preference_then_by_weight_for_each_use() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::new();
    let sorted = world.addresses("sorted.test").await;
    assert_eq!(
        sorted,
        [5061, 5062, 5063].map(|port| format!("sip 192.0.2.3:{port}"))
    );
    let resolution = world.resolve("weighted.test").await;
    let mut rng = SmallRng::seed_from_u64(2782);
    let mut first: HashMap<String, u32> = HashMap::new();
    for _ in 0..10_000 {
        let hop = resolution.hops(&mut rng, None).unwrap().next().unwrap();
        *first.entry(hop.address().to_string()).or_default() += 1;
    }
    let share = |port| first[&format!("192.0.2.3:{port}")];
    assert!((900..1250).contains(&share(5010)), "{first:?}");
    assert!((2750..3250).contains(&share(5030)), "{first:?}");
    assert!((5700..6250).contains(&share(5060)), "{first:?}");
}

#[tokio::test]
async fn cpim_2_2_4_multihomed_hosts_are_tried_in_the_order_dns_gave() {
    if !servers_are_wanted() {
        return;
    }
    let v4 = ["192.0.2.9", "192.0.2.1", "192.0.2.5"].map(|a| format!("sip {a}:5060"));
    let v6 = ["2001:db8::9", "2001:db8::1"].map(|a| format!("sip [{a}]:5060"));
    for (families, expected) in [
        (AddressFamilies::V4ThenV6, [&v4[..], &v6[..]].concat()),
        (AddressFamilies::V6ThenV4, [&v6[..], &v4[..]].concat()),
        (AddressFamilies::V6, v6.to_vec()),
    ] {
        let world = World::with(|config| config.with_families(families), vec![sip()]);
        assert_eq!(
            world.addresses("multihomed.test").await,
            expected,
            "{families:?}"
        );
    }
}

#[tokio::test]
async fn cpim_2_2_4_limit_of_alternates_is_configurable_and_two_at_least() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::with(|config| config.with_alternates(2).unwrap(), vec![sip()]);
    assert_eq!(world.addresses("listed.test").await.len(), 2);
    for too_few in [0, 1] {
        let error = Config::default().with_alternates(too_few).unwrap_err();
        assert!(matches!(error, ConfigError::TooFewAlternates(n) if n == too_few));
        assert!(error.to_string().contains("at least 2"), "{error}");
    }
}

#[tokio::test]
async fn cpim_3_2_presentities_are_asked_for_with_pres() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::new();
    let listed = world
        .resolver
        .resolve(Service::Presence, &domain("listed.test"))
        .await;
    assert_eq!(addresses(&listed), ["sip 192.0.2.3:5080"]);
    let asked = world.asked();
    assert!(
        asked.iter().take(2).all(|a| a.name.starts_with("_pres._")),
        "{asked:?}"
    );
    // The two services of a domain are remembered apart.
    assert_eq!(
        world.addresses("listed.test").await[0],
        "sip 192.0.2.1:5061"
    );
}

#[tokio::test]
async fn cpim_2_2_1_domain_that_is_not_there_is_a_failure_that_says_so() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::new();
    let (reason, detail) = world.failure("nobody.test").await;
    assert_eq!(
        (reason, detail.as_str()),
        (Unresolvable, "there is no domain nobody.test")
    );
    let (reason, detail) = world.failure("empty.test").await;
    assert_eq!(reason, Unresolvable);
    assert!(
        detail.contains("neither SRV records nor an address"),
        "{detail}"
    );
}

#[tokio::test]
async fn own_records_of_a_protocol_are_used_where_it_lists_nothing() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::with(|config| config, vec![sip(), xmpp(), mail()]);
    let naptr = [
        "tcp:192.0.2.3:5064",
        "udp:192.0.2.1:5063",
        "udp:192.0.2.2:5063",
        "udp:[2001:db8::1]:5063",
    ];
    assert_eq!(
        world.addresses("naptr.test").await,
        naptr.map(|hop| format!("sip {hop}"))
    );
    assert_eq!(
        world.addresses("udp.test").await,
        ["sip udp:192.0.2.3:5065"]
    );
    assert_eq!(
        world.addresses("jabber.test").await,
        ["xmpp 192.0.2.3:5269"]
    );
    assert_eq!(
        world.addresses("mail.test").await,
        ["smtp [2001:db8::3]:25", "smtp 192.0.2.3:25"]
    );
    assert!(world.failure("nomail.test").await.1.contains("not offered"));
}

#[tokio::test]
async fn protocol_without_addresses_is_asked_only_whether_it_is_there() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::with(|config| config, vec![sip(), xmpp().without_addresses()]);
    assert_eq!(world.addresses("jabber.test").await, ["xmpp "]);
    assert!(
        world
            .asked()
            .iter()
            .all(|a| a.kind != "A" && a.kind != "AAAA")
    );
    let both = world.addresses("both.test").await;
    assert_eq!(both.last().map(String::as_str), Some("xmpp "));
}

#[tokio::test]
async fn targets_that_no_host_can_have_are_left_out() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::new();
    assert_eq!(world.addresses("odd.test").await, ["sip 192.0.2.3:5069"]);
}

#[tokio::test]
async fn addresses_of_the_gateway_itself_are_not_used_unless_permitted() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::new();
    assert_eq!(world.failure("inside.test").await.0, Unresolvable);
    let (_, lines) = explain(&world.resolver, "inside.test").await;
    let denied = "127.0.0.1 is denied: left out";
    assert!(lines.iter().any(|line| line == denied), "{lines:#?}");
    let open = World::with(|config| config.with_denied([]), vec![sip()]);
    let loopback = ["127.0.0.1:5060", "[::1]:5060", "[fe80::1]:5060"];
    assert_eq!(
        open.addresses("inside.test").await,
        loopback.map(|hop| format!("sip {hop}"))
    );
}

#[tokio::test]
async fn explanation_says_what_was_asked_and_which_rule_decided() {
    if !servers_are_wanted() {
        return;
    }
    let world = World::new();
    let (resolution, lines) = explain(&world.resolver, "alias.test").await;
    assert!(resolution.failure().is_none());
    for part in [
        "SRV _im._sip.alias.test: no such name",
        "CNAME alias.test: listed.test (for 300 s)",
        "alias.test is an alias: listed.test is processed as if it were the initial domain",
        "SRV _im._sip.listed.test: 20 0 5062 b.hosts.test; 10 0 5061 a.hosts.test (for 300 s)",
        "listed.test lists with _im how it is reached",
        "A a.hosts.test: 192.0.2.1; 192.0.2.2 (for 300 s)",
        "sip 192.0.2.1:5061, sip 192.0.2.2:5061, sip [2001:db8::1]:5061 (a.hosts.test, preference 10, weight 0)",
        "holds for 60 s",
    ] {
        assert!(
            lines.iter().any(|line| line.starts_with(part)),
            "{part}: {lines:#?}"
        );
    }
    // The missing AAAA record is a part of it.
    let world = World::with(
        |config| config.with_max_negative_ttl(Duration::from_secs(20)),
        vec![sip()],
    );
    let (_, lines) = explain(&world.resolver, "listed.test").await;
    assert_eq!(lines.last().map(String::as_str), Some("holds for 20 s"));
    let (resolution, lines) = explain(&world.resolver, "nobody.test").await;
    assert_eq!(failure(&resolution).0, Unresolvable);
    assert!(
        lines
            .iter()
            .any(|line| line == "no next hop: there is no domain nobody.test"),
        "{lines:#?}"
    );
}

async fn explain(
    resolver: &Resolver,
    name: &str,
) -> (std::sync::Arc<rialto_resolver::Resolution>, Vec<String>) {
    resolver
        .explain(Service::InstantMessaging, &domain(name))
        .await
}
