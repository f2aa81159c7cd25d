//! What one side must not learn of the other, and what others must not learn of either.

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::{
        self, Prosody, Reply, Transport, XmppServer, XmppSettings,
        sipp::{Outgoing, SIP_HOST},
        xmpp_server::XMPP_DOMAIN,
    },
    ports::Port,
    sip_presence::{SipPresentity, SipWatcher},
    stage::Stage,
    world::{ALICE, ALICE_SEEN, JULIET_SEEN, World, WorldSettings},
};

#[test]
fn rfc2779_5_4_5_no_address_of_one_side_is_shown_to_the_other() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");

    let answer = world.send_from_sip(JULIET_SEEN, "hello");
    let stanza = juliet.receive();
    juliet.send(stanza.from(), "hello");
    let message = world.sip.receive(Transport::Udp);

    let sip_port = world.sip.address().port().to_string();
    for hidden in ["127.0.0.", "::1", &sip_port, "SIPp", "UDP"] {
        assert!(
            !stanza.xml().contains(hidden),
            "{hidden} in {}",
            stanza.xml()
        );
    }
    for head in [answer.head(), message.head()] {
        for hidden in ["127.0.0.12", "balcony", "slixmpp"] {
            let shown = head
                .lines()
                .find(|line| line.contains(hidden) && !is_gruu(line));
            assert_eq!(shown, None, "{hidden}");
        }
    }
}

/// The resource is a user's own instance, and RFC 7572 §4 carries it as a GRUU where it is shown.
fn is_gruu(line: &str) -> bool {
    line.contains(";gr=balcony")
}

#[test]
fn rfc2779_5_4_5_no_address_is_shown_in_an_error() {
    if !peers::are_wanted() {
        return;
    }
    let reply = Reply::StatusAndHeader(
        "404 Nobody at 127.0.0.11",
        "Warning: 399 127.0.0.11 \"not at 127.0.0.11\"",
    );
    let world = World::<Prosody>::start(&WorldSettings {
        reply,
        ..WorldSettings::default()
    });
    let mut juliet = world.login("juliet");
    juliet.send(ALICE_SEEN, "hello");
    let error = juliet.receive();
    assert_eq!(error.kind(), "error");
    assert!(!error.xml().contains("127.0.0."), "{}", error.xml());

    let answer = world.send_from_sip("sip:nobody@xmpp.example", "hello");
    assert!(!answer.head().contains("127.0.0.12"), "{}", answer.head());
}

#[test]
fn sips_destination_is_refused_and_nothing_of_the_message_goes_on_unsecured() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let answer = world.send_from_sip("sips:juliet@xmpp.example", "between us");
    assert_eq!(answer.status(), Some(416), "{}", answer.head());
    let after = world.send_from_sip(JULIET_SEEN, "for all to hear");
    assert_eq!(after.status(), Some(200));
    assert_eq!(juliet.receive().body(), Some("for all to hear"));
}

#[test]
fn rfc2779_2_3_6_message_is_read_by_its_inbox_alone_whoever_its_sender_names_beside_it() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    let (mut juliet, mut romeo) = (world.login("juliet"), world.login("romeo"));
    let cpim = "From: <im:alice@sip.example>\r\nTo: <im:juliet@xmpp.example>\r\n\
         cc: <im:romeo@xmpp.example>\r\ncc: <im:carol@sip.example>\r\n\r\n\
         Content-Type: text/plain\r\n\r\nfor Juliet";
    let letter = Outgoing {
        content_type: "message/cpim",
        ..Outgoing::text(ALICE, JULIET_SEEN, cpim)
    };
    let answer = world.sip_client(Transport::Udp).send(letter);
    assert_eq!(answer.status(), Some(200), "{}", answer.head());
    assert_eq!(juliet.receive().body(), Some("for Juliet"));

    // A copy would have come before these.
    let to_romeo = world.send_from_sip("sip:romeo@xmpp.example", "for Romeo");
    assert_eq!(to_romeo.status(), Some(200));
    assert_eq!(romeo.receive().body(), Some("for Romeo"));
    juliet.send("carol@sip.example", "for Carol");
    assert_eq!(world.sip.receive(Transport::Udp).body(), b"for Carol");
    assert!(juliet.unread().is_empty() && romeo.unread().is_empty());
}

