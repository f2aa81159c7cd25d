use rialto_sdk::prelude::{
    ContentHeader, Header, InstantInbox, MaxForwards, MessageHeaders, TransactionId,
};
use rialto_sip_codec::SipMessage;
use time::OffsetDateTime;

use super::*;
use crate::mapping::{Wrapping, arrive_as_message};

fn operation(message: InstantMessage) -> MessageOperation {
    MessageOperation::new(
        TransactionId::parse(b"1").unwrap(),
        InstantInbox::parse("im:juliet@example.com").unwrap(),
        InstantInbox::parse("im:romeo@example.net").unwrap(),
        message,
    )
    .with_source_instance("yn0cl4bnw0yr3vym")
}

fn write(operation: &MessageOperation) -> Bytes {
    let ids = Identifiers {
        branch: Branch::new(0xb),
        from_tag: 0xf,
        call_id: 0xc,
        sequence: 1,
    };
    let route = Route {
        transport: Transport::Tcp,
        sent_by: "x2s.example.com",
        user_agent: "rialto",
    };
    let form = match Wrapping::of(operation) {
        Wrapping::Needed => Form::Cpim,
        _ => Form::Plain,
    };
    let message = OutgoingMessage::new(operation, form).unwrap();
    message
        .write(&ids, &route, OffsetDateTime::UNIX_EPOCH)
        .unwrap()
}

fn text(operation: &MessageOperation) -> String {
    String::from_utf8(write(operation).to_vec()).unwrap()
}

#[test]
fn rfc7572_4_example_1_becomes_example_2() {
    let message = InstantMessage::new(
        "text/plain",
        Bytes::from("Art thou not Romeo, and a Montague?"),
    )
    .with_thread("D9AA95FD-2BD5-46E2-AF0F-6CFAA96BDDFA");
    let expected = "MESSAGE sip:romeo@example.net SIP/2.0\r\n\
        Via: SIP/2.0/TCP x2s.example.com;branch=z9hG4bK0000000000000000000000000000000b;rport\r\n\
        Max-Forwards: 70\r\n\
        From: <sip:juliet@example.com;gr=yn0cl4bnw0yr3vym>;tag=000000000000000f\r\n\
        To: <sip:romeo@example.net>\r\n\
        Call-ID: D9AA95FD-2BD5-46E2-AF0F-6CFAA96BDDFA\r\n\
        CSeq: 1 MESSAGE\r\n\
        User-Agent: rialto\r\n\
        Content-Type: text/plain\r\n\
        Content-Length: 35\r\n\r\n\
        Art thou not Romeo, and a Montague?";
    assert_eq!(text(&operation(message)), expected);
}

#[test]
fn name_of_another_is_not_the_receivers() {
    let others = Header::new("To", "Benvolio <im:benvolio@example.net>");
    let message = InstantMessage::text("x").with_headers([others].into_iter().collect());
    let text = text(&operation(message));
    assert!(text.contains("To: <sip:romeo@example.net>\r\n"), "{text}");
}

#[test]
fn subject_date_name_and_content_headers_have_their_places() {
    let headers: MessageHeaders = [
        Header::new("From", "Juliet C. <im:juliet@example.com>"),
        Header::new("To", "Romeo M. <im:romeo@example.net>"),
        Header::new("Subject", "one\r\ntwo"),
        Header::new("DateTime", "2010-11-13T23:29:00Z"),
    ]
    .into_iter()
    .collect();
    let message = InstantMessage::text("x")
        .with_headers(headers)
        .with_content_headers(vec![
            ContentHeader::new("Content-Language", "cs"),
            ContentHeader::new("Content-ID", "<1@example.com>"),
        ]);
    let text = text(&operation(message).with_max_forwards(MaxForwards::new(7)));
    assert!(
        text.contains("To: \"Romeo M.\" <sip:romeo@example.net>\r\n"),
        "{text}"
    );
    assert!(
        text.contains("From: \"Juliet C.\" <sip:juliet@example.com;gr="),
        "{text}"
    );
    assert!(text.contains("\r\nSubject: one  two\r\n"), "{text}");
    assert!(
        text.contains("\r\nDate: Sat, 13 Nov 2010 23:29:00 GMT\r\n"),
        "{text}"
    );
    assert!(
        text.contains("\r\nContent-Language: cs\r\nContent-ID: <1@example.com>\r\n"),
        "{text}"
    );
    assert!(text.contains("\r\nMax-Forwards: 7\r\n"), "{text}");
}

