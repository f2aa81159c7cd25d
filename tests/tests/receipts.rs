//! What became of a message, told across SIP and XMPP (XEP-0184, XEP-0333, RFC 5438).

use rialto_tests::{
    peers::{self, Ejabberd, Prosody, Reply, SlixmppClient, XmppServer, slixmpp::Draft},
    raw_sip::RawSip,
    sip_message::SipMessage,
    world::{ALICE, ALICE_SEEN, JULIET_SEEN, World, WorldSettings},
};

/// What Alice calls her message.
const HERS: &str = "34jk324j";

#[test]
fn rfc2779_4_2_1_sip_sender_hears_of_delivery_and_display_from_a_prosody_user() {
    sip_sender_hears_from_an_xmpp_user::<Prosody>();
}

#[test]
fn rfc2779_4_2_1_sip_sender_hears_of_delivery_and_display_from_an_ejabberd_user() {
    sip_sender_hears_from_an_xmpp_user::<Ejabberd>();
}

fn sip_sender_hears_from_an_xmpp_user<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<S>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let alice = RawSip::new();
    let id = ask_from_sip(&alice, &world, &mut juliet);
    for (report, told) in [
        (
            format!("<received xmlns='urn:xmpp:receipts' id='{id}'/>"),
            "<delivered",
        ),
        (
            format!("<displayed xmlns='urn:xmpp:chat-markers:0' id='{id}'/>"),
            "<displayed",
        ),
    ] {
        juliet.write(&format!(
            "<message to='{ALICE_SEEN}' id='r'>{report}</message>"
        ));
        let notification = alice.receive();
        assert_eq!(notification.uri("From"), Some(JULIET_SEEN));
        let notification = text(&notification);
        assert!(notification.contains(&format!("<message-id>{HERS}</message-id>")));
        assert!(notification.contains(told), "{notification}");
    }
    // Twice, or on what nobody sent: not told, and not answered.
    juliet.write(&format!(
        "<message to='{ALICE_SEEN}' id='r'><received xmlns='urn:xmpp:receipts' id='{id}'/></message>"
    ));
    juliet.write(&format!(
        "<message to='{ALICE_SEEN}' id='r'><received xmlns='urn:xmpp:receipts' id='other'/></message>"
    ));
    ask_from_sip(&RawSip::new(), &world, &mut juliet);
    assert!(juliet.unread().is_empty());
}

#[test]
fn cpim_2_4_1_3d_receipt_that_comes_after_a_crash_reaches_the_sender_who_asked_for_it() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let alice = RawSip::new();
    let id = ask_from_sip(&alice, &world, &mut juliet);
    let is_written = || {
        let store = &world.gateway.ask(&["status"])["store"];
        store["records"] == 1 && store["waiting"] == 0
    };
    world.gateway.process().await_state("record", is_written);
    world.gateway.kill();
    world.gateway.start_again();
    juliet.write(&format!(
        "<message to='{ALICE_SEEN}' id='r'><received xmlns='urn:xmpp:receipts' id='{id}'/></message>"
    ));
    let notification = alice.receive();
    assert_eq!(notification.uri("From"), Some(JULIET_SEEN));
    let notification = text(&notification);
    assert!(notification.contains(&format!("<message-id>{HERS}</message-id>")));
    assert!(notification.contains("<delivered"), "{notification}");
}

#[test]
fn rfc2779_4_2_1_sip_sender_hears_of_a_failure_that_a_prosody_user_reports_late() {
    sip_sender_hears_of_a_late_failure::<Prosody>();
}

#[test]
fn rfc2779_4_2_1_sip_sender_hears_of_a_failure_that_an_ejabberd_user_reports_late() {
    sip_sender_hears_of_a_late_failure::<Ejabberd>();
}

