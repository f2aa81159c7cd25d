//! What a user calls itself (XEP-0172).

use bytestring::ByteString;

use super::{Payload, PayloadError};
use crate::{Element, Node, WriteError, namespace};

/// The name that the sender goes by, as the sender says: it proves nothing, and is nobody's alone (XEP-0172 §7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nick(pub ByteString);

const NICK: &str = "nick";

impl Payload for Nick {
    fn from_element(element: &Element) -> Option<Result<Self, PayloadError>> {
        element.is(namespace::NICK, NICK).then(|| {
            let text = element.text();
            Ok(Self(text.slice_ref(text.trim())))
        })
    }

    fn to_element(&self) -> Result<Element, WriteError> {
        let element = Element::new(namespace::known(namespace::NICK), NICK)?;
        Ok(element.with_node(Node::Text(self.0.clone())))
    }
}
