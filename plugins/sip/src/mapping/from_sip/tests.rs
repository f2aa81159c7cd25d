use std::path::PathBuf;

use rialto_sdk::prelude::FailureReason;

use super::*;
use crate::mapping::{arrive, arrive_as_message};

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn map(text: &[u8]) -> Result<MessageOperation, Rejection> {
    map_at(text, NOW)
}

fn map_at(text: &[u8], now: OffsetDateTime) -> Result<MessageOperation, Rejection> {
    arrive_as_message(&Bytes::copy_from_slice(text), now)
}

/// A request with other lines than usual in the places of the usual ones.
fn request(uri: &str, from: &str, more: &str, body: &str) -> Vec<u8> {
    format!(
        "MESSAGE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nMax-Forwards: 17\r\n\
         From: {from};tag=1\r\nTo: <sip:b@xmpp.example>\r\nCall-ID: c1\r\nCSeq: 1 MESSAGE\r\n{more}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn usual(more: &str, body: &str) -> Vec<u8> {
    request("sip:b@xmpp.example", "<sip:a@sip.example>", more, body)
}

fn example(name: &str) -> Option<Vec<u8>> {
    let Some(reference) = std::env::var_os("RIALTO_REFERENCE") else {
        println!("skipped: RIALTO_REFERENCE is not set");
        return None;
    };
    let path = PathBuf::from(reference)
        .join("corpora/rfc-examples/rfc7572")
        .join(name);
    let text = std::fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // The corpus has the line ends of text files.
    Some(text.replace('\n', "\r\n").into_bytes())
}

fn headers(operation: &MessageOperation) -> Vec<(String, String)> {
    let headers = operation.message().headers().iter();
    headers
        .map(|header| (header.name.to_string(), header.value.to_string()))
        .collect()
}

#[test]
fn rfc7247_8_sips_destination_is_refused_as_hops_of_other_networks_may_be_in_the_clear() {
    let refused = Rejection::Unsecured;
    let from = "<sips:a@sip.example>";
    let by_uri = request("sips:b@xmpp.example", from, "", "");
    assert_eq!(map(&by_uri).unwrap_err(), refused);
    let usual = request("sip:b@xmpp.example", from, "", "");
    assert!(
        map(&usual).is_ok(),
        "how the sender is reached is no demand"
    );
    let by_to = String::from_utf8(usual).unwrap();
    let by_to = by_to.replace("<sip:b@", "<sips:b@");
    assert_eq!(map(by_to.as_bytes()).unwrap_err(), refused);
}

#[test]
fn rfc7572_5_example_4_becomes_an_operation() {
    let Some(text) = example("ex04-sip-user-sends-message.sip") else {
        return;
    };
    let operation = map(&text).unwrap();
    assert_eq!(operation.source().as_str(), "im:romeo@example.net");
    assert_eq!(operation.destination().as_str(), "im:juliet@example.com");
    assert_eq!(operation.max_forwards().hops(), 70);
    let message = operation.message();
    assert_eq!(
        message.thread().unwrap(),
        "9E97FB43-85F4-4A00-8751-1124FD4C7B2E"
    );
    assert_eq!(message.content_type(), "text/plain");
    assert_eq!(
        message.payload().as_bytes(),
        b"Neither, fair saint, if either thee dislike."
    );
    assert!(message.headers().is_empty());
}

#[test]
fn rfc7572_8_example_6_keeps_the_language() {
    let Some(text) = example("ex06-sip-user-sends-message.sip") else {
        return;
    };
    let operation = map(&text).unwrap();
    assert_eq!(
        operation.message().content_headers(),
        [ContentHeader::new("Content-Language", "cs")]
    );
}

#[test]
fn rfc3261_19_1_6_numbers_write_to_each_other_where_numbers_have_a_domain() {
    let text = request("tel:7042;phone-context=+1", "<tel:+1-201-555-0123>", "", "");
    let numbers = Domain::parse("numbers.example").unwrap();
    let incoming = arrive(&text.into(), NOW, Some(&numbers));
    let Ok(Incoming::Message(operation)) = incoming else {
        panic!("{incoming:?}");
    };
    assert_eq!(
        operation.source().as_str(),
        "im:+12015550123/user=phone@numbers.example"
    );
    assert_eq!(
        operation.destination().as_str(),
        "im:7042/phone-context=+1/user=phone@numbers.example"
    );
}

#[test]
fn rfc3428_10_example_f1_becomes_an_operation_without_the_address_in_its_call_id() {
    let text = b"MESSAGE sip:user2@domain.com SIP/2.0\r\n\
        Via: SIP/2.0/TCP user1pc.domain.com;branch=z9hG4bK776sgdkse\r\nMax-Forwards: 70\r\n\
        From: sip:user1@domain.com;tag=49583\r\nTo: sip:user2@domain.com\r\n\
        Call-ID: asd88asd77a@1.2.3.4\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n\
        Content-Length: 18\r\n\r\nWatson, come here.";
    let operation = map(text).unwrap();
    assert_eq!(operation.source().as_str(), "im:user1@domain.com");
    assert_eq!(operation.destination().as_str(), "im:user2@domain.com");
    assert_eq!(
        operation.message().payload().as_bytes(),
        b"Watson, come here."
    );
    assert_eq!(operation.message().thread().unwrap(), "asd88asd77a");
}

#[test]
fn names_subject_and_date_become_headers() {
    let text = request(
        "sip:b@xmpp.example",
        "\"Romeo \\\"R.\\\"\" <sip:a@sip.example;gr=phone>",
        "Subject: Hi\r\nDate: Sat, 13 Nov 2010 23:29:00 GMT\r\nContent-Type: text/plain\r\n",
        "x",
    );
    let operation = map(&text).unwrap();
    assert_eq!(operation.source_instance().unwrap(), "phone");
    assert_eq!(operation.max_forwards().hops(), 17);
    let from = operation.message().headers().from().unwrap();
    assert_eq!(from.display_name().unwrap(), "Romeo \"R.\"");
    assert_eq!(from.uri(), "im:a@sip.example");
    assert_eq!(
        headers(&operation)[1..],
        [
            ("DateTime".into(), "2010-11-13T23:29:00Z".into()),
            ("Subject".into(), "Hi".into())
        ]
    );
}

#[test]
fn to_is_kept_where_it_differs_from_the_request_uri() {
    let text = request(
        "sip:other@xmpp.example;gr=desk",
        "<sip:a@sip.example>",
        "",
        "",
    );
    let operation = map(&text).unwrap();
    assert_eq!(operation.destination().as_str(), "im:other@xmpp.example");
    assert_eq!(operation.destination_instance().unwrap(), "desk");
    assert_eq!(
        headers(&operation),
        [("To".into(), "<im:b@xmpp.example>".into())]
    );
}

#[test]
fn im_uri_in_the_request_line_names_the_destination() {
    let operation = map(&request("im:b@xmpp.example", "<im:a@sip.example>", "", "")).unwrap();
    assert_eq!(operation.destination().as_str(), "im:b@xmpp.example");
    assert_eq!(operation.source().as_str(), "im:a@sip.example");
}

#[test]
fn message_cpim_is_unwrapped() {
    let body = "From: MR SANDERS <im:piglet@100akerwood.com>\r\nSubject: inner\r\n\r\n\
                Content-Type: text/xml; charset=utf-8\r\nContent-ID: <1@x.example>\r\n\r\n<body/>";
    let operation = map(&usual("Content-Type: message/cpim\r\n", body)).unwrap();
    let message = operation.message();
    assert_eq!(message.content_type(), "text/xml; charset=utf-8");
    assert_eq!(message.payload().as_bytes(), b"<body/>");
    assert_eq!(message.headers().subjects().next().unwrap().value, "inner");
    assert_eq!(message.thread().unwrap(), "c1");
}

#[test]
fn folded_content_header_crosses_as_one_line() {
    let text = usual(
        "Content-Type: text/html;\r\n charset=utf-8\r\nContent-Description: a\r\n\t b\r\n",
        "x",
    );
    let operation = map(&text).unwrap();
    let message = operation.message();
    assert_eq!(message.content_type(), "text/html; charset=utf-8");
    let description = ContentHeader::new("Content-Description", "a b");
    assert_eq!(message.content_headers(), [description]);
}

#[test]
fn payload_of_any_type_crosses_byte_for_byte_and_shared() {
    let bytes = Bytes::from(usual(
        "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\
         Content-Transfer-Encoding: base64\r\nContent-ID: <a@b.example>\r\n",
        "\u{0}\r\n\u{1}raw\r\n",
    ));
    let operation = arrive_as_message(&bytes, NOW).unwrap();
    let payload = operation.message().payload().as_bytes();
    assert_eq!(payload, "\u{0}\r\n\u{1}raw\r\n".as_bytes());
    assert!(bytes.as_ptr_range().contains(&payload.as_ptr()));
    assert_eq!(
        operation.message().content_headers(),
        [
            ContentHeader::new("Content-Transfer-Encoding", "base64"),
            ContentHeader::new("Content-ID", "<a@b.example>"),
        ]
    );
}

#[test]
fn request_that_is_no_message_operation_is_rejected_with_its_reason() {
    let from = "<sip:a@sip.example>";
    let reason = Rejection::Reason;
    let cases = [
        (
            request("pres:b@xmpp.example", from, "", ""),
            Rejection::Status(StatusCode::UNSUPPORTED_URI_SCHEME),
        ),
        (
            request("tel:+15551234", from, "", ""),
            Rejection::Status(StatusCode::UNSUPPORTED_URI_SCHEME),
        ),
        (
            request("sip:xmpp.example", from, "", ""),
            reason(FailureReason::InvalidDestination),
        ),
        (
            request("sip:b@192.0.2.1", from, "", ""),
            reason(FailureReason::InvalidDestination),
        ),
        (
            request("sip:b@xmpp.example", "<sip:a@[::1]>", "", ""),
            reason(FailureReason::InvalidSource),
        ),
        (
            request("sip:b@xmpp.example", "<tel:+15551234>", "", ""),
            reason(FailureReason::InvalidSource),
        ),
        (usual("", "typeless"), Rejection::Untyped),
        (
            usual("Content-Type: message/cpim\r\n", "no cpim"),
            Rejection::Cpim,
        ),
    ];
    for (text, rejection) in cases {
        assert_eq!(
            map(&text),
            Err(rejection),
            "{}",
            String::from_utf8_lossy(&text)
        );
    }
}

#[test]
fn rfc3428_7_message_that_has_expired_is_not_delivered() {
    let dated = |expires: u32| {
        usual(
            &format!("Date: Sat, 13 Nov 2010 23:29:00 GMT\r\nExpires: {expires}\r\n"),
            "",
        )
    };
    let sent = OffsetDateTime::from_unix_timestamp(1_289_690_940).unwrap();
    let later = sent + time::Duration::seconds(60);
    assert!(map_at(&dated(61), later).is_ok());
    let rejection = Rejection::Expired;
    assert_eq!(map_at(&dated(60), later), Err(rejection));
    assert!(map_at(&usual("Expires: 1\r\n", ""), later).is_ok());
    assert_eq!(map_at(&usual("Expires: 0\r\n", ""), later), Err(rejection));
}

#[test]
fn call_id_never_shows_an_address_of_the_senders_network() {
    for (call_id, thread) in [
        ("a84b4c76@192.0.2.1", "a84b4c76"),
        ("a84b4c76@192.0.2.1:5060", "a84b4c76"),
        ("a84b4c76@[2001:db8::1]", "a84b4c76"),
        ("a84b4c76@[2001:db8::1]:5060", "a84b4c76"),
        ("a84b4c76@2001:db8::1", "a84b4c76"),
        ("a84b4c76@ua.sip.example", "a84b4c76@ua.sip.example"),
        ("a84b4c76", "a84b4c76"),
    ] {
        let text = String::from_utf8(usual("Content-Type: text/plain\r\n", "x")).unwrap();
        let text = text.replace("Call-ID: c1", &format!("Call-ID: {call_id}"));
        let operation = map(text.as_bytes()).unwrap();
        assert_eq!(operation.message().thread().unwrap(), thread, "{call_id}");
    }
}
