//! Why a stream cannot be read on.

use super::LimitError;
use crate::StreamCondition;

/// Says what ended a stream that was being read; nothing after it can be trusted.
///
/// Offsets count bytes from the stream's begin. Content is never part of the error.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Not well-formed XML, or not well-formed with respect to namespaces (RFC 6120 §11.3).
    #[error("not well-formed at byte {offset}: {problem}")]
    NotWellFormed {
        /// About where.
        offset: u64,
        /// The rule that was broken.
        problem: rxml::Error,
    },
    /// A comment, processing instruction, document type or entity (RFC 6120 §11.1).
    #[error("restricted xml at byte {offset}: {what}")]
    Restricted {
        /// About where.
        offset: u64,
        /// The construct.
        what: &'static str,
    },
    /// A limit was crossed outside of stanzas, or by so much that the stanza is not read to its end.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Text where only stanzas may stand.
    #[error("text between stanzas at byte {offset}")]
    TextBetweenStanzas {
        /// About where.
        offset: u64,
    },
    /// The outermost element is no stream.
    #[error("the outermost element is not a stream")]
    NotAStream,
    /// The stream carries stanzas of another namespace (RFC 6120 §4.8.2).
    #[error("the stream's content namespace is not {expected}")]
    ContentNamespace {
        /// The one that was agreed.
        expected: &'static str,
    },
}

impl ReadError {
    /// What the parser's `problem` means, whose tokens may have `longest` bytes.
    pub(super) fn from_parser(problem: rxml::Error, offset: u64, longest: usize) -> Self {
        match problem {
            rxml::Error::RestrictedXml(LONG_TOKEN) => {
                let limit = longest;
                LimitError::TokenTooLong { offset, limit }.into()
            }
            rxml::Error::RestrictedXml(what) => Self::Restricted { offset, what },
            rxml::Error::UndeclaredEntity => Self::Restricted {
                offset,
                what: "entities",
            },
            rxml::Error::InvalidSyntax(DOCUMENT_TYPE) => Self::Restricted {
                offset,
                what: "document type",
            },
            problem => Self::NotWellFormed { offset, problem },
        }
    }

    /// Is it a declaration that only the namespace of XML itself forbids?
    pub(super) fn is_reserved_namespace(&self) -> bool {
        let reserved = rxml::Error::ReservedNamespaceName;
        matches!(self, Self::NotWellFormed { problem, .. } if *problem == reserved)
    }

    /// What to tell the peer before the stream is closed (RFC 6120 §4.9.3).
    pub fn condition(&self) -> StreamCondition {
        match self {
            Self::NotWellFormed { .. } => StreamCondition::NotWellFormed,
            Self::Restricted { .. } => StreamCondition::RestrictedXml,
            Self::TextBetweenStanzas { .. } | Self::NotAStream => StreamCondition::BadFormat,
            Self::ContentNamespace { .. } => StreamCondition::InvalidNamespace,
            Self::Limit(_) => StreamCondition::PolicyViolation,
        }
    }
}

/// How `rxml` words a token beyond its limit.
const LONG_TOKEN: &str = "long name or reference";
/// How `rxml` words `<!` that begins neither a comment nor a CDATA section.
const DOCUMENT_TYPE: &str = "malformed cdata or comment section start";
