//! Who watches: RFC 3858's own example, what is borne with, what is refused, and that what is written is valid and read again.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests are not seen as tests"
)]

mod reference;
mod schema;
mod xmllint;

use std::{fs, time::Duration};

use proptest::{
    collection::vec, option, prelude::*, sample::select, strategy::ValueTree,
    test_runner::TestRunner,
};
use rialto_model::{
    Package, Presentity, SubscriptionId, SubscriptionState, TerminationReason, XmlError,
    XmlWriteError,
    presence::{
        Note, Uri,
        watchers::{
            MAX_LEN, MAX_WATCHERS, Watcher, WatcherEvent, WatcherId, WatcherInformation,
            WatcherList, WatcherState, WatcherStatus,
        },
    },
};

fn uri(text: &str) -> Uri {
    Uri::parse(text.to_owned()).unwrap()
}

fn watcher(id: &str, uri: &str, status: WatcherStatus, event: WatcherEvent) -> Watcher {
    Watcher::new(
        WatcherId::parse(id.to_owned()).unwrap(),
        self::uri(uri),
        status,
        event,
    )
}

fn list(watchers: impl IntoIterator<Item = Watcher>) -> WatcherInformation {
    let professor = WatcherList::new(uri("sip:professor@example.net"), Package::Presence.as_str());
    let list = watchers
        .into_iter()
        .fold(professor, WatcherList::with_watcher);
    WatcherInformation::new(0, WatcherState::Full).with_list(list)
}

fn example() -> WatcherInformation {
    let approved = watcher(
        "8ajksjda7s",
        "sip:userA@example.net",
        WatcherStatus::Active,
        WatcherEvent::Approved,
    );
    let pending = watcher(
        "hh8juja87s997-ass7",
        "sip:userB@example.org",
        WatcherStatus::Pending,
        WatcherEvent::Subscribe,
    );
    list([
        approved.with_duration_subscribed(Duration::from_secs(509)),
        pending.with_display_name(Note::new("Mr. Subscriber")),
    ])
}

/// A document with one watcher, written with these attributes and this content.
fn one(attributes: &str, content: &str) -> Result<WatcherInformation, XmlError> {
    let document = format!(
        "<watcherinfo xmlns='urn:ietf:params:xml:ns:watcherinfo' version='7' state='partial'>\
         <watcher-list resource='pres:bob@example.net' package='presence'>\
         <watcher {attributes}>{content}</watcher></watcher-list></watcherinfo>"
    );
    WatcherInformation::parse(document.as_bytes())
}

fn the_one(attributes: &str, content: &str) -> Watcher {
    let read = one(attributes, content).unwrap();
    read.lists()[0].watchers()[0].clone()
}

#[test]
fn example_of_rfc_3858_is_read() {
    let document = schema::fixture("rfc3858/xml01-watcherinfo.xml");
    assert_eq!(
        WatcherInformation::parse(document.as_bytes()),
        Ok(example())
    );
}

#[test]
fn document_is_written_as_the_schema_has_it() {
    let named = Note::in_language("Frau \"Ü\"", "de").unwrap();
    let ended = watcher(
        "%3C1",
        "pres:eve@example.org",
        WatcherStatus::Terminated,
        WatcherEvent::NoResource,
    )
    .with_display_name(named)
    .with_expiration(Duration::from_millis(1999))
    .with_duration_subscribed(Duration::ZERO);
    let information = list([ended]);
    let document = information.to_document().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&document),
        "<?xml version='1.0' encoding='utf-8'?>\n\
         <watcherinfo xmlns='urn:ietf:params:xml:ns:watcherinfo' state='full' version='0'>\
         <watcher-list package='presence' resource='sip:professor@example.net'>\
         <watcher display-name='Frau &#34;Ü&#34;' duration-subscribed='0' event='noresource' \
         expiration='1' id='%3C1' status='terminated' xml:lang='de'>pres:eve@example.org</watcher>\
         </watcher-list></watcherinfo>"
    );
    assert_eq!(WatcherInformation::parse(&document), Ok(information));
}

#[test]
fn notification_carries_the_document_under_its_type() {
    let document = example().to_presence_document().unwrap();
    assert_eq!(document.content_type(), "application/watcherinfo+xml");
    let read = WatcherInformation::parse(document.payload().as_bytes());
    assert_eq!(read, Ok(example()));
}

