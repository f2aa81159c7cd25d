//! Presence: who is there, and who may know (RFC 6121 §3, §4).

use bytestring::ByteString;

use super::{CommonAttributes, LangText, StanzaError};
use crate::xml::Writer;
use crate::{Element, Node, WriteError};

/// Is a `<presence/>`: all it says, whether this crate knows it or not.
///
/// Of what RFC 6121 allows once and stands there twice, the first counts.
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
    /// The language of texts that have none of their own.
    pub lang: Option<ByteString>,
    /// What kind of available it is, if there is more to say of it.
    pub show: Option<Show>,
    /// The remark on it, once for each language.
    pub statuses: Vec<LangText>,
    /// How much this resource is preferred; none means 0, negative never to be written to.
    pub priority: Option<i8>,
    /// Why a presence of ours was not taken; only if [`type_`](Self::type_) is `error`.
    pub error: Option<StanzaError>,
    /// All other children, in their order.
    pub other: Vec<Element>,
}

/// Says more of being available (RFC 6121 §4.7.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Show {
    /// Away for a while.
    Away,
    /// Wants to talk.
    Chat,
    /// Busy: "do not disturb".
    Dnd,
    /// Away for long.
    Xa,
    /// A word that RFC 6121 does not have.
    Other(ByteString),
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

impl Show {
    /// Reads the word, white space around it left out; an empty one is none.
    pub fn parse(word: &ByteString) -> Option<Self> {
        Some(match word.trim() {
            "" => return None,
            "away" => Self::Away,
            "chat" => Self::Chat,
            "dnd" => Self::Dnd,
            "xa" => Self::Xa,
            other => Self::Other(word.slice_ref(other)),
        })
    }

    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Away => "away",
            Self::Chat => "chat",
            Self::Dnd => "dnd",
            Self::Xa => "xa",
            Self::Other(word) => word,
        }
    }
}

impl Presence {
    /// A presence from one to another that says no more than its type.
    pub fn new(
        from: impl Into<ByteString>,
        to: impl Into<ByteString>,
        type_: PresenceType,
    ) -> Self {
        Self {
            from: Some(from.into()),
            to: Some(to.into()),
            type_,
            ..Self::default()
        }
    }

    /// The presence that answers this one with `type_`; `None` if it is an error itself.
    pub fn reply(&self, type_: PresenceType) -> Option<Self> {
        (self.type_ != PresenceType::Error).then(|| Self {
            from: self.to.clone(),
            to: self.from.clone(),
            id: self.id.clone(),
            type_,
            ..Self::default()
        })
    }

    /// The error that says why this presence was not taken; `None` if it is an error itself.
    pub fn error_reply(&self, error: StanzaError) -> Option<Self> {
        let mut reply = self.reply(PresenceType::Error)?;
        reply.error = Some(error);
        Some(reply)
    }

    pub(super) fn from_element(mut element: Element) -> Self {
        let mut presence = Self {
            type_: element
                .attribute("type")
                .map_or(PresenceType::Available, PresenceType::parse),
            from: element.take_attribute("from"),
            to: element.take_attribute("to"),
            id: element.take_attribute("id"),
            lang: element.lang().cloned(),
            ..Self::default()
        };
        let (content, nodes) = element.into_content();
        for node in nodes {
            if let Node::Element(child) = node {
                presence.take(child, &content);
            }
        }
        presence
    }

    fn take(&mut self, child: Element, content: &str) {
        let known = if child.namespace() == content {
            child.name()
        } else {
            ""
        };
        match known {
            "show" if self.show.is_none() => self.show = Show::parse(&child.text()),
            "status" => self.statuses.push(LangText::from_element(child)),
            "priority" if self.priority.is_none() => {
                self.priority = child.text().trim().parse().ok();
            }
            "error" if self.type_ == PresenceType::Error && self.error.is_none() => {
                self.error = Some(StanzaError::from_element(&child));
            }
            "show" | "priority" => {}
            "error" if self.type_ == PresenceType::Error => {}
            _ => self.other.push(child),
        }
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>, content: &str) -> Result<(), WriteError> {
        writer.open("presence");
        CommonAttributes {
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            id: self.id.as_deref(),
            type_: self.type_.as_str(),
            lang: self.lang.as_deref(),
        }
        .write(writer)?;
        if self.is_empty() {
            writer.close_empty();
            return Ok(());
        }
        writer.close_head();
        if let Some(show) = &self.show {
            write_word(writer, "show", show.as_str())?;
        }
        for status in &self.statuses {
            status.write(writer, "status", None)?;
        }
        if let Some(priority) = self.priority {
            write_word(writer, "priority", &priority.to_string())?;
        }
        for element in &self.other {
            element.write(writer, content)?;
        }
        if let Some(error) = &self.error {
            error.write(writer)?;
        }
        writer.end("presence");
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.show.is_none()
            && self.statuses.is_empty()
            && self.priority.is_none()
            && self.other.is_empty()
            && self.error.is_none()
    }
}

fn write_word(writer: &mut Writer<'_>, name: &str, word: &str) -> Result<(), WriteError> {
    writer.open(name);
    writer.close_head();
    writer.text(word)?;
    writer.end(name);
    Ok(())
}
