//! Writes delivery status notifications (RFC 3464, RFC 6522, RFC 6533).

use std::fmt::Write as _;

use mail_builder::{
    MessageBuilder,
    headers::{
        address::Address, content_type::ContentType, date::Date, message_id::MessageId as Ids,
        raw::Raw, text::Text,
    },
    mime::{BodyPart, MimePart},
};

use super::Action;
use crate::{
    mailbox::{Domain, Mailbox},
    message::{MessageId, Written, one_line, written},
    smtp::{EnhancedStatus, OriginalRecipient, Return, encode_xtext},
};

/// A report to the sender of a message. Its envelope has the null reverse-path (RFC 5321 §4.5.5).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewDeliveryReport<'a> {
    /// Who reports: the name of this server.
    pub reporting_mta: Domain,
    /// Whom it goes to: the reverse-path of the message.
    pub to: Mailbox,
    /// The report's own identifier; its boundary is made of it.
    pub message_id: MessageId,
    /// When it is written, in seconds since 1970.
    pub date: i64,
    /// When the message came.
    pub arrival: Option<i64>,
    /// ENVID of the message.
    pub envelope_id: Option<String>,
    /// The message.
    pub original: &'a [u8],
    /// How much of it is returned: RET; its header alone unless delivery failed (RFC 3461 §5.2.2).
    pub ret: Return,
    /// What became of it.
    pub recipients: Vec<RecipientFailure>,
}

/// What became of a message for one recipient, with what the report shall say.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecipientFailure {
    /// Whom it was for.
    pub final_recipient: Mailbox,
    /// ORCPT.
    pub original_recipient: Option<OriginalRecipient>,
    /// What happened.
    pub action: Action,
    /// Why.
    pub status: EnhancedStatus,
    /// Why, for people.
    pub text: String,
}

impl RecipientFailure {
    /// Something that became of the message for a recipient.
    #[must_use]
    pub fn new(
        final_recipient: Mailbox,
        action: Action,
        status: EnhancedStatus,
        text: &str,
    ) -> Self {
        Self {
            final_recipient,
            original_recipient: None,
            action,
            status,
            text: one_line(text),
        }
    }

    /// With whom the sender meant.
    #[must_use]
    pub fn with_original_recipient(mut self, original: OriginalRecipient) -> Self {
        self.original_recipient = Some(original);
        self
    }
}

impl<'a> NewDeliveryReport<'a> {
    /// A report on `original`, which returns its header and names no recipient yet.
    #[must_use]
    pub fn new(
        reporting_mta: Domain,
        to: Mailbox,
        message_id: MessageId,
        date: i64,
        original: &'a [u8],
    ) -> Self {
        Self {
            reporting_mta,
            to,
            message_id,
            date,
            arrival: None,
            envelope_id: None,
            original,
            ret: Return::Headers,
            recipients: Vec::new(),
        }
    }

    /// Writes it.
    #[must_use]
    pub fn write(&self) -> Written {
        let is_global = self
            .recipients
            .iter()
            .any(|one| one.final_recipient.needs_smtputf8());
        let kind = if is_global {
            "message/global-delivery-status"
        } else {
            "message/delivery-status"
        };
        let parts = vec![
            MimePart::new("text/plain", BodyPart::Text(self.explanation().into())),
            raw_part(kind, self.status_fields().into_bytes()),
            self.returned(),
        ];
        let content_type = ContentType::new("multipart/report")
            .attribute("report-type", "delivery-status")
            .attribute("boundary", self.boundary());
        let sender = format!("MAILER-DAEMON@{}", self.reporting_mta);
        written(
            MessageBuilder::new()
                .from(Address::new_address(Some("Mail Delivery System"), sender))
                .to(Address::new_address(None::<&str>, self.to.to_string()))
                .subject(Text::new(self.subject()))
                .message_id(Ids::new(self.message_id.as_str().to_owned()))
                .date(Date::new(self.date))
                .header("Auto-Submitted", Raw::new("auto-replied"))
                .body(MimePart::new(content_type, BodyPart::Multipart(parts))),
        )
    }

