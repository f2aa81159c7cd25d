//! Whole `im:` and `pres:` URIs: mailboxes and headers.

use std::{
    fmt::{self, Write},
    str::FromStr,
};

use super::{
    mailbox::{split_mailboxes, strip_scheme},
    percent,
};
use crate::AddressError;

/// What a URI of this kind names: [`InstantInbox`](crate::InstantInbox) or [`Presentity`](crate::Presentity).
pub trait Address: Sized {
    /// The scheme with its colon.
    const SCHEME: &'static str;

    /// Takes one percent-encoded mailbox.
    fn from_encoded(mailbox: &str) -> Result<Self, AddressError>;

    /// The canonical mailbox, percent-encoded.
    fn mailbox(&self) -> &str;
}

/// A whole URI: `im:fred@example.com,wilma@example.com?subject=Hello&body=Hi`.
///
/// Mailboxes may be missing, as RFC 3860 §A.2 has it, or several, as draft-ietf-impp-cpim-03 appendices C and D have
/// it. Headers are as in `mailto:` (RFC 6068 §2): `+` is no space. Display writes the canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddressUri<A> {
    mailboxes: Vec<A>,
    headers: Vec<UriHeader>,
}

/// A header of a URI, decoded: it may hold any character, line ends included.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct UriHeader {
    /// Its name as written, like `subject`.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl<A: Address> AddressUri<A> {
    /// The longest URI taken, in bytes.
    pub const MAX_LEN: usize = 8192;

    /// The most mailboxes taken.
    pub const MAX_MAILBOXES: usize = 32;

    /// The most headers taken.
    pub const MAX_HEADERS: usize = 32;

    /// Parses a URI.
    pub fn parse(uri: &str) -> Result<Self, AddressError> {
        if uri.len() > Self::MAX_LEN {
            return Err(AddressError::TooLong {
                len: uri.len(),
                max: Self::MAX_LEN,
            });
        }
        let rest = strip_scheme(A::SCHEME, uri)?;
        let (to, headers) = rest.split_once('?').unwrap_or((rest, ""));
        Ok(Self {
            mailboxes: Self::parse_mailboxes(to)?,
            headers: Self::parse_headers(headers)?,
        })
    }

    /// Makes a URI of one mailbox.
    pub fn new(mailbox: A) -> Self {
        Self {
            mailboxes: vec![mailbox],
            headers: Vec::new(),
        }
    }

    /// Adds a header, as it is meant.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(UriHeader {
            name: name.into(),
            value: value.into(),
        });
        self
    }

    /// The mailboxes, in order.
    pub fn mailboxes(&self) -> &[A] {
        &self.mailboxes
    }

    /// The mailbox, when it is one.
    pub fn single(&self) -> Result<&A, AddressError> {
        match self.mailboxes.as_slice() {
            [] => Err(AddressError::NoMailbox),
            [mailbox] => Ok(mailbox),
            several => Err(AddressError::SeveralMailboxes {
                count: several.len(),
            }),
        }
    }

    /// The headers, in order.
    pub fn headers(&self) -> &[UriHeader] {
        &self.headers
    }

    /// The value of the first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.as_str())
    }

    fn parse_mailboxes(to: &str) -> Result<Vec<A>, AddressError> {
        if to.is_empty() {
            return Ok(Vec::new());
        }
        let mut mailboxes = Vec::new();
        for mailbox in split_mailboxes(to) {
            if mailboxes.len() == Self::MAX_MAILBOXES {
                return Err(AddressError::TooMany {
                    what: "mailboxes",
                    max: Self::MAX_MAILBOXES,
                });
            }
            mailboxes.push(A::from_encoded(mailbox)?);
        }
        Ok(mailboxes)
    }

    fn parse_headers(text: &str) -> Result<Vec<UriHeader>, AddressError> {
        let mut headers = Vec::new();
        for (index, header) in text.split('&').enumerate() {
            if header.is_empty() {
                continue;
            }
            if headers.len() == Self::MAX_HEADERS {
                return Err(AddressError::TooMany {
                    what: "headers",
                    max: Self::MAX_HEADERS,
                });
            }
            let bad = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | '"');
            if let Some((at, character)) = header.char_indices().find(|(_, c)| bad(*c)) {
                return Err(AddressError::Character { character, at });
            }
            let number = index + 1;
            let (name, value) = header
                .split_once('=')
                .ok_or(AddressError::Header { number })?;
            headers.push(UriHeader {
                name: percent::decode(name)?.into_owned(),
                value: percent::decode(value)?.into_owned(),
            });
        }
        Ok(headers)
    }
}

impl<A: Address> FromStr for AddressUri<A> {
    type Err = AddressError;

    fn from_str(uri: &str) -> Result<Self, AddressError> {
        Self::parse(uri)
    }
}

impl<A: Address> fmt::Display for AddressUri<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(A::SCHEME)?;
        for (index, mailbox) in self.mailboxes.iter().enumerate() {
            if index > 0 {
                f.write_char(',')?;
            }
            f.write_str(mailbox.mailbox())?;
        }
        let mut separator = '?';
        for header in &self.headers {
            let mut text = String::from(separator);
            percent::encode_into(&mut text, &header.name, is_literal);
            text.push('=');
            percent::encode_into(&mut text, &header.value, is_literal);
            f.write_str(&text)?;
            separator = '&';
        }
        Ok(())
    }
}

/// What of RFC 6068 `qchar` stands for itself here.
const fn is_literal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'\'' | b'*' | b'+' | b':' | b'@'
        )
}
