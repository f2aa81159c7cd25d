//! The namespaces of presence documents.

use bytestring::ByteString;

/// The presence information data format. RFC 3863.
pub const PIDF: &str = "urn:ietf:params:xml:ns:pidf";

/// Persons and devices. RFC 4479.
pub const DATA_MODEL: &str = "urn:ietf:params:xml:ns:pidf:data-model";

/// Rich presence. RFC 4480.
pub const RPID: &str = "urn:ietf:params:xml:ns:pidf:rpid";

/// Kinds of places, for RPID's `place-type`. RFC 4589.
pub const LOCATION_TYPE: &str = "urn:ietf:params:xml:ns:location-type";

/// Our own: `<name>` holds in words what RPID has no element for, where its schema wants one.
pub const RIALTO: &str = "urn:uuid:6c7d1f54-9c3e-4a0e-8f0b-51c1a5d2c1f7";

/// XML itself: `xml:lang`.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Hints for validators, like `xsi:schemaLocation`.
pub(super) const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Keeps one copy of each known namespace.
pub(super) fn intern(uri: String) -> ByteString {
    let known = [PIDF, DATA_MODEL, RPID, LOCATION_TYPE, RIALTO, XML];
    match known.into_iter().find(|known| *known == uri) {
        Some(known) => ByteString::from_static(known),
        None => uri.into(),
    }
}
