//! Inboxes without a presentity, and presentities without an inbox (RFC 2779 §2.1.2).

use std::net::SocketAddr;

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::{MailServer, MailSettings, Postfix, mail, sipp::SIP_HOST},
    ports::Port,
    raw_sip::RawSip,
    sip_message::SipMessage,
    world::ALICE,
};

/// A mailbox, of which email has no presence.
const BOB: &str = "sip:bob@mail.example";
/// A presentity that the gateway hosts; no network takes messages for it.
const HELEN: &str = "sip:helen@home.example";

#[test]
fn rfc2779_2_1_2_inbox_without_a_presentity_and_presentity_without_an_inbox_are_what_they_are() {
    if !mail::are_wanted() {
        return;
    }
    let alice = RawSip::new();
    let ports = [Port::take(), Port::take()];
    let [sip, lmtp] = ports.each_ref().map(gateway::address);
    let postfix = Postfix::start(MailSettings::new("mail.example", lmtp, &["sip.example"]));
    let config = GatewayConfig::new()
        .with_sip("sip", &[sip], &["mail.example", "home.example"])
        .with_settings(&[&format!("trusted = [\"{SIP_HOST}\"]")])
        .with_email(
            "mail",
            &[format!("lmtp:{lmtp}")],
            &["sip.example"],
            &postfix.address().to_string(),
        )
        .with_route(
            "sip.example",
            "sip",
            Some(&format!("udp:{}", alice.address())),
        )
        .with_route("mail.example", "mail", None)
        .with_sections("[presence]\nhosted = [\"home.example\"]\n");
    let _gateway = Gateway::start(&config);

    assert_eq!(message(sip, BOB), Some(200));
    assert_eq!(postfix.mailbox("bob").receive().text(), "Hello?");
    let refused = subscribe(&alice, sip, BOB);
    assert_eq!(refused.status(), Some(404), "no presentity");

    let granted = subscribe(&alice, sip, HELEN);
    assert!(matches!(granted.status(), Some(200 | 202)), "it is watched");
    assert_eq!(message(sip, HELEN), Some(404), "no inbox");
}

/// Writes from a socket of its own; yields how it is answered.
fn message(gateway: SocketAddr, to: &str) -> Option<u16> {
    let alice = RawSip::new();
    alice.send(gateway, ALICE, to, "text/plain", b"Hello?");
    alice.receive().status()
}

fn subscribe(alice: &RawSip, gateway: SocketAddr, to: &str) -> SipMessage {
    let (address, length) = (alice.address(), to.len());
    let request = format!(
        "SUBSCRIBE {to} SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bK-{length}\r\n\
         Max-Forwards: 70\r\nFrom: <{ALICE}>;tag=raw\r\nTo: <{to}>\r\nCall-ID: {length}-{address}\r\n\
         CSeq: 1 SUBSCRIBE\r\nContact: <sip:alice@{address}>\r\nEvent: presence\r\nContent-Length: 0\r\n\r\n"
    );
    alice.write(gateway, request.as_bytes());
    loop {
        let answer = alice.receive();
        if answer.status().is_some_and(|status| status >= 200) {
            return answer;
        }
    }
}
