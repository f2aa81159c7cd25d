//! What asks for reports: the headers of RFC 5438, the names of messages, what a sender wants to be told.

#![allow(clippy::unwrap_used, reason = "helpers of tests are not seen as tests")]

use rialto_model::{
    ByteString, CpimMessage, Disposition, DispositionRequest, DispositionType, Header, ImdnHeaders,
    InstantMessage, MessageHeaders, MessageId, NameAddress, Notify,
};

fn id(id: &str) -> MessageId {
    MessageId::parse(id).unwrap()
}

fn address(text: &'static str) -> NameAddress {
    NameAddress::parse(&ByteString::from_static(text)).unwrap()
}

#[test]
fn headers_are_written_where_others_stand_and_read_again() {
    let asked = [Notify::Display, Notify::PositiveDelivery];
    let headers = ImdnHeaders::default()
        .with_message_id(id("34jk324j"))
        .with_request(asked.into_iter().collect())
        .with_original_to(address("\"B \"the\" <list>\" <im:list@example.com>"))
        .with_record_route(vec![address("<im:a.example>"), address("<im:b.example>")])
        .with_route(vec![address("C <im:c.example>")]);
    let others: MessageHeaders = [Header::new("Subject", "x")].into_iter().collect();
    let written = headers.write(&others);
    let message = InstantMessage::text("x").with_headers(written);
    let bytes = CpimMessage::new(message).to_bytes().unwrap();
    let expected = "Subject: x\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: 34jk324j\r\n\
        imdn.Disposition-Notification: positive-delivery, display\r\n\
        imdn.Original-To: \"B \\\"the\\\" <list>\" <im:list@example.com>\r\n\
        imdn.IMDN-Record-Route: <im:a.example>\r\nimdn.IMDN-Record-Route: <im:b.example>\r\n\
        imdn.IMDN-Route: C <im:c.example>\r\n\r\n";
    assert!(
        bytes.starts_with(expected.as_bytes()),
        "{}",
        bytes.escape_ascii()
    );
    let read = CpimMessage::parse(bytes).unwrap().into_message();
    assert_eq!(ImdnHeaders::read(read.headers()), Ok(headers));
}

#[test]
fn headers_take_the_place_of_older_ones_and_of_nothing_else() {
    let old: MessageHeaders = [
        Header::new("NS", "a <urn:ietf:params:imdn>"),
        Header::new("a.Message-ID", "1"),
        Header::new("a.Other", "kept"),
        Header::new("Message-ID", "kept too"),
        Header::new("NS", "imdn <urn:x>"),
        Header::new("imdn.Message-ID", "of another"),
    ]
    .into_iter()
    .collect();
    let headers = ImdnHeaders::default().with_message_id(id("2"));
    let written = headers.write(&old);
    let lines: Vec<_> = written
        .iter()
        .map(|h| format!("{}: {}", h.name, h.value))
        .collect();
    assert_eq!(
        lines,
        [
            "NS: a <urn:ietf:params:imdn>",
            "a.Other: kept",
            "Message-ID: kept too",
            "NS: imdn <urn:x>",
            "imdn.Message-ID: of another",
            "NS: imdn1 <urn:ietf:params:imdn>",
            "imdn1.Message-ID: 2",
        ]
    );
    assert_eq!(ImdnHeaders::read(&written), Ok(headers.clone()));
    // A second time, the declaration is there.
    assert_eq!(headers.write(&written), written);
    let none = ImdnHeaders::default().write(&written);
    assert_eq!(none.len(), lines.len() - 1);
    assert_eq!(ImdnHeaders::read(&none), Ok(ImdnHeaders::default()));
}

#[test]
fn headers_are_read_under_any_prefix_and_under_none() {
    for (declaration, prefix) in [
        ("i <urn:ietf:params:imdn>", "i."),
        ("<urn:ietf:params:imdn>", ""),
    ] {
        let headers: MessageHeaders = [
            Header::new("Message-ID", "not it"),
            Header::new("NS", declaration),
            Header::new(format!("{prefix}Message-ID"), " 1 "),
            Header::new(format!("{prefix}Disposition-Notification"), "display"),
            Header::new(format!("{prefix}Disposition-Notification"), "processing"),
        ]
        .into_iter()
        .collect();
        let read = ImdnHeaders::read(&headers).unwrap();
        assert_eq!(read.message_id, Some(id("1")), "{declaration}");
        assert_eq!(read.request.to_string(), "processing, display");
    }
}

#[test]
fn request_is_read_past_all_that_is_not_known() {
    for (value, asked) in [
        ("", ""),
        (" , ,", ""),
        (
            "positive-delivery,negative-delivery ,display",
            "positive-delivery, negative-delivery, display",
        ),
        ("display, display", "display"),
        ("Display, read, positive-delivery2", ""),
        (
            "display ; a=b;c=\"x, processing\" , negative-delivery",
            "negative-delivery, display",
        ),
        ("x;c=\"\\\", processing\",display", "display"),
        ("display;c=\"open, processing", "display"),
    ] {
        assert_eq!(
            DispositionRequest::read(value).to_string(),
            asked,
            "{value:?}"
        );
    }
}

#[test]
fn sender_is_told_of_what_it_asked_for_and_of_nothing_else() {
    use DispositionType::{Delivery, Display, Processing};
    let told = |notify: Notify| -> Vec<Disposition> {
        let request = DispositionRequest::NONE.with(notify);
        Disposition::ALL
            .into_iter()
            .filter(|all| request.wants(*all))
            .collect()
    };
    let of = |of| [Disposition::Forbidden(of), Disposition::Error(of)];
    let with = |others: &[Disposition], of: [Disposition; 2]| [others, &of].concat();
    assert_eq!(
        told(Notify::PositiveDelivery),
        with(&[Disposition::Delivered], of(Delivery))
    );
    assert_eq!(
        told(Notify::NegativeDelivery),
        with(&[Disposition::Failed], of(Delivery))
    );
    assert_eq!(
        told(Notify::Processing),
        with(
            &[Disposition::Processed, Disposition::Stored],
            of(Processing)
        )
    );
    assert_eq!(
        told(Notify::Display),
        with(&[Disposition::Displayed], of(Display))
    );
    let nothing = DispositionRequest::default();
    assert!(nothing.is_empty() && !Disposition::ALL.into_iter().any(|all| nothing.wants(all)));
}

#[test]
fn own_message_ids_are_tokens_of_128_random_bits() {
    let ids: std::collections::HashSet<_> = (0..1000)
        .map(|_| MessageId::random(&mut rand::rng()))
        .collect();
    assert_eq!(ids.len(), 1000);
    for id in ids {
        assert_eq!(id.as_str().len() * 4, 128);
        assert!(id.as_str().bytes().all(|digit| digit.is_ascii_hexdigit()));
    }
}
