//! Texts of 64 KiB, which a datagram of SIP has no room for.

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    mail_world::MailWorld,
    peers::{
        self, MailServer, MailSettings, Postfix, Prosody,
        mail::{self, Swaks, raw_mail},
    },
    ports::Port,
    raw_sip_stream::{RawSipStream, listener},
    texts::with_line_feeds,
    world::{ALICE, ALICE_SEEN, JULIET_SEEN, World, WorldSettings},
};

/// 64 KiB in lines that a mail may have.
fn long_text() -> String {
    let line = "O Romeo, Romeo! wherefore art thou Romeo? \u{3a9}\u{1f3ad}\n";
    let mut text = line.repeat(65_536 / line.len());
    text.push_str(&".".repeat(65_536 - text.len()));
    text
}

#[test]
fn rfc2779_5_4_8_text_of_64_kibibytes_is_shown_by_sip_and_by_xmpp() {
    if !peers::are_wanted() {
        return;
    }
    let (listener, address) = listener();
    let world = World::<Prosody>::start(&WorldSettings {
        next_hop: Some(format!("tcp:{address}")),
        ..WorldSettings::default()
    });
    let mut juliet = world.login("juliet");
    let mut alice = RawSipStream::connect(world.gateway_sip());
    alice.send(ALICE, JULIET_SEEN, &long_text());
    assert_eq!(alice.receive().status(), Some(200));
    assert_eq!(juliet.receive().body(), Some(&*long_text()));

    juliet.send(ALICE_SEEN, &long_text());
    let received = RawSipStream::accept(&listener).receive();
    assert_eq!(received.body(), long_text().as_bytes());
}

#[test]
fn rfc2779_5_4_8_text_of_64_kibibytes_is_shown_by_sip_and_in_a_mailbox() {
    if !mail::are_wanted() {
        return;
    }
    let (listener, address) = listener();
    let ports = [Port::take(), Port::take()];
    let [sip, lmtp] = ports.each_ref().map(gateway::address);
    let postfix = Postfix::start(MailSettings::new("mail.example", lmtp, &["sip.example"]));
    let config = GatewayConfig::new()
        .with_sip("sip", &[sip], &["mail.example"])
        .with_email(
            "mail",
            &[format!("lmtp:{lmtp}")],
            &["sip.example"],
            &postfix.address().to_string(),
        )
        .with_route("sip.example", "sip", Some(&format!("tcp:{address}")))
        .with_route("mail.example", "mail", None);
    let _gateway = Gateway::start(&config);
    let mut alice = RawSipStream::connect(sip);
    alice.send(ALICE, "sip:bob@mail.example", &long_text());
    assert_eq!(alice.receive().status(), Some(202));
    assert_eq!(postfix.mailbox("bob").receive().text(), long_text());

    let mail = raw_mail("bob@mail.example", "long", "Subject: long\n", &long_text());
    let swaks = Swaks {
        server: postfix.address(),
        from: "bob@mail.example",
        to: &["alice@sip.example"],
        mail: &mail,
        options: &[],
    };
    swaks.send_well();
    let received = RawSipStream::accept(&listener).receive();
    let text = String::from_utf8_lossy(received.body()).into_owned();
    assert_eq!(with_line_feeds(&text).trim_end(), long_text());
}

#[test]
fn rfc2779_5_4_8_text_of_64_kibibytes_is_shown_by_xmpp_and_in_a_mailbox() {
    if !mail::are_wanted() {
        return;
    }
    let mut world = MailWorld::start();
    world.for_every_ordered_pair(|writer, reader, to| {
        let has_sip = [&*writer, &*reader].map(|user| user.inbox.contains("sip"));
        if has_sip.contains(&true) {
            return; // SIPp takes no more than 64 KiB with all headers
        }
        writer.send(to, &long_text());
        let shown = with_line_feeds(&reader.receive().text);
        assert_eq!(shown.trim_end(), long_text(), "to {to}");
    });
}
