//! Reports: what became of a message (RFC 3464, RFC 8098, RFC 6522, and bounces that follow none).

mod bounce;
mod delivery;
mod disposition;
mod fields;
mod write;

pub use delivery::{Action, DeliveryReport, RecipientReport, ReportFormat};
pub use disposition::{DispositionReport, DispositionType};
pub use write::{NewDeliveryReport, RecipientFailure};

use crate::message::{Mail, MessageId};

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

/// The identifier of the message that a report returns, whole or its header.
fn returned_id(mail: &Mail<'_>) -> Option<MessageId> {
    RETURNED.iter().find_map(|(kind, subtype)| {
        let returned = mail.parts_of_type(kind, subtype).next()?;
        fields::groups(&returned)
            .first()?
            .get("message-id")?
            .parse()
            .ok()
    })
}

/// The media types of what is returned, RFC 6522 §3 and RFC 6533 §4.
const RETURNED: [(&str, &str); 5] = [
    ("message", "rfc822"),
    ("text", "rfc822-headers"),
    ("message", "rfc822-headers"),
    ("message", "global"),
    ("message", "global-headers"),
];
