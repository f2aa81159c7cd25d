//! Bytes for XML: names as given, values and text escaped.

use crate::{
    presence::{
        MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_LEN, MAX_TOKEN_LEN, PidfWriteError, namespace,
    },
    xml::{Attribute, Element, Node},
};

/// A document that is being written, within the bounds of what is read.
pub(in crate::presence) struct Writer {
    out: String,
    elements: usize,
    depth: usize,
}

impl Writer {
    pub(in crate::presence) const fn new() -> Self {
        Self {
            out: String::new(),
            elements: 0,
            depth: 0,
        }
    }

    /// The document.
    pub(in crate::presence) fn finish(self) -> Result<String, PidfWriteError> {
        self.check_size()?;
        Ok(self.out)
    }

    /// `<name`; attributes may follow.
    pub(in crate::presence) fn open(&mut self, name: &str) {
        self.elements += 1;
        self.depth += 1;
        self.out.push('<');
        self.raw(name);
    }

    /// ` name="value"`
    pub(in crate::presence) fn attribute(
        &mut self,
        name: &str,
        value: &str,
    ) -> Result<(), PidfWriteError> {
        within(
            name.len().max(value.len()),
            "bytes in a name or value",
            MAX_TOKEN_LEN,
        )?;
        self.out.push(' ');
        self.raw(name);
        self.raw("=\"");
        self.escaped(value, Place::Attribute)?;
        self.out.push('"');
        Ok(())
    }

    /// `>`
    pub(in crate::presence) fn close_head(&mut self) {
        self.out.push('>');
    }

    /// `/>`
    pub(in crate::presence) fn close_empty(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.raw("/>");
    }

    /// Character data.
    pub(in crate::presence) fn text(&mut self, text: &str) -> Result<(), PidfWriteError> {
        self.escaped(text, Place::Text)
    }

    /// `</name>`
    pub(in crate::presence) fn end(&mut self, name: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.raw("</");
        self.raw(name);
        self.out.push('>');
    }

    /// `<name>text</name>`
    pub(in crate::presence) fn leaf(
        &mut self,
        name: &str,
        text: &str,
    ) -> Result<(), PidfWriteError> {
        self.open(name);
        self.close_head();
        self.text(text)?;
        self.end(name);
        Ok(())
    }

    /// Takes what needs no escaping.
    pub(in crate::presence) fn raw(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn escaped(&mut self, text: &str, place: Place) -> Result<(), PidfWriteError> {
        let mut rest = text;
        while let Some(at) = rest.find(|character| place.is_special(character)) {
            let (plain, special) = rest.split_at_checked(at).unwrap_or((rest, ""));
            self.raw(plain);
            let mut characters = special.chars();
            self.raw(characters.next().map_or(Ok(""), replacement)?);
            rest = characters.as_str();
        }
        self.raw(rest);
        self.check_size()
    }

    /// A tree, inside of an element whose default namespace is `around`.
    pub(in crate::presence) fn tree(
        &mut self,
        element: &Element,
        around: &str,
    ) -> Result<(), PidfWriteError> {
        // The namespace of XML itself may not be the default one, and its prefix needs no declaration.
        let (prefix, inside) = match element.namespace() {
            namespace::XML => ("xml:", around),
            other => ("", other),
        };
        let name = [prefix, element.name()].concat();
        within(name.len(), "bytes in a name or value", MAX_TOKEN_LEN)?;
        within(
            element.attributes().len(),
            "attributes of an element",
            MAX_ATTRIBUTES,
        )?;
        self.open(&name);
        self.check_size()?;
        if inside != around {
            self.attribute("xmlns", inside)?;
        }
        self.foreign_attributes(element.attributes())?;
        if element.nodes().is_empty() {
            self.close_empty();
            return Ok(());
        }
        self.close_head();
        for node in element.nodes() {
            match node {
                Node::Element(child) => self.tree(child, inside)?,
                Node::Text(text) => self.text(text)?,
            }
        }
        self.end(&name);
        Ok(())
    }

    /// Attributes of any namespaces, which are declared where they stand.
    pub(in crate::presence) fn foreign_attributes(
        &mut self,
        attributes: &[Attribute],
    ) -> Result<(), PidfWriteError> {
        for (index, attribute) in attributes.iter().enumerate() {
            match attribute.namespace() {
                "" => self.attribute(attribute.name(), attribute.value())?,
                namespace::XML => {
                    self.attribute(&["xml:", attribute.name()].concat(), attribute.value())?;
                }
                other => {
                    self.attribute(&format!("xmlns:n{index}"), other)?;
                    let name = format!("n{index}:{}", attribute.name());
                    self.attribute(&name, attribute.value())?;
                }
            }
        }
        Ok(())
    }

    /// Fails when no reader here would take what is written so far.
    fn check_size(&self) -> Result<(), PidfWriteError> {
        within(self.out.len(), "bytes", MAX_LEN)?;
        within(self.elements, "elements", MAX_ELEMENTS)?;
        within(self.depth, "elements inside each other", MAX_DEPTH)
    }
}

/// Fails when there are more than `max` of something.
const fn within(count: usize, what: &'static str, max: usize) -> Result<(), PidfWriteError> {
    if count > max {
        return Err(PidfWriteError::TooLarge { what, max });
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Attribute,
}

impl Place {
    fn is_special(self, character: char) -> bool {
        match character {
            '\t' | '\n' | '"' => self == Self::Attribute,
            '<' | '>' | '&' | '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => true,
            _ => false,
        }
    }
}

/// The reference that stands for a character; line ends and tabs become one where a parser would turn them into
/// something else (XML 1.0 §2.11, §3.3.3).
const fn replacement(character: char) -> Result<&'static str, PidfWriteError> {
    Ok(match character {
        '<' => "&lt;",
        '>' => "&gt;",
        '&' => "&amp;",
        '"' => "&quot;",
        '\t' => "&#x9;",
        '\n' => "&#xA;",
        '\r' => "&#xD;",
        character => return Err(PidfWriteError::Character { character }),
    })
}
