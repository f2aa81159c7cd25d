//! What holds for every message: it crosses message/cpim unchanged, and no header breaks out of its line.

#![allow(clippy::unwrap_used, reason = "helpers of tests are not seen as tests")]

use proptest::{collection::vec, option, prelude::*};
use rialto_model::{
    ByteString, Bytes, ContentHeader, CpimMessage, Header, InstantInbox, InstantMessage,
    MessageHeaders, MessageOperation, NameAddress, TransactionId,
};

const SOURCE: &str = "im:romeo@example.net";
const DESTINATION: &str = "im:juliet@example.com";

fn operation(message: InstantMessage) -> MessageOperation {
    MessageOperation::new(
        TransactionId::parse(b"t1").unwrap(),
        InstantInbox::parse(SOURCE).unwrap(),
        InstantInbox::parse(DESTINATION).unwrap(),
        message,
    )
}

/// Any text at all, with what is dangerous in it more often than chance has it.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "\\PC{1,6}",
        2 => any::<char>().prop_map(String::from),
        3 => prop::sample::select(vec![
            "\r\n", "\n", "\r", "\\", "\\n", "\\u000d", "\"", "'", ";lang=x", ": ", " ", "\t", "\0",
            "<im:x@example.com>", "\r\nTo: <im:evil@example.com>", "\u{7f}", "\u{2028}", "\u{1f600}",
        ]).prop_map(String::from),
    ];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn header() -> impl Strategy<Value = Header> {
    let name = prop_oneof![
        Just("Subject".to_owned()),
        "[A-Za-z][A-Za-z0-9-]{0,8}".prop_filter("reserved", |name| !is_reserved(name)),
        "[a-z]{1,4}\\.[A-Za-z0-9-]{1,8}",
    ];
    let language = option::of("[a-z]{2,3}(-[A-Z]{2})?");
    let parameters = prop_oneof![
        3 => Just(String::new()),
        1 => r#"[a-k]{1,3}=[a-z0-9.]{1,4}(;[a-k]{1,3}="[a-z ;]{0,4}(\\["nt\\])?")?"#,
    ];
    (name, language, parameters, text()).prop_map(|(name, language, parameters, value)| {
        let mut header = Header::new(name, value);
        header.language = language.map(Into::into);
        header.parameters = parameters.into();
        header
    })
}

fn is_reserved(name: &str) -> bool {
    let of_rfc = [
        "From",
        "To",
        "cc",
        "DateTime",
        "NS",
        "Require",
        "MIME-Version",
    ];
    of_rfc.contains(&name) || name.to_ascii_lowercase().starts_with("content-")
}

fn address() -> impl Strategy<Value = String> {
    (option::of(text()), "(im|sip|tel):[a-z0-9@.+]{1,12}").prop_map(|(name, uri)| {
        let name = name.map(ByteString::from);
        NameAddress::new(name, uri.into()).unwrap().to_string()
    })
}

fn message() -> impl Strategy<Value = InstantMessage> {
    let addresses = vec(
        (prop::sample::select(vec!["From", "To", "cc"]), address()),
        0..4,
    );
    let content_headers = vec(
        (
            "Content-[A-SU-Z][a-z]{1,8}",
            "[!-~\u{e0}-\u{ff}]{0,3}([ \t]?[!-~]{1,4}){0,4}",
        ),
        0..3,
    );
    let payload = vec(any::<u8>(), 0..64);
    let content_type = prop::sample::select(vec![
        "text/plain;charset=utf-8",
        "application/octet-stream",
        "multipart/signed; boundary=\"x y\"",
    ]);
    let thread = option::of(text());
    let parts = (
        addresses,
        vec(header(), 0..5),
        thread,
        content_type,
        content_headers,
        payload,
    );
    parts.prop_map(
        |(addresses, headers, thread, content_type, content_headers, payload)| {
            let addresses = addresses
                .into_iter()
                .map(|(name, value)| Header::new(name, value));
            let headers: MessageHeaders = addresses.chain(headers).collect();
            let content_headers = content_headers
                .into_iter()
                .map(|(name, value)| ContentHeader::new(name, value.trim()))
                .collect();
            let message = InstantMessage::new(content_type, Bytes::from(payload))
                .with_headers(headers)
                .with_content_headers(content_headers);
            match thread {
                Some(thread) => message.with_thread(thread),
                None => message,
            }
        },
    )
}

