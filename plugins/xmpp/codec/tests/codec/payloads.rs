//! What small extensions say inside of messages.

use std::fs;

use crate::support::{files, read, read_limited, read_stanza, reference, written};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use rialto_xmpp_codec::{
    ChatState, Delay, Element, Hint, LimitError, Limits, Marker, Message, Nick, Payload,
    PayloadError, Receipt, RefusalError, Stanza, StanzaId, StreamEvent, WriteError, namespace,
};
use time::{OffsetDateTime, macros::datetime};

fn message(content: &str) -> Message {
    match read_stanza(&format!("<message id='m1'>{content}</message>")) {
        Stanza::Message(message) => message,
        other => panic!("no message: {other:?}"),
    }
}

fn all<P: Payload>(content: &str) -> Vec<P> {
    let message = message(content);
    message.payloads().map(Result::unwrap).collect()
}

/// Reads `xml` as the payload, and writes that as a client would see it.
fn is_read_and_written<P: Payload + PartialEq + std::fmt::Debug>(payload: P, xml: &str) {
    assert_eq!(message(xml).payload(), Ok(Some(payload)), "{xml}");
    let payload = message(xml).payload::<P>().unwrap().unwrap();
    let stanza = Message::default().with_payload(&payload).unwrap();
    assert_eq!(written(&stanza.into()), format!("<message>{xml}</message>"));
}

#[test]
fn receipts_are_read_and_written_as_in_xep_0184() {
    is_read_and_written(Receipt::Request, "<request xmlns='urn:xmpp:receipts'/>");
    is_read_and_written(
        Receipt::Received("richard2-4.1.247".into()),
        "<received xmlns='urn:xmpp:receipts' id='richard2-4.1.247'/>",
    );
}

#[test]
fn markers_are_read_and_written_as_in_xep_0333() {
    let xml = |name| format!("<{name} xmlns='urn:xmpp:chat-markers:0' id='the-msg-1'/>");
    is_read_and_written(
        Marker::Markable,
        "<markable xmlns='urn:xmpp:chat-markers:0'/>",
    );
    is_read_and_written(Marker::Received("the-msg-1".into()), &xml("received"));
    is_read_and_written(Marker::Displayed("the-msg-1".into()), &xml("displayed"));
    is_read_and_written(
        Marker::Acknowledged("the-msg-1".into()),
        &xml("acknowledged"),
    );
}

#[test]
fn chat_states_are_read_and_written_as_in_xep_0085() {
    for (state, name) in [
        (ChatState::Active, "active"),
        (ChatState::Composing, "composing"),
        (ChatState::Paused, "paused"),
        (ChatState::Inactive, "inactive"),
        (ChatState::Gone, "gone"),
    ] {
        let xml = format!("<{name} xmlns='http://jabber.org/protocol/chatstates'/>");
        is_read_and_written(state, &xml);
    }
}

#[test]
fn nick_is_read_and_written_as_in_xep_0172() {
    let xml = |name| format!("<nick xmlns='http://jabber.org/protocol/nick'>{name}</nick>");
    is_read_and_written(Nick("Ishmael".into()), &xml("Ishmael"));
    let spaced = message(&xml("\n    Call me Ishmael\n  ")).payload();
    assert_eq!(spaced, Ok(Some(Nick("Call me Ishmael".into()))));
}

#[test]
fn delay_is_read_and_written_as_in_xep_0203() {
    let delay = Delay {
        from: Some("capulet.com".into()),
        reason: Some("Offline Storage".into()),
        ..Delay::new(datetime!(2002-09-10 23:08:25 UTC))
    };
    let begin = "<delay xmlns='urn:xmpp:delay' from='capulet.com' stamp='2002-09-10T23:08:25Z'>";
    is_read_and_written(delay.clone(), &format!("{begin}Offline Storage</delay>"));
    let spaced = format!("{begin}\n    Offline Storage\n  </delay>");
    assert_eq!(message(&spaced).payload(), Ok(Some(delay)));
    is_read_and_written(
        Delay::new(datetime!(2002-09-10 23:41:07.25 UTC)),
        "<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:41:07.25Z'/>",
    );
}