const PENELOPE: &str = "sip:penelope@sip.example";
const ODYSSEUS: &str = "sip:odysseus@far.example";
const AT_SEA: &str = "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='pres:odysseus@far.example'>\
     <tuple id='ship'><status><basic>open</basic></status><note>at sea</note></tuple></presence>";

/// Granted, told, refreshed, kept over a crash, forbidden, refused, and ended by its watcher.
#[test]
fn rfc2779_5_1_2_log_names_neither_side_of_a_subscription_of_sip_in_its_whole_life() {
    let watcher = SipWatcher::new(PENELOPE, ODYSSEUS);
    let presentity = SipPresentity::new(ODYSSEUS);
    let port = Port::take();
    let listen = gateway::address(&port);
    let [hers, his] = [watcher.address(), presentity.address()].map(|at| format!("udp:{at}"));
    let config = GatewayConfig::new()
        .with_sip("sip", &[listen], &[])
        .with_settings(&[&format!("trusted = [\"{SIP_HOST}\"]")])
        .with_route("sip.example", "sip", Some(&hers))
        .with_route("far.example", "sip", Some(&his));
    let mut gateway = Gateway::start(&config);
    let granted = watcher.subscribe_and_be_told(listen, &presentity, AT_SEA);
    watcher.ask_within(listen, &granted, "Expires: 600\r\n");
    watcher.final_answer();
    gateway.kill();
    let mut log = logged(&gateway);
    gateway.start_again();
    let again = presentity.grant(listen);
    presentity.notify(listen, &again, AT_SEA);

    let [who, whom] = ["odysseus@far.example", "penelope@sip.example"];
    gateway.say(&["rules", "block", who, whom]);
    watcher.end();
    let parting = presentity.grant(listen);
    assert_eq!(parting.header("Expires"), Some("0"));
    assert_eq!(watcher.subscribe(listen, "").status(), Some(403));
    gateway.say(&["rules", "forget", who, whom]);
    let granted = watcher.subscribe_and_be_told(listen, &presentity, AT_SEA);
    watcher.ask_within(listen, &granted, "Expires: 0\r\n");
    watcher.end();
    presentity.grant(listen);
    assert_eq!(gateway.terminate(), Some(0));
    log += &logged(&gateway);
    assert!(log.contains("adapter started"), "it logs: {log}");
    for name in ["penelope", "odysseus"] {
        assert!(!log.contains(name), "{name}: {log}");
    }
}

#[test]
fn rfc2779_5_1_2_log_names_neither_side_of_a_subscription_of_xmpp_in_its_whole_life() {
    if !peers::are_wanted() {
        return;
    }
    let prosody = Prosody::start(XmppSettings::new("near.example"));
    let mut near = Stage::new();
    let config = GatewayConfig::new()
        .with_xmpp("xmpp", &prosody.link(), &["near.example"])
        .with_route(XMPP_DOMAIN, "xmpp", None);
    let config = near.add(config, "near", &[XMPP_DOMAIN], &[]);
    let mut gateway = Gateway::start(&config);
    near.take_connection();
    let mut juliet = prosody.login("juliet");
    let nurse = "nurse@near.example";
    juliet.write(&format!("<presence to='{nurse}' type='subscribe'/>"));
    let asked = near.next_of("asked");
    let document = AT_SEA.replace("odysseus@far.example", nurse);
    near.notify(&asked, "active", Some(&document));
    juliet.presence_until(nurse, "available");
    juliet.write(&format!("<presence to='{nurse}' type='unsubscribe'/>"));
    juliet.presence_until(nurse, "unavailable");
    let watching = near.subscribe(
        "s1",
        "pres:nurse@near.example",
        "pres:juliet@xmpp.example",
        600,
    );
    juliet.presence_until(nurse, "subscribe");
    near.answer(watching);
    juliet.write(&format!("<presence to='{nurse}' type='unsubscribed'/>"));
    while near.next_of("told")["state"] != "rejected" {}
    assert_eq!(gateway.terminate(), Some(0));
    let log = logged(&gateway);
    for name in ["juliet", "nurse"] {
        assert!(!log.contains(name), "{name}: {log}");
    }
}

/// All that it has written since it was started.
fn logged(gateway: &Gateway) -> String {
    let process = gateway.process();
    let written = [process.stdout().bytes(), process.stderr().bytes()].concat();
    String::from_utf8_lossy(&written).into_owned()
}
