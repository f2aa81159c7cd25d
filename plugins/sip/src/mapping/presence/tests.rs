//! The examples of the RFCs, as they would come here.

use std::{path::PathBuf, time::Duration};

use rialto_sdk::{
    model::{SubscriptionState, TerminationReason},
    prelude::{Package, TransactionId},
};
use rialto_sip_codec::{Request, SipMessage, StatusCode};
use time::OffsetDateTime;

use super::{notification::Word, watching::Watching, *};
use crate::{
    config::{Hop, TransportKind},
    mapping::{Arrival, Rejection},
};

/// The text of an example, with the line ends of SIP and its true length; `None` where the reference is not there.
fn example(rfc: &str, name: &str) -> Option<String> {
    let Some(reference) = std::env::var_os("RIALTO_REFERENCE") else {
        println!("skipped: RIALTO_REFERENCE is not set");
        return None;
    };
    let folder = PathBuf::from(reference)
        .join("corpora/rfc-examples")
        .join(rfc);
    let files = std::fs::read_dir(&folder);
    let mut files = files.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let file = files.find_map(|file| {
        let path = file.unwrap().path();
        let found = path.file_name()?.to_str()?;
        found.starts_with(&format!("{name}-")).then_some(path)
    });
    let text = std::fs::read_to_string(file.unwrap_or_else(|| panic!("{rfc} has no {name}")));
    let text = text.unwrap();
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let lines = head.trim_end().lines();
    let lines = lines.filter(|line| !line.starts_with("Content-Length"));
    let head: Vec<&str> = lines.collect();
    Some(format!(
        "{}\r\nContent-Length: {}\r\n\r\n{body}",
        head.join("\r\n"),
        body.len()
    ))
}

fn arrival() -> Arrival<'static> {
    Arrival {
        now: OffsetDateTime::UNIX_EPOCH,
        hop: Hop {
            flow: None,
            transport: TransportKind::Udp,
            address: ([192, 0, 2, 1], 5060).into(),
        },
        number_domain: None,
        least_duration: Duration::from_secs(60),
    }
}

fn id() -> TransactionId {
    TransactionId::parse(b"1").unwrap()
}

fn watching(text: &str) -> Result<Watching, Rejection> {
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    let request = Request::read(&message).unwrap();
    watching_from_sip(&request, &arrival(), "ours", id())
}

fn word(text: &str) -> Result<Word, Rejection> {
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    word_from_sip(&Request::read(&message).unwrap())
}

const ACTIVE: SubscriptionState = SubscriptionState::Active;

