//! Payloads are carried byte for byte, or refused with a reason.

use rialto_tests::{
    peers::{
        self, Prosody, Reply, SippClient, SippServer, Transport,
        sipp::{Outgoing, SIP_HOST},
    },
    raw_sip::RawSip,
    relay::{BOB, Relay},
    world::{ALICE, JULIET_SEEN, World, WorldSettings},
};

#[test]
fn payload_that_is_no_text_is_refused_with_415_when_it_is_for_xmpp() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let client = world.sip_client(Transport::Udp);
    for content_type in [
        "application/octet-stream",
        "image/png",
        "application/pkcs7-mime",
    ] {
        let message = Outgoing {
            content_type,
            body: b"\x89PNG\r\n\x1a\n",
            ..Outgoing::text(ALICE, JULIET_SEEN, "")
        };
        assert_eq!(client.send(message).status(), Some(415), "{content_type}");
    }
    assert_eq!(
        world.send_from_sip(JULIET_SEEN, "after").status(),
        Some(200)
    );
    assert_eq!(
        juliet.receive().body(),
        Some("after"),
        "nothing of what was refused has come"
    );
}

#[test]
fn cpim_4_3_payload_crosses_from_sip_to_sip_byte_for_byte() {
    if !peers::are_wanted() {
        return;
    }
    let mut bob = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let relay = Relay::start(&bob.next_hop(Transport::Udp));
    let client = SippClient::new(SIP_HOST, Transport::Udp, relay.listen);
    for (content_type, body) in payloads() {
        let message = Outgoing {
            content_type,
            body: &body,
            ..Outgoing::text(ALICE, BOB, "")
        };
        assert_eq!(client.send(message).status(), Some(200), "{content_type}");
        let arrived = bob.receive(Transport::Udp);
        assert_eq!(arrived.header("Content-Type"), Some(content_type));
        assert_eq!(arrived.body(), body, "{content_type}");
        assert_eq!(arrived.uri("To"), Some(BOB));
    }
}

#[test]
fn cpim_4_3_payload_of_every_byte_value_crosses() {
    let (alice, bob) = (RawSip::new(), RawSip::new());
    let relay = Relay::start(&format!("udp:{}", bob.address()));
    let body: Vec<u8> = (0..=255).collect();
    alice.send(relay.listen, ALICE, BOB, "application/octet-stream", &body);
    assert_eq!(bob.receive().body(), body);
    assert_eq!(alice.receive().status(), Some(200));
}

/// Payloads that a careless relay changes; none has a NUL, which SIPp cannot show.
fn payloads() -> Vec<(&'static str, Vec<u8>)> {
    let signed = "multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=next";
    let parts =
        b"--next\r\nContent-Type: text/plain\r\n\r\nsigned \r\n--next\r\n\r\n\x01\xff\r\n--next--";
    vec![
        ("application/octet-stream", (1..=255).collect()),
        (
            "text/plain;charset=iso-8859-1",
            b"caf\xe9 \r\n \n\r\t".to_vec(),
        ),
        (
            "application/pkcs7-mime; smime-type=enveloped-data",
            b"\x30\x82\xff\xfe\r\n.\r\n".to_vec(),
        ),
        (signed, parts.to_vec()),
    ]
}
