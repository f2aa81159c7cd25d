//! Reports: those of the RFCs, and our own.
#![allow(clippy::panic, reason = "test code")]

use rialto_email_codec::{
    Mailbox,
    message::{AutoSubmitted, Mail, MessageId, Multipart},
    report::{Action, DispositionType, NewDeliveryReport, RecipientFailure, Report, ReportFormat},
    smtp::{EnhancedStatus, Return, StatusClass},
};

fn report(text: &str) -> Option<Report> {
    let octets = text.replace('\n', "\r\n").into_bytes();
    Mail::parse(&octets).expect("a message").report()
}

/// Whom the sender meant, who was tried, what happened, status.
#[derive(Debug, PartialEq)]
struct Recipient(String, String, Action, String);

fn delivery(text: &str) -> (Option<String>, Vec<Recipient>) {
    let Some(Report::Delivery(report)) = report(text) else {
        panic!("no delivery report: {text}")
    };
    assert_eq!(report.format, ReportFormat::Standard);
    let recipients = report.recipients.into_iter().map(|one| {
        let status = one
            .status
            .map(|status| status.to_string())
            .unwrap_or_default();
        let original = one.original_recipient.unwrap_or_default();
        Recipient(
            original,
            one.final_recipient.unwrap_or_default(),
            one.action,
            status,
        )
    });
    (report.envelope_id, recipients.collect())
}

fn recipient(original: &str, last: &str, action: Action, status: &str) -> Recipient {
    Recipient(original.into(), last.into(), action, status.into())
}

#[test]
fn rfc_3464_examples_say_what_became_of_the_message() {
    let (_, found) = delivery(include_str!("fixtures/reports/rfc3464-msg03.eml"));
    assert_eq!(found, [recipient("", "nair_s", Action::Failed, "5.0.0")]);
    let (_, found) = delivery(include_str!("fixtures/reports/rfc3464-msg04.eml"));
    assert_eq!(
        found,
        [recipient(
            "",
            "thomas@de-montfort.ac.uk",
            Action::Delayed,
            "4.0.0"
        )]
    );
}

#[test]
fn rfc_3461_examples_name_the_envelope_and_whom_the_sender_meant() {
    let (envelope, found) = delivery(include_str!("fixtures/reports/rfc3461-dana.eml"));
    assert_eq!(envelope.as_deref(), Some("QQ314159"));
    assert_eq!(
        found,
        [recipient(
            "Dana@Ivory.EDU",
            "Dana@Ivory.EDU",
            Action::Relayed,
            "2.0.0"
        )]
    );
    let (envelope, found) = delivery(include_str!("fixtures/reports/rfc3461-sam.eml"));
    assert_eq!(envelope.as_deref(), Some("QQ314159"));
    assert_eq!(
        found,
        [recipient(
            "George@Tax-ME.GOV",
            "Sam@Boondoggle.GOV",
            Action::Failed,
            "4.2.2"
        )],
        "the action decides, not the class of the status"
    );
}

#[test]
fn rfc_3798_example_says_what_the_recipient_did() {
    let found = report(include_str!("fixtures/reports/rfc3798-example.eml"));
    let Some(Report::Disposition(found)) = found else {
        panic!("{found:?}")
    };
    assert_eq!(
        found.message_id,
        "199509192301.23456@example.org".parse().ok()
    );
    assert_eq!(
        found.final_recipient.as_deref(),
        Some("Joe_Recipient@example.com")
    );
    assert_eq!(found.disposition, DispositionType::Displayed);
    assert!(!found.is_automatic && !found.is_error);
}

#[test]
fn rfc_8098_automatic_and_failed_dispositions_are_told_apart() {
    let text = "From: a@b.example\nContent-Type: message/disposition-notification\n\n\
        Final-Recipient: rfc822; a@b.example\nDisposition: automatic-action/MDN-sent-automatically;\n processed/error\n";
    let Some(Report::Disposition(found)) = report(text) else {
        panic!("no report")
    };
    assert_eq!(found.disposition, DispositionType::Processed);
    assert!(found.is_automatic && found.is_error);
}

#[test]
fn a_bounce_in_words_names_whom_and_why() {
    let text = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: me@here.example\nSubject: failure notice\n\n\
        Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message.\n\n\
        <you@there.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 user unknown\n\n\
        --- Below this line is a copy of the message.\n\nMessage-ID: <42@here.example>\nTo: other@there.example\n\nhi\n";
    let Some(Report::Delivery(found)) = report(text) else {
        panic!("no report")
    };
    assert_eq!(found.format, ReportFormat::Free);
    assert_eq!(found.message_id, "42@here.example".parse().ok());
    let [one] = found.recipients.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(one.final_recipient.as_deref(), Some("you@there.example"));
    assert_eq!(
        (one.action, one.status),
        (Action::Failed, "5.1.1".parse().ok())
    );
}

