//! Unique and stable stanza ids (XEP-0359).

use bytestring::ByteString;

use super::{Payload, PayloadError, required};
use crate::{Element, WriteError, namespace};

/// A name of the stanza that no relay changes (XEP-0359 §3).
///
/// Unlike the stanza's own id. Whoever wrote the stanza may have put in any of them: one of another's counts only if that
/// one's own server says that it takes out forged ones (§5).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StanzaId {
    /// Given by the client that sent it.
    Origin(ByteString),
    /// Given on its way.
    Stanza {
        /// The name.
        id: ByteString,
        /// Whose name it is: that of an account, or of a room.
        by: ByteString,
    },
}

const ORIGIN: &str = "origin-id";
const STANZA: &str = "stanza-id";

impl Payload for StanzaId {
    fn from_element(element: &Element) -> Option<Result<Self, PayloadError>> {
        if element.namespace() != namespace::STANZA_IDS {
            return None;
        }
        let attribute =
            |name, attribute| required(element, (namespace::STANZA_IDS, name), attribute);
        match element.name() {
            ORIGIN => Some(attribute(ORIGIN, "id").map(Self::Origin)),
            STANZA => {
                let id = attribute(STANZA, "id");
                let parts = id.and_then(|id| Ok((id, attribute(STANZA, "by")?)));
                Some(parts.map(|(id, by)| Self::Stanza { id, by }))
            }
            _ => None,
        }
    }

    fn to_element(&self) -> Result<Element, WriteError> {
        let element = |name| Element::new(namespace::known(namespace::STANZA_IDS), name);
        match self {
            Self::Origin(id) => element(ORIGIN)?.with_attribute("id", id.clone()),
            Self::Stanza { id, by } => element(STANZA)?
                .with_attribute("id", id.clone())?
                .with_attribute("by", by.clone()),
        }
    }
}
