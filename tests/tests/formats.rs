//! Messages that come as message/cpim (RFC 3862).

use rialto_tests::{
    peers::{self, Prosody, Transport, sipp::Outgoing},
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
