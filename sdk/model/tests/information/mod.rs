//! Any presence information.

use std::num::NonZeroU32;

use proptest::{collection::vec, option, prelude::*, sample::select};
use rialto_model::presence::{
    Characteristic, CharacteristicKind, CharacteristicValue, Class, CommunicationAddress, Device,
    ElementId, Extension, Markup, Note, OtherMarkup, Person, PlaceIs, PresenceInformation,
    PresenceTuple, Priority, Qualifiers, Status, StatusIcon, TimeOffset, Timestamp, Uri, UserInput,
};
use rialto_model::xml::Element;
use time::{OffsetDateTime, UtcOffset};

type Parts = (
    Vec<PresenceTuple>,
    Vec<Note>,
    Vec<Person>,
    Vec<Device>,
    Vec<Extension>,
);

pub(crate) fn information() -> impl Strategy<Value = PresenceInformation> {
    let tuple = (
        option::of(select(vec![Status::Open, Status::Closed])),
        markup(),
        vec(uri(), 0..2),
        markup(),
        option::of(contact()),
        vec(note(), 0..3),
        option::of(timestamp()),
    );
    let tuples = vec(tuple, 0..4).prop_map(|tuples| {
        let numbered = tuples.into_iter().enumerate();
        numbered
            .map(
                |(
                    number,
                    (status, status_markup, device_ids, markup, contact, notes, timestamp),
                )| {
                    let mut tuple = PresenceTuple::new(id(&format!("t-{number}")), status)
                        .with_status_markup(status_markup)
                        .with_markup(markup);
                    tuple = device_ids
                        .into_iter()
                        .fold(tuple, PresenceTuple::with_device_id);
                    tuple = contact.into_iter().fold(tuple, PresenceTuple::with_contact);
                    tuple = notes.into_iter().fold(tuple, PresenceTuple::with_note);
                    timestamp
                        .into_iter()
                        .fold(tuple, PresenceTuple::with_timestamp)
                },
            )
            .collect::<Vec<_>>()
    });
    let persons =
        vec((markup(), vec(note(), 0..3), option::of(timestamp())), 0..3).prop_map(|persons| {
            let numbered = persons.into_iter().enumerate();
            numbered
                .map(|(number, (markup, notes, timestamp))| {
                    let person = Person::new(id(&format!("p{number}"))).with_markup(markup);
                    let person = notes.into_iter().fold(person, Person::with_note);
                    timestamp.into_iter().fold(person, Person::with_timestamp)
                })
                .collect::<Vec<_>>()
        });
    let devices = vec((uri(), markup(), vec(note(), 0..3)), 0..3).prop_map(|devices| {
        let numbered = devices.into_iter().enumerate();
        numbered
            .map(|(number, (uri, markup, notes))| {
                let device = Device::new(id(&format!("_d.{number}")), uri).with_markup(markup);
                notes.into_iter().fold(device, Device::with_note)
            })
            .collect::<Vec<_>>()
    });
    (
        tuples,
        vec(note(), 0..3),
        persons,
        devices,
        vec(extension(), 0..3),
    )
        .prop_map(assemble)
}

fn assemble((tuples, notes, persons, devices, extensions): Parts) -> PresenceInformation {
    let presentity = "pres:some.one@example.com".parse().unwrap();
    let mut information = PresenceInformation::new(presentity);
    information = tuples
        .into_iter()
        .fold(information, PresenceInformation::with_tuple);
    information = notes
        .into_iter()
        .fold(information, PresenceInformation::with_note);
    information = persons
        .into_iter()
        .fold(information, PresenceInformation::with_person);
    information = devices
        .into_iter()
        .fold(information, PresenceInformation::with_device);
    extensions
        .into_iter()
        .fold(information, PresenceInformation::with_extension)
}

fn id(id: &str) -> ElementId {
    ElementId::parse(id.to_owned()).unwrap()
}

/// Any text that XML can hold, with what is dangerous in it more often than chance has it.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "\\PC{1,6}",
        2 => any::<char>().prop_map(String::from),
        3 => select(vec!["<", "]]>", "&amp;", "\r\n", "\t", "\"", "'", "<!--", " ", "\u{85}", "\u{2028}", "</note>"])
            .prop_map(String::from),
    ];
    vec(piece, 0..5).prop_map(|pieces| {
        let is_xml = |c: &char| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
        pieces.concat().chars().filter(is_xml).collect()
    })
}

fn note() -> impl Strategy<Value = Note> {
    (text(), option::of("[a-z]{2,3}(-[A-Z]{2})?")).prop_map(|(text, language)| match language {
        Some(language) => Note::in_language(text, language).unwrap(),
        None => Note::new(text),
    })
}

fn uri() -> impl Strategy<Value = Uri> {
    "[a-z]{1,5}:[!$&-;=?-Z_a-z~]{0,12}(%[0-9A-F]{2})?"
        .prop_filter_map("no uri", |uri| Uri::parse(uri).ok())
}

fn contact() -> impl Strategy<Value = CommunicationAddress> {
    (uri(), option::of(0..=1000_u16)).prop_map(|(uri, priority)| {
        let contact = CommunicationAddress::new(uri);
        let priority = priority.map(|priority| Priority::from_thousandths(priority).unwrap());
        priority
            .into_iter()
            .fold(contact, CommunicationAddress::with_priority)
    })
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (
        -62_135_596_800..253_402_300_799_i64,
        -93_599..93_599_i32,
        0..1_000_000_000_u32,
    )
        .prop_filter_map("no year of four digits", |(seconds, offset, nanosecond)| {
            let time = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
            let time = time.checked_to_offset(UtcOffset::from_whole_seconds(offset).ok()?)?;
            Timestamp::new(time.replace_nanosecond(nanosecond).ok()?).ok()
        })
}

