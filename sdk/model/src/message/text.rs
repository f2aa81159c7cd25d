//! The payload as text, where its type says that it is.

use std::str;

use thiserror::Error;

use crate::{ContentHeader, ContentType, ContentTypeError, InstantMessage};

/// Why a message has no text to show.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TextError {
    /// Its content type is malformed.
    #[error("the content type is malformed")]
    ContentType(#[source] ContentTypeError),
    /// Its content is something else.
    #[error("the content is not text/plain")]
    NotText,
    /// It is text in another character set than UTF-8.
    #[error("the text is in the character set `{charset}`, not in utf-8")]
    Charset {
        /// Its name, as written.
        charset: String,
    },
    /// It is text behind a transfer encoding.
    #[error("the text is in the transfer encoding `{encoding}`")]
    TransferEncoding {
        /// Its name, as written.
        encoding: String,
    },
    /// It says that it is UTF-8, and is not.
    #[error("the text is not UTF-8 from byte {at} on")]
    Encoding {
        /// The offset of the first byte that is wrong.
        at: usize,
    },
}

impl InstantMessage {
    /// The payload as text: `text/plain` in UTF-8, US-ASCII or without a named character set.
    ///
    /// A view; the payload stays as it is. RFC 2046 §4.1.
    pub fn as_text(&self) -> Result<&str, TextError> {
        let content_type = self.parsed_content_type().map_err(TextError::ContentType)?;
        if !content_type.is("text", "plain") {
            return Err(TextError::NotText);
        }
        let readable = |name: &str| {
            name.eq_ignore_ascii_case("utf-8")
                || name.eq_ignore_ascii_case("us-ascii")
                || name.eq_ignore_ascii_case("utf8")
        };
        if let Some(charset) = content_type.charset().filter(|name| !readable(name)) {
            return Err(TextError::Charset {
                charset: charset.into_owned(),
            });
        }
        if let Some(encoding) = self.transfer_encoding() {
            return Err(TextError::TransferEncoding {
                encoding: encoding.into(),
            });
        }
        str::from_utf8(self.payload().as_bytes()).map_err(|error| TextError::Encoding {
            at: error.valid_up_to(),
        })
    }

    /// The type and parameters of the payload.
    pub fn parsed_content_type(&self) -> Result<ContentType<'_>, ContentTypeError> {
        ContentType::parse(self.content_type())
    }

    /// The transfer encoding that changes the payload, if there is one. RFC 2045 §6.
    pub fn transfer_encoding(&self) -> Option<&str> {
        transfer_encoding(self.content_headers())
    }
}

pub(crate) fn transfer_encoding(headers: &[ContentHeader]) -> Option<&str> {
    const IDENTITY: [&str; 3] = ["7bit", "8bit", "binary"];
    headers
        .iter()
        .find(|header| {
            header
                .name
                .eq_ignore_ascii_case("Content-Transfer-Encoding")
        })
        .map(|header| header.value.trim())
        .filter(|encoding| {
            !IDENTITY
                .iter()
                .any(|name| name.eq_ignore_ascii_case(encoding))
        })
}
