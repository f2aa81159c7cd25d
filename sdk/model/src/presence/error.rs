//! Why presence information cannot be made, read or written.

use thiserror::Error;

use crate::{AddressError, CpimError, CpimWriteError};

/// Why a part of presence information cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PresenceError {
    /// A status is neither open nor closed.
    #[error("a status is `open` or `closed`")]
    Status,
    /// An id is no XML name of ASCII without colon.
    #[error("an id is an XML name of ASCII without colon, which begins with a letter or `_`")]
    Id,
    /// A value does not belong to its element, or not beside the others.
    #[error("the value has no place in this element")]
    Value,
    /// An extension is no foreign element, or holds what may stand in no document.
    #[error("an extension has a namespace of its own, and sound attributes of XML and PIDF")]
    Extension,
}

/// Why bytes cannot be read as a presence document; `at` is an offset in bytes from their start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PidfError {
    /// It is larger than is taken.
    #[error("the document has {len} bytes, at most {max} are taken")]
    TooLong {
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// A name or the value of an attribute is larger than is taken.
    #[error("the name or value at byte {at} is longer than the {max} bytes that are taken")]
    TokenTooLong {
        /// About where.
        at: usize,
        /// The limit.
        max: usize,
    },
    /// Elements stand inside each other too deep.
    #[error("the element at byte {at} is nested deeper than {max}")]
    TooDeep {
        /// Where the first too deep begins.
        at: usize,
        /// The limit.
        max: usize,
    },
    /// An element has too many attributes.
    #[error("the element at byte {at} has more than {max} attributes")]
    TooManyAttributes {
        /// Where it begins.
        at: usize,
        /// The limit.
        max: usize,
    },
    /// There are too many elements.
    #[error("the element at byte {at} is one more than the {max} that are taken")]
    TooManyElements {
        /// Where the first one too many begins.
        at: usize,
        /// The limit.
        max: usize,
    },
    /// It is not in UTF-8, the one character set that is taken.
    #[error("the document is not UTF-8 from byte {at} on")]
    Encoding {
        /// The first byte that is wrong.
        at: usize,
    },
    /// It holds a document type, an entity or a processing instruction, which are never taken.
    #[error("the document holds what is never taken at byte {at}: {what}")]
    Restricted {
        /// About where.
        at: usize,
        /// What.
        what: &'static str,
    },
    /// It is no XML, or breaks the rules of namespaces.
    #[error("the document is not well-formed at byte {at}: {problem}")]
    NotWellFormed {
        /// About where.
        at: usize,
        /// The rule that is broken.
        problem: &'static str,
    },
    /// It is XML, but no presence document of RFC 3863.
    #[error("the document is no `presence` of RFC 3863")]
    NotPresence,
    /// It does not say whose it is, and nobody else does.
    #[error("the document has no `entity`")]
    NoEntity,
    /// It says whose it is in a way that is no address of a presentity, and nobody else says it.
    #[error("the `entity` of the document is no address of a presentity")]
    Entity(#[source] AddressError),
}

/// Why presence information cannot be written as a document.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PidfWriteError {
    /// The result would be larger than any reader here takes.
    #[error("the document would have more than {max} {what}")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// A text holds a character that XML has no way to write (XML 1.0 §2.2).
    #[error("the character {character:?} has no place in XML")]
    Character {
        /// Which.
        character: char,
    },
    /// Two elements have the same id.
    #[error("the id `{id}` stands there twice")]
    RepeatedId {
        /// Which.
        id: String,
    },
    /// An element that must say something says nothing.
    #[error("a `{element}` without a value cannot be written")]
    Empty {
        /// Its name.
        element: &'static str,
    },
}

/// Why a message holds no presence information.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PresenceContentError {
    /// Its message/cpim cannot be read.
    #[error("the message/cpim cannot be opened")]
    Cpim(#[source] CpimError),
    /// Its content is something else, or behind a transfer encoding, or signed or encrypted.
    #[error("the content is not application/pidf+xml as it is")]
    NotPidf,
    /// Its document cannot be read.
    #[error("the presence document cannot be read")]
    Pidf(#[source] PidfError),
}

/// Why presence information cannot be written as message/cpim.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PresenceWriteError {
    /// The document cannot be written.
    #[error("the presence document cannot be written")]
    Pidf(#[source] PidfWriteError),
    /// The message around it cannot be written.
    #[error("the message/cpim around the presence document cannot be written")]
    Cpim(#[source] CpimWriteError),
}

impl PidfError {
    /// What the parser's `problem` means.
    pub(super) fn from_parser(problem: rxml::Error, at: usize) -> Self {
        use rxml::Error;
        match problem {
            Error::RestrictedXml(LONG_TOKEN) => Self::TokenTooLong {
                at,
                max: super::MAX_TOKEN_LEN,
            },
            Error::RestrictedXml(what) => Self::Restricted { at, what },
            Error::UndeclaredEntity => Self::Restricted {
                at,
                what: "entities",
            },
            Error::InvalidSyntax(DOCUMENT_TYPE) => Self::Restricted {
                at,
                what: "document type",
            },
            Error::InvalidSyntax(problem) => Self::NotWellFormed { at, problem },
            Error::InvalidUtf8Byte(_) => Self::Encoding { at },
            Error::InvalidEof(_) => Self::NotWellFormed {
                at,
                problem: "it ends too early",
            },
            Error::ElementMismatch => Self::NotWellFormed {
                at,
                problem: "an end tag does not match",
            },
            _ => Self::NotWellFormed {
                at,
                problem: "a rule of XML or its namespaces is broken",
            },
        }
    }
}

/// How `rxml` words a token beyond its limit.
const LONG_TOKEN: &str = "long name or reference";
/// How `rxml` words `<!` that begins neither a comment nor a CDATA section.
const DOCUMENT_TYPE: &str = "malformed cdata or comment section start";
