//! Bounces in words: what mail systems said before RFC 3464, and what some still say.

use super::{
    delivery::{Action, DeliveryReport, RecipientReport, ReportFormat},
    fields::groups,
    returned_id,
};
use crate::{
    limits::{MAX_BOUNCE_TEXT, MAX_REPORT_RECIPIENTS},
    mailbox::Mailbox,
    message::{Mail, MessageId},
    smtp::{EnhancedStatus, Reply, StatusClass},
};

/// Reads a message as a bounce: a mail system sent it, it says that something failed, and it names a mailbox.
pub(super) fn read(mail: &Mail<'_>) -> Option<DeliveryReport> {
    if !is_from_a_system(mail) {
        return None;
    }
    let shown = mail.shown_text()?.text;
    let text = shown.get(..shown.floor_char_boundary(MAX_BOUNCE_TEXT))?;
    let (words, returned) = split_returned(text);
    let lower = words.to_lowercase();
    let subject = mail.subject().unwrap_or_default().to_lowercase();
    let says = |phrases: &[&str]| {
        phrases
            .iter()
            .any(|phrase| lower.contains(phrase) || subject.contains(phrase))
    };
    let action = if says(&DELAYED) {
        Action::Delayed
    } else if says(&FAILED) {
        Action::Failed
    } else {
        return None;
    };
    let status = find_status(words, action);
    let recipients: Vec<_> = mailboxes(mail, words)
        .into_iter()
        .map(|mailbox| RecipientReport {
            original_recipient: None,
            final_recipient: Some(mailbox),
            action,
            status,
            diagnostic: None,
        })
        .collect();
    (!recipients.is_empty()).then(|| DeliveryReport {
        format: ReportFormat::Free,
        envelope_id: None,
        message_id: returned_id(mail).or_else(|| id_in_text(returned)),
        recipients,
    })
}

/// People do not send bounces; who answers by hand is not taken for one.
fn is_from_a_system(mail: &Mail<'_>) -> bool {
    let field = |name| mail.raw_field(name).unwrap_or_default().to_lowercase();
    let from = field("From");
    let subject = field("Subject");
    field("Return-Path").trim() == "<>"
        || SYSTEMS.iter().any(|system| from.contains(system))
        || SUBJECTS.iter().any(|words| subject.contains(words))
}

/// The words, and what is returned below them.
fn split_returned(text: &str) -> (&str, &str) {
    let lower = text.to_ascii_lowercase();
    let found = RETURNED_BELOW
        .iter()
        .filter_map(|words| lower.find(words))
        .min();
    found
        .and_then(|at| text.split_at_checked(at))
        .unwrap_or((text, ""))
}

/// The mailboxes in brackets if there are such, else all; not the one that reports, and not the one reported to.
fn mailboxes(mail: &Mail<'_>, words: &str) -> Vec<String> {
    let own: Vec<Mailbox> = mail
        .from()
        .into_iter()
        .chain(mail.to())
        .map(|named| named.mailbox)
        .collect();
    let mut found: Vec<Mailbox> = Vec::new();
    let failed = mail.raw_field("X-Failed-Recipients").unwrap_or_default();
    for text in [failed, words] {
        for word in text.split(|char: char| char.is_whitespace() || "<>(),;\"'[]".contains(char)) {
            let word = word.trim_matches(['.', ':', '`', '*']);
            let word = word.strip_prefix("mailto:").unwrap_or(word);
            let Ok(mailbox) = word.parse::<Mailbox>() else {
                continue;
            };
            let is_system = SYSTEMS
                .iter()
                .any(|name| mailbox.local_part().as_str().to_lowercase().contains(name));
            if !is_system && !own.contains(&mailbox) && !found.contains(&mailbox) {
                found.push(mailbox);
            }
            if found.len() >= MAX_FREE_RECIPIENTS {
                break;
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    found.truncate(MAX_REPORT_RECIPIENTS);
    found.iter().map(Mailbox::to_string).collect()
}

/// The first enhanced status, else what the first code of a reply means.
fn find_status(words: &str, action: Action) -> Option<EnhancedStatus> {
    let fits = |status: &EnhancedStatus| match action {
        Action::Failed => status.class() == StatusClass::Permanent,
        _ => status.class() == StatusClass::PersistentTransient,
    };
    let trimmed = || {
        words
            .split_whitespace()
            .map(|word| word.trim_matches(|char: char| !char.is_ascii_digit()))
    };
    trimmed()
        .find_map(|word| word.parse().ok().filter(fits))
        .or_else(|| {
            let codes = trimmed().filter(|word| word.len() == 3);
            codes
                .filter_map(|code| Reply::parse(code).ok()?.classification().status)
                .find(fits)
        })
}

fn id_in_text(returned: &str) -> Option<MessageId> {
    groups(returned.as_bytes())
        .iter()
        .find_map(|group| group.get("message-id")?.parse().ok())
}

/// Recipients that are read from words: beyond, a text is a list of something else.
const MAX_FREE_RECIPIENTS: usize = 50;

const SYSTEMS: [&str; 7] = [
    "mailer-daemon",
    "postmaster",
    "mail delivery",
    "mailerdaemon",
    "mail-daemon",
    "maildelivery",
    "mdaemon",
];

const SUBJECTS: [&str; 12] = [
    "undeliver",
    "returned mail",
    "delivery status notification",
    "delivery failure",
    "mail delivery failed",
    "failure notice",
    "delivery notification",
    "nondeliverable",
    "non-deliver",
    "mail system error",
    "delivery problem",
    "delivery error",
];

const DELAYED: [&str; 6] = [
    "has not yet been delivered",
    "delayed 24 hours",
    "delivery is delayed",
    "still trying",
    "message still undelivered",
    "will continue to try",
];

const FAILED: [&str; 38] = [
    "undeliver",
    "could not be delivered",
    "cannot be delivered",
    "couldn't be delivered",
    "wasn't able to deliver",
    "unable to deliver",
    "not be delivered",
    "delivery failed",
    "delivery failure",
    "delivery error",
    "fatal error",
    "permanent error",
    "permanent failure",
    "user unknown",
    "unknown user",
    "no such user",
    "does not exist",
    "doesn't exist",
    "not found",
    "rejected",
    "mailbox full",
    "mailbox is full",
    "over quota",
    "quota exceeded",
    "exceeded the space",
    "returned mail",
    "returned to sender",
    "failure notice",
    "unrouteable",
    "no mailbox",
    "not listed in",
    "address unknown",
    "invalid recipient",
    "unknown recipient",
    "was not delivered",
    "not a known user",
    "refused",
    "failed to deliver",
];

const RETURNED_BELOW: [&str; 10] = [
    "below this line is a copy",
    "copy of the message, including all",
    "original message follows",
    "unsent message follows",
    "message header follows",
    "original message:",
    "----- original message",
    "-----original message",
    "returned message",
    "message text follows",
];
