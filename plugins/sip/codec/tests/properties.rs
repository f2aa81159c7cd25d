//! What holds for all bytes and all values.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test code"
)]

use std::net::SocketAddr;

use bytes::BytesMut;
use proptest::prelude::*;
use rialto_sip_codec::{
    DecodeError, EncodeError, Frame, Framer, HeaderName, MessageWriter, Method, Reply, Request,
    Response, SipMessage, StatusCode, Transport, Uri, uri::escape::escape_user,
};

const CORPUS: [&[u8]; 4] = [
    include_bytes!("fixtures/rfc4475/wsinv.dat"),
    include_bytes!("fixtures/rfc4475/intmeth.dat"),
    include_bytes!("fixtures/rfc4475/mpart01.dat"),
    include_bytes!("fixtures/rfc4475/badinv01.dat"),
];

/// Looks at everything; only panics matter.
fn look(bytes: &[u8]) {
    if let Some(message) = SipMessage::salvage(bytes) {
        answer(&message);
    }
    let Ok(message) = SipMessage::parse(bytes) else {
        return;
    };
    let _ = (
        Request::read(&message).is_ok(),
        Response::read(&message).is_ok(),
    );
    let _ = (
        message.date().is_ok(),
        message.expires().is_ok(),
        message.event().is_ok(),
    );
    let _ = (
        message.content_type().is_ok(),
        message.retry_after().is_ok(),
    );
    let _ = (
        message.contacts().is_ok(),
        message.text(HeaderName::Subject).is_ok(),
    );
    let _ = (
        message.vias().count(),
        message.accept().count(),
        message.warnings().count(),
    );
    let _ = (
        message.addresses(HeaderName::Route).count(),
        message.in_reply_to().count(),
    );
    let _ = message.tokens(HeaderName::Require).count();
    answer(&message);
}

