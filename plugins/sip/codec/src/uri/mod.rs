//! URIs of requests and header fields.

use std::fmt;

use crate::{error::UriError, lex};

mod compare;
pub mod escape;
mod host;
mod sip;
mod tel;

pub use self::{
    host::Host,
    sip::{Security, SipUri},
    tel::TelephoneSubscriber,
};

pub(crate) use self::host::parse_ipv6;

/// A URI; what this crate does not know stays as its text.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Uri<'a> {
    /// `sip:` or `sips:`.
    Sip(SipUri<'a>),
    /// `tel:` (RFC 3966); [`TelephoneSubscriber`] reads its number.
    Tel(OpaqueUri<'a>),
    /// `im:` (RFC 3860).
    Im(OpaqueUri<'a>),
    /// `pres:` (RFC 3859).
    Pres(OpaqueUri<'a>),
    /// Any other absolute URI.
    Other(OpaqueUri<'a>),
}

impl<'a> Uri<'a> {
    /// Reads a URI that is the whole text.
    ///
    /// # Errors
    ///
    /// Where the text stops to be a URI.
    pub fn parse(text: &'a str) -> Result<Self, UriError> {
        let (scheme, rest) = lex::split_once(text, b':').ok_or(UriError {
            at: 0,
            expected: "URI scheme",
        })?;
        let later = |error: UriError| UriError {
            at: error.at + scheme.len() + 1,
            ..error
        };
        if scheme.eq_ignore_ascii_case("sip") {
            return SipUri::parse_rest(Security::Sip, rest)
                .map(Self::Sip)
                .map_err(later);
        }
        if scheme.eq_ignore_ascii_case("sips") {
            return SipUri::parse_rest(Security::Sips, rest)
                .map(Self::Sip)
                .map_err(later);
        }
        let uri = OpaqueUri::new(scheme, rest)?;
        Ok(if scheme.eq_ignore_ascii_case("tel") {
            Self::Tel(uri)
        } else if scheme.eq_ignore_ascii_case("im") {
            Self::Im(uri)
        } else if scheme.eq_ignore_ascii_case("pres") {
            Self::Pres(uri)
        } else {
            Self::Other(uri)
        })
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => uri.fmt(formatter),
            Self::Tel(uri) | Self::Im(uri) | Self::Pres(uri) | Self::Other(uri) => {
                uri.fmt(formatter)
            }
        }
    }
}

/// A URI of which only the scheme is looked at.
#[derive(Clone, Copy, Debug)]
pub struct OpaqueUri<'a> {
    scheme: &'a str,
    rest: &'a str,
}

impl<'a> OpaqueUri<'a> {
    fn new(scheme: &'a str, rest: &'a str) -> Result<Self, UriError> {
        let begins = scheme
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic());
        let is_scheme =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        if !begins || !scheme.bytes().all(is_scheme) {
            return Err(UriError {
                at: 0,
                expected: "URI scheme",
            });
        }
        // RFC 3261 knows no fragments; a number may have a `#` in it (RFC 3966 §3).
        let is_tel = scheme.eq_ignore_ascii_case("tel");
        let is_uri = |byte| {
            lex::is_user_byte(byte)
                || matches!(byte, b':' | b'@' | b'[' | b']')
                || byte == b'#' && is_tel
        };
        let foreign = escape::first_foreign(rest, is_uri);
        match foreign.or_else(|| rest.is_empty().then_some(0)) {
            Some(at) => Err(UriError {
                at: scheme.len() + 1 + at,
                expected: "URI character",
            }),
            None => Ok(Self { scheme, rest }),
        }
    }

    /// What stands before the first colon.
    #[must_use]
    pub const fn scheme(&self) -> &'a str {
        self.scheme
    }

    /// What follows the first colon, escapes as they stand.
    #[must_use]
    pub const fn rest(&self) -> &'a str {
        self.rest
    }

    /// What follows the first colon up to parameters or headers: a mailbox, a number.
    #[must_use]
    pub fn address(&self) -> &'a str {
        let place = self.rest.rfind('@').unwrap_or(0);
        let tail = self.rest.get(place..).unwrap_or_default();
        let end = place + tail.find([';', '?']).unwrap_or(tail.len());
        self.rest.get(..end).unwrap_or_default()
    }
}

impl PartialEq for OpaqueUri<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme) && self.rest == other.rest
    }
}

impl fmt::Display for OpaqueUri<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}:{}",
            self.scheme.to_ascii_lowercase(),
            self.rest
        )
    }
}