fn extension() -> impl Strategy<Value = Extension> {
    let name = || "[a-z_]{1,5}";
    let namespace = || select(vec!["urn:x", "urn:y&z", "http://example.com/'#"]);
    let attributes = || vec((select(vec!["", "urn:x", "urn:y&z"]), name(), text()), 0..3);
    let leaf = (namespace(), name(), attributes(), text(), any::<bool>()).prop_map(
        |(namespace, name, attributes, text, must)| {
            let mut element = Element::new(namespace, &name).unwrap().with_text(text);
            for (namespace, name, value) in attributes {
                element = element.with_attribute_of(namespace, &name, value).unwrap();
            }
            if must {
                element.that_must_be_understood().unwrap()
            } else {
                element
            }
        },
    );
    leaf.prop_recursive(3, 12, 3, move |inner| {
        (namespace(), name(), vec((inner, text()), 0..3)).prop_map(|(namespace, name, content)| {
            let element = Element::new(namespace, &name).unwrap();
            content.into_iter().fold(element, |element, (child, text)| {
                element.with_child(child).with_text(text)
            })
        })
    })
    .prop_map(|element| Extension::new(element).unwrap())
}

fn qualifiers() -> impl Strategy<Value = Qualifiers> {
    (option::of(timestamp()), option::of(timestamp())).prop_map(|(from, until)| {
        let qualifiers = from
            .into_iter()
            .fold(Qualifiers::new(), Qualifiers::with_from);
        until.into_iter().fold(qualifiers, Qualifiers::with_until)
    })
}

fn characteristic() -> impl Strategy<Value = Characteristic> {
    use CharacteristicKind::{
        Activities, Mood, PlaceType, Privacy, Relationship, ServiceClass, Sphere,
    };
    let kind = select(vec![
        Activities,
        Mood,
        PlaceType,
        Privacy,
        Relationship,
        ServiceClass,
        Sphere,
    ]);
    let value = prop_oneof![
        4 => any::<prop::sample::Index>().prop_map(Some).prop_map(|index| (index, None)),
        1 => note().prop_map(|note| (None, Some(CharacteristicValue::Other(note)))),
        1 => extension().prop_map(|extension| (None, Some(CharacteristicValue::Extension(extension)))),
    ];
    (
        kind,
        vec(value, 0..4),
        vec(note(), 0..2),
        qualifiers(),
        extension(),
    )
        .prop_map(|(kind, values, notes, qualifiers, extension)| {
            let mut characteristic = Characteristic::new(kind);
            // What does not fit the kind, or what is there already, is refused.
            for (name, value) in values {
                let value = match (name, value) {
                    (Some(index), _) if !kind.names().is_empty() => {
                        CharacteristicValue::Named(index.get::<&str>(kind.names()))
                    }
                    (_, Some(value)) => value,
                    _ => continue,
                };
                characteristic = characteristic
                    .clone()
                    .with_value(value)
                    .unwrap_or(characteristic);
            }
            for note in notes {
                characteristic = characteristic
                    .clone()
                    .with_note(note)
                    .unwrap_or(characteristic);
            }
            if characteristic.values().is_empty() {
                characteristic = characteristic
                    .with_value(CharacteristicValue::Extension(extension))
                    .unwrap();
            }
            characteristic
                .clone()
                .with_qualifiers(qualifiers)
                .unwrap_or(characteristic)
        })
}

fn markup() -> impl Strategy<Value = OtherMarkup> {
    let place = (
        select(vec!["noisy", "ok", "quiet"]),
        option::of(select(vec!["ok", "dark"])),
    )
        .prop_map(|(audio, video)| {
            let place = PlaceIs::new().with("audio", audio).unwrap();
            video
                .into_iter()
                .fold(place, |place, video| place.with("video", video).unwrap())
        });
    let offset = (any::<i32>(), option::of(text())).prop_map(|(minutes, description)| {
        description
            .into_iter()
            .fold(TimeOffset::new(minutes), TimeOffset::with_description)
    });
    let input = (
        any::<bool>(),
        option::of(timestamp()),
        option::of(1..u32::MAX),
    )
        .prop_map(|(is_idle, last, threshold)| {
            let input = if is_idle {
                UserInput::idle()
            } else {
                UserInput::active()
            };
            let input = last.into_iter().fold(input, UserInput::with_last_input);
            threshold
                .and_then(NonZeroU32::new)
                .into_iter()
                .fold(input, UserInput::with_idle_threshold)
        });
    let one = prop_oneof![
        4 => characteristic().prop_map(Markup::from),
        2 => extension().prop_map(Markup::from),
        1 => text().prop_map(|name| Class::new(&name).into()),
        1 => place.prop_map(Markup::from),
        1 => uri().prop_map(|uri| StatusIcon::new(uri).into()),
        1 => offset.prop_map(Markup::from),
        1 => input.prop_map(Markup::from),
    ];
    vec(one, 0..3).prop_map(OtherMarkup::from_iter)
}
