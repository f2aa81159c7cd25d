//! SIP over TLS, with real peers: baresip, OpenSSL, and gateways among themselves.

use std::{net::SocketAddr, path::PathBuf};

use rialto_tests::{
    certificates::{Authority, Certificate},
    gateway::{self, Gateway, GatewayConfig},
    peers::{
        self, Baresip, Kamailio, Prosody, TlsServer, XmppServer, XmppSettings,
        baresip::{Presence, Secured, Shown},
        sipp::SIP_HOST,
        tls,
        xmpp_server::XMPP_DOMAIN,
    },
    ports::Port,
    raw_sip::RawSip,
    stage::Stage,
    world::{ALICE, ALICE_SEEN, JULIET_SEEN, SIP_DOMAIN},
};

/// The names that the gateway is called by: phones know its address alone.
const GATEWAY: [&str; 2] = ["gw.example", "127.0.0.13"];
const BOB: &str = "pres:bob@far.example";
const BOB_SEEN: &str = "sip:bob@far.example";
const ALICE_WATCHED: &str = "pres:alice@sip.example";
/// Whom nobody vouches for, nobody hears of.
const VOUCHED: &str = "[[rules]]\naction = \"deny\"\nauthenticated = false\n";

/// Where a phone at this port takes TLS.
fn over_tls(port: &Port) -> String {
    format!("tls:{}", SocketAddr::new(SIP_HOST, port.number() + 1))
}

/// A gateway between SIP over TLS and Prosody.
fn beside_prosody(
    prosody: &Prosody,
    listen: SocketAddr,
    certificates: (&Authority, &Certificate),
    next_hop: &str,
    more: &str,
) -> GatewayConfig {
    GatewayConfig::new()
        .with_secured_sip("sip", listen, &[XMPP_DOMAIN], certificates, more)
        .with_xmpp("xmpp", &prosody.link(), &[SIP_DOMAIN])
        .with_route(XMPP_DOMAIN, "xmpp", None)
        .with_route(SIP_DOMAIN, "sip", Some(next_hop))
}

#[test]
fn cpim_4_2_and_rfc2779_5_4_7_baresip_and_prosody_converse_over_tls() {
    if !peers::are_wanted() {
        return;
    }
    let authority = Authority::new();
    let [own, hers] = [&GATEWAY[..], &[SIP_DOMAIN]].map(|names| authority.certify(names));
    let prosody = Prosody::start(XmppSettings::new(SIP_DOMAIN));
    let ports = [Port::take(), Port::take()];
    let [phone, near] = ports;
    let listen = gateway::address(&near);
    let next_hop = over_tls(&phone);
    let config = beside_prosody(&prosody, listen, (&authority, &own), &next_hop, "");
    let gateway = Gateway::start(&config);
    let secured = Secured {
        certificate: &hers,
        authority: &authority,
    };
    let contacts = [JULIET_SEEN];
    let mut alice =
        Baresip::start_secured(phone, ALICE, listen, &contacts, &Presence::None, &secured);
    let mut juliet = prosody.login("juliet");
    alice.send(JULIET_SEEN, "who can hear us?");
    let stanza = juliet.receive();
    assert_eq!(stanza.body(), Some("who can hear us?"));
    assert_eq!(stanza.bare_from(), ALICE_SEEN);
    juliet.send(ALICE_SEEN, "nobody");
    let from = alice.await_text("nobody");
    assert!(from.contains(JULIET_SEEN), "{from}");

    // Another version takes the port over, and phones connect again.
    gateway.say(&["plugins", "upgrade", "sip"]);
    alice.send(JULIET_SEEN, "and now?");
    assert_eq!(juliet.receive().body(), Some("and now?"));
    juliet.send(ALICE_SEEN, "nor now");
    alice.await_text("nor now");
}

