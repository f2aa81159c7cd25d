//! The examples of RFC 3862 and RFC 3922, and the corpus of cpim.js.

#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests are not seen as tests"
)]

mod reference;

use rialto_model::{
    Bytes, CpimError, CpimMessage, InstantMessage,
    message::{CPIM_HEADERS, Header},
};

const WHOLE: &str = include_str!("fixtures/rfc3862/ex02-an-example-message-cpim-message.cpim");
const SIGNED: &str =
    include_str!("fixtures/rfc3862/ex03-an-example-esing-mime-multipart-signed.mime");
const FEATURES: &str = "mid:MessageFeatures@id.foo.com";

fn wire(text: &str) -> Bytes {
    text.replace('\n', "\r\n").into()
}

/// Most examples are headers only; this gives them content.
fn completed(headers: &str) -> CpimMessage {
    let text = format!("{headers}\nContent-Type: text/plain\n\nhello");
    CpimMessage::parse(wire(&text)).unwrap_or_else(|error| panic!("{error}: {headers}"))
}

#[test]
fn cpim_a_must_example_5_1_of_rfc_3862_is_read_whole() {
    let message = CpimMessage::parse(wire(WHOLE)).unwrap();
    let from = message.from().unwrap();
    assert_eq!(from.display_name().unwrap(), "MR SANDERS");
    assert_eq!(from.uri(), "im:piglet@100akerwood.com");
    let to: Vec<_> = message.to().map(|to| to.to_string()).collect();
    assert_eq!(to, ["Depressed Donkey <im:eeyore@100akerwood.com>"]);
    assert_eq!(message.cc().count(), 0);
    assert_eq!(message.date_time().unwrap().unix_timestamp(), 976_743_600);
    let headers = message.message().headers();
    let subjects: Vec<&Header> = headers.subjects().collect();
    assert_eq!(subjects.len(), 2);
    let french = headers.subject_for("fr-CA").unwrap();
    assert_eq!(french.value, "beau temps prevu pour aujourd'hui");
    let default = headers.subject_for("de").unwrap();
    assert_eq!(default.value, "the weather will be fine today");
    let option = headers.find(FEATURES, "WackyMessageOption").unwrap();
    assert_eq!(option.value, "Use-silly-font");
    assert_eq!(message.message().content_type(), "text/xml; charset=utf-8");
    let content_id = &message.message().content_headers()[0];
    assert_eq!(
        (&*content_id.name, &*content_id.value),
        ("Content-ID", "<1234567890@foo.com>")
    );
    assert_eq!(
        message.message().payload().as_bytes(),
        b"<body>\r\nHere is the text of my message.\r\n</body>\r\n"
    );
}

#[test]
fn rfc2779_4_1_1_example_5_1_of_rfc_3862_is_written_as_it_was_read() {
    let message = CpimMessage::parse(wire(WHOLE)).unwrap();
    let written = message.to_bytes().unwrap();
    let whole = wire(WHOLE);
    let (_, expected) = std::str::from_utf8(&whole)
        .unwrap()
        .split_once("\r\n\r\n")
        .unwrap();
    let expected = expected.replace("Content-type:", "Content-Type:"); // the name's case is ours
    assert_eq!(std::str::from_utf8(&written).unwrap(), expected);
}

#[test]
fn cpim_a_require_vital_option_of_the_example_is_named_unless_it_is_known() {
    let message = CpimMessage::parse(wire(WHOLE)).unwrap();
    let headers = message.message().headers();
    assert_eq!(
        headers.required().collect::<Vec<_>>(),
        ["MyFeatures.VitalMessageOption"]
    );
    assert_eq!(
        headers.unknown_requirement(&[]),
        Some("MyFeatures.VitalMessageOption")
    );
    assert_eq!(
        headers.unknown_requirement(&[(FEATURES, "VitalMessageOption")]),
        None
    );
}

#[test]
fn cpim_4_3_signed_example_5_2_of_rfc_3862_stays_whole() {
    let whole = wire(SIGNED);
    let text = std::str::from_utf8(&whole).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let content_type = head
        .strip_prefix("Content-Type: ")
        .unwrap()
        .replace("\r\n", "");
    let message = InstantMessage::new(content_type, whole.slice_ref(body.as_bytes()));
    let opened = message.clone().open_cpim().unwrap();
    assert_eq!(opened, message);
    assert_eq!(opened.payload().as_bytes(), body.as_bytes());
    let carried = CpimMessage::new(message).to_bytes().unwrap();
    assert!(carried.ends_with(body.as_bytes()));
    let back = CpimMessage::parse(carried).unwrap().into_message();
    assert_eq!(back.payload().as_bytes(), body.as_bytes());
    assert!(
        back.parsed_content_type()
            .unwrap()
            .is("multipart", "signed")
    );
}

