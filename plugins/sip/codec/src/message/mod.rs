//! A message over the bytes it came in.

mod index;
mod read;
mod request;
mod response;
mod start_line;
mod typed;

pub(crate) use self::read::Lines;
pub use self::{
    index::Header, request::Request, response::Response, start_line::StartLine, typed::Contacts,
};

use self::index::Index;
use crate::{DecodeError, HeaderName};

/// A request or response whose start line and header lines are in order.
///
/// It borrows the bytes and allocates nothing up to 24 header fields. What the header fields hold
/// is read when it is asked for. RFC 3261 §7.
#[derive(Clone, Debug)]
pub struct SipMessage<'a> {
    bytes: &'a [u8],
    start_line: StartLine<'a>,
    index: Index,
    body: &'a [u8],
}

impl<'a> SipMessage<'a> {
    /// The start line.
    #[must_use]
    pub const fn start_line(&self) -> StartLine<'a> {
        self.start_line
    }

    /// The body; as long as Content-Length says, or up to the end of the datagram without one.
    ///
    /// It is a part of the bytes given to [`SipMessage::parse`], so that
    /// `Bytes::slice_ref` can share it.
    #[must_use]
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// All header fields in their order.
    pub fn headers(&self) -> impl Iterator<Item = Header<'a>> + Clone {
        self.index.iter().map(|entry| entry.header(self.bytes))
    }

    /// The header fields of one name in their order.
    pub fn headers_named(&self, name: HeaderName) -> impl Iterator<Item = Header<'a>> + Clone {
        self.index.named(name).map(|entry| entry.header(self.bytes))
    }

    /// The first header field of a name.
    #[must_use]
    pub fn header(&self, name: HeaderName) -> Option<Header<'a>> {
        self.index.first(name).map(|entry| entry.header(self.bytes))
    }

    /// The first header field of a name that [`HeaderName`] does not list, in any case.
    #[must_use]
    pub fn extension(&self, name: &str) -> Option<Header<'a>> {
        self.headers_named(HeaderName::Other)
            .find(|header| header.name_text().eq_ignore_ascii_case(name))
    }

    /// The only header field of a name; an error when there are more.
    pub(crate) fn single(&self, name: HeaderName) -> Result<Option<Header<'a>>, DecodeError> {
        if self.index.is_repeated(name) {
            return Err(DecodeError::Repeated { header: name });
        }
        Ok(self.header(name))
    }
}

/// The value as text.
pub(crate) fn text_of<'a>(header: &Header<'a>) -> Result<&'a str, DecodeError> {
    std::str::from_utf8(header.value()).map_err(|error| DecodeError::Malformed {
        header: header.name(),
        at: header.at() + error.valid_up_to(),
        expected: "UTF-8",
    })
}