#[test]
fn delay_in_another_zone_is_read_and_written_in_utc() {
    let summer = "<delay xmlns='urn:xmpp:delay' stamp='2024-07-01T01:30:00+02:00'/>";
    let delay: Delay = message(summer).payload().unwrap().unwrap();
    assert_eq!(delay.stamp, datetime!(2024-06-30 23:30 UTC));
    assert_eq!(
        delay.to_element().unwrap().to_xml().unwrap(),
        "<delay xmlns='urn:xmpp:delay' stamp='2024-06-30T23:30:00Z'/>"
    );
}

#[test]
fn delay_out_of_range_is_not_written() {
    let delay = Delay::new(datetime!(0000-01-01 00:00 +01));
    assert_eq!(delay.to_element(), Err(WriteError::DateTime));
}

#[test]
fn stanza_ids_are_read_and_written_as_in_xep_0359() {
    is_read_and_written(
        StanzaId {
            id: "5f3dbc5e".into(),
            by: "room@muc.example.com".into(),
        },
        "<stanza-id xmlns='urn:xmpp:sid:0' id='5f3dbc5e' by='room@muc.example.com'/>",
    );
    let xml = "<origin-id xmlns='urn:xmpp:sid:0' id='de305d54'/>";
    let message = message(xml);
    assert_eq!(message.origin_id.as_deref(), Some("de305d54"));
    assert_eq!(
        written(&message.into()),
        format!("<message id='m1'>{xml}</message>")
    );
}

#[test]
fn hints_are_read_and_written_as_in_xep_0334() {
    for (hint, name) in [
        (Hint::NoPermanentStore, "no-permanent-store"),
        (Hint::NoStore, "no-store"),
        (Hint::NoCopy, "no-copy"),
        (Hint::Store, "store"),
    ] {
        is_read_and_written(hint, &format!("<{name} xmlns='urn:xmpp:hints'/>"));
    }
}

#[test]
fn origin_id_without_a_name_or_a_second_one_is_an_extension_that_is_not_known() {
    let content = "<origin-id xmlns='urn:xmpp:sid:0'/><origin-id xmlns='urn:xmpp:sid:0' id=''/>\
        <origin-id xmlns='urn:xmpp:sid:0' id='1'/><origin-id xmlns='urn:xmpp:sid:0' id='2'/>";
    let message = message(content);
    assert_eq!(message.origin_id.as_deref(), Some("1"));
    assert_eq!(message.other.len(), 3);
}

#[test]
fn what_stands_several_times_is_read_in_order() {
    let ids: Vec<StanzaId> = all(
        "<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='a'/><body>x</body>\
         <stanza-id xmlns='urn:xmpp:sid:0' id='3' by='b'/>",
    );
    let stanza = |id: &str, by: &str| StanzaId {
        id: id.into(),
        by: by.into(),
    };
    assert_eq!(ids, [stanza("1", "a"), stanza("3", "b")]);
    let states: Vec<ChatState> = all("<paused xmlns='http://jabber.org/protocol/chatstates'/>\
         <gone xmlns='http://jabber.org/protocol/chatstates'/>");
    assert_eq!(states, [ChatState::Paused, ChatState::Gone]);
}

#[test]
fn what_a_payload_lacks_is_named() {
    let missing = |namespace, element, attribute| PayloadError::Missing {
        namespace,
        element,
        attribute,
    };
    for id in ["", " id=''", " xmlns:q='urn:q' q:id='1'"] {
        let receipt = format!("<received xmlns='urn:xmpp:receipts'{id}/>");
        let error = missing(namespace::RECEIPTS, "received", "id");
        assert_eq!(message(&receipt).payload::<Receipt>(), Err(error));
        for name in ["received", "displayed", "acknowledged"] {
            let marker = format!("<{name} xmlns='urn:xmpp:chat-markers:0'{id}/>");
            let error = missing(namespace::CHAT_MARKERS, name, "id");
            assert_eq!(message(&marker).payload::<Marker>(), Err(error));
        }
        let stanza = format!("<stanza-id xmlns='urn:xmpp:sid:0' by='a'{id}/>");
        let error = missing(namespace::STANZA_IDS, "stanza-id", "id");
        assert_eq!(message(&stanza).payload::<StanzaId>(), Err(error));
    }
    let by = message("<stanza-id xmlns='urn:xmpp:sid:0' id='1'/>").payload::<StanzaId>();
    assert_eq!(by, Err(missing(namespace::STANZA_IDS, "stanza-id", "by")));
    let stamp = message("<delay xmlns='urn:xmpp:delay' from='a'/>").payload::<Delay>();
    assert_eq!(stamp, Err(missing(namespace::DELAY, "delay", "stamp")));
    assert_eq!(
        stamp.unwrap_err().to_string(),
        "<delay/> of urn:xmpp:delay has no attribute `stamp`"
    );
}

