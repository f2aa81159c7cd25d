//! One element with all it contains.

use std::fmt;

use bytestring::ByteString;
use rxml::NcName;
use thiserror::Error;

use super::{Writer, attributes::is_sound_attribute, writer::within};
use crate::presence::{MAX_ATTRIBUTES, MAX_TOKEN_LEN, PidfWriteError, Uri, namespace};

/// An XML element: its name, attributes and content, in document order.
///
/// Prefixes are resolved and gone; what is written declares the namespaces that it needs.
#[derive(Clone, PartialEq, Eq)]
pub struct Element {
    pub(in crate::presence) namespace: ByteString,
    pub(in crate::presence) name: NcName,
    pub(in crate::presence) attributes: Vec<Attribute>,
    pub(in crate::presence) nodes: Vec<Node>,
    pub(in crate::presence) at: At,
}

/// An attribute of an [`Element`]; namespace declarations are none.
#[derive(Clone, PartialEq, Eq)]
pub struct Attribute {
    pub(in crate::presence) namespace: ByteString,
    pub(in crate::presence) name: NcName,
    pub(in crate::presence) value: ByteString,
}

/// What stands between an element's tags.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Node {
    /// An element.
    Element(Element),
    /// Character data, references resolved.
    Text(ByteString),
}

/// Why an element cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ElementError {
    /// A name is none, or has a prefix.
    #[error("the name is no XML name without prefix")]
    Name,
    /// A namespace is no URI.
    #[error("the namespace is no URI")]
    Namespace,
    /// The attribute is one of XML's or PIDF's own, and its value may not stand there.
    #[error("the value is none that this attribute of XML or PIDF may have")]
    Attribute,
}

/// Where an element stood in its document, in bytes; no part of what it means, so all are equal.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::presence) struct At(pub(in crate::presence) usize);

impl Element {
    /// Makes an empty element; an empty `namespace` is none.
    pub fn new(namespace: impl Into<ByteString>, name: &str) -> Result<Self, ElementError> {
        Ok(Self {
            namespace: checked(namespace.into())?,
            name: NcName::try_from(name).map_err(|_| ElementError::Name)?,
            attributes: Vec::new(),
            nodes: Vec::new(),
            at: At::default(),
        })
    }

    /// Adds an attribute, or replaces the one of that name; an empty `namespace` is none.
    pub fn with_attribute(
        mut self,
        namespace: impl Into<ByteString>,
        name: &str,
        value: impl Into<ByteString>,
    ) -> Result<Self, ElementError> {
        let attribute = Attribute {
            namespace: checked(namespace.into())?,
            name: NcName::try_from(name).map_err(|_| ElementError::Name)?,
            value: value.into(),
        };
        if !attribute.is_sound() || *attribute.name == *"xmlns" {
            return Err(ElementError::Attribute);
        }
        self.attributes
            .retain(|known| !known.is(&attribute.namespace, name));
        self.attributes.push(attribute);
        Ok(self)
    }

    /// Marks it with `mustUnderstand`: who does not know it must ignore the element around it. RFC 3863 §4.2.3.
    pub fn that_must_be_understood(self) -> Result<Self, ElementError> {
        let pidf = ByteString::from_static(namespace::PIDF);
        self.with_attribute(pidf, "mustUnderstand", ByteString::from_static("1"))
    }

    /// Adds an element at the end.
    pub fn with_child(mut self, child: Self) -> Self {
        self.nodes.push(Node::Element(child));
        self
    }

    /// Adds text at the end; text next to text joins it, as it would in a document.
    pub fn with_text(mut self, text: impl Into<ByteString>) -> Self {
        let text = text.into();
        if text.is_empty() {
            return self;
        }
        match self.nodes.last_mut() {
            Some(Node::Text(before)) => *before = [&**before, &*text].concat().into(),
            _ => self.nodes.push(Node::Text(text)),
        }
        self
    }

