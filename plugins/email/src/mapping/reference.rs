//! What a later word to the sender of a mail needs, as the gateway keeps it with the message.

use rialto_email_codec::{
    Mailbox,
    message::{Mail, MessageId},
    smtp::{Envelope, Notify, OriginalRecipient, RcptTo},
};
use rialto_sdk::{
    model::{DispositionRequest, MessageOperation, Notify as Ask},
    serde::{Deserialize, Serialize},
    serde_json,
};

/// The envelope of one recipient, and of the header what a report returns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "rialto_sdk::serde")]
pub(crate) struct Reference {
    /// Where reports go; nobody, if there is no reverse-path, or one that may be forged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    return_to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    envid: Option<String>,
    /// Whom the sender meant, with its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    original: Option<(String, String)>,
    recipient: String,
    #[serde(default)]
    pub(crate) wants: Wants,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// Where a notification of display goes (RFC 8098 §2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receipt_to: Option<String>,
    /// When it came, in seconds since 1970.
    pub(crate) arrival: i64,
}

/// When the sender wants a report (RFC 3461 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "rialto_sdk::serde")]
pub(crate) struct Wants {
    pub(crate) success: bool,
    pub(crate) failure: bool,
    pub(crate) delay: bool,
}

impl Default for Wants {
    /// Where nothing is said, on failure.
    fn default() -> Self {
        Self {
            success: false,
            failure: true,
            delay: false,
        }
    }
}

impl Wants {
    fn of(recipient: &RcptTo) -> Self {
        match recipient.notify {
            Some(Notify::Never) => Self {
                success: false,
                failure: false,
                delay: false,
            },
            Some(Notify::On {
                success,
                failure,
                delay,
            }) => Self {
                success,
                failure,
                delay,
            },
            _ => Self::default(),
        }
    }
}

/// Characters of a subject that a report returns.
const MAX_SUBJECT: usize = 200;

impl Reference {
    /// Takes what is needed; `may_return` says that the reverse-path is no forgery.
    pub(crate) fn new(
        mail: &Mail<'_>,
        envelope: &Envelope,
        recipient: &RcptTo,
        mailbox: &Mailbox,
        may_return: bool,
        arrival: i64,
    ) -> Self {
        let reverse_path = envelope.mail_from.reverse_path.mailbox();
        let author = mail.from().into_iter().next();
        let original = recipient.orcpt.as_ref();
        let subject = mail.subject().map(|subject| {
            let line = subject.chars().filter(|char| !char.is_control());
            line.take(MAX_SUBJECT).collect()
        });
        Self {
            return_to: reverse_path.filter(|_| may_return).map(Mailbox::to_string),
            envid: envelope.mail_from.envid.clone(),
            original: original.map(|one| (one.address_type.clone(), one.address.clone())),
            recipient: mailbox.to_string(),
            wants: Wants::of(recipient),
            message_id: mail.message_id().map(|id| id.as_str().to_owned()),
            from: author.map(|author| author.mailbox.to_string()),
            subject,
            receipt_to: receipt_to(mail, reverse_path).filter(|_| may_return),
            arrival,
        }
    }

    /// What the sender asks to be told, in the words of the gateway.
    pub(crate) fn request(&self, recipient: &RcptTo) -> DispositionRequest {
        let mut request = DispositionRequest::NONE;
        if self.return_to.is_none() {
            return request;
        }
        if self.wants.success {
            request = request.with(Ask::PositiveDelivery).with(Ask::Processing);
        }
        if self.wants.delay {
            request = request.with(Ask::Processing);
        }
        // Of failure it is told in any case; only who says it asks for it.
        if self.wants.failure && recipient.notify.is_some() {
            request = request.with(Ask::NegativeDelivery);
        }
        if self.receipt_to.is_some() {
            request = request.with(Ask::Display);
        }
        request
    }

    /// As text of at most [`MessageOperation::MAX_KEPT`] octets.
    pub(crate) fn to_text(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        if text.len() <= MessageOperation::MAX_KEPT {
            return text;
        }
        let least = Self {
            subject: None,
            original: None,
            from: None,
            ..self.clone()
        };
        let text = serde_json::to_string(&least).unwrap_or_default();
        if text.len() <= MessageOperation::MAX_KEPT {
            text
        } else {
            String::new()
        }
    }

    /// Reads what [`to_text`](Self::to_text) wrote, of this version or an older one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Where reports go.
    pub(crate) fn return_to(&self) -> Option<Mailbox> {
        self.return_to.as_deref()?.parse().ok()
    }

    /// Where a notification of display goes.
    pub(crate) fn receipt_to(&self) -> Option<Mailbox> {
        self.receipt_to.as_deref()?.parse().ok()
    }

    /// The recipient, as the sender wrote it.
    pub(crate) fn recipient(&self) -> Option<Mailbox> {
        self.recipient.parse().ok()
    }

    pub(crate) fn envelope_id(&self) -> Option<&str> {
        self.envid.as_deref()
    }

    pub(crate) fn message_id(&self) -> Option<MessageId> {
        self.message_id.as_deref()?.parse().ok()
    }

    pub(crate) fn original_recipient(&self) -> Option<OriginalRecipient> {
        let (address_type, address) = self.original.clone()?;
        Some(OriginalRecipient::new(address_type, address))
    }

    /// The header of the mail, as far as it is kept: what a report returns.
    pub(crate) fn header(&self) -> Vec<u8> {
        let mut header = String::new();
        let fields = [
            ("From", self.from.clone()),
            ("To", Some(self.recipient.clone())),
            ("Subject", self.subject.clone()),
            (
                "Message-ID",
                self.message_id.as_ref().map(|id| format!("<{id}>")),
            ),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                let value: String = value.chars().filter(|char| !char.is_control()).collect();
                header.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        header.push_str("\r\n");
        header.into_bytes()
    }
}

/// Disposition-Notification-To, if it names the mailbox that the mail comes from: else it may be somebody who never asked
/// (RFC 8098 §2.1).
fn receipt_to(mail: &Mail<'_>, reverse_path: Option<&Mailbox>) -> Option<String> {
    let field = mail.raw_field("Disposition-Notification-To")?;
    let address = match field.rsplit_once('<') {
        Some((_, address)) => address.trim_end().strip_suffix('>')?,
        None => field,
    };
    let mailbox: Mailbox = address.trim().parse().ok()?;
    (reverse_path == Some(&mailbox)).then(|| mailbox.to_string())
}
