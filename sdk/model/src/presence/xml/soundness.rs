//! What may stand in a document of any schema.

use crate::{
    presence::{Uri, namespace, note::is_language},
    xml::{Attribute, Element},
};

/// Whether an element and all in it have namespaces that are URIs, and sound attributes.
pub(in crate::presence) fn is_sound(element: &Element) -> bool {
    is_namespace(&element.namespace)
        && element
            .attributes
            .iter()
            .all(|attribute| is_namespace(&attribute.namespace) && is_sound_attribute(attribute))
        && element.children().all(is_sound)
}

/// Whether a namespace can be declared, or is none.
pub(super) fn is_namespace(name: &str) -> bool {
    name.is_empty() || Uri::parse(name).is_ok()
}

/// Whether an attribute that XML or PIDF itself defines has a value that may stand there.
///
/// Others are sound whatever they say. `xml:id` is not taken, since it would have to be unique in whatever document
/// the element is put; neither is `xsi:type`, whose prefix would mean nothing there.
pub(super) fn is_sound_attribute(attribute: &Attribute) -> bool {
    match (attribute.namespace(), attribute.name()) {
        (namespace::XML, "lang") => is_language(attribute.value()),
        (namespace::XML, "space") => matches!(&**attribute.value(), "default" | "preserve"),
        (namespace::XML | namespace::SCHEMA_INSTANCE, _) => false,
        (namespace::PIDF, "mustUnderstand") => {
            matches!(&**attribute.value(), "0" | "1" | "true" | "false")
        }
        _ => true,
    }
}
