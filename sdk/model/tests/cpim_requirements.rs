//! What the requirements ask of the common message format.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are not seen as tests"
)]

mod text;

use rialto_model::{
    Bytes, ContentHeader, CpimError, CpimMessage, InstantInbox, InstantMessage, MessageOperation,
    TextError, TransactionId,
};

use self::text::{parse, with_content};

#[test]
fn rfc2779_4_1_2_sender_and_recipient_are_always_named() {
    let operation = MessageOperation::new(
        TransactionId::parse(b"t1").unwrap(),
        InstantInbox::parse("im:romeo@example.net").unwrap(),
        InstantInbox::parse("im:juliet@example.com").unwrap(),
        InstantMessage::text("Wherefore").with_thread("e0ff"),
    );
    let sent = time::macros::datetime!(2026-11-21 07:00 UTC);
    let message = CpimMessage::from_operation(&operation, Some(sent)).unwrap();
    let expected = "From: <im:romeo@example.net>\r\n\
        To: <im:juliet@example.com>\r\n\
        DateTime: 2026-11-21T07:00:00Z\r\n\
        NS: Rialto <urn:uuid:0b2f03b2-e532-4505-a425-bbb99547ceed>\r\n\
        Rialto.Thread: e0ff\r\n\
        \r\n\
        Content-Type: text/plain;charset=utf-8\r\n\
        \r\n\
        Wherefore";
    let bytes = message.to_bytes().unwrap();
    assert_eq!(std::str::from_utf8(&bytes).unwrap(), expected);
    let read = CpimMessage::parse(bytes).unwrap();
    assert_eq!(read, message);
    assert_eq!(read.message().thread().unwrap(), "e0ff");
    assert_eq!(read.date_time(), Some(sent));
}

#[test]
fn rfc2779_4_1_3_return_address_is_the_inbox_that_the_message_names() {
    let message = with_content("From: Romeo <im:romeo@example.net>").unwrap();
    let reply_to = message.from().unwrap().inbox().unwrap();
    assert_eq!(
        reply_to,
        InstantInbox::parse("im:romeo@example.net").unwrap()
    );
}

#[test]
fn rfc2779_4_1_4_addresses_of_other_media_stand_in_cc() {
    let message =
        with_content("cc: <tel:+358-555-1234567>\r\ncc: Fred <mailto:fred@example.com>").unwrap();
    let cc: Vec<_> = message.cc().map(|cc| cc.uri().to_string()).collect();
    assert_eq!(cc, ["tel:+358-555-1234567", "mailto:fred@example.com"]);
    let again = CpimMessage::parse(message.to_bytes().unwrap()).unwrap();
    assert_eq!(again, message);
}

#[test]
fn rfc2779_4_1_5_payload_of_any_bytes_and_type_arrives_byte_for_byte() {
    let every: Vec<u8> = (0..=255).chain(*b"\r\n\r\n\n\r.\r\n").collect();
    for content_type in [
        "application/pkcs7-mime; smime-type=enveloped-data",
        "text/plain; charset=iso-8859-1",
    ] {
        let message = InstantMessage::new(content_type, Bytes::from(every.clone()));
        let bytes = CpimMessage::new(message.clone()).to_bytes().unwrap();
        let read = CpimMessage::parse(bytes).unwrap().into_message();
        assert_eq!(read.payload().as_bytes(), every);
        assert_eq!(read.content_type(), content_type);
    }
}

#[test]
fn rfc2779_4_1_6_names_subjects_and_languages_of_any_script_are_kept() {
    let headers = "From: I\u{f1}aki \u{5d0}\u{5d1} <im:a@b.example>\r\nSubject:;lang=zh-Hans \u{4f60}\u{597d} \u{1f600}";
    let message = with_content(headers).unwrap();
    assert_eq!(
        message.from().unwrap().display_name().unwrap(),
        "I\u{f1}aki \u{5d0}\u{5d1}"
    );
    let subject = message
        .message()
        .headers()
        .subject_for("zh-hans-SG")
        .unwrap()
        .clone();
    assert_eq!(subject.value, "\u{4f60}\u{597d} \u{1f600}");
    assert_eq!(
        CpimMessage::parse(message.to_bytes().unwrap()).unwrap(),
        message
    );
}

