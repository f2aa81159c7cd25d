//! Presence of SIP users in networks and behind gateways that are found by name, or named by the address.

use std::net::SocketAddr;

use rialto_tests::{
    dns::{DnsProxy, Nsd, Plan, hosts, servers_are_wanted, srv},
    gateway::{self, Gateway, GatewayConfig},
    peers::sipp::SIP_HOST,
    ports::Port,
    raw_sip::RawSip,
    sip_presence::{SipPresentity, SipWatcher},
    world::{ALICE, SIP_DOMAIN},
};

const BOB: &str = "sip:bob@far.example";
const BOBS_DOMAIN: &str = "far.example";

fn pidf(note: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='pres:bob@far.example'>\
         <tuple id='desk'><status><basic>open</basic></status><note>{note}</note></tuple></presence>"
    )
}

/// A gateway of one SIP network, whose proxy vouches for its users.
fn gateway_of(domain: &str, listen: SocketAddr, next_hop: SocketAddr) -> GatewayConfig {
    GatewayConfig::new()
        .with_sip("sip", &[listen], &[])
        .with_settings(&[&format!("trusted = [\"{SIP_HOST}\"]")])
        .with_route(domain, "sip", Some(&format!("udp:{next_hop}")))
}

#[test]
fn cpim_3_2_presentity_is_found_by_its_pres_records_and_its_inbox_by_its_im_records() {
    if !servers_are_wanted() {
        return;
    }
    let (alice, bob) = (SipWatcher::new(ALICE, BOB), SipPresentity::new(BOB));
    let [writer, bobs_inbox] = [RawSip::new(), RawSip::new()];
    let records = [
        srv("_pres._sip", 10, bob.address()),
        srv("_im._sip", 10, bobs_inbox.address()),
        hosts(),
    ];
    let nsd = Nsd::start(&[(BOBS_DOMAIN, &records.join("\n"))]);
    let dns = DnsProxy::start(Plan::Forward(nsd.address()));
    let port = Port::take();
    let near = gateway::address(&port);
    let resolver = format!("name_servers = [\"{}\"]\ndenied = []", dns.address());
    let config = gateway_of(SIP_DOMAIN, near, alice.address()).with_resolver(&resolver);
    let _gateway = Gateway::start(&config);

    alice.ask(near, "");
    let asked = bob.grant(near);
    bob.notify(near, &asked, &pidf("at my desk"));
    alice.next_with("at my desk");
    let questions = dns.asked();
    let is_srv = |name: &str| {
        let mut questions = questions.iter();
        questions.position(|asked| asked.kind == "SRV" && asked.name == name)
    };
    let first_address = questions
        .iter()
        .position(|asked| asked.kind.starts_with('A'));
    let first = is_srv("_pres._sip.far.example");
    assert!(first.is_some() && first < first_address, "{questions:?}");
    assert_eq!(is_srv("_im._sip.far.example"), None, "{questions:?}");

    writer.send(near, ALICE, BOB, "text/plain", b"hello");
    assert_eq!(bobs_inbox.receive().body(), b"hello");
    assert_eq!(writer.receive().status(), Some(200));
}

/// Each gateway knows its own network alone, and trusts nobody else.
#[test]
fn rfc2779_2_2_1_gateways_that_know_nothing_of_each_other_share_a_subscription_and_a_message() {
    if !servers_are_wanted() {
        return;
    }
    let (alice, bob) = (SipWatcher::new(ALICE, BOB), SipPresentity::new(BOB));
    let ports = [Port::take(), Port::take()];
    let [near, far] = ports.each_ref().map(gateway::address);
    let records = |gateway| {
        let services = ["_im._sip", "_pres._sip"].map(|name| srv(name, 10, gateway));
        [services.join("\n"), hosts()].join("\n")
    };
    let dns = Nsd::start(&[(SIP_DOMAIN, &records(near)), (BOBS_DOMAIN, &records(far))]);
    let hers = gateway_of(SIP_DOMAIN, near, alice.address()).with_relay_domains(&["hers.example"]);
    let his = gateway_of(BOBS_DOMAIN, far, bob.address()).with_relay_domains(&["his.example"]);
    let [_hers, his] =
        [hers, his].map(|config| Gateway::start(&config.with_resolver(&dns.resolver())));

    // Nobody vouches for her there. That is his to decide.
    assert_eq!(alice.subscribe(near, "").status(), Some(403));
    his.say(&["rules", "allow", "bob@far.example", "unauthenticated"]);
    alice.ask(near, "");
    let asked = bob.grant(far);
    bob.notify(far, &asked, &pidf("at my desk"));
    let told = alice.next_with("at my desk");
    assert_eq!(told.body(), pidf("at my desk").as_bytes());

    let [writer, reader] = [RawSip::new(), bob.socket];
    writer.send(near, ALICE, BOB, "text/plain", b"found by name");
    assert_eq!(reader.receive().body(), b"found by name");
    assert_eq!(writer.receive().status(), Some(200));
}

