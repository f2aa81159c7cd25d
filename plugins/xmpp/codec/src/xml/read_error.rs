//! Why a stream cannot be read on.

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
    /// A stanza of too many bytes.
    #[error("stanza at byte {offset} exceeds {limit} bytes")]
    StanzaTooLarge {
        /// Where the stanza begins.
        offset: u64,
        /// The limit.
        limit: usize,
    },
    /// A name or an attribute value of too many bytes.
    #[error("name or attribute at byte {offset} exceeds {limit} bytes")]
    TokenTooLong {
        /// About where.
        offset: u64,
        /// The limit.
        limit: usize,
    },
    /// Elements inside elements, too deep.
    #[error("elements at byte {offset} nest deeper than {limit}")]
    TooDeep {
        /// About where.
        offset: u64,
        /// The limit.
        limit: usize,
    },
    /// Too many attributes.
    #[error("element at byte {offset} has more than {limit} attributes")]
    TooManyAttributes {
        /// About where.
        offset: u64,
        /// The limit.
        limit: usize,
    },
    /// Too many elements in one stanza.
    #[error("stanza at byte {offset} has more than {limit} elements")]
    TooManyElements {
        /// Where the stanza begins.
        offset: u64,
        /// The limit.
        limit: usize,
    },
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
    /// What to tell the peer before the stream is closed (RFC 6120 §4.9.3).
    pub fn condition(&self) -> StreamCondition {
        match self {
            Self::NotWellFormed { .. } => StreamCondition::NotWellFormed,
            Self::Restricted { .. } => StreamCondition::RestrictedXml,
            Self::TextBetweenStanzas { .. } | Self::NotAStream => StreamCondition::BadFormat,
            Self::ContentNamespace { .. } => StreamCondition::InvalidNamespace,
            Self::StanzaTooLarge { .. }
            | Self::TokenTooLong { .. }
            | Self::TooDeep { .. }
            | Self::TooManyAttributes { .. }
            | Self::TooManyElements { .. } => StreamCondition::PolicyViolation,
        }
    }
}
