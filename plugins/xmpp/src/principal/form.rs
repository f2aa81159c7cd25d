//! Data forms (XEP-0004), as far as the commands need them.

use rialto_sdk::model::ByteString;
use rialto_xmpp_codec::{Element, Node, WriteError};

pub(super) const NAMESPACE: &str = "jabber:x:data";

/// A form that is shown.
pub(super) struct Form(Element);

/// A field of it.
pub(super) struct Field(Element);

impl Form {
    pub(super) fn new(title: &'static str, instructions: &'static str) -> Result<Self, WriteError> {
        let form = Element::new(NAMESPACE, "x")?.with_attribute("type", "form")?;
        let form = form.with_node(text("title", title)?);
        Ok(Self(form.with_node(text("instructions", instructions)?)))
    }

    pub(super) fn with(self, field: Field) -> Self {
        Self(self.0.with_node(Node::Element(field.0)))
    }

    pub(super) fn into_node(self) -> Node {
        Node::Element(self.0)
    }
}

impl Field {
    pub(super) fn new(
        kind: &'static str,
        name: &'static str,
        label: &'static str,
    ) -> Result<Self, WriteError> {
        let field = Element::new(NAMESPACE, "field")?;
        let field = field.with_attribute("type", kind)?;
        let field = field.with_attribute("var", name)?;
        Ok(Self(field.with_attribute("label", label)?))
    }

    pub(super) fn with_value(self, value: &str) -> Result<Self, WriteError> {
        Ok(Self(self.0.with_node(text("value", value)?)))
    }

    pub(super) fn with_option(
        self,
        value: &'static str,
        label: &'static str,
    ) -> Result<Self, WriteError> {
        let option = Element::new(NAMESPACE, "option")?;
        let option = option.with_attribute("label", label)?;
        let option = option.with_node(text("value", value)?);
        Ok(Self(self.0.with_node(Node::Element(option))))
    }
}

/// The values of a field in a form that was filled in.
pub(super) fn values<'a>(form: &'a Element, name: &str) -> impl Iterator<Item = ByteString> + 'a {
    let is_field = |child: &&Element| {
        child.is(NAMESPACE, "field") && child.attribute("var").is_some_and(|var| *var == name)
    };
    let field = form.children().find(is_field);
    let values = field.into_iter().flat_map(Element::children);
    let values = values.filter(|child| child.is(NAMESPACE, "value"));
    values.map(Element::text)
}

fn text(name: &str, text: &str) -> Result<Node, WriteError> {
    let element = Element::new(NAMESPACE, name)?;
    Ok(Node::Element(element.with_node(Node::Text(text.into()))))
}
