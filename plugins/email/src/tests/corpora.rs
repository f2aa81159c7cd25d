//! Mails of other projects, through the whole plugin: what is well-formed crosses, and bounces find their messages.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rialto_email_codec::{
    message::{Mail, Protection},
    report::Report,
};
use rialto_sdk::model::Disposition;

use super::{Dialogue, Rig, Server, transaction};

fn corpus(set: &str) -> Option<Vec<PathBuf>> {
    let reference = std::env::var_os("RIALTO_REFERENCE")?;
    let folder = Path::new(&reference).join("corpora/mail").join(set);
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Some(found)
}

/// The octets of a file. Some are kept with the line ends of old systems, which no transport delivers.
fn as_transported(path: &Path) -> Vec<u8> {
    let mut octets = fs::read(path).unwrap();
    if path.components().any(|part| part.as_os_str() == "mac") {
        for octet in &mut octets {
            if *octet == b'\r' {
                *octet = b'\n';
            }
        }
    }
    octets
}

/// A file as a client sends it: lines with CRLF, no NUL, dots stuffed.
fn as_sent(octets: &[u8]) -> Vec<u8> {
    let text: Vec<u8> = octets.iter().copied().filter(|octet| *octet != 0).collect();
    let mut sent = Vec::with_capacity(text.len() + 1024);
    for line in text.split(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b".") {
            sent.push(b'.');
        }
        sent.extend(line.iter().filter(|octet| **octet != b'\r'));
        sent.extend_from_slice(b"\r\n");
    }
    sent
}

async fn send(client: &mut Dialogue, from: &str, to: &str, octets: &[u8]) -> String {
    client.say("EHLO client.example").await;
    client
        .say(&format!("MAIL FROM:<{from}> BODY=8BITMIME"))
        .await;
    client.say(&format!("RCPT TO:<{to}>")).await;
    client.say("DATA").await;
    client.send(octets).await;
    client.say(".").await
}

/// Each bounce with a `message/delivery-status` is made to be about a message of ours.
#[tokio::test]
async fn bounces_find_the_messages_that_they_are_about() {
    let server = Server::start().await;
    let more = format!(
        r#""trusted": ["127.0.0.1"], "authentication": {{"mode": "off"}},
           "outgoing": {{"smart_host": "{}", "tls": "off", "bounce_domain": "bounces.gw.example"}}"#,
        server.address
    );
    let rig = Rig::start(&more).await;
    let ours = format!("{}@gw.example", "a5".repeat(16));
    let bounces = format!("{}@bounces.gw.example", "a5".repeat(16));
    let mut client = rig.smtp().await;
    let mut counts = [[0; 2]; 2];
    for set in ["sisimai-set-of-emails", "flufl-bounce", "bounceparser-perl"] {
        let Some(files) = corpus(set) else {
            println!("RIALTO_REFERENCE is not set: nothing to read");
            return;
        };
        for path in files {
            let octets = as_transported(&path);
            let text = String::from_utf8_lossy(&octets).to_ascii_lowercase();
            if !text.contains("content-type: message/delivery-status") {
                continue;
            }
            let about_ours = about(&octets, &ours);
            // By what it returns; and by the mailbox that it comes to, whatever it returns.
            for (way, to) in ["alice@sip.example", &bounces].into_iter().enumerate() {
                let reply = send(&mut client, "", to, &as_sent(&about_ours)).await;
                assert!(!reply.is_empty(), "{}", path.display());
                let reported = rig.gateway.dispositions().pop();
                let is_ours = reported
                    .as_ref()
                    .is_none_or(|reported| reported.concerning() == &transaction("a5"));
                let is_right = expected(&text).contains(&reported.map(|one| one.disposition()));
                let is_taken = reply.starts_with("250");
                counts[way][usize::from(is_ours && is_right && is_taken)] += 1;
            }
        }
    }
    let rate = |[no, yes]: [u32; 2]| yes * 1000 / (no + yes);
    println!(
        "by what they return {:?}, by the mailbox {:?}",
        counts[0], counts[1]
    );
    assert_eq!(counts[0][0] + counts[0][1], 297);
    assert!(rate(counts[1]) >= 980, "{counts:?}");
    // The others return nothing of the message that could name it.
    assert!(rate(counts[0]) >= 950, "{counts:?}");
}

/// A bounce as it would be about a message of ours: what it returns has our Message-ID and our envelope identifier.
///
/// Where it returns a header without a Message-ID, as of messages that had none, it has ours: all of ours have one.
fn about(octets: &[u8], ours: &str) -> Vec<u8> {
    let report = Mail::parse(octets).ok().and_then(|mail| mail.report());
    let Some(Report::Delivery(report)) = report else {
        return octets.to_vec();
    };
    let octets = match &report.envelope_id {
        Some(id) => replaced(octets, id.as_bytes(), &ours.as_bytes()[..32]),
        None => octets.to_vec(),
    };
    match &report.message_id {
        Some(id) => replaced(&octets, id.as_str().as_bytes(), ours.as_bytes()),
        None => named(octets, ours),
    }
}

