//! Questions and answers (RFC 6120 §8.2.3).

use bytestring::ByteString;

use super::{CommonAttributes, DiscoInfo, StanzaError};
use crate::xml::Writer;
use crate::{Element, Node, WriteError, namespace};

/// Is an `<iq/>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iq {
    /// Who asks, or answers.
    pub from: Option<ByteString>,
    /// Who is asked, or answered.
    pub to: Option<ByteString>,
    /// Ties the answer to its question. Required, but peers forget it.
    pub id: Option<ByteString>,
    /// Question or answer.
    pub type_: IqType,
    /// What is asked, or answered.
    pub payload: IqPayload,
    /// Why a question of ours was not answered; only if [`type_`](Self::type_) is `error`.
    pub error: Option<StanzaError>,
}

/// Says which part of the exchange an iq is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IqType {
    /// Asks for information.
    Get,
    /// Asks for a change.
    Set,
    /// Answers.
    Result,
    /// Refuses.
    Error,
    /// A word that RFC 6120 does not allow, or none; empty if there was none.
    Other(ByteString),
}

/// Is what an iq asks or answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IqPayload {
    /// Nothing: an empty result.
    #[default]
    None,
    /// Are you there (XEP-0199)?
    Ping,
    /// What are you, and what can you do (XEP-0030)? In a result: the answer.
    DiscoInfo(DiscoInfo),
    /// What do you contain (XEP-0030)? In a result: the answer, whose items are not read.
    DiscoItems {
        /// The part asked about.
        node: Option<ByteString>,
    },
    /// Anything else.
    Other(Element),
}

impl IqType {
    fn parse(word: Option<&ByteString>) -> Self {
        match word.map(|word| &**word) {
            Some("get") => Self::Get,
            Some("set") => Self::Set,
            Some("result") => Self::Result,
            Some("error") => Self::Error,
            _ => Self::Other(word.cloned().unwrap_or_default()),
        }
    }

    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Get => "get",
            Self::Set => "set",
            Self::Result => "result",
            Self::Error => "error",
            Self::Other(word) => word,
        }
    }

    /// Does RFC 6120 forbid to answer it?
    fn is_answer(&self) -> bool {
        matches!(self, Self::Result | Self::Error)
    }
}

impl Iq {
    /// A ping (XEP-0199).
    pub fn ping(from: ByteString, to: ByteString, id: ByteString) -> Self {
        Self {
            from: Some(from),
            to: Some(to),
            id: Some(id),
            type_: IqType::Get,
            payload: IqPayload::Ping,
            error: None,
        }
    }

    /// The result that answers this iq; `None` if it is an answer itself.
    pub fn result(&self, payload: IqPayload) -> Option<Self> {
        self.answer(IqType::Result, payload, None)
    }

    /// The error stanza that answers this iq; `None` if it is an answer itself (RFC 6120 §8.3.1).
    pub fn error_reply(&self, error: StanzaError) -> Option<Self> {
        self.answer(IqType::Error, IqPayload::None, Some(error))
    }

    fn answer(
        &self,
        type_: IqType,
        payload: IqPayload,
        error: Option<StanzaError>,
    ) -> Option<Self> {
        (!self.type_.is_answer()).then(|| Self {
            from: self.to.clone(),
            to: self.from.clone(),
            id: self.id.clone(),
            type_,
            payload,
            error,
        })
    }

    pub(super) fn from_element(mut element: Element) -> Self {
        let mut iq = Self {
            from: element.take_attribute("from"),
            to: element.take_attribute("to"),
            id: element.take_attribute("id"),
            type_: IqType::parse(element.attribute("type")),
            payload: IqPayload::None,
            error: None,
        };
        let (content, nodes) = element.into_content();
        for node in nodes {
            let Node::Element(child) = node else { continue };
            if iq.type_ == IqType::Error && child.is(&content, "error") {
                iq.error = Some(StanzaError::from_element(&child));
            } else if iq.payload == IqPayload::None {
                iq.payload = IqPayload::from_element(child);
            }
        }
        iq
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>, content: &str) -> Result<(), WriteError> {
        writer.open("iq");
        CommonAttributes {
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            id: self.id.as_deref(),
            type_: Some(self.type_.as_str()),
            lang: None,
        }
        .write(writer)?;
        if self.payload == IqPayload::None && self.error.is_none() {
            writer.close_empty();
            return Ok(());
        }
        writer.close_head();
        self.payload.write(writer, content)?;
        if let Some(error) = &self.error {
            error.write(writer)?;
        }
        writer.end("iq");
        Ok(())
    }
}

impl IqPayload {
    fn from_element(element: Element) -> Self {
        match (element.namespace(), element.name()) {
            (namespace::PING, "ping") => Self::Ping,
            (namespace::DISCO_INFO, "query") => Self::DiscoInfo(DiscoInfo::from_element(&element)),
            (namespace::DISCO_ITEMS, "query") => Self::DiscoItems {
                node: element.attribute("node").cloned(),
            },
            _ => Self::Other(element),
        }
    }

    fn write(&self, writer: &mut Writer<'_>, content: &str) -> Result<(), WriteError> {
        match self {
            Self::None => Ok(()),
            Self::Ping => {
                writer.open("ping");
                writer.attribute("xmlns", namespace::PING)?;
                writer.close_empty();
                Ok(())
            }
            Self::DiscoInfo(info) => info.write(writer),
            Self::DiscoItems { node } => {
                writer.open("query");
                writer.attribute("xmlns", namespace::DISCO_ITEMS)?;
                writer.attribute_if("node", node.as_deref())?;
                writer.close_empty();
                Ok(())
            }
            Self::Other(element) => element.write(writer, content),
        }
    }
}