#[test]
fn what_does_not_matter_is_borne_with() {
    let plain = the_one(
        "id='1' status='active' event='approved'",
        "pres:a@b.example",
    );
    for (attributes, content) in [
        (
            "id='1' status=' Active ' event='APPROVED'",
            "\n pres:a@b.example\n ",
        ),
        ("id='1' status='active'", "pres:a@b.example"),
        (
            "id='1' status='active' event='invariant'",
            "pres:a@b.example",
        ),
        (
            "id='1' status='active' event='approved' expiration='soon' duration-subscribed='-1'",
            "pres:a@b.example",
        ),
        (
            "id='1' status='active' event='approved' x:y='z' xmlns:x='urn:x' more='x'",
            "pres:a@b.example<x:z/>",
        ),
    ] {
        assert_eq!(the_one(attributes, content), plain, "{attributes}");
    }
    let named = the_one(
        "id='1' status='active' display-name='A' xml:lang='no language'",
        "pres:a@b.example",
    );
    assert_eq!(named.display_name(), Some(&Note::new("A")));
}

#[test]
fn event_that_is_not_told_is_the_usual_one_of_the_status() {
    for (status, event) in [
        ("pending", WatcherEvent::Subscribe),
        ("active", WatcherEvent::Approved),
        ("waiting", WatcherEvent::Timeout),
        ("terminated", WatcherEvent::Timeout),
    ] {
        let read = the_one(&format!("id='1' status='{status}'"), "pres:a@b.example");
        assert_eq!(read.event(), event, "{status}");
    }
}

#[test]
fn what_matters_is_refused_with_the_place_where_it_is_wrong() {
    let problem = |attributes, content| one(attributes, content).unwrap_err().to_string();
    let attribute = |name: &str| {
        format!("the attribute `{name}` of the element at byte 149 is missing or malformed")
    };
    let uri = "pres:a@b.example";
    assert_eq!(problem("status='active'", uri), attribute("id"));
    assert_eq!(
        problem("id='two words' status='active'", uri),
        attribute("id")
    );
    assert_eq!(problem("id='1'", uri), attribute("status"));
    assert_eq!(problem("id='1' status='asleep'", uri), attribute("status"));
    assert_eq!(
        problem("id='1' status='active'", " "),
        "the text of the element `watcher` at byte 149 is malformed"
    );
    let root = |attributes: &str| {
        let document =
            format!("<watcherinfo xmlns='urn:ietf:params:xml:ns:watcherinfo' {attributes}/>");
        let read = WatcherInformation::parse(document.as_bytes());
        read.map(drop).map_err(|error| error.to_string())
    };
    let at_root = |name| {
        Err(format!(
            "the attribute `{name}` of the element at byte 0 is missing or malformed"
        ))
    };
    assert_eq!(root("version='4294967295' state='FULL'"), Ok(()));
    assert_eq!(
        root("version='4294967296' state='full'"),
        at_root("version")
    );
    assert_eq!(root("version='-1' state='full'"), at_root("version"));
    assert_eq!(root("state='full'"), at_root("version"));
    assert_eq!(root("version='0' state='some'"), at_root("state"));
    assert_eq!(
        WatcherInformation::parse(b"<presence xmlns='urn:ietf:params:xml:ns:pidf'/>"),
        Err(XmlError::Root {
            expected: "watcherinfo"
        })
    );
}

#[test]
fn document_that_is_too_large_is_neither_read_nor_written() {
    let many = |count| {
        let numbers = 0..count;
        list(numbers.map(|number| {
            let id = WatcherId::parse(number.to_string()).unwrap();
            Watcher::new(id, uri("a:"), WatcherStatus::Active, WatcherEvent::Approved)
        }))
    };
    let most = many(MAX_WATCHERS - 2).to_document().unwrap();
    let read = WatcherInformation::parse(&most).unwrap();
    assert_eq!(read, many(MAX_WATCHERS - 2));
    assert!(matches!(
        many(MAX_WATCHERS - 1).to_document(),
        Err(XmlWriteError::TooLarge {
            what: "elements",
            ..
        })
    ));
    let long = Note::new("x".repeat(MAX_LEN));
    let named = example().lists()[0].watchers()[0]
        .clone()
        .with_display_name(long);
    assert!(matches!(
        list([named]).to_document(),
        Err(XmlWriteError::TooLarge { what: "bytes", .. })
    ));
    assert!(matches!(
        WatcherInformation::parse(&vec![b' '; MAX_LEN + 1]),
        Err(XmlError::TooLong { max: MAX_LEN, .. })
    ));
}

#[test]
fn every_state_of_a_subscription_has_a_word() {
    for (state, status) in [
        (SubscriptionState::Pending, WatcherStatus::Pending),
        (SubscriptionState::Active, WatcherStatus::Active),
    ] {
        assert_eq!(WatcherStatus::from(state), status);
    }
    for reason in TerminationReason::ALL {
        let state = SubscriptionState::terminated(reason);
        assert_eq!(WatcherStatus::from(state), WatcherStatus::Terminated);
        let event = WatcherEvent::from(reason);
        assert!(
            event.as_str() == reason.as_str() || reason == TerminationReason::Invariant,
            "{event}"
        );
    }
}

