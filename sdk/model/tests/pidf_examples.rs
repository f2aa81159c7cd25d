//! The examples of RFC 3863, 4479 and 4480.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests are not seen as tests"
)]

mod reference;
mod schemas;
mod xmllint;

use rialto_model::presence::{
    CharacteristicKind, Forgiveness, Markup, PidfReader, PresenceInformation, Reading, Status,
    namespace,
};
use time::macros::datetime;

/// The documents, with what has to be forgiven: nothing but what the RFCs' schemas do not take either.
const EXAMPLES: [(&str, &str, &[Forgiveness]); 7] = [
    (
        "3863 §4.3.1, with a prefix",
        include_str!("fixtures/rfc3863/xml01-impp-presence.pidf.xml"),
        &[],
    ),
    (
        "3863 §4.3.1",
        include_str!("fixtures/rfc3863/xml02-presence.pidf.xml"),
        &[],
    ),
    (
        "3863 §4.2.4",
        include_str!("fixtures/rfc3863/xml03-presence.pidf.xml"),
        &[],
    ),
    (COMPLETE.0, COMPLETE.1, &[]),
    (MANDATORY.0, MANDATORY.1, &[]),
    (
        "4479 §5",
        include_str!("fixtures/rfc4479/xml03-presence.pidf.xml"),
        &[Forgiveness::Entity],
    ),
    (RICH.0, RICH.1, &[Forgiveness::Adapted("sphere")]),
];
const COMPLETE: (&str, &str) = (
    "3863 §4.3.2",
    include_str!("fixtures/rfc3863/xml05-presence.pidf.xml"),
);
const MANDATORY: (&str, &str) = (
    "3863 §4.3.3",
    include_str!("fixtures/rfc3863/xml07-impp-presence.pidf.xml"),
);
const RICH: (&str, &str) = ("4480 §4", include_str!("fixtures/rfc4480/ex-4-example.xml"));

/// Single elements of RFC 4480 §3, as written there.
const ELEMENTS: [(&str, &[Forgiveness]); 10] = [
    (include_str!("fixtures/rfc4480/ex-3.2-activities.xml"), &[]),
    (include_str!("fixtures/rfc4480/ex-3.5-mood.xml"), &[]),
    (
        include_str!("fixtures/rfc4480/ex-3.8-privacy.xml"),
        &[Forgiveness::Order("privacy")],
    ),
    (
        include_str!("fixtures/rfc4480/ex-3.9-relationship.xml"),
        &[],
    ),
    (
        include_str!("fixtures/rfc4480/ex-3.10-service-class.xml"),
        &[],
    ),
    (include_str!("fixtures/rfc4480/ex-3.11-sphere.xml"), &[]),
    (
        include_str!("fixtures/rfc4480/ex-3.12-status-icon.xml"),
        &[],
    ),
    (
        include_str!("fixtures/rfc4480/ex-3.13-time-offset.xml"),
        &[],
    ),
    (include_str!("fixtures/rfc4480/ex-3.14-user-input.xml"), &[]),
    (
        include_str!("fixtures/rfc4480/ex-3.14-user-input-without-duration.xml"),
        &[],
    ),
];

fn read(document: &str) -> Reading {
    let reader = PidfReader::asked_of("pres:someone@example.com".parse().unwrap());
    reader.read(document.as_bytes()).unwrap()
}

fn forgiven(reading: &Reading) -> Vec<Forgiveness> {
    reading
        .forgiven()
        .iter()
        .map(|forgiven| forgiven.what)
        .collect()
}

/// An element of RFC 4480 in a person.
fn in_a_person(element: &str) -> String {
    let element = element
        .replace("</", "</r:")
        .replace("<", "<r:")
        .replace("<r:/r:", "</r:");
    format!(
        "<presence xmlns='{}' xmlns:d='{}' xmlns:r='{}' entity='pres:someone@example.com'>\
        <d:person id='p'>{element}</d:person></presence>",
        namespace::PIDF,
        namespace::DATA_MODEL,
        namespace::RPID
    )
}

#[test]
fn all_examples_of_rfc_3863_4479_and_4480_are_read_and_written_the_same() {
    let elements = ELEMENTS
        .iter()
        .map(|(element, faults)| (*element, in_a_person(element), *faults));
    let documents = EXAMPLES
        .iter()
        .map(|(name, document, faults)| (*name, (*document).to_owned(), *faults));
    for (name, document, faults) in documents.chain(elements) {
        let reading = read(&document);
        assert_eq!(forgiven(&reading), faults, "{name}");
        let written = reading.information().to_xml().unwrap();
        let again = PresenceInformation::parse(written.as_bytes()).unwrap();
        assert_eq!(again.forgiven(), [], "{written}");
        assert_eq!(again.information(), reading.information(), "{written}");
    }
}

#[test]
fn what_is_written_of_the_examples_is_valid_by_the_schemas() {
    let Some(reference) = reference::folder() else {
        return;
    };
    let elements = ELEMENTS.iter().map(|(element, _)| in_a_person(element));
    let documents = EXAMPLES
        .iter()
        .map(|(_, document, _)| (*document).to_owned())
        .chain(elements);
    let written: Vec<_> = documents
        .map(|document| read(&document).information().to_xml().unwrap())
        .collect();
    schemas::assert_valid(&reference, &written);
}

