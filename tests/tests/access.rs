//! Access rules, as senders on real networks meet them.

use rialto_tests::{
    gateway::{Gateway, GatewayConfig, address},
    peers::{
        self, Prosody, Reply, SippClient, SippServer, Transport, XmppServer, XmppSettings,
        sipp::{Outgoing, SIP_HOST},
    },
    ports::Port,
};

const ALICE: &str = "sip:alice@sip.example";
const MALLORY: &str = "sip:mallory@sip.example";
const JULIET: &str = "sip:juliet@xmpp.example";

const RULES: &str = "[[rules]]\naction = \"deny\"\nfrom_adapter = \"sip\"\nto = \"benvolio@xmpp.example\"\n\
                     [principals.\"im:juliet@xmpp.example\"]\nblocked = [\"mallory@sip.example\"]\n";

#[test]
fn cpim_2_4_1_2_refusals_of_the_rules_reach_senders_of_both_networks_in_their_own_protocol() {
    if !peers::are_wanted() {
        return;
    }
    let xmpp = Prosody::start(XmppSettings::new("sip.example"));
    let mut sip = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let port = Port::take();
    let listen = address(&port);
    let config = GatewayConfig::new()
        .with_sip("sip", &[listen], &["xmpp.example"])
        .with_xmpp("xmpp", &xmpp.link(), &["sip.example"])
        .with_route("xmpp.example", "xmpp", None)
        .with_route("sip.example", "sip", Some(&sip.next_hop(Transport::Udp)))
        .with_sections(RULES);
    let gateway = Gateway::start(&config);
    let mut juliet = xmpp.login("juliet");
    let client = SippClient::new(SIP_HOST, Transport::Udp, listen);
    let send = |from, to| client.send(Outgoing::text(from, to, "hello"));

    // The principal's own list, the operator's rule, an XMPP user's name from SIP, a stranger to a stranger, and one who
    // only says to be of ours.
    let refused = [
        (MALLORY, JULIET),
        (ALICE, "sip:benvolio@xmpp.example"),
        ("sip:romeo@xmpp.example", JULIET),
        ("sip:eve@elsewhere.example", "sip:fred@faraway.example"),
        (ALICE, "sip:fred@faraway.example"),
    ];
    for (from, to) in refused {
        let answer = send(from, to);
        assert_eq!(
            answer.status(),
            Some(403),
            "{from} to {to}: {}",
            answer.head()
        );
        assert!(!answer.head().contains("rule 1"), "{}", answer.head());
    }
    assert_eq!(send(ALICE, JULIET).status(), Some(200));
    assert_eq!(juliet.receive().bare_from(), "alice@sip.example");
    assert!(juliet.unread().is_empty(), "nothing of what was refused");

    let status = gateway.ask(&["status"]);
    assert_eq!(status["router"]["not_permitted"], refused.len(), "{status}");
    // The other way, the rules of this gateway have nothing against it.
    juliet.send("benvolio@sip.example", "Good day");
    let arrived = sip.receive(Transport::Udp);
    let from = arrived.uri("From").unwrap_or_default();
    assert!(from.starts_with(JULIET), "{from}");
}

#[test]
fn rfc2779_5_4_10_user_of_sip_takes_no_messages_of_an_xmpp_user_who_hears_of_it() {
    if !peers::are_wanted() {
        return;
    }
    let xmpp = Prosody::start(XmppSettings::new("sip.example"));
    let mut sip = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let port = Port::take();
    let config = GatewayConfig::new()
        .with_sip("sip", &[address(&port)], &["xmpp.example"])
        .with_xmpp("xmpp", &xmpp.link(), &["sip.example"])
        .with_route("xmpp.example", "xmpp", None)
        .with_route("sip.example", "sip", Some(&sip.next_hop(Transport::Udp)))
        .with_sections(
            "[[rules]]\naction = \"allow\"\n\
             [principals.\"im:alice@sip.example\"]\nblocked = [\"juliet@xmpp.example\"]\n",
        );
    let _gateway = Gateway::start(&config);
    let (mut juliet, mut romeo) = (xmpp.login("juliet"), xmpp.login("romeo"));
    for alice in ["alice@sip.example", "ALICE@sip.example"] {
        let sent = juliet.send(alice, "not wanted");
        let error = juliet.receive();
        assert_eq!(error.id(), Some(&*sent), "{}", error.xml());
        assert_eq!(error.error_condition(), Some("forbidden"));
    }
    romeo.send("alice@sip.example", "wanted");
    assert_eq!(sip.receive(Transport::Udp).body(), b"wanted");
    juliet.send("benvolio@sip.example", "to another");
    assert_eq!(sip.receive(Transport::Udp).body(), b"to another");
    assert_eq!(sip.received().len(), 2, "nothing of what was blocked");
}

#[test]
fn rfc2779_5_4_3_rule_tells_senders_whose_network_vouches_for_them_from_others() {
    if !peers::are_wanted() {
        return;
    }
    let xmpp = Prosody::start(XmppSettings::new("sip.example"));
    let mut sip = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let mut juliet = xmpp.login("juliet");
    let trusted = format!("trusted = [\"{SIP_HOST}\"]");
    for (setting, status) in [("trusted = []", 403), (&*trusted, 200)] {
        let port = Port::take();
        let listen = address(&port);
        let config = GatewayConfig::new()
            .with_sip("sip", &[listen], &["xmpp.example"])
            .with_settings(&[setting])
            .with_xmpp("xmpp", &xmpp.link(), &["sip.example"])
            .with_route("xmpp.example", "xmpp", None)
            .with_route("sip.example", "sip", Some(&sip.next_hop(Transport::Udp)))
            .with_sections("[[rules]]\naction = \"deny\"\nauthenticated = false\n");
        let _gateway = Gateway::start(&config);
        let client = SippClient::new(SIP_HOST, Transport::Udp, listen);
        let answer = client.send(Outgoing::text(ALICE, JULIET, "hello"));
        assert_eq!(
            answer.status(),
            Some(status),
            "{setting}: {}",
            answer.head()
        );
        // What comes through the server is vouched for by it.
        juliet.send("benvolio@sip.example", setting);
        assert_eq!(sip.receive(Transport::Udp).body(), setting.as_bytes());
    }
    assert_eq!(juliet.receive().body(), Some("hello"));
}
