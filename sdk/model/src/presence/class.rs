//! Classes of a presentity's own.

use std::fmt;

use bytestring::ByteString;

/// A class of persons, tuples or devices that the presentity treats alike, by its own name. RFC 4480 §3.3.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Class(ByteString);

impl Class {
    /// Takes a name; white space in it is brought to single spaces, as `xs:token` has it.
    pub fn new(name: &str) -> Self {
        let words: Vec<_> = name
            .split([' ', '\t', '\n', '\r'])
            .filter(|word| !word.is_empty())
            .collect();
        Self(words.join(" ").into())
    }

    /// The name.
    pub const fn as_text(&self) -> &ByteString {
        &self.0
    }
}

/// Shows the length only: what people say of themselves does not belong into logs.
impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Class({} bytes)", self.0.len())
    }
}