/// A bounce with a Message-ID in the header that it returns, if it returns one.
fn named(octets: Vec<u8>, ours: &str) -> Vec<u8> {
    let text: String = octets.iter().copied().map(char::from).collect();
    let text = text.replace("\r\n", "\n");
    let lower = text.to_ascii_lowercase();
    let kinds = [
        "content-type: message/rfc822",
        "content-type: text/rfc822-headers",
    ];
    let part = kinds.iter().find_map(|kind| lower.rfind(kind));
    let Some((before, part)) = part.and_then(|part| text.split_at_checked(part)) else {
        return octets;
    };
    let is_field = |returned: &&str| {
        let first = returned.lines().next().unwrap_or_default();
        first
            .split_once(": ")
            .is_some_and(|(name, _)| !name.contains(' '))
    };
    let returned = part.split_once("\n\n");
    let Some((fields, returned)) = returned.filter(|(_, returned)| is_field(returned)) else {
        return octets;
    };
    let named = format!("{before}{fields}\n\nMessage-ID: <{ours}>\n{returned}");
    let octets = named.chars().map(u8::try_from);
    octets.collect::<Result<_, _>>().unwrap()
}

/// What a report can mean by the words of its fields, found without any parser; of delay no sender is told.
fn expected(text: &str) -> Vec<Option<Disposition>> {
    let values = |name: &'static str| {
        let lines = text
            .lines()
            .filter_map(move |line| line.trim().strip_prefix(name));
        lines
            .map(|value| value.trim().to_owned())
            .collect::<Vec<_>>()
    };
    let by_action = values("action:")
        .into_iter()
        .filter_map(|action| match action.as_str() {
            action if action.starts_with("fail") || action.starts_with("expired") => {
                Some(Some(Disposition::Failed))
            }
            action if action.starts_with("deliver") => Some(Some(Disposition::Delivered)),
            action if action.starts_with("relayed") || action.starts_with("expanded") => {
                Some(Some(Disposition::Processed))
            }
            action if action.starts_with("delayed") => Some(None),
            _ => None,
        });
    let by_action: Vec<_> = by_action.collect();
    if !by_action.is_empty() {
        return by_action;
    }
    let by_status = values("status:")
        .into_iter()
        .map(|status| match status.get(..1) {
            Some("4") => None,
            Some("2") => Some(Disposition::Delivered),
            _ => Some(Disposition::Failed),
        });
    by_status.collect()
}

fn replaced(octets: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(old) {
            output.extend_from_slice(new);
            rest = after;
        } else {
            output.push(rest[0]);
            rest = &rest[1..];
        }
    }
    output
}

/// Each with an author, since many have none; what is no mail at all among the files is a mail of one.
#[tokio::test]
async fn mails_of_all_corpora_cross_with_their_text_or_are_refused_with_a_reason() {
    let more = r#""trusted": ["127.0.0.1"], "authentication": {"mode": "off"},
        "content": [{"attachments": "mention", "quotes": "keep", "signatures": "keep"}]"#;
    let rig = Rig::start(more).await;
    let mut codes = std::collections::BTreeMap::<String, u32>::new();
    let mut client = rig.smtp().await;
    for set in [
        "cpython",
        "mail-parser",
        "mime4j",
        "ruby-mail",
        "mime-tools-perl",
        "email-mime-perl",
        "mail-auth",
    ] {
        let Some(files) = corpus(set) else {
            println!("RIALTO_REFERENCE is not set: nothing to read");
            return;
        };
        let is_mail = |path: &&PathBuf| {
            let name = path.to_string_lossy();
            [".eml", ".msg", ".txt"]
                .iter()
                .any(|end| name.ends_with(end))
        };
        for path in files.iter().filter(is_mail) {
            let header = format!(
                "Received: by {}\r\nFrom: juliet@mail.example\r\n",
                path.display()
            );
            let mut octets = header.into_bytes();
            octets.extend(as_sent(&fs::read(path).unwrap()));
            let reply = send(
                &mut client,
                "juliet@mail.example",
                "alice@sip.example",
                &octets,
            )
            .await;
            let code = reply.get(..9).unwrap_or(&reply).to_owned();
            let submitted = rig.gateway.submitted().pop();
            let plain = unstuffed(&octets);
            let mail = Mail::parse(&plain).unwrap();
            let shown = mail
                .shown_text()
                .filter(|shown| !shown.text.trim().is_empty());
            let is_protected = mail.protection() != Protection::None;
            match (&*code, submitted) {
                ("250 2.6.0", Some(operation)) if is_protected => {
                    assert_eq!(operation.message().payload().as_bytes(), mail.entity().body);
                }
                ("250 2.6.0", Some(operation)) => {
                    let text = operation.message().payload().as_bytes().to_vec();
                    let text = String::from_utf8(text).unwrap();
                    let shown = shown.unwrap().text;
                    assert!(
                        text.starts_with(shown.trim_matches('\n').trim_end()),
                        "{}",
                        path.display()
                    );
                }
                ("554 5.6.1", None) => assert!(shown.is_none(), "{}: {reply}", path.display()),
                ("250 2.0.0" | "554 5.6.0", None) => assert!(mail.report().is_some()),
                other => panic!("{}: {reply} {other:?}", path.display()),
            }
            *codes.entry(code).or_default() += 1;
        }
    }
    println!("{codes:?}");
    assert_eq!((codes["250 2.6.0"], codes["554 5.6.1"]), (171, 97));
}

/// What a server makes of it.
fn unstuffed(octets: &[u8]) -> Vec<u8> {
    let lines = octets.split_inclusive(|octet| *octet == b'\n');
    lines
        .flat_map(|line| line.strip_prefix(b".").unwrap_or(line))
        .copied()
        .collect()
}
