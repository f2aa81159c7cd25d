//! Why bytes are not the document they should be, and why an element cannot be written.

use thiserror::Error;

/// Why bytes are not the document they should be; `at` is an offset in bytes from their start.
///
/// Where the document is no XML, that is about where the reader noticed; else it is where an element begins, with white
/// space before the outermost one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum XmlError {
    /// The document is larger than is taken.
    #[error("the document has {len} bytes, at most {max} are taken")]
    TooLong {
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// Elements stand inside each other deeper than is taken.
    #[error("the element at byte {at} is nested deeper than the {max} that are taken")]
    TooDeep {
        /// Where the first one too deep begins.
        at: usize,
        /// The limit.
        max: usize,
    },
    /// There are more elements than are taken.
    #[error("the element at byte {at} is one more than the {max} that are taken")]
    TooManyElements {
        /// Where the first one too many begins.
        at: usize,
        /// The limit.
        max: usize,
    },
    /// The document ends before its outermost element does.
    #[error("the document ends at byte {at}, before its outermost element does")]
    Truncated {
        /// Its length.
        at: usize,
    },
    /// The document is not UTF-8.
    #[error("the document is not UTF-8 from byte {at} on")]
    Encoding {
        /// The first byte that is wrong.
        at: usize,
    },
    /// The document has something that is not taken, though XML allows it.
    #[error("the document is refused at byte {at}: {what}")]
    Restricted {
        /// About where.
        at: usize,
        /// What.
        what: &'static str,
    },
    /// The document is no XML, or not with respect to namespaces.
    #[error("the document is not well-formed at byte {at}")]
    NotWellFormed {
        /// About where.
        at: usize,
    },
    /// The document is behind a transfer encoding, which must be taken off before.
    #[error("the document is in a transfer encoding")]
    TransferEncoding,
    /// The document is of another kind.
    #[error("the outermost element is not `{expected}`")]
    Root {
        /// What was expected.
        expected: &'static str,
    },
    /// An element lacks another.
    #[error("the element at byte {at} has no `{element}`")]
    Missing {
        /// What is missing.
        element: &'static str,
        /// Where the element begins that should have it.
        at: usize,
    },
    /// An element that may stand once stands twice.
    #[error("the element `{element}` at byte {at} stands there a second time")]
    Repeated {
        /// Its name.
        element: &'static str,
        /// Where the second one begins.
        at: usize,
    },
    /// An attribute is missing, or is not what its specification says.
    #[error("the attribute `{attribute}` of the element at byte {at} is missing or malformed")]
    Attribute {
        /// Its name.
        attribute: &'static str,
        /// Where the element begins.
        at: usize,
    },
    /// The text of an element is not what its specification says.
    #[error("the text of the element `{element}` at byte {at} is malformed")]
    Value {
        /// Its name.
        element: &'static str,
        /// Where it begins.
        at: usize,
    },
}

/// Why something cannot be written as XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum XmlWriteError {
    /// A name that is none, or has a prefix.
    #[error("not a name without prefix")]
    Name,
    /// An extension in a namespace that is not open to extensions.
    #[error("an extension needs a namespace of its own")]
    Namespace,
    /// A character that XML 1.0 has no way to carry (its §2.2).
    #[error("a text has a character that xml cannot carry")]
    Character,
    /// The time is before the year 1 or after 9999, or its offset has seconds.
    #[error("the time cannot be written in the form of RFC 3339")]
    DateTime,
    /// The result would be larger than any reader here takes.
    #[error("the document would have more than {max} {what}")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}