#[test]
fn a_person_who_says_rejected_is_no_mail_system() {
    let text = "From: Rosa <rosa@b.example>\nSubject: my paper\n\nIt was rejected. <editor@c.example> does not exist.\n";
    assert_eq!(report(text), None);
}

fn new_report(original: &[u8]) -> NewDeliveryReport<'_> {
    let id: MessageId = "dsn-1@rialto.example".parse().expect("an id");
    let to: Mailbox = "alice@a.example".parse().expect("a mailbox");
    let mta = "rialto.example".parse().expect("a name");
    let mut report = NewDeliveryReport::new(mta, to, id, 1_000_000_000, original);
    report.envelope_id = Some("id+1 x".into());
    report.arrival = Some(999_999_999);
    let status = EnhancedStatus::new(StatusClass::Permanent, 1, 1);
    let bob = "bob@b.example".parse().expect("a mailbox");
    let carol = "carol@b.example".parse().expect("a mailbox");
    let delayed = EnhancedStatus::new(StatusClass::PersistentTransient, 4, 1);
    report.recipients = vec![
        RecipientFailure::new(bob, Action::Failed, status, "no such\r\nuser"),
        RecipientFailure::new(carol, Action::Delayed, delayed, "no answer"),
    ];
    report
}

const ORIGINAL: &[u8] =
    b"From: alice@a.example\r\nMessage-ID: <7@a.example>\r\nSubject: x\r\n\r\nsecret body\r\n";

#[test]
fn rfc_3464_a_written_report_reads_as_it_was_meant() {
    let written = new_report(ORIGINAL).write();
    let mail = Mail::parse(&written.octets).expect("a message");
    assert_eq!(mail.multipart(), Some(Multipart::Report));
    assert_eq!(mail.auto_submitted(), AutoSubmitted::Replied);
    let Some(Report::Delivery(report)) = mail.report() else {
        panic!("no report")
    };
    assert_eq!(report.envelope_id.as_deref(), Some("id+1 x"));
    assert_eq!(report.message_id, "7@a.example".parse().ok());
    let found: Vec<_> = report
        .recipients
        .iter()
        .map(|one| {
            (
                one.final_recipient.as_deref(),
                one.action,
                one.status.map(|status| status.to_string()),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                Some("bob@b.example"),
                Action::Failed,
                Some("5.1.1".to_owned())
            ),
            (
                Some("carol@b.example"),
                Action::Delayed,
                Some("4.4.1".to_owned())
            ),
        ]
    );
    let text = String::from_utf8(written.octets.clone()).expect("ASCII");
    assert!(
        text.contains("Arrival-Date: Sun, 9 Sep 2001 01:46:39 +0000\r\n"),
        "{text}"
    );
    assert!(!text.contains("secret body"), "RET=HDRS");
    assert_eq!(
        new_report(ORIGINAL).write(),
        written,
        "the same report is the same octets"
    );
}

#[test]
fn rfc_3461_5_2_2_the_whole_message_returns_with_a_failure_only() {
    let mut report = new_report(ORIGINAL);
    report.ret = Return::Full;
    let written = report.write().octets;
    assert!(memchr::memmem::find(&written, ORIGINAL).is_some());
    report.recipients.remove(0);
    let written = report.write().octets;
    assert!(memchr::memmem::find(&written, b"secret body").is_none());
}

#[test]
fn what_is_returned_cannot_close_the_report() {
    let first = new_report(ORIGINAL).write().octets;
    let text = String::from_utf8(first).expect("ASCII");
    let (_, boundary) = text.split_once("boundary=\"").expect("a boundary");
    let (boundary, _) = boundary.split_once('"').expect("quoted");
    let evil = format!("Message-ID: <7@a.example>\r\nX: --{boundary}--\r\n\r\n--{boundary}--\r\n");
    let mut report = new_report(evil.as_bytes());
    report.ret = Return::Full;
    let written = report.write().octets;
    let mail = Mail::parse(&written).expect("a message");
    assert!(matches!(mail.report(), Some(Report::Delivery(report)) if report.message_id.is_some()));
    let fresh = String::from_utf8_lossy(&written);
    let (_, fresh) = fresh.split_once("boundary=\"").expect("a boundary");
    assert!(!fresh.starts_with(&format!("{boundary}\"")));
}