#[test]
fn rfc2779_2_5_1_message_goes_to_no_server_that_is_not_its_recipients_domain() {
    if !peers::are_wanted() {
        return;
    }
    let (authority, stranger) = (Authority::new(), Authority::new());
    let own = authority.certify(&GATEWAY);
    let prosody = Prosody::start(XmppSettings::new(SIP_DOMAIN));
    let mut juliet = prosody.login("juliet");
    for (shown, is_taken) in [
        (authority.certify(&["other.example"]), false),
        (authority.certify(&["*.example"]), false),
        (authority.certify_until(&[SIP_DOMAIN], 2020), false),
        (stranger.certify(&[SIP_DOMAIN]), false),
        (authority.certify(&[SIP_DOMAIN]), true),
    ] {
        let server = TlsServer::start(&shown);
        let near = Port::take();
        let listen = gateway::address(&near);
        let next_hop = format!("tls:{}", server.address());
        let config = beside_prosody(&prosody, listen, (&authority, &own), &next_hop, "");
        let gateway = Gateway::start(&config);
        // Else the error is Prosody's, which still has the gateway before.
        gateway.await_up("xmpp");
        juliet.send(ALICE_SEEN, "for you alone");
        if is_taken {
            server.await_text("for you alone");
        } else {
            assert_eq!(juliet.receive().kind(), "error");
            assert!(!server.has_read("SIP"), "{}", shown.certificate.display());
        }
    }
}

#[test]
fn cpim_4_2_openssl_verifies_the_gateway_and_there_is_no_tls_before_1_2() {
    if !peers::are_wanted() {
        return;
    }
    let (authority, stranger) = (Authority::new(), Authority::new());
    let own = authority.certify(&GATEWAY);
    let near = Port::take();
    let listen = gateway::address(&near);
    let config = GatewayConfig::new();
    let config = config.with_secured_sip("sip", listen, &[], (&authority, &own), "");
    let _gateway = Gateway::start(&config);
    let is_verified = |by, version| tls::is_verified(listen, by, "gw.example", version);
    assert!(is_verified(&authority, "-tls1_3"));
    assert!(is_verified(&authority, "-tls1_2"));
    assert!(!is_verified(&authority, "-tls1_1"));
    assert!(!is_verified(&stranger, "-tls1_3"));
}

