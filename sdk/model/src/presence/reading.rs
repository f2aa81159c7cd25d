//! What was read, and what had to be forgiven to read it.

use bytestring::ByteString;
use thiserror::Error;

use super::PresenceInformation;

/// A document that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub(super) information: PresenceInformation,
    pub(super) entity: Option<ByteString>,
    pub(super) forgiven: Vec<Forgiven>,
    pub(super) forgiven_count: usize,
}

/// One fault of a document that was borne with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("byte {at}: {what}")]
#[non_exhaustive]
pub struct Forgiven {
    /// Where the element begins, in bytes from the document's start.
    pub at: usize,
    /// What was wrong, and what was made of it.
    pub what: Forgiveness,
}

/// A fault that is borne with, and what is made of it; none is ever written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Forgiveness {
    /// White space or a byte order mark stands before the document.
    #[error("something stands before the document; passed over")]
    Start,
    /// The document says that it is in another character set than the UTF-8 it is in.
    #[error("another character set is declared; read as UTF-8")]
    Encoding,
    /// A prefix is not declared.
    #[error("the prefix is not declared; taken as usual")]
    UndeclaredPrefix,
    /// A namespace is no URI.
    #[error("the name of a namespace is no URI; taken as none")]
    NamespaceName,
    /// The document, and what is in it, has no namespace.
    #[error("the document has no namespace; taken as PIDF's")]
    NoNamespace,
    /// An element stands in the namespace of another part of the format.
    #[error("the `{0}` is in another namespace; taken as if in its own")]
    Namespace(&'static str),
    /// There is no `entity`, or none that names a presentity.
    #[error("the `entity` names no presentity; the one that is known is taken")]
    Entity,
    /// The `entity` is another URI than `pres:`.
    #[error("the `entity` is no `pres:` URI; its user and domain are taken")]
    EntityScheme,
    /// An id is missing, no name, or another's.
    #[error("the id of the `{0}` is missing, malformed or not its own; another is given")]
    Id(&'static str),
    /// Elements are in another order than the schema's.
    #[error("the `{0}` stands in the wrong place; put in order")]
    Order(&'static str),
    /// An element that must be there is not.
    #[error("the `{0}` is missing")]
    Missing(&'static str),
    /// A value is not quite right.
    #[error("the value of `{0}` is malformed; taken as what it comes near to")]
    Adapted(&'static str),
    /// A time has no zone.
    #[error("the time in `{0}` is malformed or has no zone; taken as UTC where it has none")]
    Time(&'static str),
    /// A value means nothing.
    #[error("the value of `{0}` means nothing; left out")]
    Value(&'static str),
    /// An element stands more often than it may.
    #[error("the `{0}` stands more often than it may; left out")]
    Repeated(&'static str),
    /// An element has no place where it stands.
    #[error("an element has no place there; left out")]
    Element,
    /// An attribute has no place where it stands, or no value that it may have.
    #[error("an attribute has no place there, or no sound value; left out")]
    Attribute,
    /// Text stands between elements.
    #[error("text stands between elements; left out")]
    Text,
}

impl Reading {
    /// The presence information.
    pub const fn information(&self) -> &PresenceInformation {
        &self.information
    }

    /// The presence information, by value.
    pub fn into_information(self) -> PresenceInformation {
        self.information
    }

    /// The `entity` as written, with all that a URI of its scheme may say beside user and domain.
    pub const fn entity(&self) -> Option<&ByteString> {
        self.entity.as_ref()
    }

    /// What was borne with, in the order in which it was met; at most [`MAX_FORGIVEN`](super::MAX_FORGIVEN) are listed.
    pub fn forgiven(&self) -> &[Forgiven] {
        &self.forgiven
    }

    /// How many faults there were, those that are not listed among them.
    pub const fn forgiven_count(&self) -> usize {
        self.forgiven_count
    }
}

impl Forgiveness {
    /// Whether something of the document is left out.
    pub const fn is_loss(self) -> bool {
        matches!(
            self,
            Self::Value(_) | Self::Repeated(_) | Self::Element | Self::Attribute | Self::Text
        )
    }
}
