//! One element with all it contains.

use bytestring::ByteString;
use rxml::NcName;

use super::{Bounds, XmlError, XmlWriteError, reader, writer};
use crate::{ContentType, InstantMessage};

/// One XML element: name, attributes, content in document order.
///
/// Prefixes are resolved and gone; what is written declares the namespaces it needs itself. Two are equal when they say the same,
/// wherever they stood.
#[derive(Clone, Debug)]
pub struct Element {
    pub(crate) namespace: ByteString,
    pub(crate) name: NcName,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) nodes: Vec<Node>,
    /// Where it began in the document that it was read from.
    pub(crate) at: usize,
}

/// One attribute of an [`Element`]; declarations of namespaces are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    pub(crate) namespace: ByteString,
    pub(crate) name: NcName,
    pub(crate) value: ByteString,
}

/// What stands between an element's tags.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "nothing else is taken from a document"
)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Character data, references resolved.
    Text(ByteString),
}

impl Element {
    /// Reads a document's outermost element.
    pub fn parse(document: &[u8]) -> Result<Self, XmlError> {
        Self::parse_within(document, Bounds::USUAL)
    }

    /// Reads a document's outermost element, where documents of its kind have bounds of their own.
    pub(crate) fn parse_within(document: &[u8], bounds: Bounds) -> Result<Self, XmlError> {
        reader::read(document, bounds)
    }

    /// Reads the document that a message carries, if it is of this media type.
    pub(crate) fn of_message(
        message: &InstantMessage,
        (top_level, subtype): (&str, &str),
    ) -> Result<Option<Self>, XmlError> {
        let content_type = ContentType::parse(message.content_type());
        if !content_type.is_ok_and(|found| found.is(top_level, subtype)) {
            return Ok(None);
        }
        if message.transfer_encoding().is_some() {
            return Err(XmlError::TransferEncoding);
        }
        Self::parse(message.payload().as_bytes()).map(Some)
    }

    /// Makes an empty element; `namespace` may be empty.
    pub fn new(namespace: impl Into<ByteString>, name: &str) -> Result<Self, XmlWriteError> {
        let namespace = namespace.into();
        if namespace == rxml::XMLNS_XMLNS {
            return Err(XmlWriteError::Namespace);
        }
        Ok(Self {
            namespace,
            name: NcName::try_from(name).map_err(|_| XmlWriteError::Name)?,
            attributes: Vec::new(),
            nodes: Vec::new(),
            at: 0,
        })
    }

    /// Adds an attribute without namespace, or replaces the one of that name.
    pub fn with_attribute(
        self,
        name: &str,
        value: impl Into<ByteString>,
    ) -> Result<Self, XmlWriteError> {
        self.with_attribute_of(ByteString::new(), name, value)
    }

    /// Adds an attribute of a namespace, or replaces the one of that name; `namespace` may be empty.
    pub fn with_attribute_of(
        mut self,
        namespace: impl Into<ByteString>,
        name: &str,
        value: impl Into<ByteString>,
    ) -> Result<Self, XmlWriteError> {
        let namespace = namespace.into();
        if namespace == rxml::XMLNS_XMLNS {
            return Err(XmlWriteError::Namespace);
        }
        let name = NcName::try_from(name).map_err(|_| XmlWriteError::Name)?;
        if &*name == "xmlns" && namespace.is_empty() {
            return Err(XmlWriteError::Name);
        }
        self.attributes.retain(|known| !known.is(&namespace, &name));
        self.attributes.push(Attribute {
            namespace,
            name,
            value: value.into(),
        });
        self.sort_attributes();
        Ok(self)
    }

    /// Puts the attributes into the order that a reader finds them in, which says nothing.
    pub(crate) fn sort_attributes(&mut self) {
        self.attributes.sort_by(|a, b| a.key().cmp(&b.key()));
    }

    /// Adds an element at the end.
    pub fn with_child(mut self, child: Self) -> Self {
        self.nodes.push(Node::Element(child));
        self
    }

    /// Adds text at the end; text next to text joins it, as it would in a document.
    pub fn with_text(mut self, text: impl Into<ByteString>) -> Self {
        let text = text.into();
        match self.nodes.last_mut() {
            _ if text.is_empty() => {}
            Some(Node::Text(before)) => *before = format!("{before}{text}").into(),
            _ => self.nodes.push(Node::Text(text)),
        }
        self
    }

    /// Writes it as a document in UTF-8, with the declaration of XML.
    pub fn to_document(&self) -> Result<Vec<u8>, XmlWriteError> {
        self.to_document_within(Bounds::USUAL)
    }

    /// Writes it as a document of a kind that has bounds of its own.
    pub(crate) fn to_document_within(&self, bounds: Bounds) -> Result<Vec<u8>, XmlWriteError> {
        writer::document(self, bounds)
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

    /// The attributes.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The value of the attribute `name` that has no namespace.
    pub fn attribute(&self, name: &str) -> Option<&ByteString> {
        self.attribute_of("", name)
    }

    /// The value of the attribute `name` of `namespace`.
    pub fn attribute_of(&self, namespace: &str, name: &str) -> Option<&ByteString> {
        let mut attributes = self.attributes.iter();
        let found = attributes.find(|attribute| attribute.is(namespace, name));
        found.map(|attribute| &attribute.value)
    }

    /// All content, in document order.
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
    pub(crate) fn into_children(self) -> impl Iterator<Item = Self> {
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
                format!("{first}{second}{rest}").into()
            }
        }
    }

    /// The one element `name` of this element's own namespace directly inside, if it is there.
    pub(crate) fn only(&self, name: &'static str) -> Result<Option<&Self>, XmlError> {
        let mut found = self.all(name);
        let first = found.next();
        match found.next() {
            None => Ok(first),
            Some(second) => Err(XmlError::Repeated {
                element: name,
                at: second.at,
            }),
        }
    }

    /// The elements `name` of this element's own namespace directly inside.
    pub(crate) fn all(&self, name: &'static str) -> impl Iterator<Item = &Self> {
        let children = self.children();
        children.filter(move |child| child.is(&self.namespace, name))
    }

    /// The attribute `name` that has no namespace, where it must be there.
    pub(crate) fn required_attribute(&self, name: &'static str) -> Result<&ByteString, XmlError> {
        let found = self.attribute(name);
        found.ok_or_else(|| self.malformed_attribute(name))
    }

    /// What is wrong when an attribute is missing, or not what its specification says.
    pub(crate) const fn malformed_attribute(&self, attribute: &'static str) -> XmlError {
        XmlError::Attribute {
            attribute,
            at: self.at,
        }
    }

    /// As [`only`](Self::only), where it must be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<&Self, XmlError> {
        self.only(name)?.ok_or(XmlError::Missing {
            element: name,
            at: self.at,
        })
    }

    /// The text directly inside, without white space around it; shared.
    pub(crate) fn trimmed(&self) -> ByteString {
        let text = self.text();
        text.slice_ref(text.trim())
    }

    /// Where it began in the document that it was read from.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.namespace == other.namespace
            && self.name == other.name
            && self.attributes == other.attributes
            && self.nodes == other.nodes
    }
}

impl Eq for Element {}

impl Attribute {
    /// The namespace, empty if there is none.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name without prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, references resolved and white space normalised.
    pub const fn value(&self) -> &ByteString {
        &self.value
    }

    pub(crate) fn is(&self, namespace: &str, name: &str) -> bool {
        *self.name == *name && self.namespace == namespace
    }

    fn key(&self) -> (&str, &str) {
        (&self.namespace, &self.name)
    }
}