/// RFC and example; watcher and target; the package, for how long, and whether it is within a dialog.
type Subscribing = (
    [&'static str; 2],
    [&'static str; 2],
    Package,
    Option<u64>,
    bool,
);

#[test]
fn subscriptions_of_the_rfcs_become_operations() {
    let [joe, juliet] = ["pres:joe@example.com", "pres:juliet@example.com"];
    let romeo = "pres:romeo@example.net";
    let cases: [Subscribing; 6] = [
        (
            ["rfc3856", "sip01"],
            ["pres:user@example.com", "pres:resource@example.com"],
            Package::Presence,
            Some(600),
            false,
        ),
        (
            ["rfc3857", "sip03"],
            [joe, joe],
            Package::WatcherInformation,
            None,
            false,
        ),
        (
            ["rfc3903", "sip01"],
            ["pres:watcher@example.com", "pres:presentity@example.com"],
            Package::Presence,
            Some(3600),
            false,
        ),
        (
            ["rfc8048", "ex08"],
            [juliet, "pres:romeo@example.com"],
            Package::Presence,
            Some(0),
            true,
        ),
        (
            ["rfc8048", "ex11"],
            [romeo, juliet],
            Package::Presence,
            None,
            false,
        ),
        (
            ["rfc8048", "ex17"],
            [romeo, juliet],
            Package::Presence,
            Some(0),
            true,
        ),
    ];
    for ([rfc, name], [watcher, target], package, seconds, is_known) in cases {
        let Some(text) = example(rfc, name) else {
            return;
        };
        let watching = watching(&text).unwrap_or_else(|why| panic!("{rfc} {name}: {why:?}"));
        let operation = watching.operation;
        assert_eq!(operation.watcher().as_str(), watcher, "{name}");
        assert_eq!(operation.target().as_str(), target, "{name}");
        assert_eq!(operation.package(), package, "{name}");
        assert_eq!(
            operation.duration(),
            seconds.map(Duration::from_secs),
            "{name}"
        );
        assert_eq!(operation.is_of_known(), is_known, "{name}");
        let reference: Watcher = operation.reference().unwrap().parse().unwrap();
        assert_eq!(reference.hop(), arrival().hop, "{name}");
    }
}

#[test]
fn notifications_of_the_rfcs_are_words_on_their_subscriptions() {
    let timeout = SubscriptionState::terminated(TerminationReason::Timeout);
    let rejected = SubscriptionState::terminated(TerminationReason::Rejected);
    let [pidf, winfo] = ["application/pidf+xml", "application/watcherinfo+xml"];
    let cases = [
        (["rfc3856", "sip03"], ACTIVE, Some(599), pidf),
        (["rfc3856", "sip05"], ACTIVE, Some(543), pidf),
        (["rfc3857", "sip05"], ACTIVE, None, winfo),
        (["rfc3903", "sip07"], ACTIVE, Some(3400), pidf),
        (["rfc8048", "ex04"], ACTIVE, Some(499), pidf),
        (["rfc8048", "ex10"], timeout, None, ""),
        (["rfc8048", "ex16"], rejected, None, ""),
        (["rfc8048", "ex20"], ACTIVE, Some(499), pidf),
    ];
    for ([rfc, name], state, seconds, content_type) in cases {
        let Some(text) = example(rfc, name) else {
            return;
        };
        let word = word(&text).unwrap_or_else(|why| panic!("{rfc} {name}: {why:?}"));
        assert_eq!(word.state, state, "{rfc} {name}");
        assert_eq!(
            word.expires_in,
            seconds.map(Duration::from_secs),
            "{rfc} {name}"
        );
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        let document = word.document.as_ref();
        let found = document.map_or("", |document| document.content_type());
        assert_eq!(found, content_type, "{rfc} {name}");
        let bytes = document.map_or(&b""[..], |document| document.payload().as_bytes());
        assert_eq!(bytes, body.as_bytes(), "byte for byte: {rfc} {name}");
    }
}

/// RFC 8048's example 19 has no tag in To, and its example 23 no To at all.
#[test]
fn examples_that_are_no_sound_requests_are_refused() {
    let Some(untagged) = example("rfc8048", "ex19") else {
        return;
    };
    let unknown = StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST;
    assert_eq!(word(&untagged), Err(Rejection::Status(unknown)));
    let without_to = example("rfc8048", "ex23").unwrap();
    let message = SipMessage::parse(without_to.as_bytes()).unwrap();
    assert!(Request::read(&message).is_err());
}

#[test]
fn publications_of_rfc_3903_become_operations_and_follow_our_tags_alone() {
    let publication = |text: &str| {
        let message = SipMessage::parse(text.as_bytes()).unwrap();
        publication_from_sip(&Request::read(&message).unwrap(), &arrival(), 7, id())
    };
    let Some(first) = example("rfc3903", "sip05") else {
        return;
    };
    let made = publication(&first).unwrap();
    assert_eq!(made.presentity().as_str(), "pres:presentity@example.com");
    assert_eq!(made.duration(), Some(Duration::from_secs(3600)));
    assert_eq!((made.version(), made.expected_version()), (7, None));
    let message = SipMessage::parse(first.as_bytes()).unwrap();
    let tag = EntityTag::of(&message, 7).unwrap().to_string();
    for (name, has_document) in [("sip09", false), ("sip11", true)] {
        let text = example("rfc3903", name).unwrap();
        let failed = Rejection::Status(StatusCode::CONDITIONAL_REQUEST_FAILED);
        assert_eq!(publication(&text), Err(failed), "a tag of somebody else's");
        let message = SipMessage::parse(text.as_bytes()).unwrap();
        let theirs = message.text(rialto_sip_codec::HeaderName::SipIfMatch);
        let theirs = theirs.unwrap().unwrap();
        let followed = publication(&text.replace(&*theirs, &tag)).unwrap();
        assert_eq!(followed.expected_version(), Some(7), "{name}");
        assert_eq!(followed.publication_id(), made.publication_id(), "{name}");
        assert_eq!(followed.document().is_some(), has_document, "{name}");
    }
}
