//! Where `ezk-sip-types` reads a value too, it reads the same.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test code"
)]

use std::{fs, path::Path};

use ezk_sip_types::{
    Headers, Name,
    header::typed::{CSeq, CallID, FromTo, MaxForwards, Via},
    msg::{Line, MessageLine, PullParser},
    parse::Parse as _,
    uri::SipUri as TheirUri,
};
use proptest::prelude::*;
use rialto_sip_codec::{Address, HeaderName, SipMessage, StartLine, Uri};

/// What both read and read differently, as `header: ours / theirs`.
fn differences(bytes: &[u8]) -> Vec<String> {
    let (Ok(ours), Some((line, theirs))) = (SipMessage::parse(bytes), read_theirs(bytes)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut compare = |what: &str, ours: Option<String>, theirs: Option<String>| {
        if let (Some(ours), Some(theirs)) = (ours, theirs)
            && ours != theirs
        {
            found.push(format!("{what}: {ours} / {theirs}"));
        }
    };
    match (ours.start_line(), &line) {
        (StartLine::Request { method, uri }, MessageLine::Request(line)) => {
            compare(
                "method",
                Some(method.to_string()),
                Some(line.method.to_string()),
            );
            compare("uri", our_uri(Uri::parse(uri).ok()), their_uri(&line.uri));
        }
        (StartLine::Response { status, .. }, MessageLine::Response(line)) => {
            let code = line.code.into_u16().to_string();
            compare("status", Some(status.to_string()), Some(code));
        }
        _ => compare("start line", Some("one".into()), Some("other".into())),
    }
    compare(
        "call-id",
        ours.call_id().ok().map(str::to_owned),
        theirs.get_named::<CallID>().ok().map(|id| id.0.to_string()),
    );
    compare(
        "cseq",
        ours.cseq()
            .ok()
            .map(|cseq| format!("{} {}", cseq.number(), cseq.method())),
        theirs
            .get_named::<CSeq>()
            .ok()
            .map(|cseq| format!("{} {}", cseq.cseq, cseq.method)),
    );
    compare(
        "max-forwards",
        ours.max_forwards()
            .ok()
            .flatten()
            .map(|hops| hops.to_string()),
        theirs
            .get_named::<MaxForwards>()
            .ok()
            .map(|hops| hops.0.to_string()),
    );
    for (name, theirs_name, address) in [
        (HeaderName::From, Name::FROM, ours.from()),
        (HeaderName::To, Name::TO, ours.to()),
    ] {
        let theirs = theirs.get::<FromTo>(theirs_name).ok();
        let what = name.as_str();
        compare(
            what,
            address.ok().and_then(our_address),
            theirs.as_ref().and_then(their_address),
        );
    }
    compare(
        "via",
        ours.via().ok().map(our_via),
        theirs.get_named::<Via>().ok().map(their_via),
    );
    found
}

fn read_theirs(bytes: &[u8]) -> Option<(MessageLine, Headers)> {
    let source = bytes::Bytes::copy_from_slice(bytes);
    let mut parser = PullParser::new(&source, 0);
    let line = std::str::from_utf8(parser.next()?.ok()?).ok()?;
    let (_, line) = MessageLine::parse(&source)(line).ok()?;
    let mut headers = Headers::new();
    for header in parser {
        let header = std::str::from_utf8(header.ok()?).ok()?;
        let (_, header) = Line::parse(&source, header).ok()?;
        headers.insert(header.name, header.value);
    }
    Some((line, headers))
}

fn our_uri(uri: Option<Uri<'_>>) -> Option<String> {
    let Some(Uri::Sip(uri)) = uri else {
        return None;
    };
    Some(format!("{:?} {:?}", uri.host().to_string(), uri.port()))
}

fn their_uri(uri: &TheirUri) -> Option<String> {
    let host = uri.host_port.host.to_string().to_ascii_lowercase();
    Some(format!("{host:?} {:?}", uri.host_port.port))
}

fn our_address(address: Address<'_>) -> Option<String> {
    Some(format!(
        "{} {:?}",
        our_uri(Some(address.uri()))?,
        address.tag()
    ))
}

fn their_address(address: &FromTo) -> Option<String> {
    Some(format!(
        "{} {:?}",
        their_uri(&address.uri.uri)?,
        address.tag.as_deref()
    ))
}

fn our_via(via: rialto_sip_codec::Via<'_>) -> String {
    let transport = via.transport();
    format!(
        "{} {} {:?} {:?}",
        transport.as_str(),
        via.host(),
        via.port(),
        via.branch()
    )
}

fn their_via(via: Via) -> String {
    let branch = via
        .params
        .get_val("branch")
        .map(|branch| branch.to_string());
    let host = via.sent_by.host.to_string().to_ascii_lowercase();
    format!("{} {host} {:?} {branch:?}", via.transport, via.sent_by.port)
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for folder in ["rfc4475", "rfc5118"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let mut bytes = fs::read(&path).unwrap();
            if folder == "rfc5118" {
                bytes = String::from_utf8(bytes)
                    .unwrap()
                    .replace('\n', "\r\n")
                    .into_bytes();
            }
            found.push((name, bytes));
        }
    }
    found.sort();
    found
}

