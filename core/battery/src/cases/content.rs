//! Hostile content.

use rialto_loader::{
    Operation,
    bare::{Bare, Shape},
};
use rialto_model::{
    Bytes, ContentHeader, Header, InstantInbox, InstantMessage, MessageHeaders, MessageOperation,
    ResponseStatus,
};

use super::observed::settle;
use crate::{
    child::TEXT,
    subject::{DEADLINE, GRACE, Subject, alive, carrying, delivered, id, inbox, message, once},
    verdict::{Case, Verdict, case, fail},
};

/// A message that no network carries.
const OVERSIZE: usize = 48 << 20;
const LARGE: usize = 1 << 20;
const HEADERS: usize = 500;

pub(crate) fn bodies(subject: &Subject) -> Verdict {
    case(|| {
        let text =
            |bytes: Vec<u8>| InstantMessage::new(InstantMessage::TEXT_PLAIN, Bytes::from(bytes));
        let typed = |kind: &'static str, bytes: &'static [u8]| {
            InstantMessage::new(kind, Bytes::from_static(bytes))
        };
        let all = [
            text(Vec::new()),
            text(vec![0; 4096]),
            text(vec![0xff; 4096]),
            text(b"\r\n.\r\nQUIT\r\n\r\nMESSAGE sip:x SIP/2.0\r\n\r\n".to_vec()),
            text(b"</body></message><presence/>]]><!DOCTYPE x>".to_vec()),
            text(
                "\u{202e}\u{fffe}\u{1}\u{7f}\u{85}\u{2028}\u{10ffff}"
                    .as_bytes()
                    .to_vec(),
            ),
            text(b"%s%n%s%n\\0${jndi:x}".to_vec()),
            text(vec![b'a'; LARGE]),
            text(b"\n".repeat(LARGE)),
            typed("", b"x"),
            typed("text/plain;charset=no-such-charset", b"x"),
            typed("text/plain\r\nInjected: yes", b"x"),
            typed("multipart/mixed;boundary=x", b"--x\r\n--x\r\n--x"),
            typed("message/cpim", b"From: <im:a@b.example>"),
            typed("application/im-iscomposing+xml", b"<isComposing"),
            typed("message/imdn+xml", b"<imdn><imdn><imdn>"),
            typed("application/octet-stream", &[0, 159, 146, 150]),
        ];
        each_answered(subject, all.into_iter().map(carrying))
    })
}

pub(crate) fn headers(subject: &Subject) -> Verdict {
    case(|| {
        let plain = |value: &str| Header::new("Subject", value.to_owned());
        let long = "x".repeat(LARGE);
        let headers = [
            vec![plain(&long)],
            vec![plain(""); HEADERS],
            vec![plain("a\r\nInjected: yes\r\n\r\nbody")],
            vec![plain("\u{0}\u{1b}[2J\u{202e}")],
            vec![Header::new("", "no name")],
            vec![Header::new("na me:\r\n", "x")],
            vec![
                Header::new("NS", "<urn:x"),
                Header::new("NS", "p <urn:y>"),
                Header::new("p.q", "z"),
            ],
            vec![Header::new("Require", "unknown.Thing")],
            vec![Header::new("DateTime", "31 February")],
            vec![Header::new("From", "<<<>>> \""), Header::new("To", "im:")],
            vec![
                plain("x")
                    .with_language("\u{0} not a language")
                    .with_parameters(";=;\""),
            ],
        ];
        let with = |headers: Vec<Header>| {
            let headers: MessageHeaders = headers.into_iter().collect();
            carrying(InstantMessage::text("x").with_headers(headers))
        };
        let content =
            vec![
                ContentHeader::new("Content-Transfer-Encoding", "base64\r\nInjected: yes");
                HEADERS
            ];
        let content = carrying(InstantMessage::text("x").with_content_headers(content));
        let thread = carrying(InstantMessage::text("x").with_thread("\r\n\u{0}<>\"&".repeat(1000)));
        each_answered(
            subject,
            headers.into_iter().map(with).chain([content, thread]),
        )
    })
}

pub(crate) fn addresses(subject: &Subject) -> Verdict {
    case(|| {
        let long = format!("im:{}@battery.example", "a".repeat(1000));
        let all = [
            "im:%00%0d%0a@battery.example",
            "im:%ff%fe@battery.example",
            "im:%22%3C%3E%27%26@battery.example",
            "im:a%40b%2Fc@battery.example",
            "im:..@battery.example",
            "im:a@xn--nxasmq6b.example",
            "im:sip=sip.example/alice@relay.example",
            &long,
        ];
        let inboxes: Vec<_> = all
            .iter()
            .filter_map(|text| InstantInbox::parse(text).ok())
            .collect();
        let both = inboxes.into_iter().flat_map(|hostile| {
            let text = || InstantMessage::text("x");
            let to = MessageOperation::new(id(), inbox("alice"), hostile.clone(), text());
            let from = MessageOperation::new(id(), hostile, inbox("bob"), text());
            [to, from]
        });
        let hop = message("x").with_next_hop("\u{0}\r\n:::no hop at all:99999999999");
        let instance = message("x").with_destination_instance("\u{0}\r\n\"<>");
        each_answered(subject, both.chain([hop, instance]))
    })
}

pub(crate) fn oversize(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        let large = InstantMessage::new(
            InstantMessage::TEXT_PLAIN,
            Bytes::from(vec![b'x'; OVERSIZE]),
        );
        let what = format!("a message of {OVERSIZE} bytes");
        once(&what, &delivered(&bare, carrying(large)))?;
        alive(&bare, &what)
    })
}

/// What is written to the standard streams is looked through by who started this process.
pub(crate) fn not_logged(subject: &Subject) -> Verdict {
    case(|| {
        let bare = subject.started()?;
        bare.set_level(5);
        let subjects: MessageHeaders = [Header::new("Subject", TEXT)].into_iter().collect();
        let spoilt = InstantMessage::new("message/cpim", Bytes::from_static(TEXT.as_bytes()));
        let all = [
            carrying(InstantMessage::text(TEXT).with_headers(subjects)),
            carrying(spoilt),
        ];
        for operation in all {
            let answered = delivered(&bare, operation);
            if let Some(Ok(outcome)) = answered.first
                && let ResponseStatus::Failure(failure) = outcome.status
                && failure.detail().contains(TEXT)
            {
                return fail("the text of a message is in the answer to it");
            }
        }
        settle();
        match bare.heard().lines.iter().any(|line| line.contains(TEXT)) {
            false => Ok(()),
            true => fail("the text of a message was logged"),
        }
    })
}

/// Each is answered somehow, and so is a plain message after all of them.
fn each_answered(subject: &Subject, all: impl Iterator<Item = MessageOperation>) -> Case {
    let bare: Bare = subject.started()?;
    let deliver = |operation: MessageOperation| {
        bare.deliver(
            &Operation::Message(operation.with_deadline(DEADLINE)),
            Shape::Own,
        )
    };
    let calls: Vec<_> = all.map(deliver).collect();
    for (at, call) in calls.iter().enumerate() {
        once(
            &format!("number {at} of its kind"),
            &call.wait(DEADLINE + GRACE),
        )?;
    }
    alive(&bare, "all of these")
}
