//! Parts of URIs, compared as RFC 3261 §19.1.4 says.

use super::escape;

/// Whether two parts are the same but for case.
pub(super) fn same(one: &str, two: &str) -> bool {
    one.eq_ignore_ascii_case(two)
        || characters(one)
            .map(|one| one.to_ascii_lowercase())
            .eq(characters(two).map(|two| two.to_ascii_lowercase()))
}

/// Whether two parts are the same.
pub(super) fn same_escaped(one: &str, two: &str) -> bool {
    one == two || characters(one).eq(characters(two))
}

/// The characters that the escapes of a checked part stand for.
///
/// An escaped reserved character is none: `%3B` is not `;` (RFC 3261 §19.1.4), so it stays as it is,
/// behind a byte that no part holds.
fn characters(part: &str) -> impl Iterator<Item = u8> {
    let mut bytes = part.bytes();
    let mut escaped = None;
    std::iter::from_fn(move || {
        escaped.take().or_else(|| match bytes.next()? {
            b'%' => match escape::pair(bytes.next(), bytes.next()) {
                Some(byte) if is_reserved(byte) => {
                    escaped = Some(byte);
                    Some(b'%')
                }
                Some(byte) => Some(byte),
                None => Some(b'%'),
            },
            byte => Some(byte),
        })
    })
}

/// Whether a byte is of the reserved set of RFC 2396.
const fn is_reserved(byte: u8) -> bool {
    matches!(
        byte,
        b';' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'+' | b'$' | b',' | b'%'
    )
}

/// Whether both are there and the same, or neither is.
pub(super) fn same_option(one: Option<&str>, two: Option<&str>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => same_escaped(one, two),
        (None, None) => true,
        _ => false,
    }
}