/// Keeps the other tests honest: xmllint does find fault.
#[test]
fn schemas_refuse_what_the_examples_of_rfc_4479_and_4480_have_wrong() {
    let Some(reference) = reference::folder() else {
        return;
    };
    for (document, fault) in [
        (EXAMPLES[5].1, "entity"),
        (RICH.1, "sphere"),
        (&*in_a_person(ELEMENTS[2].0), "audio"),
    ] {
        let complaints = schemas::invalid(&reference, &[document.to_owned()]);
        assert!(complaints.contains(fault), "{complaints}");
    }
}

#[test]
fn complete_example_of_rfc_3863_is_read_whole() {
    let information = read(COMPLETE.1).into_information();
    assert_eq!(
        information.presentity().as_str(),
        "pres:someone@example.com"
    );
    let [first, second] = information.tuples() else {
        panic!("two tuples");
    };
    assert_eq!(
        (first.id().as_text().as_ref(), first.status()),
        ("bs35r9", Some(Status::Open))
    );
    let contact = first.contact().unwrap();
    assert_eq!(contact.communication_means(), Some("im"));
    assert_eq!(
        contact.contact_address().as_text(),
        "im:someone@mobilecarrier.net"
    );
    assert_eq!(contact.priority().unwrap().thousandths(), 800);
    let notes: Vec<_> = first
        .notes()
        .iter()
        .map(|note| (&**note.text(), note.language().map(|tag| &**tag)))
        .collect();
    assert_eq!(
        notes,
        [
            ("Don't Disturb Please!", Some("en")),
            ("Ne derangez pas, s'il vous plait", Some("fr"))
        ]
    );
    assert_eq!(
        first.timestamp().unwrap().time(),
        datetime!(2001-10-27 16:49:29 UTC)
    );
    let extensions: Vec<_> = first
        .status_markup()
        .extensions()
        .map(|extension| {
            let element = extension.element();
            (
                element.namespace().to_owned(),
                element.name().to_owned(),
                element.text().to_string(),
            )
        })
        .collect();
    let text = |text: &str| text.to_owned();
    assert_eq!(
        extensions,
        [
            (
                text("urn:ietf:params:xml:ns:pidf:im"),
                text("im"),
                text("busy")
            ),
            (
                text("http://id.example.com/presence/"),
                text("location"),
                text("home")
            ),
        ]
    );
    assert_eq!(
        second.contact().unwrap().priority().unwrap().thousandths(),
        1000
    );
    assert_eq!(information.notes()[0].text(), "I'll be in Tokyo next week");
}

#[test]
fn extension_of_rfc_3863_4_3_3_is_ignored_by_who_does_not_know_its_mandatory_part() {
    const MYEX: &str = "http://id.mycompany.com/presence/";
    let information = read(MANDATORY.1).into_information();
    let markup = information.tuples()[0].markup();
    let extension = markup.extensions().next().unwrap().element();
    assert_eq!(extension.name(), "complexExtension");
    assert_eq!(markup.understood(&[]).count(), 0);
    assert_eq!(
        markup
            .understood(&[(MYEX, "complexExtension"), (MYEX, "ex2")])
            .count(),
        0
    );
    assert_eq!(
        markup
            .understood(&[(MYEX, "complexExtension"), (MYEX, "ex1")])
            .count(),
        1
    );
    assert_eq!(
        information.markup().understood(&[(MYEX, "mytag")]).count(),
        1
    );
    let contact = information.tuples()[0].contact().unwrap();
    assert_eq!(contact.priority().unwrap().to_string(), "0.725");
}

#[test]
fn rich_example_of_rfc_4480_is_read_whole() {
    let information = read(RICH.1).into_information();
    let person = &information.persons()[0];
    let markup = person.markup();
    let activities = markup
        .characteristic(CharacteristicKind::Activities)
        .unwrap();
    assert!(activities.has_name("away"));
    assert_eq!(activities.notes()[0].text(), "Far away");
    let until = activities.qualifiers().until().unwrap().time();
    assert_eq!(until, datetime!(2005-05-30 17:00 +5));
    assert_eq!(markup.class().unwrap().as_text(), "calendar");
    let mood = markup.characteristic(CharacteristicKind::Mood).unwrap();
    assert_eq!(
        (mood.names().collect::<Vec<_>>(), mood.values().len()),
        (vec!["angry"], 2)
    );
    let place = markup.as_slice().iter().find_map(|markup| match markup {
        Markup::PlaceIs(place) => Some(place),
        _ => None,
    });
    assert_eq!(place.unwrap().property("audio"), Some("noisy"));
    assert_eq!(place.unwrap().property("video"), None);
    assert_eq!(
        markup.status_icon().unwrap().uri().as_text(),
        "http://example.com/play.gif"
    );
    assert_eq!(person.notes()[0].text(), "Scoring 120");
    assert_eq!(
        person.timestamp().unwrap().time(),
        datetime!(2005-05-30 16:09:44 +5)
    );

    let device = &information.devices()[0];
    assert_eq!(device.device_id().as_text(), "urn:device:0003ba4811e3");
    let input = device.markup().user_input().unwrap();
    assert_eq!(input.idle_threshold().unwrap().get(), 600);
    assert_eq!(
        input.idle_since().unwrap().time(),
        datetime!(2004-10-21 13:20 -5)
    );
    let assistant = information.tuples()[1].markup();
    assert!(
        assistant
            .characteristic(CharacteristicKind::Relationship)
            .unwrap()
            .has_name("assistant")
    );
    assert_eq!(
        information.tuples()[2].device_ids()[0].as_text(),
        "urn:x-mac:0003ba4811e3"
    );
}
