//! The status message: RFC 3994's own examples, and what is borne with.

#![allow(clippy::unwrap_used, reason = "helpers of tests are not seen as tests")]

mod schema;
mod xmllint;

use std::{num::NonZeroU32, time::Duration};

use rialto_model::{ComposingState, CpimMessage, InstantMessage, IsComposing, xml::Element};
use time::macros::datetime;

use self::schema::fixture;

fn seconds(seconds: u32) -> NonZeroU32 {
    NonZeroU32::new(seconds).unwrap()
}

fn parse(content: &str) -> IsComposing {
    let root = "<isComposing xmlns='urn:ietf:params:xml:ns:im-iscomposing'>";
    let document = format!("{root}<state>active</state>{content}</isComposing>");
    IsComposing::parse(document.as_bytes()).unwrap()
}

#[test]
fn examples_of_rfc_3994_are_read() {
    let active = IsComposing::parse(fixture("rfc3994/ex01-active.xml").as_bytes()).unwrap();
    let expected = IsComposing::new(ComposingState::Active).with_content_type("text/plain");
    assert_eq!(active, expected.with_refresh(seconds(90)));
    let idle = IsComposing::parse(fixture("rfc3994/ex02-idle.xml").as_bytes()).unwrap();
    let expected = IsComposing::new(ComposingState::Idle).with_content_type("audio");
    assert_eq!(
        idle,
        expected.with_last_active(datetime!(2003-01-27 10:43 UTC))
    );
}

#[test]
fn status_message_is_written_in_the_order_of_its_schema() {
    let composing = IsComposing::new(ComposingState::Active)
        .with_refresh(seconds(60))
        .with_content_type("text/plain")
        .with_last_active(datetime!(2003-01-27 10:43:00.5 +1))
        .with_extension(Element::new("urn:x", "device").unwrap())
        .unwrap();
    let document = composing.to_document().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&document),
        "<?xml version='1.0' encoding='utf-8'?>\n\
         <isComposing xmlns='urn:ietf:params:xml:ns:im-iscomposing'><state>active</state>\
         <lastactive>2003-01-27T10:43:00.5+01:00</lastactive><contenttype>text/plain</contenttype>\
         <refresh>60</refresh><device xmlns='urn:x'/></isComposing>"
    );
    assert_eq!(IsComposing::parse(&document), Ok(composing));
    let bare = IsComposing::new(ComposingState::Idle)
        .to_document()
        .unwrap();
    schema::validate("rfc3994/isComposing.xsd", &[document, bare]);
}

#[test]
fn status_message_and_its_message_are_one() {
    let composing = IsComposing::new(ComposingState::Active);
    let message = composing.to_message().unwrap();
    let bytes = CpimMessage::new(message).to_bytes().unwrap();
    let read = CpimMessage::parse(bytes).unwrap().into_message();
    assert_eq!(IsComposing::from_message(&read), Ok(Some(composing)));
    assert_eq!(
        IsComposing::from_message(&InstantMessage::text("x")),
        Ok(None)
    );
}

#[test]
fn active_holds_until_it_should_have_been_repeated() {
    let active = IsComposing::new(ComposingState::Active);
    assert_eq!(active.holds_for(), Some(Duration::from_secs(120)));
    let refreshed = active.with_refresh(seconds(90));
    assert_eq!(refreshed.holds_for(), Some(Duration::from_secs(90)));
    let idle = IsComposing::new(ComposingState::Idle).with_refresh(seconds(90));
    assert_eq!(idle.holds_for(), None);
}

#[test]
fn state_that_is_not_known_is_idle() {
    for (word, state) in [
        (" active\n", ComposingState::Active),
        ("idle", ComposingState::Idle),
        ("paused", ComposingState::Idle),
        ("Active", ComposingState::Idle),
        ("", ComposingState::Idle),
    ] {
        let document = format!(
            "<isComposing xmlns='urn:ietf:params:xml:ns:im-iscomposing'><state>{word}</state></isComposing>"
        );
        let composing = IsComposing::parse(document.as_bytes()).unwrap();
        assert_eq!(composing.state(), state, "{word:?}");
    }
}

#[test]
fn numbers_and_times_of_xml_schema_are_read() {
    let refresh = |text| parse(&format!("<refresh>{text}</refresh>")).refresh();
    assert_eq!(refresh(" +090 "), Some(seconds(90)));
    assert_eq!(refresh("99999999999999999999"), Some(NonZeroU32::MAX));
    let last_active = |text| parse(&format!("<lastactive>{text}</lastactive>")).last_active();
    let time = datetime!(2003-01-27 10:43 UTC);
    assert_eq!(last_active("2003-01-27T12:43:00.00+02:00"), Some(time));
    // Without a zone it is valid, and no absolute time.
    assert_eq!(last_active("2003-01-27T10:43:00"), None);
}