/// Alice's gateway knows nothing of Bob's domain, and reaches the relay in whose domain the address is.
#[test]
fn rfc2779_2_4_1_and_2_4_2_subscription_by_a_source_route_passes_a_relay_and_ends_there_too() {
    let bob = SipPresentity::new(BOB);
    let alice = SipWatcher::new(ALICE, "sip:sip=far.example/bob@relay.example");
    let ports = [Port::take(), Port::take()];
    let [near, relay] = ports.each_ref().map(gateway::address);
    let hers = gateway_of(SIP_DOMAIN, near, alice.address())
        .with_relay_domains(&["hers.example"])
        .with_route("relay.example", "sip", Some(&format!("udp:{relay}")));
    let between = gateway_of(BOBS_DOMAIN, relay, bob.address());
    let gateways = [Gateway::start(&hers), Gateway::start(&between)];
    gateways[1].say(&["rules", "allow", "bob@far.example", "unauthenticated"]);

    let granted = alice.subscribe(near, "");
    assert!(
        matches!(granted.status(), Some(200 | 202)),
        "{}",
        granted.head()
    );
    let asked = bob.grant(relay);
    assert_eq!(asked.request_uri(), Some(BOB));
    bob.notify(relay, &asked, &pidf("at my desk"));
    alice.next_with("at my desk");
    bob.notify(relay, &asked, &pidf("at lunch"));
    alice.next_with("at lunch");

    alice.ask_within(near, &granted, "Expires: 0\r\n");
    let parting = bob.grant(relay);
    assert_eq!(parting.header("Expires"), Some("0"));
    assert_eq!(parting.header("Call-ID"), asked.header("Call-ID"));
    let last = alice.end();
    assert_eq!(
        last.header("Subscription-State"),
        Some("terminated;reason=timeout")
    );
    for gateway in gateways {
        let knows_none = || gateway.ask(&["status"])["presence"]["subscriptions"] == 0;
        gateway.process().await_state("end on both", knows_none);
    }
}

#[test]
fn rfc2779_5_1_17_and_5_1_18_and_5_2_5_and_5_2_6_address_of_neither_sip_user_is_shown_to_the_other()
{
    let (alice, bob) = (SipWatcher::new(ALICE, BOB), SipPresentity::new(BOB));
    let port = Port::take();
    let listen = gateway::address(&port);
    let config = gateway_of(SIP_DOMAIN, listen, alice.address()).with_route(
        BOBS_DOMAIN,
        "sip",
        Some(&format!("udp:{}", bob.address())),
    );
    let _gateway = Gateway::start(&config);
    alice.ask(listen, "");
    let asked = bob.grant(listen);
    bob.notify(listen, &asked, &pidf("at my desk"));
    let told = alice.next_with("at my desk");
    // Both live on one host, and each has a port of its own.
    let [hers, his] = [alice.address(), bob.address()].map(|at| format!(":{}", at.port()));
    assert!(!asked.head().contains(&hers), "{}", asked.head());
    assert!(!told.head().contains(&his), "{}", told.head());
    for shown in [asked, told] {
        let contact = shown.header("Contact").unwrap_or_default();
        assert!(contact.contains(&listen.to_string()), "{contact}");
    }
}