#[test]
fn cpim_a_must_headers_of_rfc_3862_are_each_understood() {
    let headers = include_str!("fixtures/rfc3862/hdr01-message-headers.cpim");
    let message = completed(headers);
    assert_eq!(message.from().unwrap().uri(), "im:piglet@100akerwood.com");
    assert_eq!(
        message.to().next().unwrap().display_name().unwrap(),
        "Pooh Bear"
    );
    assert_eq!(message.date_time().unwrap().unix_timestamp(), 981_128_934);

    let from = completed(include_str!("fixtures/rfc3862/hdr10-the-from-header.cpim"));
    assert_eq!(
        from.from().unwrap().display_name().unwrap(),
        "Winnie the Pooh"
    );
    let to = completed(include_str!("fixtures/rfc3862/hdr12-the-to-header.cpim"));
    assert_eq!(to.to().next().unwrap().uri(), "im:pooh@100akerwood.com");
    let to = completed(include_str!("fixtures/rfc3862/hdr13-the-to-header.cpim"));
    assert_eq!(to.to().next().unwrap().display_name(), None);
    let cc = completed(include_str!("fixtures/rfc3862/hdr15-the-cc-header.cpim"));
    assert_eq!(
        cc.cc().next().unwrap().inbox().unwrap().as_str(),
        "im:tigger@100akerwood.com"
    );
    let time = completed(include_str!(
        "fixtures/rfc3862/hdr16-the-datetime-header.cpim"
    ));
    assert_eq!(
        time.date_time().unwrap().to_string(),
        "2001-02-01 12:16:49.0 -05:00:00"
    );
    let subject = completed(include_str!(
        "fixtures/rfc3862/hdr17-the-subject-header.cpim"
    ));
    let subject = subject
        .message()
        .headers()
        .subjects()
        .next()
        .unwrap()
        .clone();
    assert_eq!(subject.language.unwrap(), "en");
    assert_eq!(subject.value, "Eeyore's feeling very depressed today");
}

#[test]
fn namespaces_of_rfc_3862_name_the_same_header_by_any_prefix() {
    let acme = "http://id.acme.widgets/wily-headers/";
    for example in [
        include_str!("fixtures/rfc3862/hdr05-namespaces-for-header-name-extensibility.cpim"),
        include_str!("fixtures/rfc3862/hdr07-namespaces-for-header-name-extensibility.cpim"),
    ] {
        let message = completed(example);
        let found = message
            .message()
            .headers()
            .find(acme, "runner-trap")
            .unwrap()
            .clone();
        assert_eq!(found.value, "set");
    }
    let alias = completed(include_str!("fixtures/rfc3862/hdr18-the-ns-header.cpim"));
    let header = alias
        .message()
        .headers()
        .find(FEATURES, "MyHeader")
        .unwrap();
    assert_eq!(header.value, "private-extension-data");
    let undeclared = completed(include_str!(
        "fixtures/rfc3862/hdr04-namespaces-for-header-name-extensibility.cpim"
    ));
    let mut resolved = undeclared.message().headers().resolved();
    assert!(resolved.all(|header| header.namespace.is_none() && header.name == "name"));
}

#[test]
fn cpim_a_require_name_whose_prefix_is_undeclared_is_unknown() {
    let message = completed(include_str!(
        "fixtures/rfc3862/hdr08-mandatory-to-recognize-features.cpim"
    ));
    let unknown = message
        .message()
        .headers()
        .unknown_requirement(&[(FEATURES, "VitalMessageOption")]);
    assert_eq!(unknown, Some("MyFeatures.VitalMessageOption"));
}

