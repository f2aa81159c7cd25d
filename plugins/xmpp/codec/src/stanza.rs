//! Stanzas (RFC 6120 §8).

use crate::xml::Writer;
use crate::{ContentNamespace, Element, WriteError};

mod condition;
mod disco;
mod error;
mod headers;
mod iq;
mod lang_text;
mod message;
mod origin_id;
mod presence;

pub use condition::{Condition, ErrorType};
pub use disco::{DiscoInfo, Identity};
pub use error::StanzaError;
pub use iq::{Iq, IqPayload, IqType};
pub use lang_text::LangText;
pub use message::{Message, MessageType, Thread};
pub use presence::{Presence, PresenceType, Show};

/// Is one stanza: a message, a presence or an iq.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 6120 §8 allows no fourth kind")]
pub enum Stanza {
    /// Pushes information to one entity.
    Message(Message),
    /// Tells of availability and asks for it.
    Presence(Presence),
    /// Asks and answers.
    Iq(Iq),
}

impl Stanza {
    /// Takes an element for the stanza it is; gives it back if it is none.
    pub(crate) fn from_element(
        element: Element,
        content: ContentNamespace,
    ) -> Result<Self, Element> {
        if element.namespace() != content.uri() {
            return Err(element);
        }
        match element.name() {
            "message" => Ok(Self::Message(Message::from_element(element))),
            "presence" => Ok(Self::Presence(Presence::from_element(element))),
            "iq" => Ok(Self::Iq(Iq::from_element(element))),
            _ => Err(element),
        }
    }

    pub(crate) fn write(&self, writer: &mut Writer<'_>, content: &str) -> Result<(), WriteError> {
        match self {
            Self::Message(message) => message.write(writer, content),
            Self::Presence(presence) => presence.write(writer, content),
            Self::Iq(iq) => iq.write(writer, content),
        }
    }
}

impl From<Message> for Stanza {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

impl From<Presence> for Stanza {
    fn from(presence: Presence) -> Self {
        Self::Presence(presence)
    }
}

impl From<Iq> for Stanza {
    fn from(iq: Iq) -> Self {
        Self::Iq(iq)
    }
}

/// The attributes that all stanzas have (RFC 6120 §8.1).
#[derive(Clone, Copy)]
struct CommonAttributes<'a> {
    from: Option<&'a str>,
    to: Option<&'a str>,
    id: Option<&'a str>,
    type_: Option<&'a str>,
    lang: Option<&'a str>,
}

impl CommonAttributes<'_> {
    fn write(self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        writer.attribute_if("from", self.from)?;
        writer.attribute_if("to", self.to)?;
        writer.attribute_if("id", self.id)?;
        writer.attribute_if("type", self.type_)?;
        writer.attribute_if("xml:lang", self.lang)
    }
}
