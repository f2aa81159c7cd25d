//! Messages that pass more than one gateway, or one gateway more than once.

use std::net::SocketAddr;

use rialto_tests::{
    gateway::{self, ComponentLink, Gateway, GatewayConfig},
    peers::{
        self, Ejabberd, Prosody, Reply, SippClient, SippServer, Transport, XmppServer,
        XmppSettings,
        sipp::{Outgoing, SIP_HOST},
        xmpp_server::XMPP_DOMAIN,
    },
    ports::Port,
    sip_message::SipMessage,
    world::{ALICE, ALICE_SEEN, JULIET_SEEN, SIP_DOMAIN},
};

/// How far SIPp lets a message go.
const MAX_FORWARDS: u64 = 70;

#[test]
fn cpim_2_4_2_message_between_two_gateways_that_send_it_to_each_other_fails_with_483() {
    if !peers::are_wanted() {
        return;
    }
    let ports = [Port::take(), Port::take()];
    let [left, right] = ports.each_ref().map(gateway::address);
    let lost = |listen: SocketAddr, other: SocketAddr| {
        let config = GatewayConfig::new().with_sip("sip", &[listen], &[]);
        Gateway::start(&config.with_route("lost.example", "sip", Some(&udp(other))))
    };
    let gateways = [lost(left, right), lost(right, left)];

    let answer = send(left, "sip:bob@lost.example", "round and round");
    assert_eq!(answer.status(), Some(483), "{}", answer.head());
    // Each gateway took it half of the times that it was forwarded, and no more.
    let taken = gateways.each_ref().map(Gateway::operations);
    assert_eq!(taken, [Some(MAX_FORWARDS / 2); 2]);
}

#[test]
fn cpim_2_4_2_message_that_two_gateways_send_in_circles_by_way_of_prosody_dies() {
    circles_by_way_of_xmpp::<Prosody>();
}

#[test]
fn cpim_2_4_2_message_that_two_gateways_send_in_circles_by_way_of_ejabberd_dies() {
    circles_by_way_of_xmpp::<Ejabberd>();
}

/// The one gives to SIP what XMPP brings, the other to XMPP what SIP brings, each for the same domain.
fn circles_by_way_of_xmpp<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let (lost, other) = ("lost.example", "relay.example");
    let server = S::start(XmppSettings::new(lost).with_other_component(other));
    let link = |domain: &str| ComponentLink {
        domain: domain.to_owned(),
        ..server.link()
    };
    let ports = [Port::take(), Port::take()];
    let [left, right] = ports.each_ref().map(gateway::address);
    let to_sip = GatewayConfig::new()
        .with_relay_domains(&[])
        .with_sip("sip", &[left], &[XMPP_DOMAIN])
        .with_xmpp("xmpp", &link(lost), &[lost])
        .with_route(lost, "sip", Some(&udp(right)));
    let to_xmpp = GatewayConfig::new()
        .with_sip("sip", &[right], &[])
        .with_xmpp("xmpp", &link(other), &[other])
        .with_route(lost, "xmpp", None);
    let gateways = [Gateway::start(&to_sip), Gateway::start(&to_xmpp)];
    let mut juliet = server.login("juliet");
    juliet.send("anyone@lost.example", "round and round");
    // The last one of them finds no hop left. The server had taken it by then, so that this is told afterwards, by a message that finds no way.
    let taken = || gateways.each_ref().map(Gateway::operations);
    let is_over = || taken().iter().flatten().sum::<u64>() > MAX_FORWARDS + 1;
    gateways[0]
        .process()
        .await_state("end of the hops", is_over);
    let failed = || {
        let status = gateways.each_ref().map(|gateway| gateway.ask(&["status"]));
        let failures = status.map(|status| status["router"]["failures"].as_u64());
        failures.iter().flatten().sum::<u64>() > 1
    };
    gateways[0].process().await_state("failure", failed);
    assert_eq!(
        taken(),
        [Some(MAX_FORWARDS / 2 + 2), Some(MAX_FORWARDS / 2)]
    );
}

#[test]
fn cpim_2_4_2_address_that_leads_through_one_gateway_twice_is_reached() {
    if !peers::are_wanted() {
        return;
    }
    let mut bob = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let ports = [Port::take(), Port::take()];
    let [left, right] = ports.each_ref().map(gateway::address);
    let twice = GatewayConfig::new()
        .with_relay_domains(&["left.example"])
        .with_sip("sip", &[left], &[])
        .with_route("right.example", "sip", Some(&udp(right)))
        .with_route("bob.example", "sip", Some(&bob.next_hop(Transport::Udp)));
    let once = GatewayConfig::new()
        .with_relay_domains(&["right.example"])
        .with_sip("sip", &[right], &[])
        .with_route("bob.example", "sip", Some(&udp(left)));
    let gateways = [Gateway::start(&twice), Gateway::start(&once)];

    let by_both = "sip:sip=right.example/sip=bob.example/bob@left.example";
    let answer = send(left, by_both, "there and back again");
    assert_eq!(answer.status(), Some(200), "{}", answer.head());
    let message = bob.receive(Transport::Udp);
    assert_eq!(message.body(), b"there and back again");
    assert_eq!(message.request_uri(), Some("sip:bob@bob.example"));
    assert_eq!(message.uri("From"), Some(ALICE));
    let left_over: Option<u64> = message.header("Max-Forwards").and_then(|n| n.parse().ok());
    assert_eq!(left_over, Some(MAX_FORWARDS - 3), "a hop for each passage");
    let taken = gateways.each_ref().map(Gateway::operations);
    assert_eq!(taken, [Some(2), Some(1)]);
}

