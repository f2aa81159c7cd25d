//! What a document is read in.

use super::{Element, LimitError};

/// One finished piece of the document.
#[derive(Debug)]
pub(crate) enum Item {
    /// The root's head, without content.
    Root(Element),
    /// A child of the root, whole.
    Child(Element),
    /// What is left of a child that is not taken.
    Refused(Refusal),
    /// The root's end.
    End,
}

/// A child of the root that is not taken.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: RefusalError,
    /// The child without content; of attributes at least those that a stanza's head may have, unless
    /// one of them is too long itself.
    pub(crate) head: Option<Element>,
}

/// Says why one stanza was not taken, while the stream goes on.
///
/// For XML that is not well-formed with respect to namespaces RFC 6120 §11.3 would rather have the
/// stream closed; but that lets one user end it for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalError {
    /// It crossed a limit.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// It declares the namespace of XML itself as another's (Namespaces in XML 1.0 §3). So servers
    /// write what one of their users sent as `<xml:a/>`, which was well-formed.
    #[error("stanza at byte {offset} declares the namespace of xml itself")]
    ReservedNamespace {
        /// Where the stanza begins.
        offset: u64,
    },
    /// It has a prefix that it does not declare. So servers write what one of their users sent, who
    /// had declared it in the head of another stream.
    #[error("stanza at byte {offset} has a prefix that is not declared")]
    UndeclaredPrefix {
        /// Where the stanza begins.
        offset: u64,
    },
}
