//! What crosses and comes back is what it was, and nothing panics.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use rialto_sdk::model::{Bytes, PresenceDocument, Presentity};
use rialto_xmpp_codec::{
    ContentNamespace, LangText, Limits, Presence, Show, Stanza, StreamEvent, StreamReader,
};
use time::OffsetDateTime;

use super::{MAX_RESOURCES, Resource, document, resources};
use crate::mapping::test_writer;

fn juliet() -> Presentity {
    Presentity::parse("pres:juliet@example.com").unwrap()
}

fn statuses() -> impl Strategy<Value = Vec<LangText>> {
    // Signs around the text, so that there is no white space to be lost.
    let text = "[!-~][ -~\u{A0}-\u{D7FF}\u{10000}-\u{10FFFF}]{0,24}[!-~]";
    (option::of(text), option::of(text)).prop_map(|(plain, czech)| {
        let plain = plain.map(LangText::new);
        let czech = czech.map(|text| LangText {
            lang: Some("cs".into()),
            text: text.into(),
        });
        plain.into_iter().chain(czech).collect()
    })
}

fn time() -> impl Strategy<Value = Option<OffsetDateTime>> {
    let time =
        (0..4_000_000_000_i64).prop_map(|at| OffsetDateTime::from_unix_timestamp(at).unwrap());
    option::of(time)
}

fn resource() -> impl Strategy<Value = Resource> {
    let show = prop_oneof![
        Just(None),
        Just(Some(Show::Away)),
        Just(Some(Show::Chat)),
        Just(Some(Show::Dnd)),
        Just(Some(Show::Xa)),
    ];
    let open = (show, option::of(0..=i8::MAX), time()).prop_map(|open| (true, open));
    let state = prop_oneof![4 => open, 1 => Just((false, (None, None, None)))];
    (
        "[a-zA-Z0-9 _.\u{C0}-\u{FF}-]{0,12}[a-z]",
        state,
        statuses(),
        time(),
    )
        .prop_map(
            |(name, (is_open, (show, priority, idle_since)), statuses, said_at)| Resource {
                show,
                statuses,
                priority,
                idle_since,
                said_at,
                ..Resource::new(Some(name.into()), is_open)
            },
        )
}

/// Open ones first, as they are read, and each name once.
fn in_order(mut all: Vec<Resource>) -> Vec<Resource> {
    let mut names = Vec::new();
    all.retain(|resource| {
        let is_new = !names.contains(&resource.name);
        names.push(resource.name.clone());
        is_new
    });
    all.sort_by_key(|resource| !resource.is_open);
    all
}

/// What the server at the other end reads of what is written here.
fn over_the_wire(presence: Presence) -> Presence {
    let mut out = Vec::new();
    test_writer().write(&presence.into(), &mut out).unwrap();
    let mut reader = StreamReader::new(ContentNamespace::Component, Limits::default());
    let header = b"<stream:stream xmlns='jabber:component:accept' \
        xmlns:stream='http://etherx.jabber.org/streams' id='1'>";
    reader.read(&mut &header[..]).unwrap();
    match reader.read(&mut &out[..]).unwrap() {
        Some(StreamEvent::Stanza(Stanza::Presence(presence))) => presence,
        other => panic!("no presence: {other:?}"),
    }
}

proptest! {
    #[test]
    fn resources_come_back_from_their_document(all in vec(resource(), 1..MAX_RESOURCES)) {
        let all = in_order(all);
        let document = document(&juliet(), &all).unwrap();
        prop_assert_eq!(resources(&document, &juliet()).unwrap(), all);
    }

    #[test]
    fn resource_comes_back_from_its_presence(resource in resource()) {
        let presence = resource.to("juliet@example.com", &"romeo@example.net".into()).unwrap();
        prop_assert_eq!(Resource::of(&over_the_wire(presence)), Some(resource));
    }

    #[test]
    fn whatever_a_document_holds_it_is_read_within_bounds_or_not(
        body in "(<(tuple id='[a-c]'|/tuple|status|/status|basic|/basic|note|/note|!--x--|p:person xmlns:p='urn:ietf:params:xml:ns:pidf:data-model' id='q')>|open|closed|[a-z&;]{0,4}){0,24}",
        junk in vec(any::<u8>(), 0..64),
    ) {
        let xml = format!("<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='pres:a@b.example'>{body}</presence>");
        for bytes in [xml.into_bytes(), junk] {
            let document = PresenceDocument::pidf(Bytes::from(bytes));
            if let Some(all) = resources(&document, &juliet()) {
                prop_assert!(all.len() <= MAX_RESOURCES);
                for resource in all {
                    let presence = resource.to("a@b.example", &"c@d.example".into());
                    prop_assert!(presence.is_ok());
                }
            }
        }
    }
}

#[test]
fn document_that_would_be_too_large_is_told_without_its_remarks() {
    let text = "<".repeat(4000);
    let all: Vec<_> = (0..MAX_RESOURCES)
        .map(|number| Resource {
            statuses: vec![LangText::new(text.clone())],
            ..Resource::new(Some(format!("r{number}").into()), true)
        })
        .collect();
    let document = document(&juliet(), &all).unwrap();
    assert!(document.payload().len() < 64 * 1024);
    let read = resources(&document, &juliet()).unwrap();
    assert_eq!(read.len(), MAX_RESOURCES);
    assert!(read.iter().all(|resource| resource.statuses.is_empty()));
}
