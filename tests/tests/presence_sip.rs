//! Presence of SIP users through the real gateway: they watch users of another network, and are watched by them.

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::{
        self, Baresip,
        baresip::{Presence, Shown},
        sipp::SIP_HOST,
    },
    ports::Port,
    raw_sip::RawSip,
    sip_message::SipMessage,
    stage::Stage,
};
use serde_json::Value;

const ALICE: &str = "sip:alice@sip.example";
const ALICE_WATCHED: &str = "pres:alice@sip.example";
const BOB: &str = "pres:bob@far.example";
const BOB_SEEN: &str = "sip:bob@far.example";

/// A gateway between a SIP network with one phone, of Alice, and a network that the test plays.
struct World {
    gateway: Gateway,
    far: Stage,
    listen: std::net::SocketAddr,
    _port: Port,
}

impl World {
    /// Where requests for SIP users go, and further sections.
    fn start(phone: std::net::SocketAddr, sections: &str) -> Self {
        let (mut far, port) = (Stage::new(), Port::take());
        let listen = gateway::address(&port);
        let trusted = format!("trusted = [\"{SIP_HOST}\"]");
        let config = GatewayConfig::new()
            .with_sip("sip", &[listen], &["far.example"])
            .with_settings(&[&trusted])
            .with_route("sip.example", "sip", Some(&format!("udp:{phone}")));
        let config = far.add(config, "far", &["sip.example"], &[]);
        let gateway = Gateway::start(&config.with_sections(sections));
        far.take_connection();
        Self {
            gateway,
            far,
            listen,
            _port: port,
        }
    }
}

fn pidf(basic: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='{BOB}'>\
         <tuple id='desk'><status><basic>{basic}</basic></status><note>at my desk</note></tuple></presence>"
    )
}

/// The next that the far network is told whose document holds this.
fn told(far: &mut Stage, text: &str) -> Value {
    loop {
        let told = far.next_of("told");
        let document = told["document"].as_str().unwrap_or_default();
        if document.contains(text) {
            return told;
        }
    }
}

#[test]
fn rfc2779_3_1_1_baresip_watches_a_user_of_another_network_and_sees_each_change() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let phone = std::net::SocketAddr::new(SIP_HOST, port.number());
    let mut world = World::start(phone, "");
    let mut alice = Baresip::start_with(port, ALICE, world.listen, &[BOB_SEEN], &Presence::Shown);
    let asked = world.far.next_of("asked");
    assert_eq!(asked["watcher"], ALICE_WATCHED);
    assert_eq!(asked["target"], BOB);
    world.far.notify(&asked, "active", Some(&pidf("open")));
    alice.await_contact(BOB_SEEN, "Online");
    world.far.notify(&asked, "active", Some(&pidf("closed")));
    alice.await_contact(BOB_SEEN, "Offline");
}

#[test]
fn rfc2779_3_1_1_baresip_is_watched_by_a_user_of_another_network_who_sees_each_change() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let phone = std::net::SocketAddr::new(SIP_HOST, port.number());
    let mut world = World::start(phone, "");
    let mut alice = Baresip::start_with(port, ALICE, world.listen, &[BOB_SEEN], &Presence::Shown);
    let subscribed = world.far.subscribe("s1", BOB, ALICE_WATCHED, 600);
    assert_eq!(world.far.answer(subscribed)["status"], "success");
    alice.show(Shown::Online);
    told(&mut world.far, "<basic>open</basic>");
    alice.show(Shown::Offline);
    told(&mut world.far, "<basic>closed</basic>");
    let ended = world.far.subscribe("s1", BOB, ALICE_WATCHED, 0);
    assert_eq!(world.far.answer(ended)["status"], "success");
}

#[test]
fn baresip_publishes_and_whoever_watches_the_hosted_presentity_is_told() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let phone = std::net::SocketAddr::new(SIP_HOST, port.number());
    let mut world = World::start(phone, "[presence]\nhosted = [\"sip.example\"]\n");
    let subscribed = world.far.subscribe("s1", BOB, ALICE_WATCHED, 600);
    assert_eq!(world.far.answer(subscribed)["status"], "success");
    let mut alice = Baresip::start_with(port, ALICE, world.listen, &[], &Presence::Published);
    alice.show(Shown::Online);
    told(&mut world.far, "<basic>open</basic>");
    alice.show(Shown::Offline);
    told(&mut world.far, "<basic>closed</basic>");
}

#[test]
fn watcher_is_told_within_its_dialog_after_a_crash_too() {
    let alice = RawSip::new();
    let mut world = World::start(alice.address(), "");
    let answer = subscribe(&alice, &world, 1, "");
    let asked = world.far.next_of("asked");
    world.far.notify(&asked, "active", Some(&pidf("open")));
    assert_eq!(answer.status(), Some(200));
    let before = next_with(&alice, "<basic>open</basic>");
    world.gateway.kill();
    world.gateway.start_again();
    world.far.take_connection();
    let again = world.far.next_of("asked");
    world.far.notify(&again, "active", Some(&pidf("closed")));
    let after = next_with(&alice, "<basic>closed</basic>");
    for name in ["From", "To", "Call-ID", "Event"] {
        assert_eq!(after.header(name), before.header(name), "{name}");
    }
    assert!(sequence(&after) > sequence(&before));
    assert_eq!(before.body(), pidf("open").as_bytes(), "byte for byte");
}

/// Subscribes to Bob, once more or for the first time.
fn subscribe(alice: &RawSip, world: &World, sequence: u32, more: &str) -> SipMessage {
    let address = alice.address();
    let request = format!(
        "SUBSCRIBE {BOB_SEEN} SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bK-{sequence}\r\n\
         Max-Forwards: 70\r\nFrom: <{ALICE}>;tag=raw\r\nTo: <{BOB_SEEN}>\r\nCall-ID: raw\r\n\
         CSeq: {sequence} SUBSCRIBE\r\nContact: <sip:alice@{address}>\r\nEvent: presence\r\n{more}Content-Length: 0\r\n\r\n"
    );
    alice.write(world.listen, request.as_bytes());
    loop {
        let message = alice.receive();
        if message.status().is_some_and(|status| status >= 200) {
            return message;
        }
    }
}

/// The next notification whose body holds this.
fn next_with(alice: &RawSip, text: &str) -> SipMessage {
    loop {
        let message = alice.receive();
        if String::from_utf8_lossy(message.body()).contains(text) {
            return message;
        }
    }
}

fn sequence(message: &SipMessage) -> u32 {
    let value = message.header("CSeq").unwrap_or_default();
    value
        .split(' ')
        .next()
        .unwrap_or_default()
        .parse()
        .unwrap_or_default()
}
