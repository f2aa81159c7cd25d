//! What is written is what was meant.

use crate::support::{read_stanza, written};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Union;
use rialto_xmpp_codec::{
    Condition, Element, ErrorType, LangText, Message, MessageType, Node, Presence, PresenceType,
    Show, Stanza, StanzaError, Thread,
};

/// Any text that XML can carry.
fn text() -> impl Strategy<Value = String> {
    "[\t\n\r -\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]{0,24}"
}

/// A name that is one.
fn id() -> impl Strategy<Value = String> {
    text().prop_map(|text| format!("{text}1"))
}

fn lang_text() -> impl Strategy<Value = LangText> {
    (option::of("[a-z]{2}"), text()).prop_map(|(lang, text)| LangText {
        lang: lang.map(Into::into),
        text: text.into(),
    })
}

fn element() -> impl Strategy<Value = Element> {
    let leaf = ("urn:[a-c]", "[a-z]{1,8}", vec(("[a-z]{1,4}", text()), 0..3)).prop_map(
        |(namespace, name, attributes)| {
            let element = Element::new(namespace, &name).unwrap();
            attributes
                .into_iter()
                .fold(element, |element, (name, value)| {
                    element.with_attribute(&name, value).unwrap()
                })
        },
    );
    leaf.prop_recursive(4, 24, 4, |inner| {
        let node = Union::new([
            inner.clone().prop_map(Node::Element).boxed(),
            text().prop_map(|text| Node::Text(text.into())).boxed(),
        ]);
        (inner, vec(node, 0..4))
            .prop_map(|(element, nodes)| nodes.into_iter().fold(element, Element::with_node))
    })
}

fn error() -> impl Strategy<Value = StanzaError> {
    let condition = prop_oneof![
        Just(Condition::BadRequest),
        Just(Condition::ServiceUnavailable),
        "[a-z:@]{1,8}".prop_map(|address| Condition::Gone(Some(address.into()))),
        Just(Condition::Redirect(None)),
    ];
    let type_ = prop_oneof![
        Just(ErrorType::Wait),
        Just(ErrorType::Cancel),
        Just(ErrorType::Auth)
    ];
    (condition, type_, option::of(lang_text())).prop_map(|(condition, type_, text)| StanzaError {
        type_,
        condition,
        text,
        by: None,
    })
}

fn message() -> impl Strategy<Value = Message> {
    let envelope = (
        option::of(text()),
        option::of(text()),
        option::of(text()),
        option::of("[a-z]{2}"),
    );
    let content = (
        vec(lang_text(), 0..3),
        vec(lang_text(), 0..3),
        option::of((text(), option::of(text()))),
        (option::of(0..=u8::MAX), option::of(id())),
    );
    let kind = prop_oneof![
        Just((MessageType::Normal, None)),
        Just((MessageType::Chat, None)),
        Just((MessageType::Headline, None)),
        error().prop_map(|error| (MessageType::Error, Some(error))),
    ];
    (envelope, content, kind, vec(element(), 0..3)).prop_map(
        |(
            (from, to, id, lang),
            (bodies, subjects, thread, (max_forwards, origin_id)),
            (type_, error),
            other,
        )| Message {
            from: from.map(Into::into),
            to: to.map(Into::into),
            id: id.map(Into::into),
            type_,
            lang: lang.map(Into::into),
            bodies,
            subjects,
            thread: thread.map(|(id, parent)| Thread {
                id: id.into(),
                parent: parent.map(Into::into),
            }),
            max_forwards,
            origin_id: origin_id.map(Into::into),
            error,
            other,
        },
    )
}

fn presence() -> impl Strategy<Value = Presence> {
    let envelope = (
        option::of(text()),
        option::of(text()),
        option::of("[a-z]{2}"),
    );
    let kind = prop_oneof![
        Just((PresenceType::Available, None)),
        Just((PresenceType::Unavailable, None)),
        Just((PresenceType::Probe, None)),
        error().prop_map(|error| (PresenceType::Error, Some(error))),
    ];
    let show = prop_oneof![
        Just(None),
        Just(Some(Show::Away)),
        Just(Some(Show::Dnd)),
        "[<&a-z]{5}".prop_map(|word| Some(Show::Other(word.into()))),
    ];
    let content = (show, vec(lang_text(), 0..3), option::of(i8::MIN..=i8::MAX));
    (envelope, kind, content, vec(element(), 0..3)).prop_map(
        |((from, to, lang), (type_, error), (show, statuses, priority), other)| Presence {
            from: from.map(Into::into),
            to: to.map(Into::into),
            id: None,
            type_,
            lang: lang.map(Into::into),
            show,
            statuses,
            priority,
            error,
            other,
        },
    )
}

proptest! {
    #[test]
    fn presence_that_is_written_is_read_as_it_was(presence in presence()) {
        let stanza = Stanza::from(presence);
        let xml = written(&stanza);
        prop_assert_eq!(read_stanza(&xml), stanza, "{}", xml);
    }

    #[test]
    fn message_that_is_written_is_read_as_it_was(message in message()) {
        let stanza = Stanza::from(message);
        let xml = written(&stanza);
        prop_assert_eq!(read_stanza(&xml), stanza, "{}", xml);
    }

    #[test]
    fn element_that_is_written_stands_anywhere(element in element()) {
        let xml = element.to_xml().unwrap();
        let Stanza::Message(message) = read_stanza(&format!("<message>{xml}</message>")) else { panic!() };
        prop_assert_eq!(message.other, vec![element], "{}", xml);
    }
}
