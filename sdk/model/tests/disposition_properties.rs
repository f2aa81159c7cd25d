//! What holds for every report and status message: it comes back as it was written, and the schemas take it.

#![allow(clippy::unwrap_used, reason = "helpers of tests are not seen as tests")]

mod schema;
mod xmllint;

use std::num::NonZeroU32;

use proptest::{
    collection::vec, option, prelude::*, sample::select, strategy::ValueTree,
    test_runner::TestRunner,
};
use rialto_model::{
    ByteString, ComposingState, CpimMessage, Disposition, DispositionRequest, Header, Imdn,
    ImdnHeaders, ImdnRecipient, InstantMessage, IsComposing, MessageHeaders, MessageId,
    NameAddress, Notify, xml::Element,
};
use time::OffsetDateTime;

/// Any text that XML can carry.
fn text() -> impl Strategy<Value = String> {
    "[\t\n\r -~\u{85}\u{A0}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]{0,12}"
}

fn message_id() -> impl Strategy<Value = MessageId> {
    let foreign = "[!-~\u{A1}-\u{17F}\u{1F600}]{1,40}";
    foreign.prop_map(|id| MessageId::parse(id).unwrap())
}

fn uri() -> impl Strategy<Value = String> {
    "(im|sip|tel):[a-z0-9@.+]{1,12}"
}

/// An extension as the schemas want it: elements and attributes, text only in those inside.
fn extension() -> impl Strategy<Value = Element> {
    let attributes = || vec(("[a-z]{1,4}", text()), 0..3);
    let with = |element: Element, attributes: Vec<(String, String)>| {
        let mut attributes = attributes.into_iter();
        attributes.try_fold(element, |element, (name, value)| {
            element.with_attribute(&name, value)
        })
    };
    let element = move |namespace, name: String, attributes| {
        with(Element::new(namespace, &name).unwrap(), attributes)
            .unwrap_or_else(|_| Element::new("urn:a", "x").unwrap())
    };
    let inner = ("(urn:[a-c])?", "[a-z]{1,8}", attributes(), text()).prop_map(
        move |(namespace, name, attributes, text)| {
            element(namespace, name, attributes).with_text(text)
        },
    );
    let inner = inner.prop_recursive(4, 12, 3, |inner| {
        (inner.clone(), vec(inner, 0..3))
            .prop_map(|(outer, inner)| inner.into_iter().fold(outer, Element::with_child))
    });
    ("urn:[a-c]", "[a-z]{1,8}", attributes(), vec(inner, 0..3)).prop_map(
        move |(namespace, name, attributes, inner)| {
            inner
                .into_iter()
                .fold(element(namespace, name, attributes), Element::with_child)
        },
    )
}

fn recipient() -> impl Strategy<Value = ImdnRecipient> {
    (uri(), option::of(uri()), option::of(text())).prop_map(|(uri, original, subject)| {
        let mut recipient = ImdnRecipient::new(uri).unwrap();
        if let Some(original) = original {
            recipient = recipient.with_original_uri(original).unwrap();
        }
        match subject {
            Some(subject) => recipient.with_subject(subject),
            None => recipient,
        }
    })
}

fn imdn() -> impl Strategy<Value = Imdn> {
    let parts = (
        message_id(),
        select(Disposition::ALL.to_vec()),
        text(),
        option::of(recipient()),
        vec(extension(), 0..3),
        vec(extension(), 0..3),
    );
    parts.prop_map(
        |(id, disposition, date_time, recipient, extensions, of_status)| {
            let mut imdn = Imdn::new(id, disposition).with_date_time(date_time);
            if let Some(recipient) = recipient {
                imdn = imdn.with_recipient(recipient);
            }
            let imdn = extensions.into_iter().try_fold(imdn, Imdn::with_extension);
            of_status
                .into_iter()
                .try_fold(imdn.unwrap(), Imdn::with_status_extension)
                .unwrap()
        },
    )
}

fn composing() -> impl Strategy<Value = IsComposing> {
    let parts = (
        select(vec![ComposingState::Active, ComposingState::Idle]),
        option::of(-62_135_596_800..253_402_300_800_i64),
        option::of("[a-z]{1,5}(/[a-z.+-]{1,8})?"),
        option::of(1..=u32::MAX),
        vec(extension(), 0..3),
    );
    parts.prop_map(|(state, last_active, content_type, refresh, extensions)| {
        let mut composing = IsComposing::new(state);
        if let Some(seconds) = last_active {
            let last_active = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            composing = composing.with_last_active(last_active);
        }
        if let Some(content_type) = content_type {
            composing = composing.with_content_type(content_type);
        }
        if let Some(seconds) = refresh.and_then(NonZeroU32::new) {
            composing = composing.with_refresh(seconds);
        }
        extensions
            .into_iter()
            .try_fold(composing, IsComposing::with_extension)
            .unwrap()
    })
}

fn address() -> impl Strategy<Value = NameAddress> {
    let name = option::of("[ -~\u{e4}\u{1f600}\t\r\n]{0,12}");
    (name, uri()).prop_map(|(name, uri)| {
        let address = NameAddress::new(name.map(ByteString::from), uri.into()).unwrap();
        // As it comes back: what is white space at its ends is none of the name.
        NameAddress::parse(&address.to_string().into()).unwrap()
    })
}

