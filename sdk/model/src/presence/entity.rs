//! Whom an `entity` names.

use crate::{AddressError, Presentity};

/// The presentity that a URI names, and whether it is a `pres:` URI, which alone says it rightly.
///
/// Of another URI (`sip:`, `mailto:`, `xmpp:`), user and domain are taken; port, parameters, headers and resource
/// are not.
pub(super) fn presentity(uri: &str) -> Result<(Presentity, bool), AddressError> {
    let Some((scheme, rest)) = uri.split_once(':') else {
        // Some clients write the bare address.
        return Presentity::parse(&["pres:", uri].concat()).map(|presentity| (presentity, false));
    };
    if scheme.eq_ignore_ascii_case("pres") {
        return Presentity::parse(uri).map(|presentity| (presentity, true));
    }
    if !KNOWN.iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(AddressError::Scheme { expected: "pres" });
    }
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (user, host) = rest.split_once('@').ok_or(AddressError::NoDomain)?;
    let end = host.find([';', '?', '/', ':', '#']).unwrap_or(host.len());
    let host = host.get(..end).unwrap_or_default();
    // A password has no place in the address of a presentity (RFC 3261 §19.1.1).
    let is_sip = scheme
        .get(..3)
        .is_some_and(|begin| begin.eq_ignore_ascii_case("sip"));
    let user = match user.split_once(':') {
        Some((user, _)) if is_sip => user,
        _ => user,
    };
    Presentity::parse(&["pres:", user, "@", host].concat()).map(|presentity| (presentity, false))
}

const KNOWN: [&str; 5] = ["sip", "sips", "im", "mailto", "xmpp"];
