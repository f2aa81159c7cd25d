//! Elements of namespaces that the common format does not know.

use bytestring::ByteString;

use super::{
    CharacteristicKind, PresenceError, namespace,
    xml::{Element, ElementError},
};

/// An element of a foreign namespace, kept whole.
///
/// What of it is valid by a schema of its own is valid still; whether it is is not looked at. RFC 3863 §4.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension(Element);

impl Extension {
    /// Takes an element; it must have a namespace, and none whose elements the common format has types for.
    pub fn new(element: Element) -> Result<Self, PresenceError> {
        let is_foreign = match element.namespace() {
            "" | namespace::PIDF | namespace::DATA_MODEL => false,
            namespace::RPID => !is_rpid(element.name()),
            _ => true,
        };
        if is_foreign {
            Ok(Self(element))
        } else {
            Err(PresenceError::Extension)
        }
    }

    /// Takes words where the schema wants an element.
    pub(super) fn in_words(words: ByteString) -> Option<Self> {
        let name = ByteString::from_static(namespace::RIALTO);
        let element: Result<_, ElementError> = Element::new(name, "name");
        Some(Self(element.ok()?.with_text(words)))
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

/// Whether RPID's schema defines an element of that name.
pub(super) fn is_rpid(name: &str) -> bool {
    CharacteristicKind::of_element(name).is_some()
        || matches!(
            name,
            "class" | "place-is" | "status-icon" | "time-offset" | "user-input"
        )
}
