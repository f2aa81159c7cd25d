//! Message disposition notifications (RFC 8098, before it RFC 3798).

use super::{fields::groups, returned_id};
use crate::message::{Mail, MessageId};

/// What a recipient's program says was done with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DispositionReport {
    /// The message.
    pub message_id: Option<MessageId>,
    /// Whom the sender meant.
    pub original_recipient: Option<String>,
    /// Who reports.
    pub final_recipient: Option<String>,
    /// What was done.
    pub disposition: DispositionType,
    /// Whether a program decided it, without the recipient.
    pub is_automatic: bool,
    /// Whether what was to be done went wrong (`error`, RFC 8098 §3.2.6.3).
    pub is_error: bool,
}

/// RFC 8098 §3.2.6.2; the last two of RFC 3798.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DispositionType {
    /// Shown; not necessarily read.
    Displayed,
    /// Deleted without being shown.
    Deleted,
    /// Sent on.
    Dispatched,
    /// Handled without being shown.
    Processed,
    /// The recipient does not want it said.
    Denied,
    /// Nothing could be done.
    Failed,
}

/// Reads the first part of the type.
pub(super) fn read(mail: &Mail<'_>) -> Option<DispositionReport> {
    let body = mail
        .parts_of_type("message", "disposition-notification")
        .chain(mail.parts_of_type("message", "global-disposition-notification"))
        .next()?;
    let groups = groups(&body);
    let field = |name| groups.iter().find_map(|group| group.get(name));
    let typed = |name| {
        groups
            .iter()
            .find_map(|group| group.typed(name))
            .map(str::to_owned)
    };
    let value = field("disposition")?;
    let (mode, kind) = value.split_once(';')?;
    let (kind, modifiers) = kind.split_once('/').unwrap_or((kind, ""));
    Some(DispositionReport {
        message_id: field("original-message-id")
            .and_then(|id| id.parse().ok())
            .or_else(|| returned_id(mail)),
        original_recipient: typed("original-recipient"),
        final_recipient: typed("final-recipient"),
        disposition: parse_type(kind.trim())?,
        is_automatic: mode
            .trim()
            .to_ascii_lowercase()
            .starts_with("automatic-action"),
        is_error: modifiers
            .split(',')
            .any(|word| word.trim().eq_ignore_ascii_case("error")),
    })
}

fn parse_type(word: &str) -> Option<DispositionType> {
    match word.to_ascii_lowercase().as_str() {
        "displayed" => Some(DispositionType::Displayed),
        "deleted" => Some(DispositionType::Deleted),
        "dispatched" => Some(DispositionType::Dispatched),
        "processed" => Some(DispositionType::Processed),
        "denied" => Some(DispositionType::Denied),
        "failed" => Some(DispositionType::Failed),
        _ => None,
    }
}
