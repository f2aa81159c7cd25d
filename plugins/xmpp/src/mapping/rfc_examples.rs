//! Every message example of RFC 7572 and RFC 3922, on this side of the gateway.

use rialto_sdk::model::{
    ByteString, Bytes, ContentHeader, ContentType, Domain, Header, InstantInbox, InstantMessage,
    MessageOperation, TransactionId,
};
use rialto_xmpp_codec::{
    ContentNamespace, Limits, Message, MessageType, Stanza, StreamEvent, StreamReader,
};

use time::macros::datetime;

use super::{Incoming, OwnDomains, classify, stanza_from_operation};

macro_rules! example {
    ($file:literal) => {
        include_str!(concat!("../../fixtures/", $file))
    };
}

fn id() -> TransactionId {
    TransactionId::parse(b"rialto-1").unwrap()
}

fn stanza(xml: &str) -> Message {
    let mut reader = StreamReader::new(ContentNamespace::Client, Limits::default());
    let header =
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
    reader.read(&mut header.as_bytes()).unwrap();
    match reader.read(&mut xml.as_bytes()).unwrap() {
        Some(StreamEvent::Stanza(Stanza::Message(message))) => message,
        other => panic!("no message: {other:?}"),
    }
}

/// The examples leave content out, or the addresses: what is left out is put in.
fn whole(xml: &str) -> Message {
    let mut message = stanza(&xml.replace("...", "<body>x</body>"));
    message
        .from
        .get_or_insert_with(|| "juliet@example.com/balcony".into());
    message.to.get_or_insert_with(|| "romeo@example.net".into());
    message
}

fn operation(message: &Message) -> MessageOperation {
    match classify(message, id) {
        Incoming::Instant(operation) => operation,
        other => panic!("no instant message: {other:?}"),
    }
}

/// What the far side's plugin makes of a SIP example.
fn operation_from_sip(sip: &str) -> MessageOperation {
    let (head, body) = sip.split_once("\n\n").unwrap();
    let header = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim_start_matches(':').trim())
    };
    let uri = |value: &str| {
        let bare = value.split(';').next().unwrap();
        InstantInbox::parse(&bare.replace("sip:", "im:")).unwrap()
    };
    // The RFC writes characters outside of ASCII as references, in SIP too.
    let body = stanza(&format!(
        "<message><body>{}</body></message>",
        body.trim_end()
    ));
    let body = body.bodies[0].text.clone();
    let mut message = InstantMessage::new(header("Content-Type").unwrap(), body.into_bytes());
    if let Some(language) = header("Content-Language") {
        let language = ContentHeader::new("Content-Language", language);
        message = message.with_content_headers(vec![language]);
    }
    let from = uri(header("From").unwrap());
    MessageOperation::new(id(), from, uri(header("To").unwrap()), message)
}

fn own() -> OwnDomains {
    let domain = |name: &str| Domain::parse(name).unwrap();
    OwnDomains::new(domain("example.net"), [domain("example.com")])
}

fn written(operation: &MessageOperation) -> Message {
    stanza_from_operation(operation, &own(), || datetime!(2026-01-01 0:00 UTC)).unwrap()
}

/// A CPIM header as RFC 3862 writes it.
fn cpim(header: &Header) -> String {
    match &header.language {
        Some(language) => format!("{}:;lang={language} {}", header.name, header.value),
        None => format!("{}: {}", header.name, header.value),
    }
}

/// The inbox in `From: Formal Name <im:user@domain>`.
fn cpim_inbox(header: &str) -> InstantInbox {
    let (_, rest) = header.split_once('<').unwrap();
    InstantInbox::parse(rest.trim().trim_end_matches('>')).unwrap()
}

#[test]
fn rfc_7572_examples_1_and_2_xmpp_user_sends_a_message() {
    let operation = operation(&stanza(example!(
        "rfc7572/ex01-xmpp-user-sends-message.xmpp.xml"
    )));
    let sip = example!("rfc7572/ex02-xmpp-user-sends-message-sip-transformation.sip");
    assert_eq!(operation.source().as_str(), "im:juliet@example.com");
    let gr = format!(
        "sip:{};gr={}",
        operation.source().mailbox(),
        operation.source_instance().unwrap()
    );
    assert!(sip.contains(&format!("From: <{gr}>")), "{gr}");
    assert!(sip.starts_with(&format!(
        "MESSAGE sip:{} ",
        operation.destination().mailbox()
    )));
    let (_, body) = sip.split_once("\n\n").unwrap();
    assert_eq!(
        operation.message().payload().as_bytes(),
        body.trim_end().as_bytes()
    );
}

#[test]
fn rfc_7572_examples_4_and_5_sip_user_sends_a_message() {
    let expected = stanza(example!(
        "rfc7572/ex05-sip-user-sends-message-xmpp-transformation.xmpp.xml"
    ));
    // The request of example 4 has no `gr`, but the stanza of example 5 has its resource.
    let operation = operation_from_sip(example!("rfc7572/ex04-sip-user-sends-message.sip"))
        .with_source_instance("dr4hcr0st3lup4c");
    let message = written(&operation);
    assert_eq!(message.from, expected.from);
    assert_eq!(message.to, expected.to);
    assert_eq!(
        message.type_,
        MessageType::Normal,
        "RFC 7572 §5 allows no other"
    );
    assert_eq!(message.bodies, expected.bodies);
}