#[test]
fn torture_messages_are_read_as_ezk_reads_them() {
    let mut found: Vec<String> = Vec::new();
    for (name, bytes) in fixtures() {
        found.extend(
            differences(&bytes)
                .into_iter()
                .map(|what| format!("{name} {what}")),
        );
    }
    assert_eq!(found, JUSTIFIED);
}

#[test]
fn corpora_are_read_as_ezk_reads_them() {
    let Some(reference) = std::env::var_os("RIALTO_REFERENCE") else {
        println!("RIALTO_REFERENCE is not set: nothing to read");
        return;
    };
    let corpora = Path::new(&reference).join("corpora");
    let mut found: Vec<String> = Vec::new();
    for folder in [
        "sip/captured-peers",
        "sip/belle-sip",
        "rfc-examples/rfc3665",
    ] {
        let mut paths: Vec<_> = fs::read_dir(corpora.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        for path in paths {
            let bytes = fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes)
                .replace("\r\n", "\n")
                .replace('\n', "\r\n");
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let differences = differences(format!("{text}\r\n").as_bytes());
            found.extend(differences.into_iter().map(|what| format!("{name} {what}")));
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

proptest! {
    #[test]
    fn generated_messages_are_read_as_ezk_reads_them(
        method in "(MESSAGE|OPTIONS|X-[A-Z]{1,5})",
        user in "[a-z0-9._%-]{0,0}[a-zA-Z0-9._-]{1,12}",
        host in "([a-z]{1,8}\\.[a-z]{2,4}|10\\.[0-9]\\.1\\.2|\\[2001:db8::[1-9]\\])",
        port in proptest::option::of(1_u16..),
        name in "(|[a-zA-Z]{1,9} |\"[a-zA-Z ,;<@]{1,9}\" )",
        tag in "[a-zA-Z0-9.-]{1,10}", branch in "z9hG4bK[a-zA-Z0-9.-]{1,20}",
        number in 0_u32..=0x7fff_ffff, hops: u8, param in "(|;rport|;a=b|;x=\"y\")",
    ) {
        let place = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let message = format!(
            "{method} sip:{user}@{place} SIP/2.0\r\nVia: SIP/2.0/UDP {place};branch={branch}{param}\r\n\
             From: {name}<sip:{user}@{host}>;tag={tag}\r\nTo: <sip:{place}>\r\nCall-ID: {tag}@{host}\r\n\
             CSeq: {number} {method}\r\nMax-Forwards: {hops}\r\nContent-Length: 0\r\n\r\n");
        prop_assert!(SipMessage::parse(message.as_bytes()).is_ok());
        prop_assert!(read_theirs(message.as_bytes()).is_some());
        prop_assert_eq!(differences(message.as_bytes()), Vec::<String>::new());
    }
}

/// In a branch, which is a token, `%` begins no escape (RFC 4475 §3.1.1.2).
const JUSTIFIED: &[&str] = &[
    "intmeth via: TCP host1.example.com None Some(\"z9hG4bK-.!%66*_+`'~\") \
     / TCP host1.example.com None Some(\"z9hG4bK-.!f*_+`'~\")",
];
