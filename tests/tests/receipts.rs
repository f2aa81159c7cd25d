//! What became of a message, told across SIP and XMPP (XEP-0184, XEP-0333, RFC 5438).

use rialto_tests::{
    peers::{
        self, Ejabberd, Prosody, Transport, XmppServer,
        sipp::Outgoing,
        slixmpp::{Draft, Stanza},
    },
    sip_message::SipMessage,
    world::{ALICE, ALICE_SEEN, JULIET_SEEN, World, WorldSettings},
};

/// What Alice calls her message.
const HERS: &str = "34jk324j";

#[test]
fn rfc2779_4_2_1_sip_sender_asks_a_prosody_user_for_a_receipt_and_a_marker() {
    sip_sender_asks_an_xmpp_user::<Prosody>();
}

#[test]
fn rfc2779_4_2_1_sip_sender_asks_an_ejabberd_user_for_a_receipt_and_a_marker() {
    sip_sender_asks_an_xmpp_user::<Ejabberd>();
}

fn sip_sender_asks_an_xmpp_user<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<S>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let asked = ask_from_sip(&world, &mut juliet, "positive-delivery, display");
    for element in [
        "<request xmlns=\"urn:xmpp:receipts\"",
        "<markable xmlns=\"urn:xmpp:chat-markers:0\"",
    ] {
        assert!(asked.xml().contains(element), "{}", asked.xml());
    }
    assert_ne!(asked.id(), Some(HERS), "her name for it is her own");
    let origin_id = format!(
        "<origin-id xmlns=\"urn:xmpp:sid:0\" id=\"{}\"",
        asked.id().unwrap_or_default()
    );
    assert!(asked.xml().contains(&origin_id), "{}", asked.xml());
    // It was sent long ago, says its DateTime.
    assert!(
        asked.xml().contains("stamp=\"2006-04-04T17:16:49Z\""),
        "{}",
        asked.xml()
    );
}

/// Alice sends Juliet a text, and asks to be told what becomes of it.
fn ask_from_sip<S: XmppServer>(
    world: &World<S>,
    juliet: &mut peers::SlixmppClient,
    request: &str,
) -> Stanza {
    let cpim = format!(
        "From: <im:alice@sip.example>\r\nTo: <im:juliet@xmpp.example>\r\n\
         DateTime: 2006-04-04T12:16:49-05:00\r\nNS: imdn <urn:ietf:params:imdn>\r\n\
         imdn.Message-ID: {HERS}\r\nimdn.Disposition-Notification: {request}\r\n\r\n\
         Content-Type: text/plain\r\n\r\nJuliet?"
    );
    let answer = world.sip_client(Transport::Udp).send(Outgoing {
        content_type: "message/cpim",
        ..Outgoing::text(ALICE, JULIET_SEEN, &cpim)
    });
    assert_eq!(answer.status(), Some(200), "{}", answer.start_line());
    let stanza = juliet.receive();
    assert_eq!(stanza.body(), Some("Juliet?"));
    stanza
}

#[test]
fn rfc2779_4_2_1_prosody_user_asks_a_sip_user_for_a_receipt_and_a_marker() {
    xmpp_sender_asks_a_sip_user::<Prosody>();
}

#[test]
fn rfc2779_4_2_1_ejabberd_user_asks_a_sip_user_for_a_receipt_and_a_marker() {
    xmpp_sender_asks_a_sip_user::<Ejabberd>();
}

fn xmpp_sender_asks_a_sip_user<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    for (asking, notify) in [
        (
            "<request xmlns='urn:xmpp:receipts'/>",
            "positive-delivery, negative-delivery",
        ),
        ("<markable xmlns='urn:xmpp:chat-markers:0'/>", "display"),
    ] {
        juliet.send_draft(&Draft {
            to: ALICE_SEEN,
            body: "Alice?",
            extension: Some(asking),
            ..Draft::default()
        });
        let asked = imdn_headers(&world.sip.receive(Transport::Udp));
        let line = format!("imdn.Disposition-Notification: {notify}");
        assert!(asked.contains(&line), "{asked}");
        assert!(asked.contains("imdn.Message-ID: "), "{asked}");
    }
}

/// The head of a message/cpim that holds a text.
fn imdn_headers(message: &SipMessage) -> String {
    assert_eq!(message.header("Content-Type"), Some("message/cpim"));
    let body = String::from_utf8_lossy(message.body()).into_owned();
    assert!(body.ends_with("\r\n\r\nAlice?"), "{body}");
    body
}
