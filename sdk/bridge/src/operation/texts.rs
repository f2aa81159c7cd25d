//! The texts of an operation, taken one by one.
#![expect(unsafe_code, reason = "reads what foreign pointers lead to")]

use bytestring::ByteString;
use rialto_abi as abi;
use rialto_model::{
    ContentHeader, Header, InstantInbox, InstantMessage, MessageHeaders, MessageOperation,
    Presentity,
};

use crate::read::{self, Malformed};

/// The most bytes that all texts of an operation may have together.
pub const MAX_TEXTS: usize = 1 << 20;

const _: () = assert!(
    MessageOperation::MAX_KEPT == abi::MAX_KEPT,
    "the contract says what the model takes"
);

/// Copies texts, each into memory of its own: cheaper than shares of one piece, whose counter every share has to touch
/// twice.
///
/// Its functions are a part of their caller, so that what they make is written once, where it stays: to read back what was written a
/// moment ago in other pieces costs more than the look at a text.
pub(super) struct Texts {
    left: usize,
}

impl Texts {
    pub(super) const fn new() -> Self {
        Self { left: MAX_TEXTS }
    }

    /// # Safety
    /// `raw` follows the contract; so for all others.
    #[inline(always)]
    pub(super) unsafe fn text(
        &mut self,
        what: &'static str,
        raw: abi::Bytes,
    ) -> Result<ByteString, Malformed> {
        // SAFETY: the caller's promise.
        let text = unsafe { read::text(what, raw) }?;
        self.left = self
            .left
            .checked_sub(text.len())
            .ok_or_else(|| read::too_long(what, text.len(), self.left))?;
        Ok(text.into())
    }

    #[inline(always)]
    pub(super) unsafe fn optional(
        &mut self,
        what: &'static str,
        raw: abi::Bytes,
    ) -> Result<Option<ByteString>, Malformed> {
        if raw.ptr.is_null() {
            return Ok(None);
        }
        // SAFETY: the caller's promise.
        unsafe { self.text(what, raw) }.map(Some)
    }

    /// What is kept with a message, perhaps for long.
    #[inline(always)]
    pub(super) unsafe fn kept(
        &mut self,
        what: &'static str,
        raw: abi::Bytes,
    ) -> Result<Option<ByteString>, Malformed> {
        if raw.ptr.is_null() {
            return Ok(None);
        }
        if raw.len > MessageOperation::MAX_KEPT {
            return Err(read::too_long(what, raw.len, MessageOperation::MAX_KEPT));
        }
        // SAFETY: the caller's promise.
        unsafe { self.text(what, raw) }.map(Some)
    }

    #[inline(always)]
    pub(super) unsafe fn address(
        &mut self,
        what: &'static str,
        raw: abi::Bytes,
    ) -> Result<InstantInbox, Malformed> {
        // SAFETY: the caller's promise.
        let text = unsafe { self.text(what, raw) }?;
        InstantInbox::from_shared(text).map_err(|error| Malformed::Address { what, error })
    }

    pub(super) unsafe fn presentity(
        &mut self,
        what: &'static str,
        raw: abi::Bytes,
    ) -> Result<Presentity, Malformed> {
        // SAFETY: the caller's promise.
        let text = unsafe { self.text(what, raw) }?;
        Presentity::from_shared(text).map_err(|error| Malformed::Address { what, error })
    }

    /// The usual one is not copied.
    #[inline(always)]
    pub(super) unsafe fn content_type(&mut self, raw: abi::Bytes) -> Result<ByteString, Malformed> {
        const USUAL: &str = InstantMessage::TEXT_PLAIN;
        const WHAT: &str = "the content type";
        // SAFETY: the caller's promise, for both.
        unsafe {
            if read::bytes(WHAT, raw)? == USUAL.as_bytes() {
                return Ok(ByteString::from_static(USUAL));
            }
            self.text(WHAT, raw)
        }
    }

    pub(super) unsafe fn headers(
        &mut self,
        raw: &[abi::Header],
    ) -> Result<MessageHeaders, Malformed> {
        let header = |raw: &abi::Header| {
            // SAFETY: the caller's promise, for all of these.
            let (name, language, parameters, value) = unsafe {
                (
                    self.text("a header's name", raw.name)?,
                    self.optional("a header's language", raw.language)?,
                    self.text("a header's parameters", raw.parameters)?,
                    self.text("a header's value", raw.value)?,
                )
            };
            let header = Header::new(name, value).with_parameters(parameters);
            Ok(match language {
                Some(language) => header.with_language(language),
                None => header,
            })
        };
        raw.iter().map(header).collect()
    }

    pub(super) unsafe fn content_headers(
        &mut self,
        raw: &[abi::ContentHeader],
    ) -> Result<Vec<ContentHeader>, Malformed> {
        let header = |raw: &abi::ContentHeader| {
            // SAFETY: the caller's promise, for both.
            let (name, value) = unsafe {
                (
                    self.text("a content header's name", raw.name)?,
                    self.text("a content header's value", raw.value)?,
                )
            };
            Ok(ContentHeader::new(name, value))
        };
        raw.iter().map(header).collect()
    }
}
