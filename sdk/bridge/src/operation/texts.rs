//! The texts of an operation, in one piece of memory.
#![expect(unsafe_code, reason = "reads what foreign pointers lead to")]

use bytes::Bytes;
use bytestring::ByteString;
use rialto_abi as abi;
use rialto_model::{ContentHeader, Header, InstantInbox, InstantMessage, MessageHeaders, Payload};

use super::payload::lent;
use crate::read::{self, Malformed};

/// The most bytes that all texts of an operation may have together.
pub const MAX_TEXTS: usize = 1 << 20;

/// A copy of all texts, one behind the other, to be cut off in the same order.
pub(super) struct Texts {
    shared: Bytes,
    at: usize,
    end: usize,
}

impl Texts {
    /// Copies all texts of the operation, and the payload too unless it is kept where it is.
    ///
    /// # Safety
    /// `raw` follows the contract, the lists are its lists, and its call has not returned.
    pub(super) unsafe fn copy(
        raw: &abi::Operation,
        headers: &[abi::Header],
        content_headers: &[abi::ContentHeader],
    ) -> Result<(Self, Payload), Malformed> {
        // SAFETY: the caller's promise, for both.
        let (payload, lent) = unsafe {
            let payload = read::bytes("the payload", raw.payload)?;
            (payload, lent(raw, payload))
        };
        let copied = if lent.is_some() { &[] } else { payload };
        let mut len = 0_usize;
        each(raw, headers, content_headers, |text| {
            len = len.saturating_add(text.len)
        });
        if len > MAX_TEXTS {
            return Err(read::too_long("the texts", len, MAX_TEXTS));
        }
        let mut copy = Vec::with_capacity(len + copied.len());
        let mut problem = None;
        each(raw, headers, content_headers, |text| {
            // SAFETY: the caller's promise.
            match unsafe { read::bytes("a text", text) } {
                Ok(text) => copy.extend_from_slice(text),
                Err(error) => problem = Some(error),
            }
        });
        if let Some(problem) = problem {
            return Err(problem);
        }
        // One look at all of them costs much less than one at each; `cut` looks at the ends.
        if std::str::from_utf8(&copy).is_err() {
            return Err(NOT_UTF8);
        }
        copy.extend_from_slice(copied);
        let shared = Bytes::from(copy);
        let payload = lent.unwrap_or_else(|| shared.slice(len..));
        let texts = Self {
            shared,
            at: 0,
            end: len,
        };
        Ok((texts, Payload::new(payload)))
    }

    pub(super) fn cut(&mut self, raw: abi::Bytes) -> Result<ByteString, Malformed> {
        let (from, to) = (self.at, self.at + raw.len);
        self.at = to;
        let inside = |at: usize| at < self.end && self.shared.get(at).is_some_and(is_inside);
        if to > self.end || inside(from) || inside(to) {
            return Err(NOT_UTF8);
        }
        // SAFETY: a part of valid UTF-8 that begins and ends between characters.
        Ok(unsafe { ByteString::from_bytes_unchecked(self.shared.slice(from..to)) })
    }

    pub(super) fn optional(&mut self, raw: abi::Bytes) -> Result<Option<ByteString>, Malformed> {
        if raw.ptr.is_null() {
            return Ok(None);
        }
        self.cut(raw).map(Some)
    }

    pub(super) fn address(
        &mut self,
        what: &'static str,
        raw: abi::Bytes,
    ) -> Result<InstantInbox, Malformed> {
        InstantInbox::from_shared(self.cut(raw)?)
            .map_err(|error| Malformed::Address { what, error })
    }

    /// The usual one takes no part in the counting of references.
    pub(super) fn content_type(&mut self, raw: abi::Bytes) -> Result<ByteString, Malformed> {
        const USUAL: &str = InstantMessage::TEXT_PLAIN;
        if self.shared.get(self.at..self.at + raw.len) == Some(USUAL.as_bytes()) {
            self.at += raw.len;
            return Ok(ByteString::from_static(USUAL));
        }
        self.cut(raw)
    }

    pub(super) fn headers(&mut self, raw: &[abi::Header]) -> Result<MessageHeaders, Malformed> {
        let header = |raw: &abi::Header| {
            let name = self.cut(raw.name)?;
            let language = self.optional(raw.language)?;
            let header = Header::new(name, self.cut(raw.value)?);
            Ok(match language {
                Some(language) => header.with_language(language),
                None => header,
            })
        };
        raw.iter().map(header).collect()
    }

    pub(super) fn content_headers(
        &mut self,
        raw: &[abi::ContentHeader],
    ) -> Result<Vec<ContentHeader>, Malformed> {
        raw.iter()
            .map(|raw| {
                Ok(ContentHeader::new(
                    self.cut(raw.name)?,
                    self.cut(raw.value)?,
                ))
            })
            .collect()
    }
}

const NOT_UTF8: Malformed = Malformed::NotUtf8 { what: "a text" };

const fn is_inside(byte: &u8) -> bool {
    *byte & 0b1100_0000 == 0b1000_0000
}

/// Visits all texts, in the order in which they are cut.
fn each(
    raw: &abi::Operation,
    headers: &[abi::Header],
    content_headers: &[abi::ContentHeader],
    mut visit: impl FnMut(abi::Bytes),
) {
    visit(raw.source);
    visit(raw.destination);
    visit(raw.source_instance);
    visit(raw.destination_instance);
    visit(raw.next_hop);
    visit(raw.thread);
    visit(raw.content_type);
    for header in headers {
        visit(header.name);
        visit(header.language);
        visit(header.value);
    }
    for header in content_headers {
        visit(header.name);
        visit(header.value);
    }
}