/// A MESSAGE of Alice's to Juliet.
fn message(branch: &str, text: &str) -> String {
    format!(
        "MESSAGE {JULIET_SEEN} SIP/2.0\r\nVia: SIP/2.0/TLS {SIP_HOST};branch=z9hG4bK-{branch}\r\n\
         Max-Forwards: 70\r\nFrom: <{ALICE}>;tag=raw\r\nTo: <{JULIET_SEEN}>\r\nCall-ID: {branch}\r\n\
         CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    )
}

#[test]
fn rfc2779_5_4_3_and_2_5_4_certificate_of_a_client_says_that_its_users_are_who_they_say() {
    if !peers::are_wanted() {
        return;
    }
    let authority = Authority::new();
    let own = authority.certify(&GATEWAY);
    let [alices, others] = [SIP_DOMAIN, "other.example"].map(|name| authority.certify(&[name]));
    let prosody = Prosody::start(XmppSettings::new(SIP_DOMAIN));
    let mut juliet = prosody.login("juliet");
    let near = Port::take();
    let listen = gateway::address(&near);
    let optional = ", clients = \"optional\"";
    let certificates = (&authority, &own);
    let config = beside_prosody(&prosody, listen, certificates, "tls:127.0.0.1:9", optional);
    let _gateway = Gateway::start(&config.with_sections(VOUCHED));
    for (shown, text, status) in [
        (Some(&alices), "it is she", 200),
        (Some(&others), "it is not she", 403),
        (None, "it may be anybody", 403),
    ] {
        let request = message(&status.to_string(), text);
        let request = request.replace("branch=z9hG4bK", &format!("branch=z9hG4bK{}", text.len()));
        let answer = tls::ask(listen, &authority, shown, &request);
        assert_eq!(answer.status(), Some(status), "{text}");
    }
    assert_eq!(juliet.receive().body(), Some("it is she"));
    assert!(juliet.unread().is_empty());
}

/// Alice's gateway reaches Juliet's by SIP over TLS; each has shown the other who it is.
#[test]
fn cpim_4_2_gateways_prove_to_each_other_which_domain_they_are() {
    if !peers::are_wanted() {
        return;
    }
    let authority = Authority::new();
    let [alices, juliets] = [SIP_DOMAIN, XMPP_DOMAIN].map(|name| authority.certify(&[name]));
    let prosody = Prosody::start(XmppSettings::new(SIP_DOMAIN));
    let mut juliet = prosody.login("juliet");
    let ports = [Port::take(), Port::take(), Port::take()];
    let [near, between, beyond] = ports.each_ref().map(gateway::address);
    let alice = RawSip::new();
    let hers = GatewayConfig::new()
        .with_sip("sip", &[near], &[])
        .with_settings(&["trusted = [\"127.0.0.0/8\"]"])
        .with_secured_sip("beyond", between, &[SIP_DOMAIN], (&authority, &alices), "")
        .with_route(SIP_DOMAIN, "sip", Some(&format!("udp:{}", alice.address())))
        .with_route(XMPP_DOMAIN, "beyond", Some(&format!("tls:{beyond}")));
    let required = ", clients = \"required\", required = true";
    let next_hop = format!("tls:{between}");
    let certificates = (&authority, &juliets);
    let theirs = beside_prosody(&prosody, beyond, certificates, &next_hop, required);
    let _gateways = [
        Gateway::start(&hers),
        Gateway::start(&theirs.with_sections(VOUCHED)),
    ];
    alice.send(
        near,
        ALICE,
        JULIET_SEEN,
        "text/plain",
        b"two walls between us",
    );
    assert_eq!(alice.receive().status(), Some(200));
    let stanza = juliet.receive();
    assert_eq!(stanza.body(), Some("two walls between us"));
    assert_eq!(stanza.bare_from(), ALICE_SEEN);
}

#[test]
fn cpim_4_2_kamailio_and_the_gateway_prove_to_each_other_which_domain_they_are() {
    if !peers::are_wanted() {
        return;
    }
    let authority = Authority::new();
    let [own, hers] = [XMPP_DOMAIN, SIP_DOMAIN].map(|name| authority.certify(&[name]));
    let prosody = Prosody::start(XmppSettings::new(SIP_DOMAIN));
    let mut juliet = prosody.login("juliet");
    let near = Port::take();
    let listen = gateway::address(&near);
    let ports = [Port::take(), Port::take()];
    let secured = SocketAddr::new(SIP_HOST, ports[1].number());
    let kamailio = Kamailio::start(ports, listen, (&authority, &hers));
    let required = ", clients = \"required\", required = true";
    let next_hop = format!("tls:{secured}");
    let config = beside_prosody(&prosody, listen, (&authority, &own), &next_hop, required);
    let _gateway = Gateway::start(&config.with_sections(VOUCHED));
    let alice = RawSip::new();
    let proxy = kamailio.address();
    alice.send(proxy, ALICE, JULIET_SEEN, "text/plain", b"by my proxy");
    let answer = alice.receive();
    assert_eq!(answer.status(), Some(200), "{}", answer.head());
    let stanza = juliet.receive();
    assert_eq!(stanza.body(), Some("by my proxy"));
    juliet.send(stanza.from(), "to your proxy");
    kamailio.await_text(XMPP_DOMAIN, "to your proxy");
}

/// A gateway between Alice's phone, over TLS alone, and a network that the test plays.
fn watching(authority: &Authority, next_hop: &str, listen: SocketAddr) -> (Gateway, Stage) {
    let mut far = Stage::new();
    let own = authority.certify(&GATEWAY);
    let config = GatewayConfig::new()
        .with_secured_sip("sip", listen, &["far.example"], (authority, &own), "")
        .with_settings(&["trusted = [\"127.0.0.0/8\"]"])
        .with_route(SIP_DOMAIN, "sip", Some(next_hop));
    let config = far.add(config, "far", &[SIP_DOMAIN], &[]);
    let gateway = Gateway::start(&config);
    far.take_connection();
    (gateway, far)
}

fn pidf(basic: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='{BOB}'>\
         <tuple id='desk'><status><basic>{basic}</basic></status></tuple></presence>"
    )
}

