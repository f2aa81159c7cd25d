//! The word of `<show/>`, as documents say it.
//!
//! A document says it in XMPP's own word (RFC 8048 §6.2 note 7), and again as an activity of the person, which clients of SIP know (RFC 4480 §3.2).
//! It is taken from wherever there is one, the nearest to the tuple first; RFC 3922 §5.1.5 has another element for it.

use rialto_sdk::model::ByteString;
use rialto_sdk::model::presence::{
    Characteristic, CharacteristicKind, Extension, OtherMarkup, Person, PresenceTuple,
};
use rialto_sdk::model::xml::Element;
use rialto_xmpp_codec::{Show, namespace};

/// The extended status of RFC 3922 §5.1.5.
const IM: &str = "urn:ietf:params:xml:ns:pidf:im";

/// What RFC 4480 calls what XMPP has words for.
const ACTIVITIES: [(Show, &[&str]); 3] = [
    (
        Show::Dnd,
        &[
            "busy",
            "on-the-phone",
            "meeting",
            "appointment",
            "presentation",
            "performance",
            "steering",
            "worship",
        ],
    ),
    (
        Show::Xa,
        &["holiday", "vacation", "sleeping", "permanent-absence"],
    ),
    (
        Show::Away,
        &[
            "away",
            "breakfast",
            "lunch",
            "dinner",
            "meal",
            "in-transit",
            "travel",
            "shopping",
        ],
    ),
];

/// XMPP's own element, for the status of a tuple.
pub(super) fn element(show: &Show) -> Option<Extension> {
    let element = Element::new(ByteString::from_static(namespace::CLIENT), "show").ok()?;
    Extension::new(element.with_text(show.as_str().to_owned())).ok()
}

/// The activity of a person whose most available resource says this.
pub(super) fn activities(show: &Show) -> Option<Characteristic> {
    let name = match show {
        Show::Away | Show::Xa => "away",
        Show::Dnd => "busy",
        _ => return None,
    };
    Characteristic::new(CharacteristicKind::Activities)
        .with_name(name)
        .ok()
}

/// What a tuple, or else the person behind it, says.
pub(super) fn show(tuple: &PresenceTuple, persons: &[Person]) -> Option<Show> {
    let of_tuple = [tuple.status_markup(), tuple.markup()];
    let words = || of_tuple.into_iter().find_map(word);
    let near = || of_tuple.into_iter().find_map(activity);
    let far = || persons.iter().find_map(|person| activity(person.markup()));
    words().or_else(near).or_else(far)
}

fn word(markup: &OtherMarkup) -> Option<Show> {
    const KNOWN: [(&str, &str); 2] = [(namespace::CLIENT, "show"), (IM, "im")];
    markup.understood(&KNOWN).find_map(|extension| {
        let word = extension.element().text();
        match Show::parse(&word)? {
            Show::Other(word) if &*word == "busy" => Some(Show::Dnd),
            Show::Other(_) => None,
            known => Some(known),
        }
    })
}

fn activity(markup: &OtherMarkup) -> Option<Show> {
    let of_kind = |of: &&Characteristic| of.kind() == CharacteristicKind::Activities;
    let mut all = markup.characteristics().filter(of_kind);
    all.find_map(|activities| {
        let says =
            |(_, names): &&(Show, &[&str])| names.iter().any(|name| activities.has_name(name));
        let found = ACTIVITIES.iter().find(says);
        found
            .filter(|_| activities.is_understood(&[]))
            .map(|(show, _)| show.clone())
    })
}
