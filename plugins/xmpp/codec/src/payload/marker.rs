//! Displayed markers (XEP-0333).

use bytestring::ByteString;

use super::{Payload, PayloadError, required};
use crate::{Element, WriteError, namespace};

/// Asks for a marker, or is one (XEP-0333 §4).
///
/// A marker speaks of the message that it names and of all before it in the conversation. `received` and `acknowledged` left
/// the specification with version 1.0; clients still send them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Marker {
    /// The sender wishes to know how far the recipient has come.
    Markable,
    /// The messages up to the one of this id reached a client.
    Received(ByteString),
    /// They were displayed to a user.
    Displayed(ByteString),
    /// A user acknowledged them.
    Acknowledged(ByteString),
}

const MARKABLE: &str = "markable";

/// A marker's name, and what it makes of the id.
type Row = (&'static str, fn(ByteString) -> Marker);

const MARKERS: [Row; 3] = [
    ("received", Marker::Received),
    ("displayed", Marker::Displayed),
    ("acknowledged", Marker::Acknowledged),
];

impl Marker {
    /// The element's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Markable => MARKABLE,
            Self::Received(_) => "received",
            Self::Displayed(_) => "displayed",
            Self::Acknowledged(_) => "acknowledged",
        }
    }

    /// The message that it speaks of, unless it asks.
    pub const fn id(&self) -> Option<&ByteString> {
        match self {
            Self::Markable => None,
            Self::Received(id) | Self::Displayed(id) | Self::Acknowledged(id) => Some(id),
        }
    }
}

impl Payload for Marker {
    fn from_element(element: &Element) -> Option<Result<Self, PayloadError>> {
        if element.namespace() != namespace::CHAT_MARKERS {
            return None;
        }
        if element.name() == MARKABLE {
            return Some(Ok(Self::Markable));
        }
        let (name, marker) = MARKERS.iter().find(|(name, _)| *name == element.name())?;
        let id = required(element, (namespace::CHAT_MARKERS, name), "id");
        Some(id.map(marker))
    }

    fn to_element(&self) -> Result<Element, WriteError> {
        let element = Element::new(namespace::known(namespace::CHAT_MARKERS), self.name())?;
        match self.id() {
            Some(id) => element.with_attribute("id", id.clone()),
            None => Ok(element),
        }
    }
}