#[test]
fn cpim_2_4_2_aliases_that_lead_through_one_gateway_twice_reach_their_user() {
    if !peers::are_wanted() {
        return;
    }
    let mut bob = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let ports = [Port::take(), Port::take()];
    let [left, right] = ports.each_ref().map(gateway::address);
    let alias = |shown: &str, address: &str| {
        format!("[[aliases]]\naddress = \"{address}\"\nshown_as = \"{shown}\"\n")
    };
    let twice = GatewayConfig::new()
        .with_relay_domains(&["left.example"])
        .with_sip("sip", &[left], &[])
        .with_route("right.example", "sip", Some(&udp(right)))
        .with_route("bob.example", "sip", Some(&bob.next_hop(Transport::Udp)))
        .with_sections(&alias("bobby@team.example", "bob@right.example"));
    let once = GatewayConfig::new()
        .with_relay_domains(&["right.example.net"])
        .with_sip("sip", &[right], &[])
        .with_route("bob.example", "sip", Some(&udp(left)))
        .with_sections(&alias("bob@right.example", "bob@bob.example"));
    let gateways = [Gateway::start(&twice), Gateway::start(&once)];

    let answer = send(left, "sip:bobby@team.example", "by two names");
    assert_eq!(answer.status(), Some(200), "{}", answer.head());
    let message = bob.receive(Transport::Udp);
    assert_eq!(message.body(), b"by two names");
    assert_eq!(message.request_uri(), Some("sip:bob@bob.example"));
    let left_over: Option<u64> = message.header("Max-Forwards").and_then(|n| n.parse().ok());
    assert_eq!(left_over, Some(MAX_FORWARDS - 3), "a hop for each passage");
    let taken = gateways.each_ref().map(Gateway::operations);
    assert_eq!(taken, [Some(2), Some(1)]);
}

#[test]
fn rfc2779_2_4_3_message_and_its_response_pass_two_gateways_between_sip_and_xmpp() {
    if !peers::are_wanted() {
        return;
    }
    let prosody = Prosody::start(XmppSettings::new(SIP_DOMAIN));
    let mut alice = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let ports = [Port::take(), Port::take(), Port::take()];
    let [near, between, far] = ports.each_ref().map(gateway::address);
    let first = GatewayConfig::new()
        .with_sip("users", &[near], &[XMPP_DOMAIN])
        .with_sip("gateways", &[between], &[SIP_DOMAIN])
        .with_route(XMPP_DOMAIN, "gateways", Some(&udp(far)))
        .with_route(SIP_DOMAIN, "users", Some(&alice.next_hop(Transport::Udp)));
    let second = GatewayConfig::new()
        .with_sip("gateways", &[far], &[XMPP_DOMAIN])
        .with_xmpp("xmpp", &prosody.link(), &[SIP_DOMAIN])
        .with_route(XMPP_DOMAIN, "xmpp", None)
        .with_route(SIP_DOMAIN, "gateways", Some(&udp(between)));
    let _gateways = [Gateway::start(&first), Gateway::start(&second)];
    let mut juliet = prosody.login("juliet");

    assert_eq!(send(near, JULIET_SEEN, "O, Juliet").status(), Some(200));
    let stanza = juliet.receive();
    assert_eq!(
        (stanza.body(), stanza.bare_from()),
        (Some("O, Juliet"), ALICE_SEEN)
    );
    let nobody = send(near, "sip:nobody@xmpp.example", "anyone?");
    assert!(
        matches!(nobody.status(), Some(403 | 404)),
        "{}",
        nobody.head()
    );

    juliet.send(stanza.from(), "O, Alice");
    let reply = alice.receive(Transport::Udp);
    assert_eq!(
        (reply.body(), reply.uri("To")),
        (&b"O, Alice"[..], Some(ALICE))
    );
}

/// Sends a text from Alice, and returns the final response.
fn send(gateway: SocketAddr, to: &str, text: &str) -> SipMessage {
    SippClient::new(SIP_HOST, Transport::Udp, gateway).send(Outgoing::text(ALICE, to, text))
}

fn udp(address: SocketAddr) -> String {
    format!("udp:{address}")
}
