//! Names of elements, unique in their document.

use std::fmt;

use bytestring::ByteString;

use super::PresenceError;

/// The `id` of a tuple, a person, a device or a characteristic; no two in a document are equal.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ElementId(ByteString);

impl ElementId {
    /// Checks one: an XML name of ASCII without colon, so none that begins with a digit.
    ///
    /// XML's editions differ in which other characters a name may have.
    pub fn parse(id: impl Into<ByteString>) -> Result<Self, PresenceError> {
        let id = id.into();
        if is_id(&id) {
            Ok(Self(id))
        } else {
            Err(PresenceError::Id)
        }
    }

    /// Makes one of any text: what may not stand in a name becomes `_`.
    pub fn from_text(text: &str) -> Self {
        let name: String = text
            .chars()
            .map(|character| if is_later(character) { character } else { '_' })
            .collect();
        Self(if is_id(&name) {
            name.into()
        } else {
            format!("_{name}").into()
        })
    }

    /// The name as written.
    pub const fn as_text(&self) -> &ByteString {
        &self.0
    }
}

fn is_id(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(is_later)
}

/// Whether a character may stand in an id behind its first.
const fn is_later(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
}

impl fmt::Display for ElementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ElementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ElementId({})", self.0)
    }
}
