//! What a person does, how they feel and where they are: RPID's elements that choose among names.

use std::fmt;

use super::{CharacteristicKind, ElementId, Extension, Note, PresenceError, Timestamp, namespace};
use crate::xml::Attribute;

/// An element of RPID that says one thing, or several, of a kind: `<activities><away/></activities>`.
///
/// RFC 4480 §3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Characteristic {
    pub(super) kind: CharacteristicKind,
    pub(super) notes: Vec<Note>,
    pub(super) values: Vec<CharacteristicValue>,
    pub(super) qualifiers: Qualifiers,
}

/// One thing that a [`Characteristic`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CharacteristicValue {
    /// A name of RFC 4480, like `away`.
    Named(&'static str),
    /// Something that it has no name for, in words.
    Other(Note),
    /// A name of another namespace.
    Extension(Extension),
}

/// When an element of RPID holds, and what else stands in its head.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Qualifiers {
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    pub(super) id: Option<ElementId>,
    pub(super) attributes: Vec<Attribute>,
}

impl Characteristic {
    /// Makes one that says nothing yet.
    pub fn new(kind: CharacteristicKind) -> Self {
        Self {
            kind,
            notes: Vec::new(),
            values: Vec::new(),
            qualifiers: Qualifiers::default(),
        }
    }

    /// Adds what it says by its name in RFC 4480.
    pub fn with_name(self, name: &str) -> Result<Self, PresenceError> {
        let name = self.kind.named(name).ok_or(PresenceError::Value)?;
        self.with_value(CharacteristicValue::Named(name))
    }

    /// Adds what it says, where the kind takes that beside what it says already.
    ///
    /// A place-type, a relationship, a service class and a sphere are one thing, or extensions only; `unknown` stands alone.
    pub fn with_value(mut self, value: CharacteristicValue) -> Result<Self, PresenceError> {
        let is_of_kind = match &value {
            CharacteristicValue::Named(name) => self.kind.named(name).is_some(),
            CharacteristicValue::Other(_) => self.kind.has_other(),
            CharacteristicValue::Extension(extension) => {
                extension.element().namespace() != namespace::RPID
            }
        };
        let count = self.values.len() + 1;
        self.values.push(value);
        self.kind.fit(&mut self.values);
        if is_of_kind && self.values.len() == count {
            Ok(self)
        } else {
            Err(PresenceError::Value)
        }
    }

    /// Adds a remark; a sphere takes none.
    pub fn with_note(mut self, note: Note) -> Result<Self, PresenceError> {
        if !self.kind.has_notes() {
            return Err(PresenceError::Value);
        }
        self.notes.push(note);
        Ok(self)
    }

    /// Says when it holds; relationships and service classes always do.
    pub fn with_qualifiers(mut self, qualifiers: Qualifiers) -> Result<Self, PresenceError> {
        if !self.kind.is_qualified() {
            return Err(PresenceError::Value);
        }
        self.qualifiers = qualifiers;
        Ok(self)
    }

    /// Its kind.
    pub const fn kind(&self) -> CharacteristicKind {
        self.kind
    }

    /// The remarks on it.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// What it says, in order.
    pub fn values(&self) -> &[CharacteristicValue] {
        &self.values
    }

    /// Whether it says this, by its name in RFC 4480.
    pub fn has_name(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// What it says by names of RFC 4480.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.values.iter().filter_map(|value| match value {
            CharacteristicValue::Named(name) => Some(*name),
            _ => None,
        })
    }

    /// When it holds.
    pub const fn qualifiers(&self) -> &Qualifiers {
        &self.qualifiers
    }

    /// Whether it may be processed by one who knows the elements of `known` besides RFC 4480's.
    ///
    /// It may not if an unknown extension in it must be understood. RFC 3863 §4.2.3.
    pub fn is_understood(&self, known: &[(&str, &str)]) -> bool {
        self.values.iter().all(|value| match value {
            CharacteristicValue::Extension(extension) => {
                let element = extension.element();
                !element.must_be_understood() || element.is_understood(known)
            }
            _ => true,
        })
    }
}

impl Qualifiers {
    /// Makes those of what always holds.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says from when on.
    pub const fn with_from(mut self, from: Timestamp) -> Self {
        self.from = Some(from);
        self
    }

    /// Says until when.
    pub const fn with_until(mut self, until: Timestamp) -> Self {
        self.until = Some(until);
        self
    }

    /// Names the element.
    pub fn with_id(mut self, id: ElementId) -> Self {
        self.id = Some(id);
        self
    }

    /// From when on it holds.
    pub const fn from(&self) -> Option<Timestamp> {
        self.from
    }

    /// Until when it holds.
    pub const fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// The element's name.
    pub const fn id(&self) -> Option<&ElementId> {
        self.id.as_ref()
    }

    /// What else stands in the element's head.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }
}

/// Shows no attributes: what people say of themselves does not belong into logs.
impl fmt::Debug for Qualifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Qualifiers")
            .field("from", &self.from)
            .field("until", &self.until)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
