//! Service discovery: what an entity is and can do (XEP-0030 §3).

use bytestring::ByteString;

use crate::xml::Writer;
use crate::{Element, WriteError, namespace};

/// Is a question about an entity, or its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscoInfo {
    /// The part asked about.
    pub node: Option<ByteString>,
    /// What the entity is; empty in a question.
    pub identities: Vec<Identity>,
    /// Namespaces of what the entity can do; empty in a question.
    pub features: Vec<ByteString>,
}

/// Says what an entity is, in the words of XMPP's registrar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Such as `gateway`.
    pub category: ByteString,
    /// Such as `sip`.
    pub type_: ByteString,
    /// A name for people.
    pub name: Option<ByteString>,
}

impl DiscoInfo {
    pub(super) fn from_element(element: &Element) -> Self {
        let mut info = Self {
            node: element.attribute("node").cloned(),
            ..Self::default()
        };
        for child in element.children() {
            if child.is(namespace::DISCO_INFO, "identity") {
                info.identities.push(Identity::from_element(child));
            } else if child.is(namespace::DISCO_INFO, "feature") {
                info.features.extend(child.attribute("var").cloned());
            }
        }
        info
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        writer.open("query");
        writer.attribute("xmlns", namespace::DISCO_INFO)?;
        writer.attribute_if("node", self.node.as_deref())?;
        writer.close_head();
        for identity in &self.identities {
            writer.open("identity");
            writer.attribute("category", &identity.category)?;
            writer.attribute("type", &identity.type_)?;
            writer.attribute_if("name", identity.name.as_deref())?;
            writer.close_empty();
        }
        for feature in &self.features {
            writer.open("feature");
            writer.attribute("var", feature)?;
            writer.close_empty();
        }
        writer.end("query");
        Ok(())
    }
}

impl Identity {
    fn from_element(element: &Element) -> Self {
        Self {
            category: element.attribute("category").cloned().unwrap_or_default(),
            type_: element.attribute("type").cloned().unwrap_or_default(),
            name: element.attribute("name").cloned(),
        }
    }
}
