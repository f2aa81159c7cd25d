//! Replies of other servers: what they say, and what that means.

use proptest::prelude::*;
use rialto_email_codec::smtp::{
    EnhancedStatus, Permanence, Reply, ReplyError, StatusClass, StatusSubject, decode_xtext,
    encode_xtext,
};

fn classify(text: &str) -> (Permanence, StatusSubject, Option<String>) {
    let classification = Reply::parse(text).expect(text).classification();
    let status = classification.status.map(|status| status.to_string());
    (classification.permanence, classification.subject, status)
}

#[test]
fn codes_and_statuses_say_whether_and_why() {
    use Permanence::{Accepted, Permanent, Temporary};
    use StatusSubject::*;
    for (text, permanence, subject, status) in [
        (
            "250 2.0.0 Ok: queued as 3F2B",
            Accepted,
            Other,
            Some("2.0.0"),
        ),
        ("250 OK", Accepted, Other, None),
        ("354 go ahead", Accepted, Other, None),
        (
            "550 5.1.1 <x@y.example>: user unknown",
            Permanent,
            Addressing,
            Some("5.1.1"),
        ),
        (
            "450 4.7.1 greylisted",
            Temporary,
            SecurityOrPolicy,
            Some("4.7.1"),
        ),
        ("452 4.2.2 over quota", Temporary, Mailbox, Some("4.2.2")),
        (
            "421 too many connections",
            Temporary,
            MailSystem,
            Some("4.3.2"),
        ),
        ("552 too much", Permanent, Mailbox, Some("5.2.2")),
        (
            "550 5.7.509 Access denied",
            Permanent,
            SecurityOrPolicy,
            Some("5.7.509"),
        ),
        ("554 no", Permanent, Other, None),
        // The code decides; a status that contradicts it says nothing.
        ("550 4.1.1 what now", Permanent, Mailbox, Some("5.2.0")),
    ] {
        let expected = (permanence, subject, status.map(str::to_owned));
        assert_eq!(classify(text), expected, "{text}");
    }
}

#[test]
fn a_reply_of_many_lines_is_one() {
    let reply =
        Reply::parse("550-5.7.1 This\r\n550-5.7.1 is\r\n550 5.7.1 it\r\n").expect("a reply");
    assert_eq!(reply.text().collect::<Vec<_>>(), ["This", "is", "it"]);
    assert_eq!(reply.status(), "5.7.1".parse().ok());
    for (text, error) in [
        ("", ReplyError::Lines),
        ("250-a\r\n251 b", ReplyError::Lines),
        ("250-a", ReplyError::Lines),
        ("250 a\r\n250 b", ReplyError::Lines),
        ("25", ReplyError::Code),
        ("+50 a", ReplyError::Code),
        ("600 a", ReplyError::Code),
        ("250x", ReplyError::Lines),
        (&"250-a\r\n".repeat(101), ReplyError::TooLong),
        (&format!("250 {}", "a".repeat(3000)), ReplyError::TooLong),
    ] {
        assert_eq!(Reply::parse(text), Err(error), "{text:?}");
    }
}

#[test]
fn a_status_of_another_class_than_its_code_is_refused() {
    let status = EnhancedStatus::new(StatusClass::Permanent, 1, 1);
    assert_eq!(Reply::new(450, status, "x"), Err(ReplyError::StatusClass));
    assert!(Reply::new(550, status, "x").is_ok());
    assert_eq!(Reply::new(199, None, "x"), Err(ReplyError::Code));
    for text in ["5.1", "5.1.1.1", "3.1.1", "5..1", "5.1000.1", "5.+1.1"] {
        assert!(text.parse::<EnhancedStatus>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_can_end_a_reply_early(text in "[\\r\\n\\x00a-z0-9 -]{0,40}|\\PC{0,3000}") {
        let reply = Reply::new(550, None, &text).expect("a code");
        prop_assert_eq!(reply.text().count(), 1);
        prop_assert!(reply.text().all(|line| !line.contains(['\r', '\n', '\0']) && line.len() < 2048));
    }

    #[test]
    fn xtext_carries_every_text(text in any::<String>()) {
        let encoded = encode_xtext(&text);
        prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'='));
        prop_assert_eq!(decode_xtext(&encoded), Some(text));
    }
}
