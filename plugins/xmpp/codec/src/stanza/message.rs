//! Messages (RFC 6121 §5).

use bytestring::ByteString;

use super::{CommonAttributes, LangText, StanzaError, headers, origin_id};
use crate::xml::Writer;
use crate::{Element, Node, WriteError};

/// Is a `<message/>`: all it says, whether this crate knows it or not.
///
/// Addresses are kept as they came; [`Jid::parse`](crate::Jid::parse) checks them. Attributes that
/// RFC 6120 does not define are left out, white space between the children too; every child is
/// kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The sender.
    pub from: Option<ByteString>,
    /// The intended recipient.
    pub to: Option<ByteString>,
    /// What the sender calls it.
    pub id: Option<ByteString>,
    /// The kind of conversation.
    pub type_: MessageType,
    /// The language of texts that have none of their own.
    pub lang: Option<ByteString>,
    /// The text, once for each language.
    pub bodies: Vec<LangText>,
    /// The topic, once for each language.
    pub subjects: Vec<LangText>,
    /// The conversation.
    pub thread: Option<Thread>,
    /// How many more relays it may pass (XEP-0131).
    pub max_forwards: Option<u8>,
    /// What its sender calls it everywhere and for ever, unlike [`id`](Self::id) (XEP-0359 §3.2).
    pub origin_id: Option<ByteString>,
    /// Why a message of ours was not taken; only if [`type_`](Self::type_) is `error`.
    pub error: Option<StanzaError>,
    /// All other children, in their order; [`payloads`](Self::payloads) reads those of known extensions.
    pub other: Vec<Element>,
}

/// Says what a message is part of (RFC 6121 §5.2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageType {
    /// A message on its own. Also stands for types that are not known, as the RFC asks.
    #[default]
    Normal,
    /// Part of a conversation of two.
    Chat,
    /// Part of a conversation of many.
    Groupchat,
    /// An alert to which no reply is expected.
    Headline,
    /// The report that a message was not taken.
    Error,
}

/// Names a conversation (RFC 6121 §5.2.5, XEP-0201).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The conversation's name: opaque.
    pub id: ByteString,
    /// The conversation it came from.
    pub parent: Option<ByteString>,
}

impl MessageType {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Chat => "chat",
            Self::Groupchat => "groupchat",
            Self::Headline => "headline",
            Self::Error => "error",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "chat" => Self::Chat,
            "groupchat" => Self::Groupchat,
            "headline" => Self::Headline,
            "error" => Self::Error,
            _ => Self::Normal,
        }
    }
}

impl Message {
    /// The error stanza that answers this message; `None` if it is an error itself (RFC 6120
    /// §8.3.1).
    ///
    /// Nothing of the message's content is repeated in it.
    pub fn error_reply(&self, error: StanzaError) -> Option<Self> {
        (self.type_ != MessageType::Error).then(|| Self {
            from: self.to.clone(),
            to: self.from.clone(),
            id: self.id.clone(),
            type_: MessageType::Error,
            error: Some(error),
            ..Self::default()
        })
    }

    pub(super) fn from_element(mut element: Element) -> Self {
        let type_ = element
            .attribute("type")
            .map(|word| MessageType::parse(word));
        let mut message = Self {
            from: element.take_attribute("from"),
            to: element.take_attribute("to"),
            id: element.take_attribute("id"),
            type_: type_.unwrap_or_default(),
            lang: element.lang().cloned(),
            ..Self::default()
        };
        let (content, nodes) = element.into_content();
        for node in nodes {
            if let Node::Element(child) = node {
                message.take(child, &content);
            }
        }
        message
    }

    fn take(&mut self, child: Element, content: &str) {
        let known = if child.namespace() == content {
            child.name()
        } else {
            ""
        };
        match known {
            "body" => self.bodies.push(LangText::from_element(child)),
            "subject" => self.subjects.push(LangText::from_element(child)),
            "thread" if self.thread.is_none() => {
                let parent = child.attribute("parent").cloned();
                self.thread = Some(Thread {
                    id: child.into_text(),
                    parent,
                });
            }
            "error" if self.type_ == MessageType::Error && self.error.is_none() => {
                self.error = Some(StanzaError::from_element(&child));
            }
            _ => self.take_extension(child),
        }
    }

    /// Of what stands twice, the first counts.
    fn take_extension(&mut self, child: Element) {
        match (headers::max_forwards(&child), origin_id::origin_id(&child)) {
            (Some(hops), _) if self.max_forwards.is_none() => self.max_forwards = Some(hops),
            (_, Some(id)) if self.origin_id.is_none() => self.origin_id = Some(id),
            _ => self.other.push(child),
        }
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>, content: &str) -> Result<(), WriteError> {
        writer.open("message");
        CommonAttributes {
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            id: self.id.as_deref(),
            type_: (self.type_ != MessageType::Normal).then(|| self.type_.as_str()),
            lang: self.lang.as_deref(),
        }
        .write(writer)?;
        writer.close_head();
        for subject in &self.subjects {
            subject.write(writer, "subject", None)?;
        }
        for body in &self.bodies {
            body.write(writer, "body", None)?;
        }
        if let Some(thread) = &self.thread {
            thread.write(writer)?;
        }
        if let Some(hops) = self.max_forwards {
            headers::write(hops, writer)?;
        }
        if let Some(id) = &self.origin_id {
            origin_id::write(id, writer)?;
        }
        for element in &self.other {
            element.write(writer, content)?;
        }
        if let Some(error) = &self.error {
            error.write(writer)?;
        }
        writer.end("message");
        Ok(())
    }
}

impl Thread {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        writer.open("thread");
        writer.attribute_if("parent", self.parent.as_deref())?;
        writer.close_head();
        writer.text(&self.id)?;
        writer.end("thread");
        Ok(())
    }
}
