//! What must be understood, and what may be ignored. RFC 3863 §4.2.3.

use bytestring::ByteString;

use super::namespace;
use crate::xml::{Element, XmlWriteError};

impl Element {
    /// Marks it with PIDF's `mustUnderstand`: who does not know it must ignore the element around it.
    pub fn that_must_be_understood(self) -> Result<Self, XmlWriteError> {
        let pidf = ByteString::from_static(namespace::PIDF);
        self.with_attribute_of(pidf, "mustUnderstand", ByteString::from_static("1"))
    }

    /// Whether it says by PIDF's `mustUnderstand` that it must be understood.
    pub fn must_be_understood(&self) -> bool {
        self.attribute_of(namespace::PIDF, "mustUnderstand")
            .is_some_and(|value| matches!(&**value, "1" | "true"))
    }

    /// Whether it may be processed by one who knows the elements of `known`, given as namespaces and names.
    ///
    /// It must be among them itself, and so must whatever inside of it must be understood; marks inside of what is ignored
    /// are ignored. RFC 3863 §4.2.3 and §4.3.3.
    pub fn is_understood(&self, known: &[(&str, &str)]) -> bool {
        known.contains(&(self.namespace(), self.name()))
            && self
                .children()
                .all(|child| !child.must_be_understood() || child.is_understood(known))
    }
}
