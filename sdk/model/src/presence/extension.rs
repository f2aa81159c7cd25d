//! Elements of namespaces that the common format does not know.

use std::fmt;

use bytestring::ByteString;

use super::{CharacteristicKind, PresenceError, namespace, xml};
use crate::xml::Element;

/// An element of a foreign namespace, kept whole.
///
/// What of it is valid by a schema of its own is valid still; whether it is is not looked at. RFC 3863 §4.2.
#[derive(Clone, PartialEq, Eq)]
pub struct Extension(Element);

impl Extension {
    /// Takes an element; it must have a namespace, and none whose elements the common format has types for.
    ///
    /// In it, namespaces must be URIs, and what attributes of XML and PIDF have must be what those may have.
    pub fn new(element: Element) -> Result<Self, PresenceError> {
        let is_foreign = match element.namespace() {
            "" | namespace::PIDF | namespace::DATA_MODEL => false,
            namespace::RPID => !is_rpid(element.name()),
            _ => true,
        };
        if is_foreign && xml::is_sound(&element) {
            Ok(Self(element))
        } else {
            Err(PresenceError::Extension)
        }
    }

    /// Takes words where the schema wants an element.
    pub(super) fn in_words(words: ByteString) -> Option<Self> {
        let name = ByteString::from_static(namespace::RIALTO);
        let element = Element::new(name, "name").ok()?;
        Some(Self(element.with_text(words)))
    }

    /// The words, if it is one that holds such: a sphere that RFC 4480 has no name for.
    pub fn words(&self) -> Option<ByteString> {
        self.0.is(namespace::RIALTO, "name").then(|| self.0.text())
    }

    /// The element.
    pub const fn element(&self) -> &Element {
        &self.0
    }
}

/// Shows its name only: what people say of themselves does not belong into logs.
impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension({{{}}}{})", self.0.namespace(), self.0.name())
    }
}

/// Whether RPID's schema defines an element of that name.
pub(super) fn is_rpid(name: &str) -> bool {
    CharacteristicKind::of_element(name).is_some()
        || matches!(
            name,
            "class" | "place-is" | "status-icon" | "time-offset" | "user-input"
        )
}