#[test]
fn rfc2779_5_2_1_watcher_at_baresip_is_notified_over_tls_alone() {
    if !peers::are_wanted() {
        return;
    }
    let authority = Authority::new();
    let ports = [Port::take(), Port::take()];
    let [phone, near] = ports;
    let listen = gateway::address(&near);
    let (_gateway, mut far) = watching(&authority, &over_tls(&phone), listen);
    // Nobody vouches for the phone's own certificate: it is told by the connection that it has opened.
    let nobody = Authority::new();
    let secured = Secured {
        certificate: &nobody.certify(&[SIP_DOMAIN]),
        authority: &authority,
    };
    let contacts = [BOB_SEEN];
    let mut alice =
        Baresip::start_secured(phone, ALICE, listen, &contacts, &Presence::Shown, &secured);
    let asked = far.next_of("asked");
    assert_eq!(asked["watcher"], ALICE_WATCHED);
    far.notify(&asked, "active", Some(&pidf("open")));
    alice.await_contact(BOB_SEEN, "Online");
    far.notify(&asked, "active", Some(&pidf("closed")));
    alice.await_contact(BOB_SEEN, "Offline");
}

#[test]
fn rfc2779_5_1_1_presentity_is_asked_over_tls_where_its_domain_is_proven_and_nowhere_else() {
    if !peers::are_wanted() {
        return;
    }
    let authority = Authority::new();
    let ports = [Port::take(), Port::take()];
    let [phone, near] = ports;
    let listen = gateway::address(&near);
    let (gateway, mut far) = watching(&authority, &over_tls(&phone), listen);
    let secured = Secured {
        certificate: &authority.certify(&[SIP_DOMAIN]),
        authority: &authority,
    };
    let contacts = [BOB_SEEN];
    let mut alice =
        Baresip::start_secured(phone, ALICE, listen, &contacts, &Presence::Shown, &secured);
    let subscribed = far.subscribe("s1", BOB, ALICE_WATCHED, 600);
    assert_eq!(far.answer(subscribed)["status"], "success");
    alice.show(Shown::Online);
    loop {
        let told = far.next_of("told");
        let document = told["document"].as_str().unwrap_or_default();
        if document.contains("<basic>open</basic>") {
            break;
        }
    }
    drop((gateway, alice));

    let server = TlsServer::start(&authority.certify(&["other.example"]));
    let next_hop = format!("tls:{}", server.address());
    let again = Port::take();
    let (_gateway, mut far) = watching(&authority, &next_hop, gateway::address(&again));
    let subscribed = far.subscribe("s1", BOB, ALICE_WATCHED, 600);
    assert_eq!(far.answer(subscribed)["status"], "indeterminant");
    assert!(!server.has_read("SIP"));
}

#[test]
fn check_says_which_file_of_tls_cannot_be_used_and_what_to_do() {
    let authority = Authority::new();
    let own = authority.certify(&GATEWAY);
    let missing = PathBuf::from("/nowhere/certificate.pem");
    let checked = |certificate: &PathBuf, key: &PathBuf| {
        let shown = Certificate {
            certificate: certificate.clone(),
            key: key.clone(),
            both: PathBuf::new(),
        };
        let listen = SocketAddr::new(SIP_HOST, 5061);
        let config = GatewayConfig::new();
        config
            .with_secured_sip("sip", listen, &[], (&authority, &shown), "")
            .check()
    };
    assert_eq!(checked(&own.certificate, &own.key), Ok(()));
    for (certificate, key, said) in [
        (&missing, &own.key, "/nowhere/certificate.pem"),
        (&own.certificate, &missing, "/nowhere/certificate.pem"),
        (&own.key, &own.key, "holds no certificate"),
        (&own.certificate, &own.certificate, "holds no private key"),
        (&authority.certificate(), &own.key, "is not the key of"),
    ] {
        let refused = checked(certificate, key).unwrap_err();
        assert!(
            refused.contains(said) && refused.contains("tls.certificate"),
            "{refused}"
        );
    }
}
