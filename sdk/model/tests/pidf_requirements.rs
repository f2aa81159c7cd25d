//! What the requirements ask of the common presence format.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests are not seen as tests"
)]

mod information;

use proptest::prelude::*;
use rialto_model::{
    Bytes, CpimMessage, InstantMessage, Presentity,
    message::ContentHeader,
    presence::{
        CONTENT_TYPE, CommunicationAddress, ElementId, Extension, OtherMarkup, PidfReader,
        PresenceContentError, PresenceInformation, PresenceTuple, Priority, Status, Uri,
    },
    xml::Element,
};

use self::information::information;

fn watcher() -> Presentity {
    "pres:watcher@example.net".parse().unwrap()
}

proptest! {
    #[test]
    fn cpim_3_3_presence_information_crosses_as_message_cpim_and_is_read_back_unchanged(information in information()) {
        let sent = time::macros::datetime!(2026-11-21 07:00 UTC);
        let bytes = information.to_cpim(&watcher(), Some(sent)).unwrap().to_bytes().unwrap();
        let read = CpimMessage::parse(bytes.clone()).unwrap();
        prop_assert_eq!(read.from().unwrap().uri().clone(), information.presentity().as_str());
        prop_assert_eq!(read.to().next().unwrap().uri().clone(), "pres:watcher@example.net");
        prop_assert_eq!(read.date_time(), Some(sent));
        prop_assert_eq!(read.message().content_type(), CONTENT_TYPE);
        // As it stands, and as the payload of a message of type message/cpim.
        for message in [read.into_message(), InstantMessage::new("message/cpim", bytes)] {
            let reading = PidfReader::new().read_message(&message).unwrap();
            prop_assert_eq!(reading.forgiven(), &[]);
            prop_assert_eq!(reading.information(), &information);
        }
    }

    #[test]
    fn rfc2779_3_1_2_every_document_carries_the_pres_uri_of_its_presentity(
        information in information(),
        entity in prop::sample::select(vec!["pres:%41%2eb@example.com", "sip:a@example.com;user=x", "mailto:b@example.com"]),
    ) {
        let before = information.to_xml().unwrap().replace("pres:some.one@example.com", entity);
        let reading = PresenceInformation::parse(before.as_bytes()).unwrap();
        prop_assert_eq!(reading.entity().unwrap(), entity);
        let presentity = reading.information().presentity().clone();
        let written = reading.information().to_xml().unwrap();
        let expected = format!(" entity=\"{presentity}\">");
        prop_assert!(presentity.as_str().starts_with("pres:"));
        let head = written.split_inclusive('>').nth(1).unwrap();
        prop_assert!(head.ends_with(&expected), "{}", head);
    }
}

#[test]
fn contacts_of_all_means_survive_with_their_priorities() {
    let mut information = PresenceInformation::new(watcher());
    let contacts = [
        ("im:a@b.example", 0),
        ("tel:+358-555-1234567", 5),
        ("mailto:a@b.example", 725),
        ("sip:a@b.example;transport=tcp", 1000),
    ];
    for (uri, thousandths) in contacts {
        let priority = Priority::from_thousandths(thousandths).unwrap();
        let contact = CommunicationAddress::new(Uri::parse(uri).unwrap()).with_priority(priority);
        let tuple = PresenceTuple::new(ElementId::from_text(uri), Some(Status::Open));
        information = information.with_tuple(tuple.with_contact(contact));
    }
    let written = information.to_xml().unwrap();
    for priority in ["\"0\"", "\"0.005\"", "\"0.725\"", "\"1\""] {
        assert!(written.contains(priority), "{written}");
    }
    let read = PresenceInformation::parse(written.as_bytes()).unwrap();
    assert_eq!(read.information(), &information);
}

#[test]
fn unknown_elements_survive_beside_the_common_format_and_leave_it_readable() {
    let child = Element::new("urn:b", "c")
        .unwrap()
        .with_text("x")
        .that_must_be_understood()
        .unwrap();
    let element = Element::new("urn:a", "b")
        .unwrap()
        .with_attribute_of("urn:b", "d", "e")
        .unwrap()
        .with_child(child);
    let markup = OtherMarkup::new().with(Extension::new(element).unwrap());
    let tuple = PresenceTuple::new(ElementId::parse("t").unwrap(), Some(Status::Closed));
    let information = PresenceInformation::new(watcher())
        .with_tuple(tuple.with_status_markup(markup.clone()).with_markup(markup));
    let written = information.to_xml().unwrap();
    let read = PresenceInformation::parse(written.as_bytes())
        .unwrap()
        .into_information();
    assert_eq!(read, information);
    let tuple = &read.tuples()[0];
    assert_eq!(tuple.status(), Some(Status::Closed));
    assert_eq!(
        tuple.status_markup().understood(&[("urn:a", "b")]).count(),
        0
    );
    assert_eq!(
        tuple
            .status_markup()
            .understood(&[("urn:a", "b"), ("urn:b", "c")])
            .count(),
        1
    );
}

#[test]
fn message_of_another_type_or_behind_an_encoding_is_no_presence() {
    let reader = PidfReader::new();
    let text = InstantMessage::text("<presence/>");
    assert_eq!(
        reader.read_message(&text),
        Err(PresenceContentError::NotPidf)
    );
    let encoded =
        InstantMessage::new(CONTENT_TYPE, Bytes::from_static(b"PA==")).with_content_headers(vec![
            ContentHeader::new("Content-Transfer-Encoding", "base64"),
        ]);
    assert_eq!(
        reader.read_message(&encoded),
        Err(PresenceContentError::NotPidf)
    );
    let cpim = InstantMessage::new("message/cpim", Bytes::from_static(b"x"));
    assert!(matches!(
        reader.read_message(&cpim),
        Err(PresenceContentError::Cpim(_))
    ));
    let broken = InstantMessage::new(
        "Application/PIDF+xml;charset=utf-8",
        Bytes::from_static(b"<x/>"),
    );
    assert!(matches!(
        reader.read_message(&broken),
        Err(PresenceContentError::Pidf(_))
    ));
}
