//! Text in a language.

use bytestring::ByteString;

use crate::xml::Writer;
use crate::{Element, WriteError};

/// Holds text and, if it says so itself, its language.
///
/// Without a language of its own the text is in the stanza's, and else in the stream's (RFC 6120
/// §8.1.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LangText {
    /// `xml:lang` of the element itself.
    pub lang: Option<ByteString>,
    /// The text, as it was meant: references resolved.
    pub text: ByteString,
}

impl LangText {
    /// Text that says nothing of its language.
    pub fn new(text: impl Into<ByteString>) -> Self {
        Self {
            lang: None,
            text: text.into(),
        }
    }

    pub(crate) fn from_element(element: Element) -> Self {
        Self {
            lang: element.lang().cloned(),
            text: element.into_text(),
        }
    }

    /// Writes the text as the element `name`, which declares `namespace` if there is one.
    pub(crate) fn write(
        &self,
        writer: &mut Writer<'_>,
        name: &str,
        namespace: Option<&str>,
    ) -> Result<(), WriteError> {
        writer.open(name);
        writer.attribute_if("xmlns", namespace)?;
        writer.attribute_if("xml:lang", self.lang.as_deref())?;
        writer.close_head();
        writer.text(&self.text)?;
        writer.end(name);
        Ok(())
    }
}
