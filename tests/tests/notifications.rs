//! What senders ask to be told, and receivers tell (RFC 5438).

use std::net::SocketAddr;

use rialto_tests::{
    peers::{
        self, Baresip, Reply, SippClient, SippServer, Transport,
        sipp::{Outgoing, SIP_HOST},
    },
    ports::Port,
    relay::{BOB, Relay},
    sip_message::SipMessage,
    world::ALICE,
};

/// What Alice calls her message.
const HERS: &str = "34jk324j";

#[test]
fn rfc5438_request_crosses_from_sip_to_sip_under_a_name_of_the_gateway() {
    if !peers::are_wanted() {
        return;
    }
    let mut bob = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let relay = Relay::start(&bob.next_hop(Transport::Udp));
    assert_eq!(ask(relay.listen, "the content").status(), Some(200));
    let arrived = bob.receive(Transport::Udp);
    assert_eq!(arrived.header("Content-Type"), Some("message/cpim"));
    let body = String::from_utf8_lossy(arrived.body()).into_owned();
    assert!(
        body.contains("imdn.Disposition-Notification: display\r\n"),
        "{body}"
    );
    assert!(
        body.contains("imdn.Message-ID: ") && !body.contains(HERS),
        "{body}"
    );
    assert!(body.ends_with("\r\n\r\nthe content"), "{body}");
}

/// baresip takes text alone.
#[test]
fn rfc3261_8_1_3_5_phone_that_refuses_message_cpim_shows_the_text() {
    if !peers::are_wanted() {
        return;
    }
    let port = Port::take();
    let relay = Relay::start(&format!("udp:{SIP_HOST}:{}", port.number()));
    let phone = Baresip::start(port, BOB, relay.listen, &[ALICE]);
    for text in ["the first, refused once", "the second, sent plain at once"] {
        assert_eq!(ask(relay.listen, text).status(), Some(200));
        assert_eq!(phone.await_text(text), ALICE);
    }
}

/// Alice sends a text to Bob, and asks to be told when it is shown.
fn ask(gateway: SocketAddr, text: &str) -> SipMessage {
    let cpim = format!(
        "From: <im:alice@sip.example>\r\nTo: <im:bob@other.example>\r\n\
         DateTime: 2006-04-04T12:16:49-05:00\r\nNS: imdn <urn:ietf:params:imdn>\r\n\
         imdn.Message-ID: {HERS}\r\nimdn.Disposition-Notification: display\r\n\r\n\
         Content-Type: text/plain\r\n\r\n{text}"
    );
    let message = Outgoing {
        content_type: "message/cpim",
        ..Outgoing::text(ALICE, BOB, &cpim)
    };
    SippClient::new(SIP_HOST, Transport::Udp, gateway).send(message)
}
