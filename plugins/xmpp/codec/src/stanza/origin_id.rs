//! The name that a message has from whoever sent it (XEP-0359, `<origin-id/>`).

use bytestring::ByteString;

use crate::xml::Writer;
use crate::{Element, WriteError, namespace};

const NAME: &str = "origin-id";

/// The name, if the element gives one.
pub(super) fn origin_id(element: &Element) -> Option<ByteString> {
    if !element.is(namespace::STANZA_IDS, NAME) {
        return None;
    }
    let id = element.attribute("id").filter(|id| !id.is_empty());
    id.cloned()
}

pub(super) fn write(id: &str, writer: &mut Writer<'_>) -> Result<(), WriteError> {
    // Every message has it: what needs no escaping is not looked through.
    for part in ["<", NAME, " xmlns='", namespace::STANZA_IDS, "'"] {
        writer.raw(part);
    }
    writer.attribute("id", id)?;
    writer.close_empty();
    Ok(())
}