#[test]
fn cpim_a_must_headers_of_rfc_3922_are_understood() {
    for (example, name, address) in [
        (
            include_str!("fixtures/rfc3922/ex01b-from-address-mapping-cpim-from-header.cpim"),
            "Juliet Capulet",
            "im:juliet@example.com",
        ),
        (
            include_str!("fixtures/rfc3922/ex05a-from-address-mapping-cpim-from-header.cpim"),
            "Romeo Montague",
            "im:romeo@example.net",
        ),
        (
            include_str!("fixtures/rfc3922/ex06a-to-address-mapping-cpim-to-header.cpim"),
            "Juliet Capulet",
            "im:juliet@example.com",
        ),
        (
            include_str!("fixtures/rfc3922/ex10b-from-address-mapping-cpim-from-header.cpim"),
            "Juliet Capulet",
            "im:juliet@example.com",
        ),
        (
            include_str!("fixtures/rfc3922/ex13b-to-address-mapping-cpim-to-header.cpim"),
            "Romeo Montague",
            "im:romeo@example.net",
        ),
        (
            include_str!("fixtures/rfc3922/ex19a-from-address-mapping-cpim-from-header.cpim"),
            "Romeo Montague",
            "im:romeo@example.net",
        ),
    ] {
        let message = completed(example);
        let named = message.from().or_else(|| message.to().next()).unwrap();
        assert_eq!(named.display_name().unwrap(), name);
        assert_eq!(named.inbox().unwrap().as_str(), address);
    }
    let subjects = completed(include_str!(
        "fixtures/rfc3922/ex03b-subject-mapping-cpim-subject-header.cpim"
    ));
    let headers = subjects.message().headers();
    assert_eq!(headers.subject_for("cz").unwrap().value, "Ahoj!");
    assert_eq!(headers.subject_for("en").unwrap().value, "Hi!");
}

#[test]
fn content_headers_of_rfc_3922_are_kept() {
    for example in [
        include_str!("fixtures/rfc3922/ex08a-content-id-for-encapsulated-object-mime-header.mime"),
        include_str!("fixtures/rfc3922/ex09a-message-body-encapsulated-mime-text-content.mime"),
    ] {
        let separator = if example.contains("\n\n") { "" } else { "\n" };
        let text = format!("From: <im:juliet@example.com>\n\n{example}{separator}");
        let message = CpimMessage::parse(wire(&text)).unwrap();
        let named = message.message().content_headers();
        assert_eq!(
            example.contains("Content-ID"),
            !named.is_empty(),
            "{example}"
        );
    }
}

#[test]
fn message_of_cpim_js_is_read_as_its_authors_read_it() {
    let Some(folder) = reference::folder() else {
        return;
    };
    let text = std::fs::read(folder.join("corpora/cpim/cpim.js/msg1.cpim")).unwrap();
    let message = CpimMessage::parse(text.into()).unwrap();
    let from = message.from().unwrap();
    assert_eq!(from.display_name().unwrap(), "I\u{f1}aki Baz Castillo");
    let to: Vec<_> = message.to().map(|to| to.uri().to_string()).collect();
    assert_eq!(
        to,
        [
            "sip:alice@atlanta.com",
            "sip:bob@biloxi.com",
            "sip:carol@carolina.com"
        ]
    );
    let headers = message.message().headers();
    assert!(
        headers.subjects().next().is_none(),
        "`subject` is another header"
    );
    assert!(headers.find(CPIM_HEADERS, "DateTime").is_some());
    let values = |namespace, name| {
        let found = headers
            .resolved()
            .filter(|h| h.namespace == Some(namespace) && h.name == name);
        found
            .map(|h| h.header.value.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(values("urn:cpim:test", "foo"), ["Foo1", "Foo2", "Foo3"]);
    assert_eq!(values("urn:cpim:test2", "foo"), ["Bar"]);
    assert_eq!(message.message().content_type(), "text/xml; charset=utf-8");
    assert_eq!(message.message().content_headers().len(), 2);
}

#[test]
fn payload_and_plain_headers_are_slices_of_the_input() {
    let whole = wire(WHOLE);
    let range = whole.as_ptr_range();
    let message = CpimMessage::parse(whole.clone()).unwrap();
    let inside = |text: &[u8]| range.contains(&text.as_ptr());
    assert!(inside(message.message().payload().as_bytes()));
    assert!(inside(message.message().content_type().as_bytes()));
    let mut headers = message.message().headers().iter();
    assert!(
        headers.all(|header| inside(header.name.as_bytes()) && inside(header.value.as_bytes()))
    );
}

#[test]
fn message_of_another_type_is_no_cpim() {
    let text = "Content-Type: text/plain\n\nFrom: <im:a@example.com>\n\n\n";
    assert_eq!(CpimMessage::parse(wire(text)), Err(CpimError::NotCpim));
}
