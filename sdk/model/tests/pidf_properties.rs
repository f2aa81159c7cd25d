//! What holds for all presence information, and for all bytes.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests are not seen as tests"
)]

mod information;
mod reference;
mod schemas;
mod soup;
mod xmllint;

use proptest::{collection::vec, prelude::*, strategy::ValueTree, test_runner::TestRunner};
use rialto_model::presence::{
    CharacteristicValue, Device, Markup, OtherMarkup, Person, PidfReader, PresenceInformation,
    namespace::{DATA_MODEL, RPID},
};

use rialto_model::xml::Element;

use self::{information::information, soup::soup};

/// How many documents xmllint looks at.
const VALIDATED: usize = 400;

fn reader() -> PidfReader {
    PidfReader::asked_of("pres:known@example.com".parse().unwrap())
}

/// Writes it, asserts that it reads the same with nothing to forgive, and returns the document.
fn round_trip(information: &PresenceInformation) -> String {
    let written = information.to_xml().unwrap();
    let read = PresenceInformation::parse(written.as_bytes()).unwrap();
    assert_eq!(read.forgiven(), [], "{written}");
    assert_eq!(read.information(), information, "{written}");
    assert_eq!(read.information().to_xml().unwrap(), written);
    written
}

/// Whether an extension holds elements of the format, which then are as valid as they came.
fn has_own_in_extensions(information: &PresenceInformation) -> bool {
    fn holds_own(element: &Element) -> bool {
        element
            .children()
            .any(|child| [DATA_MODEL, RPID].contains(&child.namespace()) || holds_own(child))
    }
    let tuples = information
        .tuples()
        .iter()
        .flat_map(|tuple| [tuple.status_markup(), tuple.markup()]);
    let persons = information.persons().iter().map(Person::markup);
    let devices = information.devices().iter().map(Device::markup);
    let all = tuples
        .chain(persons)
        .chain(devices)
        .chain([information.markup()]);
    all.flat_map(OtherMarkup::as_slice).any(|markup| match markup {
        Markup::Extension(extension) => holds_own(extension.element()),
        Markup::Characteristic(characteristic) => characteristic.values().iter().any(|value| {
            matches!(value, CharacteristicValue::Extension(extension) if holds_own(extension.element()))
        }),
        _ => false,
    })
}

proptest! {
    #[test]
    fn cpim_3_3_presence_information_is_written_as_pidf_and_read_back_unchanged(information in information()) {
        round_trip(&information);
    }

    #[test]
    fn what_is_read_of_a_faulty_document_is_written_without_its_faults(document in soup()) {
        if let Ok(read) = reader().read(document.as_bytes()) {
            round_trip(read.information());
        }
    }

    #[test]
    fn any_bytes_are_a_document_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        if let Ok(read) = reader().read(&bytes) {
            round_trip(read.information());
        }
    }
}

#[test]
fn cpim_3_3_every_document_that_is_written_is_valid_by_the_schemas() {
    let Some(reference) = reference::folder() else {
        return;
    };
    let mut runner = TestRunner::deterministic();
    let strategy = information();
    let documents: Vec<String> = (0..VALIDATED)
        .map(|_| {
            strategy
                .new_tree(&mut runner)
                .unwrap()
                .current()
                .to_xml()
                .unwrap()
        })
        .collect();
    schemas::assert_valid(&reference, &documents);
}

#[test]
fn what_is_written_of_faulty_documents_is_valid_by_the_schemas() {
    let Some(reference) = reference::folder() else {
        return;
    };
    let mut runner = TestRunner::deterministic();
    let strategy = soup();
    let faulty = (0..4 * VALIDATED).map(|_| strategy.new_tree(&mut runner).unwrap().current());
    let documents: Vec<String> = faulty
        .filter_map(|document| reader().read(document.as_bytes()).ok())
        .filter(|read| !has_own_in_extensions(read.information()))
        .map(|read| read.information().to_xml().unwrap())
        .collect();
    assert!(
        documents.len() > VALIDATED,
        "only {} can be read",
        documents.len()
    );
    schemas::assert_valid(&reference, &documents);
}
