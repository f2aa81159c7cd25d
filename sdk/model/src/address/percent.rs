//! Percent-encoding of the parts of an address. RFC 3986 §2.1.

use std::borrow::Cow;

use crate::AddressError;

/// Decodes; borrows when there is nothing to decode. Offsets in errors count from the start of `text`.
pub(super) fn decode(text: &str) -> Result<Cow<'_, str>, AddressError> {
    let Some(first) = memchr::memchr(b'%', text.as_bytes()) else {
        return Ok(Cow::Borrowed(text));
    };
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let mut next = Some(first);
    let mut at = 0;
    while let Some(index) = next {
        let (plain, escape) = rest.split_at(index);
        decoded.extend_from_slice(plain);
        at += index;
        decoded.push(decode_first(escape).ok_or(AddressError::Percent { at })?);
        rest = escape.get(3..).unwrap_or_default();
        at += 3;
        next = memchr::memchr(b'%', rest);
    }
    decoded.extend_from_slice(rest);
    String::from_utf8(decoded)
        .map(Cow::Owned)
        .map_err(|_| AddressError::Encoding)
}

/// The byte that an escape at the front of `text` stands for.
pub(super) fn decode_first(text: &[u8]) -> Option<u8> {
    match text {
        [b'%', high, low, ..] => Some(nibble(*high)? << 4 | nibble(*low)?),
        _ => None,
    }
}

/// Appends `text`; bytes that `literal` does not name are percent-encoded.
pub(super) fn encode_into(out: &mut String, text: &str, literal: impl Fn(u8) -> bool) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for character in text.chars() {
        if character.is_ascii() && literal(character as u8) {
            out.push(character);
            continue;
        }
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
