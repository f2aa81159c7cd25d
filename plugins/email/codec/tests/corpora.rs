//! Messages of other projects: nothing panics, and what they say is counted.
//!
//! They stand in the folder that `RIALTO_REFERENCE` names.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "test code"
)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use rialto_email_codec::{
    message::{CutRule, Mail, MailError, QuoteRule, SignatureRule, TextSource},
    report::{Report, ReportFormat},
};

fn mail_corpora() -> Option<PathBuf> {
    let Some(reference) = std::env::var_os("RIALTO_REFERENCE") else {
        println!("RIALTO_REFERENCE is not set: nothing to read");
        return None;
    };
    Some(Path::new(&reference).join("corpora/mail"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the corpus is there") {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn is_message(path: &Path) -> bool {
    let name = path.to_string_lossy();
    [".eml", ".msg", ".txt"]
        .iter()
        .any(|end| name.ends_with(end))
        || name.contains("/cur/")
}

/// Asks a message for everything that it can say.
fn look_at(mail: &Mail<'_>) {
    let _ = (
        mail.from(),
        mail.sender(),
        mail.reply_to(),
        mail.to(),
        mail.subject(),
        mail.date(),
    );
    let _ = (
        mail.message_id(),
        mail.in_reply_to(),
        mail.references(),
        mail.auto_submitted(),
    );
    let _ = (
        mail.precedence(),
        mail.is_from_list(),
        mail.received_count(),
        mail.language(),
    );
    let _ = (
        mail.multipart(),
        mail.protection(),
        mail.signed_entity(),
        mail.max_forwards(),
    );
    assert!(mail.raw().ends_with(mail.entity().body));
    for attachment in mail.attachments() {
        assert!(attachment.size <= mail.raw().len());
    }
    if let Some(shown) = mail.shown_text() {
        let rule = CutRule::new(SignatureRule::Cut, QuoteRule::All);
        assert!(rule.apply(&shown).text.len() <= shown.text.len());
    }
}

#[test]
fn every_message_is_read_to_its_end() {
    let Some(folder) = mail_corpora() else { return };
    let mut counts: BTreeMap<String, [usize; 6]> = BTreeMap::new();
    for path in files(&folder) {
        let octets = as_transported(&path);
        let set = path
            .strip_prefix(&folder)
            .expect("inside")
            .iter()
            .next()
            .expect("a set");
        let [read, no_header, plain, html, none, reports] = counts
            .entry(set.to_string_lossy().into_owned())
            .or_default();
        match Mail::parse(&octets) {
            Ok(mail) => {
                *read += 1;
                look_at(&mail);
                *reports += usize::from(mail.report().is_some());
                match mail.shown_text().map(|shown| shown.source) {
                    Some(TextSource::Plain) => *plain += 1,
                    Some(TextSource::Html) => *html += 1,
                    _ => *none += 1,
                }
            }
            Err(MailError::NoHeader) => *no_header += 1,
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|(set, counts)| (set.as_str(), *counts))
        .collect();
    assert_eq!(
        counts,
        [
            // Read, without a header, shown from plain text, from HTML, not at all; reports.
            ("bounceparser-perl", [70, 0, 69, 1, 0, 65]),
            ("cpython", [21, 0, 16, 1, 4, 1]),
            ("email-mime-perl", [2, 0, 1, 0, 1, 0]),
            ("flufl-bounce", [53, 0, 51, 2, 0, 44]),
            ("isemail", [87, 0, 0, 0, 87, 0]),
            ("mail-auth", [25, 1, 15, 0, 10, 0]),
            ("mail-parser", [163, 2, 44, 3, 116, 0]),
            ("mime-tools-perl", [31, 8, 20, 0, 11, 0]),
            ("mime4j", [203, 42, 115, 0, 88, 2]),
            ("ruby-mail", [55, 1, 46, 2, 7, 3]),
            ("sisimai-set-of-emails", [413, 0, 403, 6, 4, 368]),
        ]
    );
}

#[test]
fn ordinary_mail_is_no_report() {
    let Some(folder) = mail_corpora() else { return };
    for path in files(&folder.join("sisimai-set-of-emails/not")) {
        if !path.to_string_lossy().contains("is-not-bounce") {
            continue;
        }
        let octets = as_transported(&path);
        let report = Mail::parse(&octets).ok().and_then(|mail| mail.report());
        assert_eq!(report, None, "{}", path.display());
    }
}

/// Bounces that hold a message/delivery-status, and those that say it in words.
#[test]
fn bounces_are_understood() {
    let Some(folder) = mail_corpora() else { return };
    let mut lines = Vec::new();
    for set in ["sisimai-set-of-emails", "flufl-bounce", "bounceparser-perl"] {
        let mut standard = [0usize; 2];
        let mut free = [0usize; 2];
        for path in files(&folder.join(set))
            .iter()
            .filter(|path| is_message(path))
        {
            let octets = as_transported(path);
            let Ok(mail) = Mail::parse(&octets) else {
                continue;
            };
            let holds_status = String::from_utf8_lossy(&octets)
                .to_ascii_lowercase()
                .contains("content-type: message/delivery-status");
            let understood = match mail.report() {
                Some(Report::Delivery(report)) => {
                    assert!(!report.recipients.is_empty());
                    (report.format == ReportFormat::Standard || !holds_status)
                        && report.recipients.iter().all(|one| {
                            one.final_recipient.is_some() || one.original_recipient.is_some()
                        })
                }
                _ => false,
            };
            let [yes, no] = if holds_status {
                &mut standard
            } else {
                &mut free
            };
            if understood { *yes += 1 } else { *no += 1 }
        }
        lines.push((set, standard, free));
    }
    // 294 of 297, or 99 %, of those that hold a message/delivery-status: two name no recipient there, one has no boundary.
    // Of those that hold none, some are no bounces: abuse reports, absences, ordinary mail.
    assert_eq!(
        lines,
        [
            ("sisimai-set-of-emails", [228, 3], [139, 43]),
            ("flufl-bounce", [5, 0], [39, 9]),
            ("bounceparser-perl", [61, 0], [4, 5]),
        ]
    );
}

/// The octets of a file. Some are kept with the line ends of old systems, which no transport delivers.
fn as_transported(path: &Path) -> Vec<u8> {
    let octets = fs::read(path).expect("a file");
    if !path.components().any(|part| part.as_os_str() == "mac") {
        return octets;
    }
    octets
        .split(|octet| *octet == b'\r')
        .collect::<Vec<_>>()
        .join(b"\r\n".as_slice())
}
