//! A message/cpim as a whole.

use bytes::Bytes;
use time::OffsetDateTime;

use super::{CpimError, CpimWriteError, reader, writer};
use crate::{
    ContentHeader, Header, InstantMessage, MessageHeaders, MessageOperation, NameAddress,
    message::{RIALTO_HEADERS, grammar},
};

/// An instant message in the form of message/cpim. RFC 3862.
///
/// The message inside keeps all its headers in order, `From`, `To` and `DateTime` among them. The conversation's
/// name, which RFC 3862 has no header for, crosses as `Thread` of a namespace of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpimMessage {
    mime_headers: Vec<ContentHeader>,
    message: InstantMessage,
}

impl CpimMessage {
    /// Reads one; it may begin with the MIME headers of the whole or with the message headers.
    ///
    /// Shares `bytes`: payload and headers without escapes are slices of it. `From`, `To` and `DateTime` may be
    /// missing; what of RFC 3862's own headers is there must be sound.
    pub fn parse(bytes: Bytes) -> Result<Self, CpimError> {
        let read = reader::read(&bytes)?;
        let message = match take_thread(read.message.headers()) {
            Some((thread, headers)) => read.message.with_headers(headers).with_thread(thread.value),
            None => read.message,
        };
        Ok(Self {
            mime_headers: read.mime_headers,
            message,
        })
    }

    /// Makes one of a message as it is.
    pub const fn new(message: InstantMessage) -> Self {
        Self {
            mime_headers: Vec::new(),
            message,
        }
    }

    /// Makes one of an operation: `From`, `To` and `DateTime` go in front where the message has none.
    ///
    /// `date_time` is when the sender sent it, or when it came in; without one there will be none.
    pub fn from_operation(
        operation: &MessageOperation,
        date_time: Option<OffsetDateTime>,
    ) -> Result<Self, CpimWriteError> {
        let message = operation.message();
        let headers = message.headers();
        let mut added = Vec::new();
        if headers.from().is_none() {
            added.push(address_header("From", &operation.source().into()));
        }
        if headers.to().next().is_none() {
            added.push(address_header("To", &operation.destination().into()));
        }
        if let Some(date_time) = date_time.filter(|_| headers.date_time().is_none()) {
            let text = writer::date_time(date_time)?;
            added.push(Header::new("DateTime", text));
        }
        if added.is_empty() {
            return Ok(Self::new(message.clone()));
        }
        let headers = added.into_iter().chain(headers.iter().cloned()).collect();
        Ok(Self::new(message.clone().with_headers(headers)))
    }

    /// Appends it, from the message headers on; writes nothing when it fails.
    ///
    /// The MIME headers of the whole are for the protocol that carries it. RFC 3862 §3.
    pub fn write_into(&self, out: &mut Vec<u8>) -> Result<(), CpimWriteError> {
        writer::write(&self.message, out)
    }

    /// Writes it into a buffer of its own.
    pub fn to_bytes(&self) -> Result<Bytes, CpimWriteError> {
        let mut out = Vec::with_capacity(self.message.payload().len() + 512);
        self.write_into(&mut out)?;
        Ok(out.into())
    }

    /// The sender, if it is named.
    pub fn from(&self) -> Option<NameAddress> {
        self.message.headers().from()
    }

    /// The recipients, in order.
    pub fn to(&self) -> impl Iterator<Item = NameAddress> {
        self.message.headers().to()
    }

    /// Those who get a courtesy copy, in order.
    pub fn cc(&self) -> impl Iterator<Item = NameAddress> {
        self.message.headers().cc()
    }

    /// When the sender says it was sent.
    pub fn date_time(&self) -> Option<OffsetDateTime> {
        self.message.headers().date_time()
    }

    /// The MIME headers that stood before the message headers; mostly none.
    pub fn mime_headers(&self) -> &[ContentHeader] {
        &self.mime_headers
    }

    /// The message inside.
    pub const fn message(&self) -> &InstantMessage {
        &self.message
    }

    /// The message inside, by value.
    pub fn into_message(self) -> InstantMessage {
        self.message
    }
}

impl InstantMessage {
    /// Takes a payload of message/cpim apart, so that what it carries is the message; any other stays as it is.
    ///
    /// Signed or encrypted content stays whole: only an outer message/cpim is opened, one of them, and what it
    /// carries is not looked at. The headers are then the inner ones; the thread is kept when the inner has none.
    pub fn open_cpim(self) -> Result<Self, CpimError> {
        if !super::is_cpim(self.content_type()) {
            return Ok(self);
        }
        if let Some(encoding) = self.transfer_encoding() {
            return Err(CpimError::TransferEncoding {
                encoding: encoding.into(),
            });
        }
        let thread = self.thread().cloned();
        let inner = CpimMessage::parse(self.payload().clone().into_bytes())?.into_message();
        Ok(match thread {
            Some(thread) if inner.thread().is_none() => inner.with_thread(thread),
            _ => inner,
        })
    }
}

fn address_header(name: &'static str, address: &NameAddress) -> Header {
    Header::new(
        bytestring::ByteString::from_static(name),
        address.to_string(),
    )
}

/// Takes our own thread header out, and the declaration that stands before it for nothing else.
fn take_thread(headers: &MessageHeaders) -> Option<(Header, MessageHeaders)> {
    let all = headers.as_slice();
    if !all.iter().any(|header| header.name.ends_with(".Thread")) {
        return None;
    }
    let threads = headers.resolved().enumerate().filter(|(_, resolved)| {
        resolved.namespace == Some(RIALTO_HEADERS) && resolved.name == "Thread"
    });
    let (index, _) = threads.last()?;
    let mut rest = headers.clone();
    let thread = rest.remove(index)?;
    let is_declaration = |header: &Header| {
        let declared = grammar::namespace_declaration(&header.value);
        header.name == "NS" && declared.is_some_and(|(_, uri)| uri == RIALTO_HEADERS)
    };
    if let Some(before) = index.checked_sub(1)
        && index + 1 == all.len()
        && all.get(before).is_some_and(is_declaration)
    {
        rest.remove(before);
    }
    Some((thread, rest))
}
