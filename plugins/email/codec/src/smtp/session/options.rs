//! What a session offers.

use crate::{
    limits::{DEFAULT_MAX_MESSAGE, DEFAULT_MAX_RECIPIENTS},
    mailbox::Host,
};

/// The protocol of a session. They differ in the greeting, and in who is answered after a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are these two")]
pub enum Protocol {
    /// RFC 5321: one answer for a message.
    Smtp,
    /// RFC 2033: one answer for each accepted recipient.
    Lmtp,
}

/// Whether a session can turn to TLS (RFC 3207).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartTls {
    /// It cannot.
    NotOffered,
    /// The client may.
    Offered,
    /// Without it no mail is taken. Not for a server that is found by MX (RFC 3207 §4).
    Required,
}

/// How a session behaves; given once.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    pub(super) protocol: Protocol,
    pub(super) host: Host,
    pub(super) starttls: StartTls,
    pub(super) max_message: usize,
    pub(super) max_recipients: usize,
}

impl SessionOptions {
    /// A session of a server with this name, without TLS, with the bounds of [`crate::limits`].
    #[must_use]
    pub fn new(protocol: Protocol, host: Host) -> Self {
        Self {
            protocol,
            host,
            starttls: StartTls::NotOffered,
            max_message: DEFAULT_MAX_MESSAGE,
            max_recipients: DEFAULT_MAX_RECIPIENTS,
        }
    }

    /// Offers or demands TLS.
    #[must_use]
    pub fn with_starttls(mut self, starttls: StartTls) -> Self {
        self.starttls = starttls;
        self
    }

    /// Takes messages of at most so many octets. They are held in memory until they are whole.
    #[must_use]
    pub fn with_max_message(mut self, octets: usize) -> Self {
        self.max_message = octets;
        self
    }

    /// Takes at most so many recipients for one message.
    #[must_use]
    pub fn with_max_recipients(mut self, recipients: usize) -> Self {
        self.max_recipients = recipients;
        self
    }
}
