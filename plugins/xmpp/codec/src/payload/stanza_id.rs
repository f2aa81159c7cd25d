//! Names that stanzas get on their way (XEP-0359).

use bytestring::ByteString;

use super::{Payload, PayloadError, required};
use crate::{Element, WriteError, namespace};

/// A name that somebody on the way gave the stanza, and that no relay changes (XEP-0359 §3.1).
///
/// Whoever wrote the stanza may have put in any of them: one of another's counts only if that one's own server says that it takes
/// out forged ones (§5). The name that the sender gave is the message's [`origin_id`](crate::Message::origin_id).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StanzaId {
    /// The name.
    pub id: ByteString,
    /// Whose name it is: that of an account, or of a room.
    pub by: ByteString,
}

const STANZA: &str = "stanza-id";

impl StanzaId {
    fn read(element: &Element) -> Result<Self, PayloadError> {
        let attribute = |name| required(element, (namespace::STANZA_IDS, STANZA), name);
        Ok(Self {
            id: attribute("id")?,
            by: attribute("by")?,
        })
    }
}

impl Payload for StanzaId {
    fn from_element(element: &Element) -> Option<Result<Self, PayloadError>> {
        element
            .is(namespace::STANZA_IDS, STANZA)
            .then(|| Self::read(element))
    }

    fn to_element(&self) -> Result<Element, WriteError> {
        Element::new(namespace::known(namespace::STANZA_IDS), STANZA)?
            .with_attribute("id", self.id.clone())?
            .with_attribute("by", self.by.clone())
    }
}
