//! Every XMPP example at hand: RFCs, XEPs, another library's tests, real clients.

use std::fs;

use crate::support::{files, read_all, reference, writer};
use rialto_xmpp_codec::{ContentNamespace, Limits, ReadError, Stanza, StreamEvent, StreamReader};

/// Reads an example where it may stand: on its own if it opens a stream, and else in one.
fn read(example: &str) -> Result<Vec<StreamEvent>, ReadError> {
    let content = [ContentNamespace::Component, ContentNamespace::Server]
        .into_iter()
        .find(|content| example.contains(content.uri()))
        .unwrap_or(ContentNamespace::Client);
    let mut reader = StreamReader::new(content, Limits::default());
    let example = example.trim();
    if example.contains("<stream:stream") {
        return read_all(&mut reader, &mut example.as_bytes());
    }
    // A declaration may stand only where a stream begins; one XEP and one RFC have it before a
    // stanza.
    let declaration = example
        .starts_with("<?xml")
        .then(|| example.split_once("?>"))
        .flatten();
    let example = declaration.map_or(example, |(_, rest)| rest);
    let uri = content.uri();
    let around = format!(
        "<stream:stream xmlns='{uri}' xmlns:stream='http://etherx.jabber.org/streams'>{example}"
    );
    read_all(&mut reader, &mut around.as_bytes())
}

#[test]
fn rfc_examples_are_read_as_their_manifest_says() {
    let Some(reference) = reference() else { return };
    let folder = reference.join("corpora/rfc-examples");
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let mut read_whole = 0;
    for example in manifest["examples"].as_array().unwrap() {
        if example["kind"] != "xmpp" {
            continue;
        }
        let id = example["id"].as_str().unwrap();
        let text = fs::read_to_string(folder.join(example["file"].as_str().unwrap())).unwrap();
        let events = read(&text);
        if example["well_formed"] == true {
            let events = events.unwrap_or_else(|error| panic!("{id}: {error}"));
            assert!(!events.is_empty(), "{id}: nothing was read");
            read_whole += 1;
        }
    }
    assert!(read_whole > 300, "only {read_whole} examples were read");
}

#[test]
fn rfc_6120_broken_examples_are_refused() {
    let Some(reference) = reference() else { return };
    let folder = reference.join("corpora/rfc-examples/rfc6120");
    let example = |name| read(&fs::read_to_string(folder.join(name)).unwrap());
    for broken in [
        "dlg017-message.xmpp.xml",
        "dlg024-message.xmpp.xml",
        "dlg058-xml.xmpp.xml",
    ] {
        assert!(example(broken).is_err(), "{broken}");
    }
    // Well-formed, but not with respect to namespaces: the stanza alone is refused (§11.3, rule 4).
    let events = example("dlg042-message.xmpp.xml").unwrap();
    assert!(
        matches!(
            events[..],
            [StreamEvent::Header(_), StreamEvent::Refused(_)]
        ),
        "{events:?}"
    );
}

#[test]
fn other_corpora_are_read_without_panic_and_come_back_when_written() {
    let Some(reference) = reference() else { return };
    let (mut whole, mut refused) = (0, 0);
    for folder in ["xep-examples", "slixmpp-stanzas", "captured-peers"] {
        for file in files(&reference.join("corpora/xmpp").join(folder)) {
            let Ok(text) = fs::read_to_string(&file) else {
                continue;
            };
            match read(&text) {
                Ok(events) => {
                    whole += 1;
                    for event in events {
                        comes_back(event);
                    }
                }
                Err(error) => {
                    refused += 1;
                    println!("{}: {error}", file.display());
                }
            }
        }
    }
    println!("{whole} read, {refused} refused");
    assert!(whole > 800, "only {whole} examples were read");
}

/// Writes a stanza for a component's stream and reads it there.
fn comes_back(event: StreamEvent) {
    let StreamEvent::Stanza(stanza @ (Stanza::Message(_) | Stanza::Presence(_))) = event else {
        return;
    };
    let mut out = Vec::new();
    writer().write(&stanza, &mut out).unwrap();
    let xml = String::from_utf8(out).unwrap();
    assert_eq!(crate::support::read_stanza(&xml), stanza, "{xml}");
}