proptest! {
    #[test]
    fn cpim_2_3_message_is_written_as_message_cpim_and_read_back_unchanged(message in message()) {
        let bytes = CpimMessage::new(message.clone()).to_bytes().unwrap();
        let read = CpimMessage::parse(bytes.clone()).unwrap();
        prop_assert_eq!(read.message(), &message);
        prop_assert_eq!(read.to_bytes().unwrap(), bytes);
    }

    #[test]
    fn cpim_2_3_operation_is_read_back_with_its_ends_and_its_own_headers(message in message()) {
        let operation = operation(message.clone());
        let cpim = CpimMessage::from_operation(&operation, None).unwrap();
        let read = CpimMessage::parse(cpim.to_bytes().unwrap()).unwrap();
        let own = message.headers();
        let added = read.message().headers().len() - own.len();
        let tail: Vec<_> = read.message().headers().iter().skip(added).collect();
        prop_assert_eq!(tail, own.iter().collect::<Vec<_>>());
        let source = own.from().map_or_else(|| SOURCE.into(), |from| from.uri().clone());
        prop_assert_eq!(read.from().unwrap().uri().clone(), source);
        let destination = own.to().next().map_or_else(|| DESTINATION.into(), |to| to.uri().clone());
        prop_assert_eq!(read.to().next().unwrap().uri().clone(), destination);
        prop_assert_eq!(read.date_time(), None);
        prop_assert_eq!(read.message().payload(), message.payload());
        prop_assert_eq!(read.message().thread(), message.thread());
    }

    #[test]
    fn no_value_of_a_header_breaks_out_of_its_line(value in text(), thread in text()) {
        let headers = [Header::new("Subject", value)].into_iter().collect();
        let message = InstantMessage::text("x").with_headers(headers).with_thread(thread);
        let bytes = CpimMessage::new(message).to_bytes().unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let names: Vec<_> = head.split("\r\n").map(|line| line.split(':').next().unwrap()).collect();
        prop_assert_eq!(names, ["Subject", "NS", "Rialto.Thread"]);
        prop_assert!(head.split("\r\n").all(|line| !line.chars().any(|c| c.is_ascii_control())));
    }

    #[test]
    fn name_address_comes_back_from_its_text(name in option::of(text()), uri in "[a-z]{1,5}:[!#-;=?-~]{1,9}") {
        let name = name.map(ByteString::from);
        let address = NameAddress::new(name, uri.into()).unwrap();
        prop_assert_eq!(NameAddress::parse(&address.to_string().into()), Some(address));
    }

    #[test]
    fn any_bytes_are_a_message_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        if let Ok(message) = CpimMessage::parse(bytes.into()) {
            prop_assert!(message.to_bytes().is_ok() || !message.message().content_headers().is_empty());
        }
    }

    #[test]
    fn what_is_read_can_be_written_and_read_again(
        lines in vec(prop::sample::select(vec![
            "From: <im:a@example.com>", "To: \"A \\\"B\\\"\" <im:b@example.com>", "NS: a <urn:a>", "a.b:;lang=en;x=\"y\" z",
            "Subject:", "Subject: \\u0041\\ud83d\\ude00\\q\\", "", "", "Content-Type: text/html", "content-id: <a>\r\n\tb",
            "Require: a.b", "x:;a=b;lang=de;c=d v", "NS: <urn:x>", "To: im:bare@example.com",
        ]), 0..9),
        end in prop::sample::select(vec!["\r\n", "\n"]),
    ) {
        let text = format!("{}{end}{end}{end}body", lines.join(end));
        if let Ok(read) = CpimMessage::parse(text.into()) {
            let again = CpimMessage::parse(read.to_bytes().unwrap()).unwrap();
            prop_assert_eq!(again.message(), read.message());
        }
    }
}