    fn subject(&self) -> &'static str {
        if self.has(Action::Failed) {
            "Undelivered mail returned to sender"
        } else if self.has(Action::Delayed) {
            "Delivery of your mail is delayed"
        } else {
            "Delivery report"
        }
    }

    fn has(&self, action: Action) -> bool {
        self.recipients
            .iter()
            .any(|recipient| recipient.action == action)
    }

    /// The part for people.
    fn explanation(&self) -> String {
        let mut text = format!("This is the mail system at {}.\r\n\r\n", self.reporting_mta);
        for recipient in &self.recipients {
            let what = match recipient.action {
                Action::Failed => "could not be delivered and will not be tried again",
                Action::Delayed => "has not been delivered yet; it will be tried again",
                Action::Delivered => "was delivered",
                Action::Relayed => "was handed on to where nothing more will be said",
                Action::Expanded => "was handed on to several",
            };
            let name = &recipient.final_recipient;
            write!(text, "<{name}>: your message {what}").unwrap_or_default();
            write!(text, ": {} ({})\r\n", recipient.text, recipient.status).unwrap_or_default();
        }
        text
    }

    /// RFC 3464 §2.2 and §2.3.
    fn status_fields(&self) -> String {
        let mut fields = String::new();
        if let Some(id) = &self.envelope_id {
            // The field carries the identifier as the sender knew it, RFC 3464 §2.2.1.
            field(&mut fields, "Original-Envelope-Id", &encode_xtext(id));
        }
        field(
            &mut fields,
            "Reporting-MTA",
            &format!("dns; {}", self.reporting_mta),
        );
        if let Some(arrival) = self.arrival {
            field(&mut fields, "Arrival-Date", &Date::new(arrival).to_rfc822());
        }
        for recipient in &self.recipients {
            fields.push_str("\r\n");
            if let Some(original) = &recipient.original_recipient {
                let value = format!("{}; {}", original.address_type, original.address);
                field(&mut fields, "Original-Recipient", &one_line(&value));
            }
            field(
                &mut fields,
                "Final-Recipient",
                &typed_address(&recipient.final_recipient),
            );
            field(&mut fields, "Action", action_word(recipient.action));
            field(&mut fields, "Status", &recipient.status.to_string());
        }
        fields
    }

    /// The message or its header, as it came.
    fn returned(&self) -> MimePart<'a> {
        let whole = self.ret == Return::Full && self.has(Action::Failed);
        let header_end = memchr::memmem::find(self.original, b"\r\n\r\n")
            .map_or(self.original.len(), |at| at + 2);
        let header = self.original.get(..header_end).unwrap_or(self.original);
        let (plain, global, octets) = if whole {
            ("message/rfc822", "message/global", self.original)
        } else {
            ("text/rfc822-headers", "message/global-headers", header)
        };
        let kind = if header.is_ascii() { plain } else { global };
        raw_part(kind, octets)
    }

    /// A boundary that stands nowhere in what is returned, always the same for the same report.
    fn boundary(&self) -> String {
        let seed: String = self
            .message_id
            .as_str()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(40)
            .collect();
        let mut count = 0usize;
        loop {
            let boundary = format!("report_{count}_{seed}");
            if memchr::memmem::find(self.original, boundary.as_bytes()).is_none() {
                return boundary;
            }
            count += 1;
        }
    }
}

/// A part whose body is written as it is.
pub(super) fn raw_part<'a>(
    kind: &'static str,
    body: impl Into<std::borrow::Cow<'a, [u8]>>,
) -> MimePart<'a> {
    let body = body.into();
    let encoding = if body.is_ascii() { "7bit" } else { "8bit" };
    MimePart::new(kind, BodyPart::Binary(body))
        .header("Content-Transfer-Encoding", Raw::new(encoding))
}

fn field(fields: &mut String, name: &str, value: &str) {
    write!(fields, "{name}: {value}\r\n").unwrap_or_default();
}

/// RFC 6533 §3 for what ASCII cannot say; in a global part it may stand as it is.
fn typed_address(mailbox: &Mailbox) -> String {
    let kind = if mailbox.needs_smtputf8() {
        "utf-8"
    } else {
        "rfc822"
    };
    format!("{kind}; {mailbox}")
}

fn action_word(action: Action) -> &'static str {
    match action {
        Action::Failed => "failed",
        Action::Delayed => "delayed",
        Action::Delivered => "delivered",
        Action::Relayed => "relayed",
        Action::Expanded => "expanded",
    }
}