    /// The namespace, empty if there is none.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name without prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the element `name` of `namespace`.
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        *self.name == *name && self.namespace == namespace
    }

    /// The attributes, in order.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The value of an attribute; an empty `namespace` is none.
    pub fn attribute(&self, namespace: &str, name: &str) -> Option<&ByteString> {
        self.attributes
            .iter()
            .find(|known| known.is(namespace, name))
            .map(|attribute| &attribute.value)
    }

    /// All content, in order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The elements directly inside.
    pub fn children(&self) -> impl Iterator<Item = &Self> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(child) => Some(child),
            Node::Text(_) => None,
        })
    }

    /// The elements directly inside, by value.
    pub(in crate::presence) fn into_children(self) -> impl Iterator<Item = Self> {
        self.nodes.into_iter().filter_map(|node| match node {
            Node::Element(child) => Some(child),
            Node::Text(_) => None,
        })
    }

    /// The text directly inside, joined; shared with this element where it stands in one piece.
    pub fn text(&self) -> ByteString {
        let mut texts = self.nodes.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text),
            Node::Element(_) => None,
        });
        let first = texts.next().cloned().unwrap_or_default();
        match texts.next() {
            None => first,
            Some(second) => {
                let rest: String = texts.map(|text| &**text).collect();
                [&*first, &**second, &rest].concat().into()
            }
        }
    }

    /// Whether it says that it must be understood. RFC 3863 §4.2.3.
    pub fn must_be_understood(&self) -> bool {
        self.attribute(namespace::PIDF, "mustUnderstand")
            .is_some_and(|value| matches!(&**value, "1" | "true"))
    }

    /// Whether it may be processed by one who knows the elements of `known`, given as namespaces and names.
    ///
    /// It must be among them itself, and so must whatever inside of it must be understood; marks inside of what is ignored
    /// are ignored. RFC 3863 §4.2.3 and §4.3.3.
    pub fn is_understood(&self, known: &[(&str, &str)]) -> bool {
        known.contains(&(&*self.namespace, &*self.name))
            && self
                .children()
                .all(|child| !child.must_be_understood() || child.is_understood(known))
    }

    /// Writes it inside of an element whose default namespace is `around`.
    pub(in crate::presence) fn write(
        &self,
        writer: &mut Writer,
        around: &str,
    ) -> Result<(), PidfWriteError> {
        // The namespace of XML itself may not be the default one, and its prefix needs no declaration.
        let is_xml = self.namespace == namespace::XML;
        let (prefix, inside) = if is_xml {
            ("xml:", around)
        } else {
            ("", &*self.namespace)
        };
        let name = [prefix, &*self.name].concat();
        within(name.len(), "bytes in a name or value", MAX_TOKEN_LEN)?;
        within(
            self.attributes.len(),
            "attributes of an element",
            MAX_ATTRIBUTES,
        )?;
        writer.open(&name);
        writer.check_size()?;
        if inside != around {
            writer.attribute("xmlns", inside)?;
        }
        for (index, attribute) in self.attributes.iter().enumerate() {
            attribute.write(writer, index)?;
        }
        if self.nodes.is_empty() {
            writer.close_empty();
            return Ok(());
        }
        writer.close_head();
        for node in &self.nodes {
            match node {
                Node::Element(child) => child.write(writer, inside)?,
                Node::Text(text) => writer.text(text)?,
            }
        }
        writer.end(&name);
        Ok(())
    }
}

impl Attribute {
    /// The namespace, empty if there is none.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name without prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, references resolved.
    pub const fn value(&self) -> &ByteString {
        &self.value
    }

    pub(in crate::presence) fn is(&self, namespace: &str, name: &str) -> bool {
        *self.name == *name && self.namespace == namespace
    }

    pub(in crate::presence) fn is_sound(&self) -> bool {
        is_sound_attribute(&self.namespace, &self.name, &self.value)
    }

    /// Writes it as the attribute of that index of its element.
    pub(in crate::presence) fn write(
        &self,
        writer: &mut Writer,
        index: usize,
    ) -> Result<(), PidfWriteError> {
        match &*self.namespace {
            "" => writer.attribute(&self.name, &self.value),
            namespace::XML => writer.attribute(&["xml:", &*self.name].concat(), &self.value),
            other => {
                writer.attribute(&format!("xmlns:n{index}"), other)?;
                writer.attribute(&format!("n{index}:{}", &*self.name), &self.value)
            }
        }
    }
}

/// A namespace that can be declared.
fn checked(namespace: ByteString) -> Result<ByteString, ElementError> {
    if namespace.is_empty() || Uri::parse(namespace.clone()).is_ok() {
        Ok(namespace)
    } else {
        Err(ElementError::Namespace)
    }
}

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for At {}

/// Shows names only: what people say of themselves does not belong into logs.
impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element({{{}}}{}", self.namespace, &*self.name)?;
        write!(f, ", {} attributes", self.attributes.len())?;
        write!(f, ", {:?})", self.nodes)
    }
}

/// Shows the name only.
impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attribute({{{}}}{})", self.namespace, &*self.name)
    }
}

/// Shows of a text its length only.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Element(element) => element.fmt(f),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
        }
    }
}