#[test]
fn thread_that_is_no_call_id_is_replaced() {
    for thread in ["a thread", "a@b@c", "", "\r\nEvil: 1", &"x".repeat(257)] {
        let text = text(&operation(InstantMessage::text("x").with_thread(thread)));
        assert!(
            text.contains("\r\nCall-ID: 0000000000000000000000000000000c\r\n"),
            "{text}"
        );
        assert!(!text.contains("Evil"), "{text}");
    }
}

#[test]
fn header_without_a_place_in_sip_makes_the_body_message_cpim() {
    let headers: MessageHeaders = [Header::new("cc", "<im:nurse@example.com>")]
        .into_iter()
        .collect();
    let text = text(&operation(InstantMessage::text("x").with_headers(headers)));
    assert!(
        text.contains("\r\nContent-Type: message/cpim\r\n"),
        "{text}"
    );
    assert!(
        text.contains("\r\n\r\nFrom: <im:juliet@example.com>\r\n"),
        "{text}"
    );
    assert!(text.contains("cc: <im:nurse@example.com>\r\n"), "{text}");
}

#[test]
fn thread_stands_in_a_message_cpim_only_where_it_is_no_call_id() {
    let cc = || -> MessageHeaders {
        let cc = Header::new("cc", "<im:nurse@example.com>");
        [cc].into_iter().collect()
    };
    for (thread, is_inside) in [("t-1", false), ("a thread", true)] {
        let message = InstantMessage::text("x")
            .with_headers(cc())
            .with_thread(thread);
        let bytes = write(&operation(message));
        let text = std::str::from_utf8(&bytes).unwrap();
        assert_eq!(
            text.contains("Rialto.Thread: a thread\r\n"),
            is_inside,
            "{text}"
        );
        assert_eq!(text.contains("NS: Rialto"), is_inside, "{text}");
        let back = arrive_as_message(&bytes, OffsetDateTime::UNIX_EPOCH);
        assert_eq!(back.unwrap().message().thread().unwrap(), thread);
    }
}

#[test]
fn content_header_that_is_none_never_becomes_a_header_field_of_sip() {
    let cpim = "From: <im:juliet@example.com>\r\nTo: <im:romeo@example.net>\r\n\r\n\
        Content-Type: text/plain\r\nRoute: <sip:victim.example;lr>\r\n\
        P-Asserted-Identity: <sip:boss@example.com>\r\nv: SIP/2.0/UDP evil.example\r\n\
        Content-(ID): 1\r\n\r\nx";
    let message = InstantMessage::new("message/cpim", Bytes::from(cpim));
    let bytes = write(&operation(message.open_cpim().unwrap()));
    let sip = SipMessage::parse(&bytes).unwrap();
    let names: Vec<_> = sip.headers().map(|header| header.name_text()).collect();
    for name in ["Route", "P-Asserted-Identity", "v", "Content-(ID)"] {
        assert!(!names.contains(&name), "{name}: {names:?}");
    }
    // Nor are they lost.
    let body = std::str::from_utf8(sip.body()).unwrap();
    assert!(body.contains("\r\nP-Asserted-Identity: <sip:boss@example.com>\r\n"));
    assert!(body.ends_with("\r\n\r\nx"), "{body}");
}

#[test]
fn message_comes_back_as_it_was() {
    let headers: MessageHeaders = [
        Header::new("From", "Juliet <im:juliet@example.com>"),
        Header::new("DateTime", "2010-11-13T23:29:00Z"),
        Header::new("Subject", "Židle"),
    ]
    .into_iter()
    .collect();
    let message = InstantMessage::new("text/plain;charset=utf-8", Bytes::from("مرحبا\r\n😀\n"))
        .with_headers(headers)
        .with_thread("t-1")
        .with_content_headers(vec![ContentHeader::new("Content-Language", "ar")]);
    let sent = operation(message).with_destination_instance("a/ö 1");
    let bytes = write(&sent);
    let back = arrive_as_message(&bytes, OffsetDateTime::UNIX_EPOCH).unwrap();
    assert_eq!(back.source_instance(), sent.source_instance());
    assert_eq!(back.destination_instance(), sent.destination_instance());
    assert_eq!(back.message().payload(), sent.message().payload());
    assert_eq!(back.message().thread(), sent.message().thread());
    assert_eq!(
        back.message().content_headers(),
        sent.message().content_headers()
    );
    assert_eq!(back.message().headers().iter().len(), 3);
    assert_eq!(
        back.message().headers().from(),
        sent.message().headers().from()
    );
}
