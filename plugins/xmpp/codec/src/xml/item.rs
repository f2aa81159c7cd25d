//! What a document is read in.

use super::{Element, LimitError};

/// One finished piece of the document.
#[derive(Debug)]
pub(crate) enum Item {
    /// The root's head, without content.
    Root(Element),
    /// A child of the root, whole.
    Child(Element),
    /// What is left of a child that crossed a limit.
    Refused(Refusal),
    /// The root's end.
    End,
}

/// A child of the root that has crossed a limit.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: LimitError,
    /// The child without content; of attributes at least those that a stanza's head may have, unless
    /// one of them is too long itself.
    pub(crate) head: Option<Element>,
}
