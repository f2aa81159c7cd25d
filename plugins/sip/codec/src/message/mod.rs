//! A message over the bytes it came in.

mod head;
mod index;
mod read;
mod request;
mod response;
mod start_line;
mod typed;

pub(crate) use self::read::{Line, Lines};
pub use self::{
    head::Head, index::Header, request::Request, response::Response, start_line::StartLine,
    typed::Contacts,
};

use self::index::{Entry, Index};
use crate::{DecodeError, HeaderName};

/// A request or response whose start line and header lines are in order.
///
/// It borrows the bytes and allocates nothing up to 24 header fields. What the header fields hold
/// is read when it is asked for. RFC 3261 §7.
#[derive(Clone, Debug)]
pub struct SipMessage<'a> {
    bytes: &'a [u8],
    /// Start line and header fields, as far as they are UTF-8.
    head: &'a str,
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
        let (bytes, head) = (self.bytes, self.head);
        self.index
            .iter()
            .map(move |entry| entry.header(bytes, head))
    }

    /// The header fields of one name in their order.
    pub fn headers_named(&self, name: HeaderName) -> impl Iterator<Item = Header<'a>> + Clone {
        let (bytes, head) = (self.bytes, self.head);
        let named = self.index.named(name);
        named.map(move |entry| entry.header(bytes, head))
    }

    /// The first header field of a name.
    #[must_use]
    pub fn header(&self, name: HeaderName) -> Option<Header<'a>> {
        let first = self.index.first(name)?;
        Some(first.header(self.bytes, self.head))
    }

    /// The first header field of a name that [`HeaderName`] does not list, in any case.
    #[must_use]
    pub fn extension(&self, name: &str) -> Option<Header<'a>> {
        self.headers_named(HeaderName::Other)
            .find(|header| header.name_text().eq_ignore_ascii_case(name))
    }

    /// The only header field of a name; an error when there are more.
    pub(crate) fn single(&self, name: HeaderName) -> Result<Option<Header<'a>>, DecodeError> {
        let only = self.only(name)?;
        Ok(only.map(|entry| entry.header(self.bytes, self.head)))
    }

    /// Where it is.
    fn only(&self, header: HeaderName) -> Result<Option<&Entry>, DecodeError> {
        if self.index.is_repeated(header) {
            return Err(DecodeError::Repeated { header });
        }
        Ok(self.index.first(header))
    }
}
