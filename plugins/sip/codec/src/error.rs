//! Why bytes are not a message, and what to answer.

use crate::{HeaderName, StatusCode};

/// Says why a message was refused: what, where, and which limit.
///
/// Byte offsets count from the first byte of the message. No variant holds any of its text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There is nothing but line ends.
    #[error("no start line")]
    Empty,
    /// The message is longer than the limit.
    #[error("message of {length} bytes exceeds {limit}")]
    TooLong { length: usize, limit: usize },
    /// There are more header fields than the limit.
    #[error("more than {limit} header fields")]
    TooManyHeaders { limit: usize },
    /// One header field has more values than the limit.
    #[error("more than {limit} values of {header}")]
    TooManyValues { header: HeaderName, limit: usize },
    /// A CR or LF stands alone.
    #[error("bare CR or LF at byte {at}")]
    BareLineEnd { at: usize },
    /// The empty line after the header fields is missing.
    #[error("header fields do not end before byte {at}")]
    Unterminated { at: usize },
    /// The start line breaks the grammar.
    #[error("malformed start line at byte {at}: expected {expected}")]
    StartLine { at: usize, expected: &'static str },
    /// The protocol version is another than SIP/2.0.
    #[error("unsupported SIP version")]
    Version,
    /// The status code is not of 100 to 699.
    #[error("status code out of 100 to 699")]
    StatusCode,
    /// A header line has no name or no colon.
    #[error("malformed header field name at byte {at}")]
    HeaderLine { at: usize },
    /// A mandatory header field is missing.
    #[error("missing {header} header field")]
    Missing { header: HeaderName },
    /// A header field that may stand once stands again.
    #[error("more than one {header} header field")]
    Repeated { header: HeaderName },
    /// A header field breaks its grammar.
    #[error("malformed {header} header field at byte {at}: expected {expected}")]
    Malformed {
        header: HeaderName,
        at: usize,
        expected: &'static str,
    },
    /// A number is larger than its header field allows.
    #[error("{header} header field exceeds {limit}")]
    OutOfRange { header: HeaderName, limit: u64 },
    /// The body is shorter than Content-Length says.
    #[error("body of {got} bytes is shorter than the Content-Length of {expected}")]
    BodyTooShort { expected: usize, got: usize },
    /// The Request-URI breaks the grammar of its scheme.
    #[error("malformed Request-URI at byte {at}: expected {expected}")]
    RequestUri { at: usize, expected: &'static str },
    /// The scheme of the Request-URI is not known.
    #[error("unsupported URI scheme")]
    UnsupportedScheme,
    /// The CSeq names another method than the request line.
    #[error("CSeq method is not the method of the request")]
    MethodMismatch,
    /// The CSeq names another method than the request line, and neither is known here.
    #[error("unknown method")]
    UnknownMethod,
    /// A request was wanted and this is a response.
    #[error("not a request")]
    NotRequest,
    /// A response was wanted and this is a request.
    #[error("not a response")]
    NotResponse,
}

impl DecodeError {
    /// Says with which status a request of this defect is answered.
    ///
    /// `None` means drop it silently. A response is never answered, whatever this says:
    /// [`SipMessage::salvage`](crate::SipMessage::salvage) finds out. RFC 3261 §21.4, RFC 4475 §3.
    #[must_use]
    pub const fn reject(&self) -> Option<StatusCode> {
        match self {
            Self::Empty | Self::StatusCode | Self::NotRequest | Self::NotResponse => None,
            Self::TooLong { .. } | Self::TooManyHeaders { .. } | Self::TooManyValues { .. } => {
                Some(StatusCode::MESSAGE_TOO_LARGE)
            }
            Self::Version => Some(StatusCode::VERSION_NOT_SUPPORTED),
            Self::UnsupportedScheme => Some(StatusCode::UNSUPPORTED_URI_SCHEME),
            Self::UnknownMethod => Some(StatusCode::NOT_IMPLEMENTED),
            _ => Some(StatusCode::BAD_REQUEST),
        }
    }
}

/// Says why a URI was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("malformed URI at byte {at}: expected {expected}")]
pub struct UriError {
    /// The byte of the URI's text where it went wrong.
    pub at: usize,
    /// What should have stood there.
    pub expected: &'static str,
}

/// Says why a message cannot be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A value holds a control character, which could end its line.
    #[error("control character in {field}, byte {at}")]
    ControlCharacter { field: HeaderName, at: usize },
    /// A value that has to be a token is none.
    #[error("{field} holds what is no token")]
    NotToken { field: HeaderName },
    /// The name of a header field is not a token.
    #[error("header field name is no token")]
    NotName,
    /// The method or the Request-URI holds a space or a control character.
    #[error("request line holds a space or a control character")]
    RequestLine,
    /// The reason phrase holds a control character.
    #[error("reason phrase holds a control character")]
    ReasonPhrase,
    /// The request to answer lacks a header field that its response must copy.
    #[error("request without {header} cannot be answered")]
    Unanswerable { header: HeaderName },
}