/// Any text that XML can carry.
fn text() -> impl Strategy<Value = String> {
    "[\t\n\r -~\u{85}\u{A0}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]{0,12}"
}

fn any_uri() -> impl Strategy<Value = Uri> {
    "(pres|sip|tel):[a-z0-9@.+]{1,12}".prop_map(|text| uri(&text))
}

fn seconds() -> impl Strategy<Value = Option<Duration>> {
    option::of(any::<u64>().prop_map(Duration::from_secs))
}

fn any_watcher() -> impl Strategy<Value = Watcher> {
    let id = "[!-~]{1,40}".prop_map(|id| SubscriptionId::parse(id.as_bytes()).unwrap());
    let words = (select(WatcherStatus::ALL), select(WatcherEvent::ALL));
    let named = option::of((text(), option::of("[a-z]{2}(-[A-Z]{2})?")));
    (id, any_uri(), words, named, seconds(), seconds()).prop_map(
        |(id, uri, (status, event), named, expiration, subscribed)| {
            let mut watcher = Watcher::new(WatcherId::from(&id), uri, status, event);
            if let Some((name, language)) = named {
                watcher = watcher.with_display_name(match language {
                    Some(language) => Note::in_language(name, language).unwrap(),
                    None => Note::new(name),
                });
            }
            if let Some(expiration) = expiration {
                watcher = watcher.with_expiration(expiration);
            }
            if let Some(subscribed) = subscribed {
                watcher = watcher.with_duration_subscribed(subscribed);
            }
            watcher
        },
    )
}

fn information() -> impl Strategy<Value = WatcherInformation> {
    let list =
        (any_uri(), text(), vec(any_watcher(), 0..4)).prop_map(|(uri, package, watchers)| {
            let list = WatcherList::new(uri, package);
            watchers.into_iter().fold(list, WatcherList::with_watcher)
        });
    let state = select(&[WatcherState::Full, WatcherState::Partial][..]);
    (any::<u32>(), state, vec(list, 0..3)).prop_map(|(version, state, lists)| {
        let information = WatcherInformation::new(version, state);
        lists
            .into_iter()
            .fold(information, WatcherInformation::with_list)
    })
}

proptest! {
    #[test]
    fn every_presentity_can_be_told_as_a_watcher(
        presentity in r#"pres:[a%20F@.,"\\ü=/?(]{1,12}@[a-cü]{1,8}\.example"#,
    ) {
        if let Ok(presentity) = Presentity::parse(&presentity) {
            let uri = Uri::from(&presentity);
            prop_assert_eq!(Uri::parse(presentity.uri().clone()), Ok(uri.clone()));
            let id = WatcherId::parse("1").unwrap();
            let watcher = Watcher::new(id, uri, WatcherStatus::Active, WatcherEvent::Approved);
            let information = list([watcher]);
            let document = information.to_document().unwrap();
            prop_assert_eq!(WatcherInformation::parse(&document), Ok(information));
        }
    }

    #[test]
    fn every_document_that_is_written_is_read_again(information in information()) {
        let document = information.to_document().unwrap();
        prop_assert_eq!(WatcherInformation::parse(&document), Ok(information));
    }
}

#[test]
fn every_document_that_is_written_is_valid() {
    let Some(reference) = reference::folder() else {
        return;
    };
    let mut runner = TestRunner::deterministic();
    let mut any = || {
        let information = information().new_tree(&mut runner).unwrap().current();
        information.to_document().unwrap()
    };
    let mut documents: Vec<_> = (0..200).map(|_| any()).collect();
    documents.push(example().to_document().unwrap());
    let schema = reference.join("schemas/python3-sipsimple/watcherinfo.xsd");
    let complaints = xmllint::complaints(&schema, &documents);
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn examples_of_other_rfcs_are_read_and_written_again() {
    let Some(reference) = reference::folder() else {
        return;
    };
    let mut read = 0;
    for rfc in ["rfc3857", "rfc3858", "rfc4660"] {
        let folder = reference.join("corpora/rfc-examples").join(rfc);
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.to_string_lossy().ends_with("watcherinfo.xml") {
                let information = WatcherInformation::parse(&fs::read(&path).unwrap());
                let information =
                    information.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let again = information.to_document().unwrap();
                assert_eq!(WatcherInformation::parse(&again), Ok(information));
                read += 1;
            }
        }
    }
    assert_eq!(read, 8);
}
