//! A request that a user agent server may act on.

use std::ops::Deref;

use super::{Contacts, Head, SipMessage, StartLine};
use crate::{DecodeError, Method, Uri};

/// A request whose mandatory header fields are there, once, and in order.
///
/// What RFC 3261 made mandatory and RFC 2543 did not may be missing: branch, From tag,
/// Max-Forwards. RFC 3261 §8.1.1, §8.2; RFC 4475 §3.4.1.
#[derive(Clone, Copy, Debug)]
pub struct Request<'m, 'a> {
    head: Head<'m, 'a>,
    method: Method<'a>,
    uri: Uri<'a>,
    uri_text: &'a str,
    max_forwards: Option<u8>,
}

impl<'m, 'a> Request<'m, 'a> {
    /// Reads the mandatory header fields of a message, and Contact when it is there.
    ///
    /// # Errors
    ///
    /// The first defect; [`DecodeError::reject`] says what to answer.
    pub fn read(message: &'m SipMessage<'a>) -> Result<Self, DecodeError> {
        let StartLine::Request {
            method,
            uri: uri_text,
        } = message.start_line()
        else {
            return Err(DecodeError::NotRequest);
        };
        let head = Head::read(message, message.via()?)?;
        if head.cseq().method() != method {
            return Err(match method {
                Method::Other(_) => DecodeError::UnknownMethod,
                _ => DecodeError::MethodMismatch,
            });
        }
        let max_forwards = message.max_forwards()?;
        if let Contacts::List(mut contacts) = message.contacts()? {
            contacts.try_for_each(|contact| contact.map(drop))?;
        }
        let uri = read_request_uri(uri_text, method.as_str().len() + 1)?;
        Ok(Self {
            head,
            method,
            uri,
            uri_text,
            max_forwards,
        })
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> Method<'a> {
        self.method
    }

    /// The Request-URI; never [`Uri::Other`].
    #[must_use]
    pub const fn uri(&self) -> Uri<'a> {
        self.uri
    }

    /// The Request-URI as it was written.
    #[must_use]
    pub const fn uri_text(&self) -> &'a str {
        self.uri_text
    }

    /// Max-Forwards; without one a request counts as if it had 70 (RFC 3261 §16.6).
    #[must_use]
    pub const fn max_forwards(&self) -> Option<u8> {
        self.max_forwards
    }
}

impl<'m, 'a> Deref for Request<'m, 'a> {
    type Target = Head<'m, 'a>;

    fn deref(&self) -> &Self::Target {
        &self.head
    }
}

/// Reads a Request-URI; `at` is where it begins.
fn read_request_uri(text: &str, at: usize) -> Result<Uri<'_>, DecodeError> {
    let uri = Uri::parse(text).map_err(|error| DecodeError::RequestUri {
        at: at + error.at,
        expected: error.expected,
    })?;
    match uri {
        Uri::Other(_) => Err(DecodeError::UnsupportedScheme),
        // RFC 3261 §19.1.1 forbids headers here.
        Uri::Sip(sip) if sip.has_headers() => Err(DecodeError::RequestUri {
            at,
            expected: "no headers",
        }),
        uri => Ok(uri),
    }
}