fn sip_sender_hears_of_a_late_failure<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<S>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let alice = RawSip::new();
    let id = ask_from_sip(&alice, &world, &mut juliet);
    juliet.write(&format!(
        "<message to='{ALICE_SEEN}' id='{id}' type='error'><error type='cancel'>\
         <not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    ));
    let notification = text(&alice.receive());
    assert!(notification.contains(&format!("<message-id>{HERS}</message-id>")));
    assert!(notification.contains("<failed"), "{notification}");
}

/// Alice sends Juliet a text, and asks to be told what becomes of it; yields the id that it has for Juliet.
fn ask_from_sip<S: XmppServer>(
    alice: &RawSip,
    world: &World<S>,
    juliet: &mut SlixmppClient,
) -> String {
    let cpim = format!(
        "From: <im:alice@sip.example>\r\nTo: <im:juliet@xmpp.example>\r\n\
         DateTime: 2006-04-04T12:16:49-05:00\r\nNS: imdn <urn:ietf:params:imdn>\r\n\
         imdn.Message-ID: {HERS}\r\n\
         imdn.Disposition-Notification: positive-delivery, negative-delivery, display\r\n\r\n\
         Content-Type: text/plain\r\n\r\nJuliet?"
    );
    alice.send(
        world.gateway_sip(),
        ALICE,
        JULIET_SEEN,
        "message/cpim",
        cpim.as_bytes(),
    );
    assert_eq!(alice.receive().status(), Some(200));
    let asked = juliet.receive();
    assert_eq!(asked.body(), Some("Juliet?"));
    let id = asked.id().unwrap_or_default().to_owned();
    assert_ne!(id, HERS, "her name for it is her own");
    for element in [
        "<request xmlns=\"urn:xmpp:receipts\"",
        "<markable xmlns=\"urn:xmpp:chat-markers:0\"",
        &format!("<origin-id xmlns=\"urn:xmpp:sid:0\" id=\"{id}\""),
        // It was sent long ago, says its DateTime.
        "stamp=\"2006-04-04T17:16:49Z\"",
    ] {
        assert!(asked.xml().contains(element), "{}", asked.xml());
    }
    id
}

#[test]
fn rfc2779_4_2_1_prosody_user_hears_of_delivery_and_display_from_a_sip_user() {
    xmpp_sender_hears_from_a_sip_user::<Prosody>();
}

#[test]
fn rfc2779_4_2_1_ejabberd_user_hears_of_delivery_and_display_from_a_sip_user() {
    xmpp_sender_hears_from_a_sip_user::<Ejabberd>();
}

fn xmpp_sender_hears_from_a_sip_user<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let alice = RawSip::new();
    let world = World::<S>::start(&WorldSettings {
        next_hop: Some(format!("udp:{}", alice.address())),
        ..WorldSettings::default()
    });
    let mut juliet = world.login("juliet");
    let id = juliet.send_draft(&Draft {
        to: ALICE_SEEN,
        body: "Alice?",
        extension: Some("<request xmlns='urn:xmpp:receipts'/>"),
        ..Draft::default()
    });
    let asked = text(&alice.receive());
    assert!(
        asked.contains("imdn.Disposition-Notification: positive-delivery, negative-delivery\r\n")
    );
    assert!(asked.ends_with("\r\n\r\nAlice?"), "{asked}");
    report_from_sip(&world, &asked, "delivery-notification", "delivered");
    let receipt = juliet.receive();
    assert_eq!((receipt.kind(), receipt.bare_from()), ("chat", ALICE_SEEN));
    let element = format!("<received xmlns=\"urn:xmpp:receipts\" id=\"{id}\"");
    assert!(receipt.xml().contains(&element), "{}", receipt.xml());

    let id = juliet.send_draft(&Draft {
        to: ALICE_SEEN,
        body: "Alice?",
        extension: Some("<markable xmlns='urn:xmpp:chat-markers:0'/>"),
        ..Draft::default()
    });
    let asked = text(&alice.receive());
    report_from_sip(&world, &asked, "display-notification", "displayed");
    let marker = juliet.receive();
    let element = format!("<displayed xmlns=\"urn:xmpp:chat-markers:0\" id=\"{id}\"");
    assert!(marker.xml().contains(&element), "{}", marker.xml());
}

