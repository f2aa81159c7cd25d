//! Messages that come as message/cpim (RFC 3862).

use rialto_tests::{
    peers::{
        self, Prosody, Reply, SippClient, SippServer, Transport,
        sipp::{Outgoing, SIP_HOST},
    },
    relay::{BOB, Relay},
    sip_message::SipMessage,
    world::{ALICE, JULIET_SEEN, World, WorldSettings},
};

#[test]
fn cpim_a_require_message_that_requires_what_nobody_knows_is_refused_to_its_sip_sender() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let answer = send(&world, &cpim(&["Require: MyFeatures.VitalMessageOption"]));
    assert_eq!(answer.status(), Some(415), "{}", answer.head());
    let why = answer.header("Warning").unwrap_or_default();
    let named = why.contains("required header") && why.contains("MyFeatures.VitalMessageOption");
    assert!(named, "{}", answer.head());

    assert_eq!(send(&world, &cpim(&[])).status(), Some(200));
    assert_eq!(juliet.receive().body(), Some("the content"));
    assert!(juliet.unread().is_empty(), "what was refused has not come");
}

#[test]
fn rfc2779_4_1_1_message_cpim_crosses_from_sip_to_sip_with_all_its_headers() {
    if !peers::are_wanted() {
        return;
    }
    let headers = [
        "cc: <tel:+41-44-668-18-00>",
        "cc: Friar Laurence <mailto:laurence@cell.example>",
        "Subject: the weather will be fine today",
        "Subject:;lang=fr beau temps prevu pour aujourd'hui",
        "MyFeatures.WackyMessageOption: Use-silly-font",
    ];
    let mut bob = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let relay = Relay::start(&bob.next_hop(Transport::Udp));
    let sent = cpim(&headers);
    let message = Outgoing {
        content_type: "message/cpim",
        ..Outgoing::text(ALICE, BOB, &sent)
    };
    let alice = SippClient::new(SIP_HOST, Transport::Udp, relay.listen);
    assert_eq!(alice.send(message).status(), Some(200));
    let arrived = bob.receive(Transport::Udp);
    assert_eq!(arrived.header("Content-Type"), Some("message/cpim"));
    let arrived = String::from_utf8_lossy(arrived.body()).into_owned();
    let (head, content) = sent.split_once("\r\n\r\n").expect("it has a header");
    assert!(arrived.starts_with(head), "{arrived}");
    assert!(
        arrived.ends_with(&format!("\r\n\r\n{content}")),
        "{arrived}"
    );
}

#[test]
fn rfc2779_4_1_2_formal_names_of_sender_and_recipient_cross_from_sip_to_sip() {
    if !peers::are_wanted() {
        return;
    }
    let mut bob = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let relay = Relay::start(&bob.next_hop(Transport::Udp));
    let cpim = "From: MR SANDERS <im:alice@sip.example>\r\nTo: Depressed Donkey <im:bob@other.example>\r\n\
                \r\nContent-Type: text/plain\r\n\r\nthe content";
    let message = Outgoing {
        content_type: "message/cpim",
        ..Outgoing::text(ALICE, BOB, cpim)
    };
    let alice = SippClient::new(SIP_HOST, Transport::Udp, relay.listen);
    assert_eq!(alice.send(message).status(), Some(200));
    let arrived = bob.receive(Transport::Udp);
    let from = arrived.header("From").unwrap_or_default();
    assert!(
        from.starts_with("\"MR SANDERS\" <sip:alice@sip.example"),
        "{from}"
    );
    let to = arrived.header("To").unwrap_or_default();
    assert_eq!(to, "\"Depressed Donkey\" <sip:bob@other.example>");
    assert_eq!(arrived.body(), b"the content");
}

#[test]
fn message_comes_to_its_inbox_alone_whoever_else_it_names() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Prosody>::start(&WorldSettings::default());
    let (mut juliet, mut romeo) = (world.login("juliet"), world.login("romeo"));
    let others = ["To: <im:romeo@xmpp.example>", "cc: <im:romeo@xmpp.example>"];
    assert_eq!(send(&world, &cpim(&others)).status(), Some(200));
    assert_eq!(juliet.receive().body(), Some("the content"));
    let after = world.send_from_sip("sip:romeo@xmpp.example", "after");
    assert_eq!(after.status(), Some(200));
    assert_eq!(romeo.receive().body(), Some("after"), "no copy has come");
}

/// Sends it from Alice to Juliet, and returns the final response.
fn send(world: &World<Prosody>, cpim: &str) -> SipMessage {
    let message = Outgoing {
        content_type: "message/cpim",
        ..Outgoing::text(ALICE, JULIET_SEEN, cpim)
    };
    world.sip_client(Transport::Udp).send(message)
}

/// A message with these headers beside those that every one has.
fn cpim(headers: &[&str]) -> String {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    format!(
        "From: <im:alice@sip.example>\r\nTo: <im:juliet@xmpp.example>\r\n\
         DateTime: 2000-12-13T13:40:00-08:00\r\nNS: MyFeatures <mid:MessageFeatures@id.foo.com>\r\n\
         {headers}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nthe content"
    )
}
