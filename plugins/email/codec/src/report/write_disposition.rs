//! Writes message disposition notifications (RFC 8098).

use std::fmt::Write as _;

use mail_builder::{
    MessageBuilder,
    headers::{
        address::Address, content_type::ContentType, date::Date, message_id::MessageId as Ids,
        raw::Raw, text::Text,
    },
    mime::{BodyPart, MimePart},
};

use super::{DispositionType, write::raw_part};
use crate::{
    mailbox::{Domain, Mailbox},
    message::{MessageId, Written, written},
};

/// What a recipient did with a message, for its sender. Its envelope has the null reverse-path (RFC 8098 §3).
#[derive(Debug, Clone)]
pub struct NewDispositionReport {
    from: Mailbox,
    to: Mailbox,
    id: MessageId,
    date: i64,
    about: MessageId,
    disposition: DispositionType,
    agent: Option<Domain>,
}

impl NewDispositionReport {
    /// A report `from` the recipient of the message `about`, `to` whoever asked for it; `date` is in seconds since 1970.
    #[must_use]
    pub fn new(
        (from, to): (Mailbox, Mailbox),
        id: MessageId,
        date: i64,
        about: MessageId,
        disposition: DispositionType,
    ) -> Self {
        Self {
            from,
            to,
            id,
            date,
            about,
            disposition,
            agent: None,
        }
    }

    /// Says which system reports.
    #[must_use]
    pub fn with_reporting_agent(mut self, host: &Domain) -> Self {
        self.agent = Some(host.clone());
        self
    }

    /// Writes it.
    #[must_use]
    pub fn write(&self) -> Written {
        let kind = if self.from.needs_smtputf8() {
            "message/global-disposition-notification"
        } else {
            "message/disposition-notification"
        };
        let parts = vec![
            MimePart::new("text/plain", BodyPart::Text(self.explanation().into())),
            raw_part(kind, self.fields().into_bytes()),
        ];
        let content_type = ContentType::new("multipart/report")
            .attribute("report-type", "disposition-notification")
            .attribute("boundary", self.boundary());
        written(
            MessageBuilder::new()
                .from(Address::new_address(None::<&str>, self.from.to_string()))
                .to(Address::new_address(None::<&str>, self.to.to_string()))
                .subject(Text::new("Disposition of your message"))
                .message_id(Ids::new(self.id.as_str().to_owned()))
                .in_reply_to(Ids::new(self.about.as_str().to_owned()))
                .date(Date::new(self.date))
                .header("Auto-Submitted", Raw::new("auto-replied"))
                .body(MimePart::new(content_type, BodyPart::Multipart(parts))),
        )
    }

    /// The part for people.
    fn explanation(&self) -> String {
        let what = match self.disposition {
            DispositionType::Displayed => {
                "was displayed, which does not say that it was read or understood"
            }
            DispositionType::Deleted => "was deleted without being displayed",
            DispositionType::Dispatched => "was sent on",
            DispositionType::Processed => "was processed without being displayed",
            DispositionType::Denied => "had a fate that the recipient keeps to themselves",
            DispositionType::Failed => "could not be handled",
        };
        format!("Your message to {} {what}.\r\n", self.from)
    }

    /// RFC 8098 §3.2.
    fn fields(&self) -> String {
        let mut fields = String::new();
        if let Some(agent) = &self.agent {
            write!(fields, "Reporting-UA: {agent}\r\n").unwrap_or_default();
        }
        let kind = if self.from.needs_smtputf8() {
            "utf-8"
        } else {
            "rfc822"
        };
        let word = match self.disposition {
            DispositionType::Displayed => "displayed",
            DispositionType::Deleted => "deleted",
            DispositionType::Dispatched => "dispatched",
            DispositionType::Processed => "processed",
            DispositionType::Denied => "denied",
            DispositionType::Failed => "failed",
        };
        // A program did it, but because the recipient did something (RFC 8098 §3.2.6.1).
        write!(
            fields,
            "Final-Recipient: {kind}; {}\r\nOriginal-Message-ID: {}\r\n\
             Disposition: manual-action/MDN-sent-automatically; {word}\r\n",
            self.from, self.about
        )
        .unwrap_or_default();
        fields
    }

    /// Always the same for the same report; no part holds anything of others.
    fn boundary(&self) -> String {
        let seed = self.id.as_str().chars().filter(char::is_ascii_alphanumeric);
        format!("disposition_{}", seed.take(40).collect::<String>())
    }
}
