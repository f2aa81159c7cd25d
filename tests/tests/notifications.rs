//! What senders ask to be told, and receivers tell (RFC 5438).

use std::net::SocketAddr;

use rialto_tests::{
    peers::{
        self, Baresip, Reply, SippClient, SippServer, Transport,
        sipp::{Outgoing, SIP_HOST},
    },
    ports::Port,
    raw_sip::RawSip,
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

#[test]
fn rfc2779_4_2_1_display_on_one_network_is_told_on_the_other_by_the_names_of_the_sender() {
    if !peers::are_wanted() {
        return;
    }
    let (alice, bob) = (RawSip::new(), RawSip::new());
    let relay = Relay::start(&format!("udp:{}", bob.address()));
    let cpim = asking("the content");
    alice.send(relay.listen, ALICE, BOB, "message/cpim", cpim.as_bytes());
    let arrived = String::from_utf8_lossy(bob.receive().body()).into_owned();
    assert_eq!(alice.receive().status(), Some(200));
    let (_, name) = arrived
        .split_once("imdn.Message-ID: ")
        .expect("it is named");
    let (name, _) = name.split_once("\r\n").expect("the header ends");

    let displayed = notification(name);
    bob.send(relay.far, BOB, ALICE, "message/cpim", displayed.as_bytes());
    let told = alice.receive();
    assert_eq!(bob.receive().status(), Some(200));
    assert_eq!(told.uri("From"), Some(BOB));
    assert_eq!(told.header("Content-Type"), Some("message/cpim"));
    let told = String::from_utf8_lossy(told.body()).into_owned();
    for part in [
        &*format!("<message-id>{HERS}</message-id>"),
        "<datetime>2006-04-04T12:16:49-05:00</datetime>",
        "<recipient-uri>im:bob@other.example</recipient-uri>",
        "<displayed",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }

    // Who has not got the message cannot report on it.
    let mallory = RawSip::new();
    mallory.send(
        relay.far,
        "sip:mallory@other.example",
        ALICE,
        "message/cpim",
        displayed.as_bytes(),
    );
    assert_eq!(mallory.receive().status(), Some(403));
}

/// Bob's notification that a message was displayed (RFC 5438 §7.2.1.2).
fn notification(name: &str) -> String {
    format!(
        "From: <im:bob@other.example>\r\nTo: <im:alice@sip.example>\r\n\
         NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: dfjkleriou432333\r\n\r\n\
         Content-type: message/imdn+xml\r\nContent-Disposition: notification\r\n\r\n\
         <imdn xmlns=\"urn:ietf:params:xml:ns:imdn\"><message-id>{name}</message-id>\
         <datetime>2008-04-04T12:16:49-05:00</datetime>\
         <recipient-uri>im:bob@other.example</recipient-uri>\
         <original-recipient-uri>im:bob@other.example</original-recipient-uri>\
         <display-notification><status><displayed/></status></display-notification></imdn>"
    )
}

/// Alice sends a text to Bob, and asks to be told when it is shown.
fn ask(gateway: SocketAddr, text: &str) -> SipMessage {
    let cpim = asking(text);
    let message = Outgoing {
        content_type: "message/cpim",
        ..Outgoing::text(ALICE, BOB, &cpim)
    };
    SippClient::new(SIP_HOST, Transport::Udp, gateway).send(message)
}

fn asking(text: &str) -> String {
    format!(
        "From: <im:alice@sip.example>\r\nTo: <im:bob@other.example>\r\n\
         DateTime: 2006-04-04T12:16:49-05:00\r\nNS: imdn <urn:ietf:params:imdn>\r\n\
         imdn.Message-ID: {HERS}\r\nimdn.Disposition-Notification: display\r\n\r\n\
         Content-Type: text/plain\r\n\r\n{text}"
    )
}