#[test]
fn stamp_that_is_no_time_is_named() {
    let error = PayloadError::Value {
        namespace: namespace::DELAY,
        element: "delay",
        attribute: "stamp",
    };
    for stamp in [
        "yesterday",
        "20020910T23:08:25", // XEP-0091
        "2002-09-10T23:08:25",
        "2002-09-31T23:08:25Z",
        "2002-09-10",
        "12002-09-10T23:08:25Z",
    ] {
        let delay = format!("<delay xmlns='urn:xmpp:delay' stamp='{stamp}'/>");
        assert_eq!(message(&delay).payload::<Delay>(), Err(error), "{stamp}");
    }
    assert_eq!(
        error.to_string(),
        "the attribute `stamp` of <delay/> of urn:xmpp:delay is malformed"
    );
}

#[test]
fn what_is_not_known_is_no_payload_and_stays() {
    let content = "<request xmlns='urn:x'/><seen xmlns='urn:xmpp:receipts' id='1'/>\
        <seen xmlns='urn:xmpp:chat-markers:0' id='1'/><busy xmlns='http://jabber.org/protocol/chatstates'/>\
        <late xmlns='urn:xmpp:delay' stamp='now'/><referenced-stanza xmlns='urn:xmpp:sid:0' id='1'/>\
        <active xmlns='urn:x'/>";
    let message = message(content);
    assert_eq!(message.payload::<Receipt>(), Ok(None));
    assert_eq!(message.payload::<Marker>(), Ok(None));
    assert_eq!(message.payload::<ChatState>(), Ok(None));
    assert_eq!(message.payload::<Delay>(), Ok(None));
    assert_eq!(message.payload::<StanzaId>(), Ok(None));
    let message = message.with_payload(&Receipt::Request).unwrap();
    assert_eq!(message.payload(), Ok(Some(Receipt::Request)));
    assert_eq!(
        written(&message.into()),
        format!("<message id='m1'>{content}<request xmlns='urn:xmpp:receipts'/></message>")
    );
}

#[test]
fn what_stands_deeper_is_no_payload_of_the_message() {
    let forwarded = message(
        "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>\
         </forwarded><body><request xmlns='urn:xmpp:receipts'/></body>",
    );
    assert_eq!(forwarded.payload::<Delay>(), Ok(None));
    assert_eq!(forwarded.payload::<Receipt>(), Ok(None));
}

#[test]
fn payload_beyond_the_limits_is_refused_with_its_stanza() {
    let limits = Limits {
        token_bytes: 40,
        ..Limits::default()
    };
    let receipt =
        |id: &str| format!("<message><received xmlns='urn:xmpp:receipts' id='{id}'/></message>");
    let events = read_limited(&receipt(&"a".repeat(41)), limits).unwrap();
    let [StreamEvent::Refused(refused)] = &events[..] else {
        panic!("{events:?}")
    };
    assert!(matches!(
        refused.error,
        RefusalError::Limit(LimitError::TokenTooLong { limit: 40, .. })
    ));
    let events = read_limited(&receipt(&"a".repeat(40)), limits).unwrap();
    assert!(matches!(events[..], [StreamEvent::Stanza(_)]));
}