#[test]
fn rfc_7572_examples_6_and_7_sip_user_sends_a_message_in_another_language() {
    let expected = stanza(example!(
        "rfc7572/ex07-sip-user-sends-message-xmpp-transformation.xmpp.xml"
    ));
    let message = written(&operation_from_sip(example!(
        "rfc7572/ex06-sip-user-sends-message.sip"
    )));
    assert_eq!(message.from, expected.from);
    assert_eq!(message.to, expected.to);
    assert_eq!(message.lang, expected.lang);
    // The RFC's stanza is set with line ends around the text.
    assert_eq!(message.bodies[0].text, expected.bodies[0].text.trim());
}

#[test]
fn rfc_3922_example_1_from_address_loses_its_resource() {
    let operation = operation(&whole(example!(
        "rfc3922/ex01a-from-address-mapping-xmpp-from-attribute.xmpp.xml"
    )));
    let header = example!("rfc3922/ex01b-from-address-mapping-cpim-from-header.cpim");
    assert_eq!(*operation.source(), cpim_inbox(header));
}

/// From the text of the RFC, §4.1.2.
#[test]
fn rfc_3922_section_4_1_2_to_address_loses_its_resource() {
    let message = whole("<message to='romeo@example.net/orchard'>...</message>");
    let header = "To: Romeo Montague <im:romeo@example.net>";
    assert_eq!(*operation(&message).destination(), cpim_inbox(header));
}

/// From the text of the RFC, §4.1.7; a Content-ID is not made up for what names none.
#[test]
fn rfc_3922_section_4_1_7_body_becomes_the_encapsulated_text() {
    let message = whole("<message><body>Wherefore art thou, Romeo?</body></message>");
    let operation = operation(&message);
    let content = operation.message();
    assert_eq!(content.payload().as_bytes(), b"Wherefore art thou, Romeo?");
    let content_type = ContentType::parse(content.content_type()).unwrap();
    assert!(content_type.is("text", "plain"));
    assert_eq!(content_type.charset().as_deref(), Some("utf-8"));
}

#[test]
fn rfc_3922_example_3_subjects_keep_their_languages() {
    let subjects = example!("rfc3922/ex03a-subject-mapping-xmpp-subject-element.xmpp.xml");
    let operation = operation(&whole(&format!("<message>{subjects}...</message>")));
    let headers: Vec<String> = operation.message().headers().iter().map(cpim).collect();
    let expected = example!("rfc3922/ex03b-subject-mapping-cpim-subject-header.cpim");
    assert_eq!(headers, expected.trim().lines().collect::<Vec<_>>());
}

#[test]
fn rfc_3922_section_4_2_5_subjects_come_back() {
    let subjects = example!("rfc3922/ex03a-subject-mapping-xmpp-subject-element.xmpp.xml");
    let message = whole(&format!("<message>{subjects}...</message>"));
    let there = operation(&message);
    let back = MessageOperation::new(
        id(),
        there.destination().clone(),
        there.source().clone(),
        there.message().clone(),
    );
    assert_eq!(written(&back).subjects, message.subjects);
}

#[test]
fn rfc_3922_example_5_from_header_becomes_a_bare_jid() {
    let header = example!("rfc3922/ex05a-from-address-mapping-cpim-from-header.cpim");
    let to = InstantInbox::parse("im:juliet@example.com").unwrap();
    let operation = MessageOperation::new(id(), cpim_inbox(header), to, InstantMessage::text("x"));
    let expected = whole(example!(
        "rfc3922/ex05b-from-address-mapping-xmpp-from-attribute.xmpp.xml"
    ));
    assert_eq!(written(&operation).from, expected.from);
}

#[test]
fn rfc_3922_example_6_to_header_becomes_a_full_jid_when_the_resource_is_known() {
    let header = example!("rfc3922/ex06a-to-address-mapping-cpim-to-header.cpim");
    let from = InstantInbox::parse("im:romeo@example.net").unwrap();
    let text = InstantMessage::text("x");
    let operation = MessageOperation::new(id(), from, cpim_inbox(header), text)
        .with_destination_instance("balcony");
    let expected = whole(example!(
        "rfc3922/ex06b-to-address-mapping-xmpp-to-attribute.xmpp.xml"
    ));
    assert_eq!(written(&operation).to, expected.to);
}

#[test]
fn rfc_3922_examples_8_and_9_content_becomes_the_body_and_the_id_is_the_transactions() {
    let mime = example!("rfc3922/ex09a-message-body-encapsulated-mime-text-content.mime");
    assert!(mime.contains(example!(
        "rfc3922/ex08a-content-id-for-encapsulated-object-mime-header.mime"
    )));
    let (head, body) = mime.split_once("\n\n").unwrap();
    let field = |name: &str| {
        let mut lines = head.lines();
        ByteString::from(
            lines
                .find_map(|line| line.strip_prefix(name))
                .unwrap()
                .trim(),
        )
    };
    let content = InstantMessage::new(
        field("Content-type:"),
        Bytes::from(body.trim_end().to_owned()),
    )
    .with_content_headers(vec![ContentHeader::new("Content-ID", field("Content-ID:"))]);
    let inbox = |uri| InstantInbox::parse(uri).unwrap();
    let (from, to) = (
        inbox("im:romeo@example.net"),
        inbox("im:juliet@example.com"),
    );
    let message = written(&MessageOperation::new(id(), from, to, content));
    let expected = whole(example!(
        "rfc3922/ex09b-message-body-xmpp-message-body.xmpp.xml"
    ));
    assert_eq!(message.bodies, expected.bodies);
    // RFC 3922 §4.2.8 leaves the id open; here it is what a retry is recognised by.
    assert_eq!(message.id.unwrap(), id().as_str());
    let identified = whole(example!(
        "rfc3922/ex08b-content-id-for-encapsulated-object-xmpp-id-attri.xmpp.xml"
    ));
    assert_eq!(identified.id, expected.id);
}
