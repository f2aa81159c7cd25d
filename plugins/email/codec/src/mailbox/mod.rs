//! Mailboxes: the native address of mail (RFC 5321 §4.1.2, RFC 6531).

mod host;
mod local_part;
mod path;

use std::{fmt, str::FromStr};

pub use host::{Domain, Host};
pub use local_part::LocalPart;
pub(crate) use path::split_path;
pub use path::{ForwardPath, ReversePath};

use crate::limits::{MAX_DOMAIN, MAX_MAILBOX};

/// A mailbox: a local part at a domain or at an address literal.
///
/// Two mailboxes are equal when their local parts are the same text and their hosts the same host:
/// case matters on the left of the `@` alone (RFC 5321 §2.4), quotes and escapes nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mailbox {
    local_part: LocalPart,
    host: Host,
}

impl Mailbox {
    /// Joins a local part, as text without quotes, and a host.
    ///
    /// # Errors
    /// Both together are longer than [`MAX_MAILBOX`].
    pub fn new(local_part: LocalPart, host: Host) -> Result<Self, MailboxError> {
        let mailbox = Self { local_part, host };
        if mailbox.to_string().len() > MAX_MAILBOX {
            return Err(MailboxError::TooLong { limit: MAX_MAILBOX });
        }
        Ok(mailbox)
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &LocalPart {
        &self.local_part
    }

    /// What stands after the `@`.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Whether only a peer with SMTPUTF8 can be told this mailbox (RFC 6531 §3.3).
    ///
    /// The domain never asks for it: it is written in its ASCII form.
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        !self.local_part.as_str().is_ascii()
    }
}

/// The form that SMTP carries: quotes where they are needed, the domain in ASCII.
impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local_part, self.host)
    }
}

impl FromStr for Mailbox {
    type Err = MailboxError;

    /// Reads a `Mailbox` of RFC 5321 §4.1.2, the whole text and nothing around it.
    fn from_str(text: &str) -> Result<Self, MailboxError> {
        if text.len() > MAX_MAILBOX {
            return Err(MailboxError::TooLong { limit: MAX_MAILBOX });
        }
        let (local_part, rest) = LocalPart::take(text)?;
        let host = rest.strip_prefix('@').ok_or(MailboxError::NoHost)?;
        Self::new(local_part, host.parse()?)
    }
}

/// Why a text is no mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MailboxError {
    /// Longer than the limit.
    #[error("the mailbox is longer than {limit} octets")]
    TooLong {
        /// [`MAX_MAILBOX`].
        limit: usize,
    },
    /// The local part is neither a dot-string nor a quoted string.
    #[error("the local part is neither a dot-string nor a quoted string (RFC 5321, 4.1.2)")]
    LocalPart,
    /// Nothing follows the local part.
    #[error("the mailbox has no @ and host behind its local part")]
    NoHost,
    /// The domain is no host name.
    #[error("the domain is no host name of at most {MAX_DOMAIN} octets")]
    Domain,
    /// The address literal names neither IPv4 nor IPv6.
    #[error("the address literal is neither [IPv4] nor [IPv6:address]")]
    AddressLiteral,
    /// A path without its angle brackets, or with something wrong around the mailbox.
    #[error("the path does not stand in angle brackets")]
    Path,
}