#[test]
fn rfc2779_4_1_8_headers_of_unknown_namespaces_survive() {
    let headers = "NS: a <urn:a>\r\na.One:;x=1;y=\"2;3\" value\r\nNS: a <urn:b>\r\na.One: other";
    let message = with_content(headers).unwrap();
    let headers = message.message().headers();
    assert_eq!(
        headers.find("urn:a", "One").unwrap().parameters,
        "x=1;y=\"2;3\""
    );
    assert_eq!(headers.find("urn:b", "One").unwrap().value, "other");
    let bytes = message.to_bytes().unwrap();
    assert!(bytes.starts_with(b"NS: a <urn:a>\r\na.One:;x=1;y=\"2;3\" value\r\nNS: a <urn:b>\r\n"));
}

#[test]
fn rfc2779_4_1_10_content_is_a_mime_entity_kept_as_it_came() {
    let text = "\r\nContent-Type: multipart/mixed;\r\n\tboundary=\"x\"\r\nContent-ID: <a@b>\r\nX-Other: c d\r\n\r\n--x--";
    let message = parse(text).unwrap().into_message();
    let content_type = message.parsed_content_type().unwrap();
    assert!(content_type.is("MULTIPART", "Mixed"));
    assert_eq!(content_type.parameter("Boundary").unwrap(), "x");
    let names: Vec<_> = message
        .content_headers()
        .iter()
        .map(|h| h.name.to_string())
        .collect();
    assert_eq!(names, ["Content-ID", "X-Other"]);
}

#[test]
fn payload_of_message_cpim_is_opened_once_and_keeps_the_thread() {
    let inner =
        "From: <im:a@b.example>\r\nSubject: x\r\n\r\nContent-Type: message/CPIM\r\n\r\nTo: y";
    let outer =
        InstantMessage::new("Message/CPIM;charset=utf-8", Bytes::from(inner)).with_thread("t");
    let message = outer.open_cpim().unwrap();
    assert_eq!(message.headers().subjects().next().unwrap().value, "x");
    assert_eq!(message.thread().unwrap(), "t");
    assert_eq!(message.payload().as_bytes(), b"To: y");
    let broken = InstantMessage::new("message/cpim", Bytes::from_static(b"x"));
    assert_eq!(broken.open_cpim(), Err(CpimError::Truncated { at: 1 }));
    let plain = InstantMessage::text("x");
    assert_eq!(plain.clone().open_cpim(), Ok(plain));
}

#[test]
fn text_is_shown_only_where_the_type_says_that_it_is_text() {
    let message = |content_type: &str, text: &'static [u8]| {
        InstantMessage::new(content_type, Bytes::from_static(text))
    };
    for content_type in [
        "text/plain",
        "Text/Plain; Charset=\"UTF-8\"",
        "text/plain;charset=us-ascii;;",
    ] {
        let message = message(content_type, b"hi");
        assert_eq!(message.as_text(), Ok("hi"), "{content_type}");
    }
    assert_eq!(
        message("text/html", b"hi").as_text(),
        Err(TextError::NotText)
    );
    let latin = TextError::Charset {
        charset: "iso-8859-1".into(),
    };
    assert_eq!(
        message("text/plain;charset=iso-8859-1", b"gr\xfcn").as_text(),
        Err(latin)
    );
    let broken = TextError::Encoding { at: 2 };
    assert_eq!(
        message("text/plain;charset=utf-8", b"gr\xfcn").as_text(),
        Err(broken)
    );
    let malformed = message("text", b"hi");
    assert!(matches!(
        malformed.as_text(),
        Err(TextError::ContentType(_))
    ));
    let encoded = message("text/plain", b"aGk=").with_content_headers(vec![ContentHeader::new(
        "content-transfer-encoding",
        "Base64",
    )]);
    let encoding = TextError::TransferEncoding {
        encoding: "Base64".into(),
    };
    assert_eq!(encoded.as_text(), Err(encoding));
}
