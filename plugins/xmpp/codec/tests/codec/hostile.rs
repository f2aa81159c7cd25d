//! Input that ends the stream, and how.

use crate::support::{HEADER, read, read_all};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};
use rialto_xmpp_codec::{
    ContentNamespace, Limits, ReadError, StreamCondition, StreamEvent, StreamReader,
};

fn refused(text: &str) -> ReadError {
    read(text).expect_err(text)
}

#[test]
fn restricted_xml_is_refused_as_such() {
    for text in [
        "<!-- comment --><message/>",
        "<message><!-- comment --></message>",
        "<?php evil ?><message/>",
        "<message><body>&xxe;</body></message>",
        "<message to='&xxe;'/>",
        "<!DOCTYPE message><message/>",
        "<message><!ENTITY a 'b'></message>",
    ] {
        let error = refused(text);
        assert_eq!(
            error.condition(),
            StreamCondition::RestrictedXml,
            "{text}: {error}"
        );
    }
}

#[test]
fn billion_laughs_ends_at_the_document_type() {
    let text = "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;&lol;'>]>\
        <stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>";
    let mut reader = StreamReader::new(ContentNamespace::Component, Limits::default());
    let error = read_all(&mut reader, &mut text.as_bytes()).unwrap_err();
    assert!(
        matches!(
            error,
            ReadError::Restricted {
                what: "document type",
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(
        reader.read(&mut &b"<message/>"[..]).unwrap_err(),
        error,
        "the error stays"
    );
}

#[test]
fn malformed_xml_is_refused_as_such() {
    for text in [
        "<message></presence>",
        "<message a='1' a='2'/>",
        "<message xmlns:a='urn:x' xmlns:b='urn:x' a:k='1' b:k='2'/>",
        "<message a=1/>",
        "<message to='<'/>",
        "<message><body>\u{1}</body></message>",
        "<message><body>&#0;</body></message>",
        "<message><body>&#xFFFE;</body></message>",
        "<message xmlns:xmlns='urn:x'/>",
        "<message xmlns:a=''/>",
        "<message xmlns='urn:x' xmlns='urn:x'/>",
        "<message xmlns:a='urn:x' xmlns:a='urn:y'/>",
        "<message>]]></message>",
    ] {
        let error = refused(text);
        assert_eq!(
            error.condition(),
            StreamCondition::NotWellFormed,
            "{text}: {error}"
        );
    }
    let mut reader = StreamReader::new(ContentNamespace::Component, Limits::default());
    reader.read(&mut HEADER.as_bytes()).unwrap();
    let error = read_all(
        &mut reader,
        &mut &b"<message><body>\xFF</body></message>"[..],
    );
    assert_eq!(
        error.unwrap_err().condition(),
        StreamCondition::NotWellFormed
    );
}

#[test]
fn text_between_stanzas_is_refused_unless_it_is_white_space() {
    assert_eq!(read(" \n\t<message/> \n <message/>").unwrap().len(), 2);
    assert!(matches!(
        refused("<message/>x<message/>"),
        ReadError::TextBetweenStanzas { .. }
    ));
}

#[test]
fn white_space_may_keep_a_stream_alive_for_ever() {
    let mut reader = StreamReader::new(ContentNamespace::Component, Limits::default());
    reader.read(&mut HEADER.as_bytes()).unwrap();
    let spaces = vec![b' '; 4096];
    for _ in 0..1000 {
        assert_eq!(reader.read(&mut &spaces[..]).unwrap(), None);
    }
    assert!(reader.read(&mut &b"<message/>"[..]).unwrap().is_some());
}

#[test]
fn stream_must_be_the_agreed_one() {
    let read = |text: &str| {
        let mut reader = StreamReader::new(ContentNamespace::Component, Limits::default());
        read_all(&mut reader, &mut text.as_bytes()).unwrap_err()
    };
    assert_eq!(read("<html>"), ReadError::NotAStream);
    assert_eq!(
        read("<stream xmlns='jabber:component:accept'>"),
        ReadError::NotAStream
    );
    let client =
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
    let error = read(client);
    assert_eq!(error.condition(), StreamCondition::InvalidNamespace);
    assert_eq!(
        error.to_string(),
        "the stream's content namespace is not jabber:component:accept"
    );
}

#[test]
fn stream_error_and_end_are_told_apart() {
    let events = read(
        "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>replaced</text></stream:error></stream:stream>",
    )
    .unwrap();
    let [StreamEvent::Error(error), StreamEvent::End] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(error.condition, StreamCondition::Conflict);
    assert_eq!(error.text.as_ref().unwrap().text, "replaced");
    let other = read(
        "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>[::1]:9</see-other-host></stream:error>",
    );
    let Some(StreamEvent::Error(error)) = other.unwrap().pop() else {
        panic!()
    };
    assert_eq!(
        error.condition,
        StreamCondition::SeeOtherHost("[::1]:9".into())
    );
}

const TWO_STANZAS: &str = "<message from='a@b/c' type='chat'><body>one &amp; \u{1F600} two\r\n</body>\
    <x xmlns='urn:x'><![CDATA[<raw>]]></x></message> <iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>\
    <message type='error'><error type='wait'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>a</gone></error></message>";

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in vec(any::<u8>(), 0..512)) {
        let mut reader = StreamReader::new(ContentNamespace::Component, Limits::default());
        drop(read_all(&mut reader, &mut &bytes[..]));
        let mut reader = StreamReader::new(ContentNamespace::Component, Limits::default());
        reader.read(&mut HEADER.as_bytes()).unwrap();
        drop(read_all(&mut reader, &mut &bytes[..]));
    }

    #[test]
    fn any_markup_is_read_without_panic(
        parts in vec(r#"<message|<body>|</body>|</message>| xmlns='urn:x'| xmlns:a='b'|a:|/>|>|&amp;|&#x41;|<!\[CDATA\[|\]\]>|'|x|<|<iq| type='get'"#, 0..40)
    ) {
        drop(read(&parts.concat()));
    }

    #[test]
    fn any_chunks_give_the_same_stanzas(cuts in vec(0..TWO_STANZAS.len(), 0..20)) {
        let whole = read(TWO_STANZAS).unwrap();
        let mut cuts = cuts;
        cuts.extend([0, TWO_STANZAS.len()]);
        cuts.sort_unstable();
        let mut reader = StreamReader::new(ContentNamespace::Component, Limits::default());
        reader.read(&mut HEADER.as_bytes()).unwrap();
        let mut events = Vec::new();
        for cut in cuts.windows(2) {
            let mut chunk = &TWO_STANZAS.as_bytes()[cut[0]..cut[1]];
            events.extend(read_all(&mut reader, &mut chunk).unwrap());
        }
        prop_assert_eq!(events, whole);
    }
}

#[test]
fn single_bytes_give_the_same_stanzas() {
    let mut reader = StreamReader::new(ContentNamespace::Component, Limits::default());
    reader.read(&mut HEADER.as_bytes()).unwrap();
    let mut events = Vec::new();
    for byte in TWO_STANZAS.as_bytes().chunks(1) {
        events.extend(read_all(&mut reader, &mut &byte[..]).unwrap());
    }
    assert_eq!(events, read(TWO_STANZAS).unwrap());
    assert_eq!(events.len(), 3);
}