/// Alice notifies the sender of what she was asked about.
fn report_from_sip<S: XmppServer>(world: &World<S>, asked: &str, kind: &str, status: &str) {
    let (_, name) = asked.split_once("imdn.Message-ID: ").expect("it is named");
    let (name, _) = name.split_once("\r\n").expect("the header ends");
    let notification = format!(
        "From: <im:alice@sip.example>\r\nTo: <im:juliet@xmpp.example>\r\n\
         NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: dfjkleriou432333\r\n\r\n\
         Content-type: message/imdn+xml\r\nContent-Disposition: notification\r\n\r\n\
         <imdn xmlns=\"urn:ietf:params:xml:ns:imdn\"><message-id>{name}</message-id>\
         <datetime>2008-04-04T12:16:49-05:00</datetime>\
         <recipient-uri>im:alice@sip.example</recipient-uri>\
         <original-recipient-uri>im:alice@sip.example</original-recipient-uri>\
         <{kind}><status><{status}/></status></{kind}></imdn>"
    );
    let (alice, gateway) = (RawSip::new(), world.gateway_sip());
    alice.send(
        gateway,
        ALICE,
        JULIET_SEEN,
        "message/cpim",
        notification.as_bytes(),
    );
    assert_eq!(alice.receive().status(), Some(200));
}

/// Each message from XMPP is kept before anything else is done with it.
const KEPT: &[&str] = &[
    "reconnect_min = \"50ms\"",
    "[adapters.xmpp.custody]",
    "patience = \"0s\"",
];

#[test]
fn rfc2779_5_4_1_failure_of_a_message_that_was_kept_is_an_error_stanza_through_prosody() {
    failure_of_a_message_that_was_kept_is_an_error_stanza::<Prosody>();
}

#[test]
fn rfc2779_5_4_1_failure_of_a_message_that_was_kept_is_an_error_stanza_through_ejabberd() {
    failure_of_a_message_that_was_kept_is_an_error_stanza::<Ejabberd>();
}

fn failure_of_a_message_that_was_kept_is_an_error_stanza<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<S>::start(&WorldSettings {
        reply: Reply::Status("404 Not Found"),
        xmpp_lines: KEPT,
        ..WorldSettings::default()
    });
    let mut juliet = world.login("juliet");
    let id = juliet.send(ALICE_SEEN, "Alice?");
    let error = juliet.receive();
    assert_eq!((error.kind(), error.id()), ("error", Some(&*id)));
    assert_eq!(error.from(), ALICE_SEEN);
    assert_eq!(error.error_condition(), Some("item-not-found"));
}

#[test]
fn cpim_3_4_persist_xmpp_sender_hears_from_a_gateway_that_was_restarted_in_between() {
    if !peers::are_wanted() {
        return;
    }
    let alice = RawSip::new();
    let mut world = World::<Prosody>::start(&WorldSettings {
        next_hop: Some(format!("udp:{}", alice.address())),
        xmpp_lines: KEPT,
        ..WorldSettings::default()
    });
    let mut juliet = world.login("juliet");
    let asking = Draft {
        to: ALICE_SEEN,
        body: "Alice?",
        extension: Some("<request xmlns='urn:xmpp:receipts'/>"),
        ..Draft::default()
    };
    let id = juliet.send_draft(&asking);
    let asked = text(&alice.receive());
    world.gateway.terminate();
    world.gateway.start_again();
    report_from_sip(&world, &asked, "delivery-notification", "delivered");
    let receipt = juliet.receive();
    let element = format!("<received xmlns=\"urn:xmpp:receipts\" id=\"{id}\"");
    assert!(receipt.xml().contains(&element), "{}", receipt.xml());
}

fn text(message: &SipMessage) -> String {
    assert_eq!(message.header("Content-Type"), Some("message/cpim"));
    String::from_utf8_lossy(message.body()).into_owned()
}
