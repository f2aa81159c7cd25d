//! A tree to bytes.

use rxml::{Encoder, Item, Namespace, XmlVersion, writer::SimpleNamespaces};

use super::{Attribute, Bounds, Element, Node, XmlWriteError};

/// Writes a document, no larger than a reader here takes.
pub(super) fn document(root: &Element, bounds: Bounds) -> Result<Vec<u8>, XmlWriteError> {
    check_shape(root, bounds)?;
    let mut encoder = Encoder::new();
    let mut out = Vec::with_capacity(512);
    let written = encoder
        .encode(Item::XmlDeclaration(XmlVersion::V1_0), &mut out)
        .and_then(|()| write(root, &mut encoder, &mut out));
    written.map_err(|_| XmlWriteError::Character)?;
    match out.len() <= bounds.len {
        true => Ok(out),
        false => Err(too_large("bytes", bounds.len)),
    }
}

fn write(
    element: &Element,
    encoder: &mut Encoder<SimpleNamespaces>,
    out: &mut Vec<u8>,
) -> Result<(), rxml::Error> {
    let namespace = Namespace::from(&*element.namespace);
    encoder.encode(Item::ElementHeadStart(namespace, &element.name), out)?;
    for attribute in &element.attributes {
        let Attribute {
            namespace,
            name,
            value,
        } = attribute;
        encoder.encode(
            Item::Attribute(Namespace::from(&**namespace), name, value),
            out,
        )?;
    }
    if !element.nodes.is_empty() {
        encoder.encode(Item::ElementHeadEnd, out)?;
    }
    for node in &element.nodes {
        match node {
            Node::Element(child) => write(child, encoder, out)?,
            Node::Text(text) => encoder.encode(Item::Text(text), out)?,
        }
    }
    encoder.encode(Item::ElementFoot, out)
}

/// Counts, so that what is written is also read, and the recursion of the writer has an end.
fn check_shape(root: &Element, bounds: Bounds) -> Result<(), XmlWriteError> {
    let (mut level, mut elements) = (vec![root], 0);
    for _ in 0..bounds.depth {
        elements += level.len();
        if elements > bounds.elements {
            return Err(too_large("elements", bounds.elements));
        }
        level = level.into_iter().flat_map(Element::children).collect();
    }
    match level.is_empty() {
        true => Ok(()),
        false => Err(too_large("elements inside each other", bounds.depth)),
    }
}

const fn too_large(what: &'static str, max: usize) -> XmlWriteError {
    XmlWriteError::TooLarge { what, max }
}