fn answer(message: &SipMessage<'_>) {
    let source = Some(SocketAddr::from(([192, 0, 2, 1], 5060)));
    let reply = Reply {
        status: StatusCode::BAD_REQUEST,
        reason: "",
        source,
        to_tag: "a",
    };
    let mut output = Vec::new();
    if MessageWriter::response(&mut output, message, &reply)
        .finish(b"")
        .is_ok()
    {
        let answered = SipMessage::parse(&output).unwrap();
        assert!(answered.header(HeaderName::Via).is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        look(&bytes);
        drop(Framer::new().next_frame(&mut BytesMut::from(&bytes[..])));
    }

    #[test]
    fn any_text_of_sip_letters_never_panics(text in "[ -~\r\n]{0,200}") {
        look(format!("OPTIONS sip:a SIP/2.0\r\nVia: {text}\r\n\r\n").as_bytes());
        look(format!("OPTIONS {text} SIP/2.0\r\nv: SIP/2.0/UDP a\r\nm:{text}\r\n\r\n").as_bytes());
        drop(Uri::parse(&text).map(|uri| uri.to_string()));
    }

    #[test]
    fn damaged_messages_never_panic(
        which in 0..CORPUS.len(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = CORPUS[which].to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        look(&bytes);
        look(&bytes[..cut.index(bytes.len())]);
    }

    #[test]
    fn request_is_read_as_it_was_written(
        user in "\\PC{1,20}", name in "[^\\p{Cc}]{0,20}", number in 0_u32..=0x7fff_ffff,
        subject in "[^\\p{Cc}\\s][^\\p{Cc}\\s]{0,20}", max_forwards: u8,
        body in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let uri = format!("sip:{}@example.com", escape_user(&user));
        let mut output = b"before".to_vec();
        MessageWriter::request(&mut output, Method::Message, &uri)
            .via(Transport::Tcp, "[2001:db8::1]:5061", "z9hG4bKbranch")
            .max_forwards(max_forwards)
            .from(&name, &uri, "from-tag")
            .to("", "im:bob@example.com", "")
            .call_id("call@example.com")
            .cseq(number, Method::Message)
            .header(HeaderName::Subject, &subject)
            .finish(&body)
            .unwrap();
        let message = SipMessage::parse(&output[6..]).unwrap();
        let request = Request::read(&message).unwrap();
        prop_assert_eq!(request.method(), Method::Message);
        let Uri::Sip(read) = request.uri() else { panic!("another scheme") };
        let read_user = read.user_text();
        prop_assert_eq!(read_user.as_deref(), Some(user.as_str()));
        prop_assert_eq!(request.from().display_name().unwrap_or_default(), name);
        prop_assert_eq!(request.from().tag(), Some("from-tag"));
        prop_assert_eq!(request.to().uri(), Uri::parse("im:bob@example.com").unwrap());
        prop_assert_eq!(request.cseq().number(), number);
        prop_assert_eq!(request.max_forwards(), Some(max_forwards));
        prop_assert_eq!(request.via().sent_by(), "[2001:db8::1]:5061");
        prop_assert_eq!(request.via().unique_branch(), Some("z9hG4bKbranch"));
        let read_subject = message.text(HeaderName::Subject).unwrap();
        prop_assert_eq!(read_subject.as_deref(), Some(subject.as_str()));
        prop_assert_eq!(message.body(), &body[..]);

        let mut buffer = BytesMut::from(&output[6..]);
        let frame = Framer::new().next_frame(&mut buffer).unwrap();
        prop_assert_eq!(frame, Some(Frame::Message(output.split_off(6).into())));
    }

    #[test]
    fn value_with_a_line_end_is_refused_and_nothing_is_written(
        before in "[a-z]{0,5}", end in "[\r\n\0]", after in "[a-z]{0,5}",
    ) {
        let value = format!("{before}{end}{after}");
        let mut output = b"before".to_vec();
        let refused = MessageWriter::request(&mut output, Method::Message, "sip:a")
            .header(HeaderName::Subject, &value)
            .finish(b"");
        let at = before.len();
        let field = HeaderName::Subject;
        prop_assert_eq!(refused, Err(EncodeError::ControlCharacter { field, at }));
        prop_assert_eq!(MessageWriter::request(&mut output, Method::Message, &value).finish(b""),
            Err(EncodeError::RequestLine));
        let refused = MessageWriter::request(&mut output, Method::Message, "sip:a")
            .from(&value, "sip:a", "");
        prop_assert!(refused.finish(b"").is_err());
        let refused = MessageWriter::request(&mut output, Method::Message, "sip:a")
            .from("", &format!("sip:{value}"), "").finish(b"");
        prop_assert!(refused.is_err());
        prop_assert_eq!(output, b"before");
    }
}

fn response_to(request: &[u8], source: SocketAddr) -> String {
    let message = SipMessage::parse(request).unwrap();
    let reply = Reply {
        status: StatusCode::OK,
        reason: "",
        source: Some(source),
        to_tag: "ours",
    };
    let mut output = Vec::new();
    MessageWriter::response(&mut output, &message, &reply)
        .finish(b"")
        .unwrap();
    String::from_utf8(output).unwrap()
}

const REQUEST: &str = "MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP host.example ; branch=z9hG4bK1;\
    rport , SIP/2.0/TCP\r\n other;x=\"a,\\\"b\"\r\nv: SIP/2.0/UDP third\r\nt:\r\n <sip:a@b>\r\n\
    f: <sip:c@d>;tag=theirs\r\ni: 1\r\nCSeq: 7 MESSAGE\r\nMax-Forwards: 1\r\n\r\n";

#[test]
fn response_copies_what_its_request_has_and_tells_the_source() {
    assert_eq!(
        response_to(REQUEST.as_bytes(), ([192, 0, 2, 7], 9999).into()),
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP host.example;branch=z9hG4bK1;received=192.0.2.7;\
         rport=9999, SIP/2.0/TCP other;x=\"a,\\\"b\"\r\nVia: SIP/2.0/UDP third\r\n\
         From: <sip:c@d>;tag=theirs\r\nTo: <sip:a@b>;tag=ours\r\nCall-ID: 1\r\n\
         CSeq: 7 MESSAGE\r\nContent-Length: 0\r\n\r\n"
    );
}

#[test]
fn response_keeps_via_and_to_when_they_say_all() {
    let request = "MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:1;branch=z9hG4bK1\r\n\
        To: <sip:a@b>;tag=known\r\nFrom: <sip:c@d>\r\nCall-ID: 1\r\nCSeq: 7 MESSAGE\r\n\r\n";
    let response = response_to(request.as_bytes(), ([192, 0, 2, 7], 9999).into());
    assert!(response.contains("\r\nVia: SIP/2.0/UDP 192.0.2.7:1;branch=z9hG4bK1\r\n"));
    assert!(response.contains("\r\nTo: <sip:a@b>;tag=known\r\n"));
}

#[test]
fn response_replaces_a_received_that_its_sender_made_up() {
    let request = REQUEST.replace("branch=", "received=203.0.113.1;rport=1;branch=");
    let response = response_to(
        request.replace(";rport ,", " ,").as_bytes(),
        ([192, 0, 2, 7], 9).into(),
    );
    assert!(response.contains("host.example;branch=z9hG4bK1;received=192.0.2.7;rport=9"));
}

#[test]
fn message_is_refused_when_it_breaks_a_limit() {
    let long = vec![b'a'; 128 * 1024 + 1];
    let refused = SipMessage::parse(&long).unwrap_err();
    assert_eq!(refused.reject(), Some(StatusCode::MESSAGE_TOO_LARGE));
    let head = format!("OPTIONS sip:a SIP/2.0\r\na: {}\r\n\r\n", "b".repeat(65_536));
    let refused = SipMessage::parse(head.as_bytes()).unwrap_err();
    assert_eq!(refused.reject(), Some(StatusCode::MESSAGE_TOO_LARGE));
    let text = "b".repeat(65_536);
    let body = format!("OPTIONS sip:a SIP/2.0\r\na: b\r\n\r\n{text}");
    assert_eq!(
        SipMessage::parse(body.as_bytes()).unwrap().body(),
        text.as_bytes()
    );
    let many = format!("OPTIONS sip:a SIP/2.0\r\n{}\r\n", "a: b\r\n".repeat(257));
    let refused = SipMessage::parse(many.as_bytes()).unwrap_err();
    assert_eq!(refused, DecodeError::TooManyHeaders { limit: 256 });
    let just = format!("OPTIONS sip:a SIP/2.0\r\n{}\r\n", "a: b\r\n".repeat(256));
    assert_eq!(
        SipMessage::parse(just.as_bytes())
            .unwrap()
            .headers()
            .count(),
        256
    );
    let vias = format!(
        "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a{}\r\n\r\n",
        ", SIP/2.0/UDP a".repeat(80)
    );
    let message = SipMessage::parse(vias.as_bytes()).unwrap();
    assert_eq!(message.vias().last().map(|via| via.is_err()), Some(true));
}

#[test]
fn header_line_is_refused_when_a_line_end_stands_alone() {
    for text in [
        "Subject: a\nb: c\r\n\r\n",
        "Subject: a\rb: c\r\n\r\n",
        "Subject: a\n\n",
    ] {
        let bytes = format!("OPTIONS sip:a SIP/2.0\r\n{text}");
        let refused = SipMessage::parse(bytes.as_bytes()).unwrap_err();
        assert!(
            matches!(refused, DecodeError::BareLineEnd { .. }),
            "{text:?}"
        );
    }
}

#[test]
fn ack_and_responses_are_never_answered() {
    let ack = REQUEST.replace("MESSAGE", "ACK");
    assert!(SipMessage::salvage(ack.as_bytes()).is_none());
    assert!(SipMessage::salvage(b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a\r\n\r\n").is_none());
    assert!(SipMessage::salvage(b"OPTIONS sip:a SIP/2.0\r\nTo: a\r\n\r\n").is_none());
}
