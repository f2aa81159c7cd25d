//! Attributes that XML itself gives a meaning to.

use crate::presence::{namespace, note::is_language};

/// Whether an attribute that XML or PIDF itself defines has a value that may stand there.
///
/// Others are sound whatever they say. `xml:id` is not taken, since it would have to be unique in whatever document
/// the element is put; neither is `xsi:type`, whose prefix would mean nothing there.
pub(super) fn is_sound_attribute(namespace: &str, name: &str, value: &str) -> bool {
    match (namespace, name) {
        (namespace::XML, "lang") => is_language(value),
        (namespace::XML, "space") => matches!(value, "default" | "preserve"),
        (namespace::XML | namespace::SCHEMA_INSTANCE, _) => false,
        (namespace::PIDF, "mustUnderstand") => matches!(value, "0" | "1" | "true" | "false"),
        _ => true,
    }
}
