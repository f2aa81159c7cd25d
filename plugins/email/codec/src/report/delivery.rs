//! Delivery status notifications (RFC 3464, RFC 6533).

use super::{
    fields::{Group, groups},
    returned_id,
};
use crate::{
    limits::MAX_REPORT_RECIPIENTS,
    message::{Mail, MessageId},
    smtp::{EnhancedStatus, StatusClass, decode_xtext},
};

/// What became of the delivery of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryReport {
    /// Whether it follows the standard or was read from words.
    pub format: ReportFormat,
    /// The sender's name for the envelope: what was given as ENVID.
    pub envelope_id: Option<String>,
    /// The identifier of the message, from what is returned of it.
    pub message_id: Option<MessageId>,
    /// What became of it for each recipient; at least one.
    pub recipients: Vec<RecipientReport>,
}

/// How sure a report is to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportFormat {
    /// RFC 3464.
    Standard,
    /// Words of some system; what they say was guessed.
    Free,
}

/// What became of a message for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecipientReport {
    /// Whom the sender meant: what was given as ORCPT.
    pub original_recipient: Option<String>,
    /// Whom the reporting server tried; not always a mailbox.
    pub final_recipient: Option<String>,
    /// What happened.
    pub action: Action,
    /// Why.
    pub status: Option<EnhancedStatus>,
    /// What the next server said.
    pub diagnostic: Option<String>,
}

/// RFC 3464 §2.3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// It could not be delivered.
    Failed,
    /// It has not been delivered yet.
    Delayed,
    /// It is in the mailbox.
    Delivered,
    /// It went on to where nothing more will be said.
    Relayed,
    /// It went to a list.
    Expanded,
}

/// Reads the first part of the type, if it has a recipient.
pub(super) fn read(mail: &Mail<'_>) -> Option<DeliveryReport> {
    let mut parts = mail
        .parts_of_type("message", "delivery-status")
        .chain(mail.parts_of_type("message", "global-delivery-status"));
    let body = parts.next()?;
    let groups = groups(&body);
    let is_recipient = |group: &&Group| {
        ["final-recipient", "original-recipient"]
            .iter()
            .any(|name| group.typed(name).is_some())
    };
    let recipients: Vec<_> = groups
        .iter()
        .filter(is_recipient)
        .filter_map(|group| recipient_report(group, groups.first()))
        .take(MAX_REPORT_RECIPIENTS)
        .collect();
    let envelope_id = groups
        .iter()
        .find_map(|group| group.get("original-envelope-id"));
    (!recipients.is_empty()).then(|| DeliveryReport {
        format: ReportFormat::Standard,
        envelope_id: envelope_id.map(|id| decode_xtext(id).unwrap_or_else(|| id.to_owned())),
        message_id: returned_id(mail),
        recipients,
    })
}

/// Without an action, the class of the status is one, else what is said of the whole message.
fn recipient_report(group: &Group, message: Option<&Group>) -> Option<RecipientReport> {
    let status = group.get("status").and_then(first_status);
    let by_status = || match status?.class() {
        StatusClass::Success => Some(Action::Delivered),
        StatusClass::PersistentTransient => Some(Action::Delayed),
        StatusClass::Permanent => Some(Action::Failed),
    };
    let for_all = || message?.get("action").and_then(parse_action);
    let said = group.get("action").and_then(parse_action);
    let action = said.or_else(for_all).or_else(by_status)?;
    Some(RecipientReport {
        original_recipient: group.typed("original-recipient").map(address),
        final_recipient: group.typed("final-recipient").map(address),
        action,
        status,
        diagnostic: group.typed("diagnostic-code").map(str::to_owned),
    })
}

fn parse_action(value: &str) -> Option<Action> {
    let word = value
        .split(|char: char| !char.is_ascii_alphabetic())
        .next()?;
    match word.to_ascii_lowercase().as_str() {
        "failed" | "failure" | "expired" => Some(Action::Failed),
        "delayed" => Some(Action::Delayed),
        "delivered" => Some(Action::Delivered),
        "relayed" => Some(Action::Relayed),
        "expanded" => Some(Action::Expanded),
        _ => None,
    }
}

/// Comments follow in some.
fn first_status(value: &str) -> Option<EnhancedStatus> {
    value
        .split([' ', '(', ';'])
        .find_map(|word| word.parse().ok())
}

/// Some systems put brackets around it.
fn address(value: &str) -> String {
    value
        .trim_start_matches('<')
        .trim_end_matches('>')
        .to_owned()
}
