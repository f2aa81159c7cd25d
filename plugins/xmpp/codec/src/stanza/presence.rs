//! Presence, as far as a message service meets it (RFC 6121 §3, §4).

use bytestring::ByteString;

use super::{CommonAttributes, StanzaError};
use crate::xml::Writer;
use crate::{Element, WriteError};

/// Is the envelope of a `<presence/>`; what it says of availability is not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// The sender.
    pub from: Option<ByteString>,
    /// The intended recipient; none if the presence is for all who subscribed.
    pub to: Option<ByteString>,
    /// What the sender calls it.
    pub id: Option<ByteString>,
    /// What it asks or tells.
    pub type_: PresenceType,
    /// Why a presence of ours was not taken; only if [`type_`](Self::type_) is `error`.
    pub error: Option<StanzaError>,
}

/// Says what a presence asks or tells (RFC 6121 §4.7.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PresenceType {
    /// Available; on the wire there is no type.
    #[default]
    Available,
    /// Not available any more.
    Unavailable,
    /// Asks for a subscription.
    Subscribe,
    /// Grants one.
    Subscribed,
    /// Ends one's own subscription.
    Unsubscribe,
    /// Refuses or ends another's.
    Unsubscribed,
    /// Asks for the present state.
    Probe,
    /// Reports that a presence was not taken.
    Error,
    /// A word that no specification known here has.
    Other(ByteString),
}

impl PresenceType {
    fn parse(word: &ByteString) -> Self {
        match &**word {
            "unavailable" => Self::Unavailable,
            "subscribe" => Self::Subscribe,
            "subscribed" => Self::Subscribed,
            "unsubscribe" => Self::Unsubscribe,
            "unsubscribed" => Self::Unsubscribed,
            "probe" => Self::Probe,
            "error" => Self::Error,
            _ => Self::Other(word.clone()),
        }
    }

    fn as_str(&self) -> Option<&str> {
        match self {
            Self::Available => None,
            Self::Unavailable => Some("unavailable"),
            Self::Subscribe => Some("subscribe"),
            Self::Subscribed => Some("subscribed"),
            Self::Unsubscribe => Some("unsubscribe"),
            Self::Unsubscribed => Some("unsubscribed"),
            Self::Probe => Some("probe"),
            Self::Error => Some("error"),
            Self::Other(word) => Some(word),
        }
    }
}

impl Presence {
    /// The presence that answers this one with `type_`; `None` if it is an error itself.
    pub fn reply(&self, type_: PresenceType) -> Option<Self> {
        (self.type_ != PresenceType::Error).then(|| Self {
            from: self.to.clone(),
            to: self.from.clone(),
            id: self.id.clone(),
            type_,
            error: None,
        })
    }

    pub(super) fn from_element(element: &Element) -> Self {
        let type_ = element
            .attribute("type")
            .map_or(PresenceType::Available, PresenceType::parse);
        let error = match type_ {
            PresenceType::Error => element.child(element.namespace(), "error"),
            _ => None,
        };
        Self {
            from: element.attribute("from").cloned(),
            to: element.attribute("to").cloned(),
            id: element.attribute("id").cloned(),
            error: error.map(StanzaError::from_element),
            type_,
        }
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        writer.open("presence");
        CommonAttributes {
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            id: self.id.as_deref(),
            type_: self.type_.as_str(),
            lang: None,
        }
        .write(writer)?;
        let Some(error) = &self.error else {
            writer.close_empty();
            return Ok(());
        };
        writer.close_head();
        error.write(writer)?;
        writer.end("presence");
        Ok(())
    }
}
