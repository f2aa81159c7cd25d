//! Messages: what a header says, and what of a body a chat can show (RFC 5322, 2045 to 2047, 1847).

mod attachment;
mod entity;
mod header;
mod html;
mod ids;
mod quote;
mod text;
mod weigh;
mod write;

use std::borrow::Cow;

use mail_parser::{HeaderName, MessageParser, PartType};

pub use attachment::Attachment;
pub use entity::{Entity, Multipart, Protection};
pub use header::{AutoSubmitted, NamedMailbox, Precedence};
pub use ids::{MessageId, MessageIdError};
pub use quote::{Cut, CutRule, CutText, QuoteRule, SignatureRule};
pub use text::{ShownText, TextSource};
pub use write::{Body, NewMail, Trace, WriteError, Written};
pub(crate) use write::{one_line, written};

use crate::limits::MAX_MESSAGE;

/// A message, read from its octets, which stay as they are.
///
/// Reading decodes no body; the part that is asked for is decoded when it is. What is
/// not well-formed is read as far as it goes.
#[derive(Debug)]
pub struct Mail<'a> {
    raw: &'a [u8],
    parsed: mail_parser::Message<'a>,
}

impl<'a> Mail<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// It has no header, or more of something than the parser could bear.
    pub fn parse(raw: &'a [u8]) -> Result<Self, MailError> {
        if raw.len() > MAX_MESSAGE {
            return Err(MailError::TooLarge { limit: MAX_MESSAGE });
        }
        weigh::weigh(raw)?;
        // With the encoding ignored, no part is decoded, and no message can hide from `weigh` in base64.
        let parsed = MessageParser::new()
            .with_mime_headers()
            .with_address_headers()
            .with_date_headers()
            .with_message_ids()
            .header_text(HeaderName::Subject)
            .ignore_header(HeaderName::ContentTransferEncoding)
            .parse(raw)
            .ok_or(MailError::NoHeader)?;
        Ok(Self { raw, parsed })
    }

    /// The octets that were read.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The bodies of parts of a media type, decoded, those of nested messages not among them.
    pub(crate) fn parts_of_type<'m>(
        &'m self,
        kind: &'m str,
        subtype: &'m str,
    ) -> impl Iterator<Item = Cow<'m, [u8]>> {
        let parts = self.parsed.parts.iter();
        parts
            .filter(move |part| entity::is_type(part, kind, subtype))
            .map(|part| self.decoded(part))
    }

    fn root(&self) -> Option<&mail_parser::MessagePart<'a>> {
        self.parsed.parts.first()
    }
}

impl Drop for Mail<'_> {
    /// Takes nested messages apart one by one: they may nest deeper than a stack bears.
    fn drop(&mut self) {
        let mut messages = vec![std::mem::take(&mut self.parsed)];
        while let Some(message) = messages.pop() {
            for part in message.parts {
                if let PartType::Message(nested) = part.body {
                    messages.push(nested);
                }
            }
        }
    }
}

/// Why octets are no message that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// Longer than what is read.
    #[error("the message is longer than {limit} octets")]
    TooLarge {
        /// [`MAX_MESSAGE`].
        limit: usize,
    },
    /// Nothing in it is a header field.
    #[error("the message has no header field (RFC 5322, 3.5)")]
    NoHeader,
    /// More than what is read of something that costs much to read.
    #[error("the message has more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The bound from [`crate::limits`].
        limit: usize,
    },
}