fn headers() -> impl Strategy<Value = ImdnHeaders> {
    let parts = (
        option::of(message_id()),
        vec(select(Notify::ALL.to_vec()), 0..4),
        option::of(address()),
        vec(address(), 0..4),
        vec(address(), 0..4),
    );
    parts.prop_map(|(id, asked, original_to, record_route, route)| {
        let mut headers = ImdnHeaders::default()
            .with_request(asked.into_iter().collect())
            .with_record_route(record_route)
            .with_route(route);
        headers.message_id = id;
        headers.original_to = original_to;
        headers
    })
}

/// Headers among which those of RFC 5438 come to stand.
fn others() -> impl Strategy<Value = MessageHeaders> {
    let other = select(vec![
        ("Subject", "x"),
        ("NS", "imdn <urn:ietf:params:imdn>"),
        ("NS", "imdn <urn:x>"),
        ("NS", "imdn1 <urn:y>"),
        ("NS", "<urn:ietf:params:imdn>"),
        ("NS", "<urn:ietf:params:cpim-headers:>"),
        ("imdn.Message-ID", "old"),
        ("Message-ID", "older"),
        ("imdn.Original-To", "not an address"),
        ("imdn.X", "unknown"),
    ]);
    vec(other, 0..8).prop_map(|lines| {
        let lines = lines.into_iter();
        lines
            .map(|(name, value)| Header::new(name, value))
            .collect()
    })
}

proptest! {
    #[test]
    fn report_that_is_written_is_read_as_it_was(imdn in imdn()) {
        let document = imdn.to_document().unwrap();
        prop_assert_eq!(Imdn::parse(&document), Ok(imdn), "{}", document.escape_ascii());
    }

    #[test]
    fn status_message_that_is_written_is_read_as_it_was(composing in composing()) {
        let document = composing.to_document().unwrap();
        prop_assert_eq!(IsComposing::parse(&document), Ok(composing), "{}", document.escape_ascii());
    }

    #[test]
    fn headers_that_are_written_are_read_as_they_were(headers in headers(), others in others()) {
        let written = headers.write(&others);
        prop_assert_eq!(ImdnHeaders::read(&written), Ok(headers.clone()));
        let message = InstantMessage::text("x").with_headers(written);
        let bytes = CpimMessage::new(message).to_bytes().unwrap();
        let read = CpimMessage::parse(bytes).unwrap().into_message();
        prop_assert_eq!(ImdnHeaders::read(read.headers()), Ok(headers));
    }

    #[test]
    fn request_comes_back_from_its_text(asked in vec(select(Notify::ALL.to_vec()), 0..6)) {
        let request: DispositionRequest = asked.iter().copied().collect();
        prop_assert_eq!(DispositionRequest::read(&request.to_string()), request);
        prop_assert!(Notify::ALL.into_iter().all(|all| request.contains(all) == asked.contains(&all)));
    }

    #[test]
    fn any_bytes_are_a_document_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        if let Ok(element) = Element::parse(&bytes) {
            prop_assert_eq!(Element::parse(&element.to_document().unwrap()), Ok(element));
        }
    }

    #[test]
    fn any_elements_are_a_report_or_refused(
        pieces in vec(select(vec![
            "<message-id>1</message-id>", "<message-id>", "</message-id>", "1", " ", "<datetime/>",
            "<recipient-uri>im:a</recipient-uri>", "<subject>x</subject>", "<delivery-notification>",
            "</delivery-notification>", "<status>", "</status>", "<delivered/>", "<failed/>", "<x xmlns='urn:x'/>",
            "<display-notification><status><displayed/></status></display-notification>", "<state>", "</state>",
        ]), 0..12),
        root in select(vec![
            ("imdn", "urn:ietf:params:xml:ns:imdn"), ("isComposing", "urn:ietf:params:xml:ns:im-iscomposing"),
        ]),
    ) {
        let (name, namespace) = root;
        let document = format!("<{name} xmlns='{namespace}'>{}</{name}>", pieces.concat());
        if let Ok(imdn) = Imdn::parse(document.as_bytes()) {
            prop_assert_eq!(Imdn::parse(&imdn.to_document().unwrap()), Ok(imdn));
        }
        if let Ok(composing) = IsComposing::parse(document.as_bytes()) {
            prop_assert_eq!(IsComposing::parse(&composing.to_document().unwrap()), Ok(composing));
        }
    }
}

#[test]
fn whatever_is_written_is_valid_by_the_schemas() {
    let mut runner = TestRunner::deterministic();
    let imdns = (0..200).map(|_| imdn().new_tree(&mut runner).unwrap().current());
    let documents: Vec<_> = imdns.map(|imdn| imdn.to_document().unwrap()).collect();
    schema::validate("rfc5438/imdn.rng", &documents);
    let composings = (0..200).map(|_| composing().new_tree(&mut runner).unwrap().current());
    let documents: Vec<_> = composings.map(|it| it.to_document().unwrap()).collect();
    schema::validate("rfc3994/isComposing.xsd", &documents);
}
