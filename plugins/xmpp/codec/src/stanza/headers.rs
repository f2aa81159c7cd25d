//! How many more relays a message may pass (XEP-0131, `Max-Forwards`).

use crate::xml::Writer;
use crate::{Element, WriteError, namespace};

const NAME: &str = "Max-Forwards";

/// The hop count, if these are headers and it is all that they say; of headers that say more, nothing is taken.
pub(super) fn max_forwards(headers: &Element) -> Option<u8> {
    if !headers.is(namespace::SHIM, "headers") {
        return None;
    }
    let mut children = headers.children();
    let header = children.next().filter(|_| children.next().is_none())?;
    let is_it = header.is(namespace::SHIM, "header") && header.attribute("name")? == NAME;
    is_it.then(|| header.text().parse().ok())?
}

pub(super) fn write(max_forwards: u8, writer: &mut Writer<'_>) -> Result<(), WriteError> {
    // Every message has it, and nothing in it needs escaping.
    for part in [
        "<headers xmlns='",
        namespace::SHIM,
        "'><header name='",
        NAME,
        "'>",
    ] {
        writer.raw(part);
    }
    writer.text(&max_forwards.to_string())?;
    writer.end("header");
    writer.end("headers");
    Ok(())
}
