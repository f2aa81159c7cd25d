//! Paths: what MAIL and RCPT name (RFC 5321 §4.1.2).

use std::fmt;

use super::{Mailbox, MailboxError};

/// Who a message comes from; reports go there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReversePath {
    /// `<>`: a report or an automatic answer, to which nothing may be sent back (RFC 5321 §4.5.5).
    Null,
    /// A mailbox.
    Mailbox(Mailbox),
}

impl fmt::Display for ReversePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("<>"),
            Self::Mailbox(mailbox) => write!(f, "<{mailbox}>"),
        }
    }
}

impl ReversePath {
    /// The mailbox, if there is one.
    #[must_use]
    pub fn mailbox(&self) -> Option<&Mailbox> {
        match self {
            Self::Null => None,
            Self::Mailbox(mailbox) => Some(mailbox),
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, MailboxError> {
        match text {
            "" => Ok(Self::Null),
            text => parse_route(text).map(Self::Mailbox),
        }
    }
}

/// Whom a message is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForwardPath {
    /// `<Postmaster>` without a domain, which every server takes (RFC 5321 §4.5.1).
    Postmaster,
    /// A mailbox.
    Mailbox(Mailbox),
}

impl fmt::Display for ForwardPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postmaster => f.write_str("<Postmaster>"),
            Self::Mailbox(mailbox) => write!(f, "<{mailbox}>"),
        }
    }
}

impl ForwardPath {
    pub(crate) fn parse(text: &str) -> Result<Self, MailboxError> {
        if text.eq_ignore_ascii_case("postmaster") {
            return Ok(Self::Postmaster);
        }
        parse_route(text).map(Self::Mailbox)
    }
}

/// Reads a mailbox; a source route before it is stripped (RFC 5321 appendix C).
fn parse_route(text: &str) -> Result<Mailbox, MailboxError> {
    if !text.starts_with('@') {
        return text.parse();
    }
    let (_, mailbox) = text.split_once(':').ok_or(MailboxError::Path)?;
    mailbox.parse()
}

/// Splits `<path>rest` where the path ends; a `>` in quotes does not end it.
pub(crate) fn split_path(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('<')?;
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => {
                let (path, rest) = inner.split_at_checked(at)?;
                return Some((path, rest.strip_prefix('>')?));
            }
            _ => {}
        }
    }
    None
}
