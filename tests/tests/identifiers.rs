//! Inboxes without a presentity, and presentities without an inbox (RFC 2779 §2.1.2).

use std::net::SocketAddr;

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::{MailServer, MailSettings, Postfix, mail, sipp::SIP_HOST},
    ports::Port,
    raw_sip::RawSip,
    sip_presence::SipWatcher,
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
    let [of_bob, of_helen] = [BOB, HELEN].map(|watched| SipWatcher::new(ALICE, watched));
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
            Some(&format!("udp:{}", of_bob.address())),
        )
        .with_route("mail.example", "mail", None)
        .with_sections("[presence]\nhosted = [\"home.example\"]\n");
    let _gateway = Gateway::start(&config);

    assert_eq!(message(sip, BOB), Some(202));
    assert_eq!(postfix.mailbox("bob").receive().text(), "Hello?");
    let refused = of_bob.subscribe(sip, "");
    assert_eq!(refused.status(), Some(404), "no presentity");

    let granted = of_helen.subscribe(sip, "");
    assert!(matches!(granted.status(), Some(200 | 202)), "it is watched");
    assert_eq!(message(sip, HELEN), Some(404), "no inbox");
}

/// Writes from a socket of its own; yields how it is answered.
fn message(gateway: SocketAddr, to: &str) -> Option<u16> {
    let alice = RawSip::new();
    alice.send(gateway, ALICE, to, "text/plain", b"Hello?");
    alice.receive().status()
}
