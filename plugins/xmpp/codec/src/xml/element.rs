//! One element with all it contains.

use bytestring::ByteString;
use rxml::NcName;

use super::{WriteError, Writer, namespace};

/// Holds one XML element: name, attributes, content, in document order.
///
/// Prefixes are resolved and gone; [`to_xml`](Self::to_xml) writes an equivalent element that
/// declares the namespaces it needs itself, so that it may stand anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    pub(super) namespace: ByteString,
    pub(super) name: NcName,
    pub(super) attributes: Vec<Attribute>,
    pub(super) nodes: Vec<Node>,
}

/// Holds one attribute of an [`Element`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    pub(super) namespace: ByteString,
    pub(super) name: NcName,
    pub(super) value: ByteString,
}

/// Is what stands between an element's tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Character data, references resolved.
    Text(ByteString),
}

impl Element {
    /// Makes an empty element.
    ///
    /// # Errors
    /// [`WriteError::Name`] if `name` is no name, or has a prefix.
    pub fn new(namespace: impl Into<ByteString>, name: &str) -> Result<Self, WriteError> {
        let name = NcName::try_from(name).map_err(|_| WriteError::Name)?;
        Ok(Self {
            namespace: namespace.into(),
            name,
            attributes: Vec::new(),
            nodes: Vec::new(),
        })
    }

    /// Adds an attribute without namespace, or replaces the one of that name.
    ///
    /// # Errors
    /// [`WriteError::Name`] if `name` is no name, or has a prefix.
    pub fn with_attribute(
        mut self,
        name: &str,
        value: impl Into<ByteString>,
    ) -> Result<Self, WriteError> {
        let name = NcName::try_from(name).map_err(|_| WriteError::Name)?;
        self.attributes
            .retain(|known| !known.is(namespace::NONE, &name));
        let namespace = ByteString::from_static(namespace::NONE);
        self.attributes.push(Attribute {
            namespace,
            name,
            value: value.into(),
        });
        Ok(self)
    }

    /// Adds an element or text at the end; text next to text joins it, as it would on the wire.
    pub fn with_node(mut self, node: Node) -> Self {
        let joined = match (self.nodes.last(), &node) {
            (_, Node::Text(text)) if text.is_empty() => return self,
            (Some(Node::Text(before)), Node::Text(text)) => Some(format!("{before}{text}")),
            _ => None,
        };
        if joined.is_some() {
            self.nodes.pop();
        }
        self.nodes
            .push(joined.map_or(node, |text| Node::Text(text.into())));
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

    /// Is this the element `name` of `namespace`?
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        *self.name == *name && self.namespace == namespace
    }

    /// All attributes; namespace declarations are none.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The value of the attribute `name` that has no namespace.
    pub fn attribute(&self, name: &str) -> Option<&ByteString> {
        let found = self
            .attributes
            .iter()
            .find(|known| known.is(namespace::NONE, name));
        found.map(|attribute| &attribute.value)
    }

    /// The value of `xml:lang`; an empty one counts as none.
    pub fn lang(&self) -> Option<&ByteString> {
        let found = self
            .attributes
            .iter()
            .find(|known| known.is(namespace::XML, "lang"));
        found
            .map(|attribute| &attribute.value)
            .filter(|lang| !lang.is_empty())
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

    /// The element `name` of `namespace` directly inside.
    pub fn child(&self, namespace: &str, name: &str) -> Option<&Self> {
        self.children().find(|child| child.is(namespace, name))
    }

    /// Moves the value of an attribute without namespace out of the element.
    pub(crate) fn take_attribute(&mut self, name: &str) -> Option<ByteString> {
        let mut attributes = self.attributes.iter_mut();
        let found = attributes.find(|known| known.is(namespace::NONE, name));
        found.map(|attribute| std::mem::take(&mut attribute.value))
    }

    /// Moves the text out of the element, as [`text`](Self::text) has it.
    pub(crate) fn into_text(mut self) -> ByteString {
        match self.nodes.pop() {
            Some(Node::Text(text)) if self.nodes.is_empty() => text,
            last => {
                self.nodes.extend(last);
                self.text()
            }
        }
    }

    /// The element without its content.
    pub(super) fn without_nodes(self) -> Self {
        Self {
            nodes: Vec::new(),
            ..self
        }
    }

    /// Takes the element apart: its namespace, its content.
    pub(crate) fn into_content(self) -> (ByteString, Vec<Node>) {
        (self.namespace, self.nodes)
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
                ByteString::from(format!("{first}{second}{rest}"))
            }
        }
    }

    /// Writes the element as it may stand anywhere.
    ///
    /// # Errors
    /// [`WriteError::Character`] if a text holds what XML cannot carry; parsed elements never do.
    pub fn to_xml(&self) -> Result<String, WriteError> {
        let mut out = Vec::new();
        self.write(&mut Writer::new(&mut out), namespace::NONE)?;
        String::from_utf8(out).map_err(|_| WriteError::Name)
    }

    /// Writes the element inside of one whose default namespace is `around`.
    pub(crate) fn write(&self, writer: &mut Writer<'_>, around: &str) -> Result<(), WriteError> {
        // The namespace of XML itself may not be the default one, and its prefix needs no declaration.
        let is_xml = self.namespace == namespace::XML;
        let (prefix, inside) = if is_xml {
            ("xml:", around)
        } else {
            ("", &*self.namespace)
        };
        writer.open(prefix);
        writer.raw(&self.name);
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
        writer.raw("</");
        writer.raw(prefix);
        writer.raw(&self.name);
        writer.close_head();
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

    /// The value, references resolved and white space normalised.
    pub fn value(&self) -> &ByteString {
        &self.value
    }

    fn is(&self, namespace: &str, name: &str) -> bool {
        *self.name == *name && self.namespace == namespace
    }

    fn write(&self, writer: &mut Writer<'_>, index: usize) -> Result<(), WriteError> {
        match &*self.namespace {
            namespace::NONE => writer.attribute(&self.name, &self.value),
            namespace::XML => writer.attribute(&format!("xml:{}", &*self.name), &self.value),
            other => {
                writer.attribute(&format!("xmlns:n{index}"), other)?;
                writer.attribute(&format!("n{index}:{}", &*self.name), &self.value)
            }
        }
    }
}
