//! Reports: what became of a message (RFC 3464, RFC 8098, RFC 6522, and bounces that follow none).

mod bounce;
mod delivery;
mod disposition;
mod fields;
mod write;
mod write_disposition;

pub use delivery::{Action, DeliveryReport, RecipientReport, ReportFormat};
pub use disposition::{DispositionReport, DispositionType};
pub use write::{NewDeliveryReport, RecipientFailure};
pub use write_disposition::NewDispositionReport;

use crate::{
    mailbox::Mailbox,
    message::{Mail, MessageId},
};

/// What a message reports.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Report {
    /// Of delivery, by a server.
    Delivery(DeliveryReport),
    /// Of what a recipient did with it, by their mail program.
    Disposition(DispositionReport),
}

impl Mail<'_> {
    /// What this message reports, if it is a report.
    ///
    /// A report says what anyone may have written: it concerns a message only if its identifier, envelope or
    /// recipient is known to whoever sent that.
    #[must_use]
    pub fn report(&self) -> Option<Report> {
        if let Some(report) = disposition::read(self) {
            return Some(Report::Disposition(report));
        }
        delivery::read(self)
            .or_else(|| bounce::read(self))
            .map(Report::Delivery)
    }
}

/// The header of the message that a report returns, as far as it leads back to that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Returned {
    /// Its identifier.
    pub message_id: Option<MessageId>,
    /// Who wrote it.
    pub from: Option<Mailbox>,
    /// The first whom it was for.
    pub to: Option<Mailbox>,
}

impl Mail<'_> {
    /// What a report returns of the message that it is about, whole or its header.
    #[must_use]
    pub fn returned(&self) -> Option<Returned> {
        RETURNED.iter().find_map(|(kind, subtype)| {
            let returned = self.parts_of_type(kind, subtype).next()?;
            let groups = fields::groups(&returned);
            let header = groups.first()?;
            let mailbox = |name| header.get(name).and_then(first_mailbox);
            Some(Returned {
                message_id: header.get("message-id").and_then(|id| id.parse().ok()),
                from: mailbox("from"),
                to: mailbox("to"),
            })
        })
    }
}

fn returned_id(mail: &Mail<'_>) -> Option<MessageId> {
    mail.returned()?.message_id
}

/// The first mailbox of a field, in angle brackets if there are such.
fn first_mailbox(value: &str) -> Option<Mailbox> {
    let bare = value
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    let bare = bare.map_or_else(
        || value.split(',').next().unwrap_or_default(),
        |(inner, _)| inner,
    );
    bare.trim().parse().ok()
}

/// The media types of what is returned, RFC 6522 §3 and RFC 6533 §4.
const RETURNED: [(&str, &str); 5] = [
    ("message", "rfc822"),
    ("text", "rfc822-headers"),
    ("message", "rfc822-headers"),
    ("message", "global"),
    ("message", "global-headers"),
];
