//! What a mail server says of a mail after it has taken it, and what nobody says when it says nothing.

use std::net::SocketAddr;

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::{
        Exim, MailServer as _, MailSettings,
        mail::{self, Aiosmtpd},
    },
    ports::Port,
    raw_sip::RawSip,
    world::ALICE,
};

/// Exim takes mail for them, and finds out later that they have no mailbox.
const NOBODY: &str = "sip:nobody@exim.example";
/// How a SIP user names a message.
const HERS: &str = "hers-1";

/// A SIP user, and a mail server behind the gateway.
struct Rig {
    gateway: Gateway,
    alice: RawSip,
    exim: Exim,
    ports: [Port; 2],
}

impl Rig {
    fn start() -> Self {
        let ports = [Port::take(), Port::take()];
        let [sip, lmtp] = ports.each_ref().map(gateway::address);
        let alice = RawSip::new();
        let exim = Exim::start(MailSettings::new("exim.example", lmtp, &["sip.example"]));
        let server = exim.address().to_string();
        let config = GatewayConfig::new()
            .with_sip("sip", &[sip], &["exim.example"])
            .with_email("exim", &[format!("lmtp:{lmtp}")], &["sip.example"], &server)
            .with_route(
                "sip.example",
                "sip",
                Some(&format!("udp:{}", alice.address())),
            )
            .with_route("exim.example", "exim", None);
        Self {
            gateway: Gateway::start(&config),
            alice,
            exim,
            ports,
        }
    }

    fn alice_asks(&self) {
        let [sip, _] = self.ports.each_ref().map(gateway::address);
        asks(&self.alice, sip, NOBODY, "negative-delivery", HERS);
    }
}

/// Writes to a mail user, asks for a word of what becomes of it, and hears that a mail server has it.
fn asks(alice: &RawSip, gateway: SocketAddr, to: &str, word: &str, id: &str) {
    let cpim = format!(
        "From: <im:alice@sip.example>\r\nTo: <{}>\r\n\
         NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: {id}\r\n\
         DateTime: 2026-11-21T12:00:00Z\r\nimdn.Disposition-Notification: {word}\r\n\r\n\
         Content-Type: text/plain\r\n\r\nIs anybody there?",
        to.replace("sip:", "im:")
    );
    alice.send(gateway, ALICE, to, "message/cpim", cpim.as_bytes());
    assert_eq!(alice.receive().status(), Some(202));
}

fn hears_of_the_failure(alice: &RawSip) {
    let told = String::from_utf8_lossy(alice.receive().body()).into_owned();
    let id = format!("<message-id>{HERS}</message-id>");
    assert!(told.contains(&id), "{told}");
    assert!(told.contains("<failed/>"), "{told}");
}

#[test]
fn cpim_2_4_1_3d_bounce_that_comes_later_is_told_to_the_sip_user_who_asked_for_it() {
    if !mail::are_wanted() {
        return;
    }
    let rig = Rig::start();
    rig.alice_asks();
    hears_of_the_failure(&rig.alice);
}

#[test]
fn cpim_2_4_1_3d_bounce_that_comes_after_a_crash_is_told_to_the_sip_user_who_asked_for_it() {
    if !mail::are_wanted() {
        return;
    }
    let mut rig = Rig::start();
    rig.exim.hold();
    rig.alice_asks();
    let is_written = || {
        let store = &rig.gateway.ask(&["status"])["store"];
        store["records"] == 1 && store["waiting"] == 0
    };
    rig.gateway.process().await_state("record", is_written);
    rig.gateway.kill();
    rig.gateway.start_again();
    rig.exim.release();
    hears_of_the_failure(&rig.alice);
}

#[test]
fn rfc2779_4_2_1_sip_sender_hears_of_a_bounce_though_he_asked_for_nothing() {
    if !mail::are_wanted() {
        return;
    }
    let rig = Rig::start();
    let [sip, _] = rig.ports.each_ref().map(gateway::address);
    rig.alice.send(sip, ALICE, NOBODY, "text/plain", b"Hello?");
    assert_eq!(rig.alice.receive().status(), Some(202));
    let told = rig.alice.receive();
    assert_eq!(told.header("Auto-Submitted"), Some("auto-replied"));
    assert_eq!(told.uri("From"), Some(NOBODY));
}

#[test]
fn cpim_2_4_1_3c_of_mail_that_a_server_without_reports_has_taken_no_receipt_is_invented() {
    if !mail::are_wanted() {
        return;
    }
    let (mut server, alice, port) = (Aiosmtpd::start("smtp"), RawSip::new(), Port::take());
    let sip = gateway::address(&port);
    let hop = format!("udp:{}", alice.address());
    let config = GatewayConfig::new()
        .with_sip("sip", &[sip], &["mail.example"])
        .with_email("mail", &[], &["sip.example"], &server.address())
        .with_route("sip.example", "sip", Some(&hop))
        .with_route("mail.example", "mail", None);
    let _gateway = Gateway::start(&config);
    // When what was sent after it is there, whatever would be said of it has been said.
    let later = RawSip::new();
    for (sender, id) in [(&alice, HERS), (&later, "hers-2")] {
        asks(sender, sip, "sip:bob@mail.example", "positive-delivery", id);
        server.receive();
    }
    assert!(alice.poll().is_none());
}
