//! Messages of other projects: nothing panics, and the verdicts are RFC 3261's.
//!
//! They stand in the folder that `RIALTO_REFERENCE` names.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test code"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use rialto_sip_codec::{DecodeError, HeaderName, Request, Response, SipMessage, StartLine};

fn corpora() -> Option<PathBuf> {
    let Some(reference) = std::env::var_os("RIALTO_REFERENCE") else {
        println!("RIALTO_REFERENCE is not set: nothing to read");
        return None;
    };
    Some(Path::new(&reference).join("corpora"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Looks at everything there is; says whether all of it was in order.
fn is_accepted(bytes: &[u8]) -> bool {
    drop(SipMessage::salvage(bytes));
    let Ok(message) = SipMessage::parse(bytes) else {
        return false;
    };
    let is_whole = match message.start_line() {
        StartLine::Request { .. } => Request::read(&message).is_ok(),
        // A proxy's response has the proxy's Via above ours: it is in order, only not for us.
        StartLine::Response { .. } => matches!(
            Response::read(&message),
            Ok(_)
                | Err(DecodeError::Repeated {
                    header: HeaderName::Via
                })
        ),
    };
    let is_date = message.date().is_ok();
    let is_number = message.expires().is_ok() && message.retry_after().is_ok();
    let is_vias = message.vias().all(|via| via.is_ok());
    is_whole && is_date && is_number && is_vias
}

#[test]
fn corpora_never_panic() {
    let Some(corpora) = corpora() else { return };
    let mut count = 0;
    for folder in ["sip", "rfc-examples"] {
        for file in files(&corpora.join(folder)) {
            let bytes = fs::read(&file).unwrap();
            is_accepted(&bytes);
            count += 1;
        }
    }
    assert!(count > 100, "only {count} files");
}

#[test]
fn captured_messages_of_real_peers_are_accepted() {
    let Some(corpora) = corpora() else { return };
    for file in files(&corpora.join("sip/captured-peers")) {
        let bytes = fs::read(&file).unwrap();
        let message = SipMessage::parse(&bytes).unwrap();
        let is_read = match message.start_line() {
            StartLine::Request { .. } => Request::read(&message).is_ok(),
            StartLine::Response { .. } => Response::read(&message).is_ok(),
        };
        assert!(is_read, "{}", file.display());
    }
}

#[test]
fn examples_of_rfc_3665_are_accepted() {
    let Some(corpora) = corpora() else { return };
    let mut refused = Vec::new();
    for file in files(&corpora.join("rfc-examples/rfc3665")) {
        let mut bytes = crlf(&fs::read(&file).unwrap());
        bytes.extend_from_slice(b"\r\n");
        // The text leaves the end of some bodies out.
        let is_cut = matches!(
            SipMessage::parse(&bytes),
            Err(DecodeError::BodyTooShort { .. })
        );
        if !is_cut && !is_accepted(&bytes) {
            refused.push(file.file_stem().unwrap().to_string_lossy().into_owned());
        }
    }
    // The page ends in the middle of this one.
    assert_eq!(refused, ["sip159-f4-invite-proxy-2-bob"]);
}

#[test]
fn jain_torture_messages_are_judged_as_there() {
    let Some(corpora) = corpora() else { return };
    let mut differences = Vec::new();
    for file in files(&corpora.join("sip/jain-sip-torture")) {
        if file.extension().is_none_or(|extension| extension != "sip") {
            continue;
        }
        let case: serde_json::Value =
            serde_json::from_slice(&fs::read(file.with_extension("json")).unwrap()).unwrap();
        let is_expected = case["expects_parse_exception"] != true;
        let mut bytes = crlf(&fs::read(&file).unwrap());
        bytes.extend_from_slice(b"\r\n");
        if is_accepted(&bytes) != is_expected {
            differences.push(file.file_stem().unwrap().to_string_lossy().into_owned());
        }
    }
    assert_eq!(differences, JUDGED_OTHERWISE);
}

fn crlf(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        text.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        text.extend_from_slice(b"\r\n");
    }
    text
}

/// Where that parser accepts and RFC 3261 does not.
const JUDGED_OTHERWISE: &[&str] = &[
    "tc015", // white space between the angle brackets and the URI
    "tc021", // unknown scheme in the Request-URI: 416
    "tc025", // received is a name and not an address
    "tc058", // the same
    "tc062", // the same
    "tc364", // markup of the RFC's text instead of the space after the status code
    "tc387", // unknown scheme in the Request-URI: 416
    "tc392", // header fields twice that may stand once, which its own description says
];
