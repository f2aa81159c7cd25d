//! Presence documents of other people's clients, servers and RFCs.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::string_slice,
    reason = "helpers of tests are not seen as tests"
)]

mod reference;
mod schemas;
mod xmllint;

use std::{
    fs,
    path::{Path, PathBuf},
};

use rialto_model::presence::{Forgiveness, PidfError, PidfReader, PresenceInformation, namespace};
use rxml::{Event, Parse, Parser};

/// What documents that are not simply right need, and what is not in what is written of them.
///
/// All others need no more than a `sip:` entity to be forgiven, and lose nothing.
const FAULTY: &[(&str, &[Forgiveness], &[&str])] = &[
    (
        "rfc3922/ex11b",
        &[Forgiveness::NoNamespace, Forgiveness::Text],
        &["text ...", "{}presence"],
    ),
    (
        "rfc3922/ex27a",
        &[Forgiveness::Text, Forgiveness::Missing("status")],
        &["text ..."],
    ),
    ("rfc4479/xml03", &[Forgiveness::Entity], &[]),
    (
        "rfc4660/xml0",
        &[Forgiveness::EntityScheme, Forgiveness::Id("tuple")],
        &["{}id=432sd"],
    ),
    (
        "captured-peers/baresip",
        &[
            Forgiveness::Entity,
            Forgiveness::Order("tuple"),
            Forgiveness::Value("basic"),
        ],
        &["text ?", "{urn:ietf:params:xml:ns:pidf}basic"],
    ),
    ("captured-peers/kamailio", &[Forgiveness::Entity], &[]),
    (
        "fuzz-presence/pidf_with_rpid",
        &[Forgiveness::EntityScheme, Forgiveness::Namespace("person")],
        &["{urn:ietf:params:xml:ns:pidf}person"],
    ),
    (
        "fuzz-presence/rpid_busy",
        &[
            Forgiveness::EntityScheme,
            Forgiveness::Namespace("person"),
            Forgiveness::Adapted("place-type"),
        ],
        &["{urn:ietf:params:xml:ns:pidf}person"],
    ),
];

/// What cannot be read: RFC 3923's documents are not well-formed, the last is of an older format.
const REFUSED: [&str; 4] = [
    "rfc3923/ex07",
    "rfc3923/ex08",
    "rfc3923/ex09",
    "fuzz-presence/xpidf_legacy",
];

#[test]
fn every_document_of_the_corpora_is_written_with_all_that_it_had() {
    let Some(reference) = reference::folder() else {
        return;
    };
    let documents = documents(&reference.join("corpora"));
    assert!(
        documents.len() > 30,
        "only {} documents were found",
        documents.len()
    );
    let reader = PidfReader::asked_of("pres:known@example.com".parse().unwrap());
    let mut written = Vec::new();
    for (name, document) in &documents {
        let is_refused = REFUSED.iter().any(|refused| name.contains(refused));
        let reading = match reader.read(document.as_bytes()) {
            Ok(reading) => reading,
            Err(PidfError::NotWellFormed { .. } | PidfError::NotPresence) if is_refused => continue,
            Err(error) => panic!("{name}: {error}"),
        };
        assert!(!is_refused, "{name} is read");
        let faults: Vec<_> = reading
            .forgiven()
            .iter()
            .map(|forgiven| forgiven.what)
            .collect();
        let mut rows = FAULTY.iter();
        let (_, expected, lost) = rows
            .find(|(faulty, _, _)| name.contains(faulty))
            .unwrap_or(&("", &[], &[]));
        let is_expected =
            faults == *expected || expected.is_empty() && faults == [Forgiveness::EntityScheme];
        assert!(is_expected, "{name}: {faults:?}");

        let document_written = reading.information().to_xml().unwrap();
        let again = PresenceInformation::parse(document_written.as_bytes()).unwrap();
        assert_eq!(again.information(), reading.information(), "{name}");
        assert_eq!(
            missing(facts(document), facts(&document_written)),
            *lost,
            "{name}"
        );
        written.push(document_written);
    }
    schemas::assert_valid(&reference, &written);
}

/// All presence documents in the corpora: files of their own, and bodies of SIP messages.
fn documents(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let name = file.strip_prefix(folder).unwrap().display().to_string();
        let is_presence = text.contains(namespace::PIDF) || name.contains("pidf");
        if !is_presence || name.ends_with(".xmpp.xml") {
            continue;
        }
        let mut rest = &*text;
        while let Some(at) = rest.find("<presence")
            && let Some(length) = rest[at..].find(END)
        {
            let end = at + length + END.len();
            let declaration = rest[..at].rfind("<?xml");
            let start = declaration.filter(|start| !rest[*start..at].contains("\n\n"));
            found.push((name.clone(), rest[start.unwrap_or(at)..end].to_owned()));
            rest = &rest[end..];
        }
    }
    found
}

const END: &str = "</presence>";

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// All that a document says, by another way through it: names with namespaces, attributes, texts.
fn facts(document: &str) -> Vec<String> {
    let begin = document.find("?>").map_or(0, |end| end + 2);
    let mut input = document[begin..].trim_start().as_bytes();
    let mut parser = Parser::new();
    let mut facts = Vec::new();
    let mut text = String::new();
    while let Some(event) = parser.parse(&mut input, true).unwrap() {
        if let Event::Text(_, piece) = &event {
            text += piece;
            continue;
        }
        if !text.trim().is_empty() {
            facts.push(format!("text {}", text.trim()));
        }
        text.clear();
        let Event::StartElement(_, (namespace, name), attributes) = event else {
            continue;
        };
        facts.push(format!("{{{}}}{}", &*namespace, &*name));
        for ((namespace, name), value) in attributes {
            let value = if *name == *"priority" {
                value.replace("1.0", "1")
            } else {
                value
            };
            if *name != *"entity" {
                facts.push(format!("{{{}}}{}={value}", &*namespace, &*name));
            }
        }
    }
    facts
}

/// What is in `before` and not in `after`, each as often as it stands there, sorted.
fn missing(before: Vec<String>, mut after: Vec<String>) -> Vec<String> {
    let mut missing: Vec<_> = before
        .into_iter()
        .filter(|fact| match after.iter().position(|known| known == fact) {
            Some(at) => {
                after.swap_remove(at);
                false
            }
            None => true,
        })
        .collect();
    missing.sort();
    missing
}
