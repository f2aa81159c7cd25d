//! Enhanced status codes (RFC 3463).

use std::{fmt, str::FromStr};

/// An enhanced status code: `class.subject.detail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnhancedStatus {
    class: StatusClass,
    subject: u16,
    detail: u16,
}

impl EnhancedStatus {
    /// Joins the three; subject and detail have at most three digits.
    #[must_use]
    pub const fn new(class: StatusClass, subject: u16, detail: u16) -> Self {
        assert!(subject < 1000 && detail < 1000, "three digits, RFC 3463 §2");
        Self {
            class,
            subject,
            detail,
        }
    }

    /// The same of another class.
    #[must_use]
    pub const fn with_class(self, class: StatusClass) -> Self {
        Self { class, ..self }
    }

    /// Success, temporary or permanent.
    #[must_use]
    pub const fn class(self) -> StatusClass {
        self.class
    }

    /// What the code is about.
    #[must_use]
    pub const fn subject(self) -> StatusSubject {
        match self.subject {
            1 => StatusSubject::Addressing,
            2 => StatusSubject::Mailbox,
            3 => StatusSubject::MailSystem,
            4 => StatusSubject::NetworkAndRouting,
            5 => StatusSubject::MailDeliveryProtocol,
            6 => StatusSubject::MessageContent,
            7 => StatusSubject::SecurityOrPolicy,
            _ => StatusSubject::Other,
        }
    }

    /// The third number, whose meaning hangs on the subject (RFC 3463 §3).
    #[must_use]
    pub const fn detail(self) -> u16 {
        self.detail
    }

    /// Takes a code from the start of a text; what follows it and a space is given back.
    #[must_use]
    pub fn take(text: &str) -> Option<(Self, &str)> {
        let (code, rest) = match text.split_once(' ') {
            Some((code, rest)) => (code, rest),
            None => (text, ""),
        };
        Some((code.parse().ok()?, rest))
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class as u8, self.subject, self.detail)
    }
}

/// A text that is no enhanced status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no enhanced status code (RFC 3463, 2)")]
pub struct NoStatus;

impl FromStr for EnhancedStatus {
    type Err = NoStatus;

    fn from_str(text: &str) -> Result<Self, NoStatus> {
        let mut numbers = text.split('.');
        let class = match numbers.next() {
            Some("2") => StatusClass::Success,
            Some("4") => StatusClass::PersistentTransient,
            Some("5") => StatusClass::Permanent,
            _ => return Err(NoStatus),
        };
        let subject = number(numbers.next())?;
        let detail = number(numbers.next())?;
        match numbers.next() {
            None => Ok(Self {
                class,
                subject,
                detail,
            }),
            Some(_) => Err(NoStatus),
        }
    }
}

/// One to three digits.
fn number(text: Option<&str>) -> Result<u16, NoStatus> {
    match text {
        Some(digits) if digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map_err(|_| NoStatus)
        }
        _ => Err(NoStatus),
    }
}

/// The first number of a status code, RFC 3463 §2. There are these three and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "RFC 3463 closes the list")]
pub enum StatusClass {
    /// Delivered.
    Success = 2,
    /// Not yet; a later attempt may succeed.
    PersistentTransient = 4,
    /// Not, and not later either.
    Permanent = 5,
}

/// The second number of a status code, RFC 3463 §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusSubject {
    /// X.0: other or undefined, and what the RFC does not know.
    Other,
    /// X.1: the sender's or recipient's address.
    Addressing,
    /// X.2: the mailbox itself.
    Mailbox,
    /// X.3: the destination's mail system.
    MailSystem,
    /// X.4: the network, or the way to the destination.
    NetworkAndRouting,
    /// X.5: the talk between the servers.
    MailDeliveryProtocol,
    /// X.6: content, its encoding or size.
    MessageContent,
    /// X.7: a rule or a check of the other side.
    SecurityOrPolicy,
}