#[test]
fn examples_of_the_xeps_hold_payloads_that_come_back() {
    let Some(reference) = reference() else { return };
    let folder = reference.join("corpora/xmpp/xep-examples");
    let mut found = 0;
    for xep in ["0085", "0172", "0184", "0203", "0333", "0334", "0359"] {
        for file in files(&folder.join(format!("xep-{xep}"))) {
            let Ok(text) = fs::read_to_string(&file) else {
                continue;
            };
            let text = text.replace("jabber:client", "jabber:component:accept");
            for event in read(text.trim()).unwrap_or_default() {
                if let StreamEvent::Stanza(Stanza::Message(message)) = event {
                    found += come_back::<Receipt>(&message) + come_back::<Marker>(&message);
                    found += come_back::<ChatState>(&message) + come_back::<Delay>(&message);
                    found += come_back::<StanzaId>(&message) + come_back::<Hint>(&message);
                    found += come_back::<Nick>(&message);
                    found += usize::from(message.origin_id.is_some());
                }
            }
        }
    }
    println!("{found} payloads");
    assert!(found >= 19, "only {found} payloads were found");
}

/// How many payloads of a kind there are; each is the same after it was written.
fn come_back<P: Payload + PartialEq + std::fmt::Debug>(message: &Message) -> usize {
    let payloads = message.payloads::<P>().map(Result::unwrap);
    let come_back = |payload: P| {
        let element = payload.to_element().unwrap();
        assert_eq!(P::from_element(&element), Some(Ok(payload)));
    };
    payloads.map(come_back).count()
}

fn id() -> impl Strategy<Value = String> {
    "[\t\n\r -\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]{1,24}"
}

fn delay() -> impl Strategy<Value = Delay> {
    let seconds = -62_167_219_200..253_402_300_800_i64;
    let parts = (
        seconds,
        0..1_000_000_000_u32,
        option::of(id()),
        option::of("[a-z&<]{1,9}"),
    );
    parts.prop_map(|(seconds, nanoseconds, from, reason)| Delay {
        stamp: OffsetDateTime::from_unix_timestamp(seconds)
            .and_then(|stamp| stamp.replace_nanosecond(nanoseconds))
            .unwrap(),
        from: from.map(Into::into),
        reason: reason.map(Into::into),
    })
}

/// Elements of the known extensions that nobody checked.
fn element() -> impl Strategy<Value = Element> {
    let namespaces = vec![
        namespace::RECEIPTS,
        namespace::CHAT_MARKERS,
        namespace::CHAT_STATES,
        namespace::DELAY,
        namespace::STANZA_IDS,
    ];
    let names = vec![
        "request",
        "received",
        "markable",
        "displayed",
        "acknowledged",
        "active",
        "gone",
        "delay",
        "stanza-id",
        "origin-id",
        "x",
    ];
    let value = prop_oneof![
        id(),
        Just(String::new()),
        Just("2002-09-10T23:08:25Z".to_owned())
    ];
    let attributes = vec((select(vec!["id", "by", "stamp", "from"]), value), 0..4);
    (select(namespaces), select(names), attributes).prop_map(|(namespace, name, attributes)| {
        let element = Element::new(namespace, name).unwrap();
        attributes
            .into_iter()
            .fold(element, |element, (name, value)| {
                element.with_attribute(name, value).unwrap()
            })
    })
}

/// Reads a message's payloads of one kind again after it was written.
fn survives<P: Payload + PartialEq + std::fmt::Debug>(payload: P) {
    let message = Message::default().with_payload(&payload).unwrap();
    let Stanza::Message(message) = read_stanza(&written(&message.into())) else {
        panic!("no message")
    };
    assert_eq!(message.payloads().collect::<Vec<_>>(), [Ok(payload)]);
}

proptest! {
    #[test]
    fn payload_that_is_written_is_read_as_it_was(id in id(), by in id(), delay in delay()) {
        survives(Receipt::Received(id.clone().into()));
        survives(Marker::Received(id.clone().into()));
        survives(Marker::Displayed(id.clone().into()));
        survives(Marker::Acknowledged(id.clone().into()));
        survives(StanzaId { id: id.into(), by: by.into() });
        survives(delay);
    }

    #[test]
    fn any_element_is_a_payload_or_refused_or_left_alone(element in element()) {
        let message = Message { other: vec![element.clone()], ..Message::default() };
        let count = [
            message.payloads::<Receipt>().count(),
            message.payloads::<Marker>().count(),
            message.payloads::<ChatState>().count(),
            message.payloads::<Delay>().count(),
            message.payloads::<StanzaId>().count(),
        ];
        prop_assert!(count.iter().sum::<usize>() <= 1, "{count:?}");
        prop_assert_eq!(&message.other, &vec![element]);
    }
}
