//! Stanza errors (RFC 6120 §8.3).

use bytestring::ByteString;

use super::{Condition, ErrorType, LangText};
use crate::xml::Writer;
use crate::{Element, WriteError, namespace};

/// Says why a stanza was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StanzaError {
    /// What can be done about it.
    pub type_: ErrorType,
    /// The defined condition.
    pub condition: Condition,
    /// Words about it, not for programs.
    pub text: Option<LangText>,
    /// Who found the error.
    pub by: Option<ByteString>,
}

impl StanzaError {
    /// Adds words about the error.
    pub fn with_text(mut self, text: LangText) -> Self {
        self.text = Some(text);
        self
    }

    /// Sets what can be done about it, where that is not the usual.
    pub fn with_type(mut self, type_: ErrorType) -> Self {
        self.type_ = type_;
        self
    }

    pub(super) fn from_element(element: &Element) -> Self {
        let condition = Condition::among(element.children());
        let type_ = element
            .attribute("type")
            .and_then(|word| ErrorType::parse(word));
        Self {
            type_: type_.unwrap_or_else(|| condition.usual_type()),
            text: element
                .child(namespace::STANZA_ERRORS, "text")
                .cloned()
                .map(LangText::from_element),
            by: element.attribute("by").cloned(),
            condition,
        }
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        let condition = match &self.condition {
            Condition::Other(_) => &Condition::UndefinedCondition,
            known => known,
        };
        writer.open("error");
        writer.attribute("type", self.type_.as_str())?;
        writer.attribute_if("by", self.by.as_deref())?;
        writer.close_head();
        writer.open(condition.name());
        writer.attribute("xmlns", namespace::STANZA_ERRORS)?;
        if let Some(address) = condition.address() {
            writer.close_head();
            writer.text(address)?;
            writer.end(condition.name());
        } else {
            writer.close_empty();
        }
        if let Some(text) = &self.text {
            text.write(writer, "text", Some(namespace::STANZA_ERRORS))?;
        }
        writer.end("error");
        Ok(())
    }
}

impl From<Condition> for StanzaError {
    fn from(condition: Condition) -> Self {
        Self {
            type_: condition.usual_type(),
            condition,
            text: None,
            by: None,
        }
    }
}
