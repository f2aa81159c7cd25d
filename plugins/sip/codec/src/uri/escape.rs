//! Percent escapes of URIs (RFC 3261 §25.1, RFC 3986 §2.1).

use std::borrow::Cow;

use crate::lex::is_user_byte;

/// Decodes the escapes, once; `None` when an escape lacks its two digits.
#[must_use]
pub fn unescape(text: &str) -> Option<Cow<'_, [u8]>> {
    if !text.bytes().any(|byte| byte == b'%') {
        return Some(Cow::Borrowed(text.as_bytes()));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => pair(bytes.next(), bytes.next())?,
            other => other,
        });
    }
    Some(Cow::Owned(decoded))
}

/// Decodes the escapes of a text; `None` when it is not UTF-8 either.
#[must_use]
pub fn unescape_text(text: &str) -> Option<Cow<'_, str>> {
    match unescape(text)? {
        Cow::Borrowed(_) => Some(Cow::Borrowed(text)),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// Escapes what may not stand in the user part of a URI.
#[must_use]
pub fn escape_user(user: &str) -> Cow<'_, str> {
    if user.bytes().all(is_user_byte) {
        return Cow::Borrowed(user);
    }
    let mut escaped = String::with_capacity(user.len() + 16);
    for byte in user.bytes() {
        if is_user_byte(byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            escaped.extend([byte >> 4, byte & 15].map(upper_digit));
        }
    }
    Cow::Owned(escaped)
}

/// Finds the first byte that is neither allowed nor part of an escape.
pub(crate) fn first_foreign(text: &str, allowed: impl Fn(u8) -> bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        let rest = bytes.get(at..)?;
        at += rest.iter().position(|byte| !allowed(*byte))?;
        match bytes.get(at..at + 3) {
            Some([b'%', high, low]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                at += 3;
            }
            _ => return Some(at),
        }
    }
}

/// The byte that two digits of an escape stand for.
pub(super) fn pair(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    Some(digit(high?)? << 4 | digit(low?)?)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

fn upper_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16)
        .unwrap_or('0')
        .to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unescape_is_never_recursive() {
        assert_eq!(unescape_text("value%2541").as_deref(), Some("value%41"));
    }

    #[test]
    fn unescape_refuses_half_an_escape() {
        assert_eq!(unescape("%4"), None);
        assert_eq!(unescape("%+1"), None);
    }

    proptest! {
        #[test]
        fn escape_user_round_trips(user in any::<String>()) {
            let escaped = escape_user(&user);
            prop_assert_eq!(first_foreign(&escaped, is_user_byte), None);
            let decoded = unescape_text(&escaped);
            prop_assert_eq!(decoded.as_deref(), Some(user.as_str()));
        }
    }
}
