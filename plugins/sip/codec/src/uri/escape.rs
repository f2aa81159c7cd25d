//! Percent escapes of URIs (RFC 3261 §25.1, RFC 3986 §2.1).

use std::borrow::Cow;

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
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
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

/// Whether a byte may stand in the user part without an escape.
pub(crate) const fn is_user_byte(byte: u8) -> bool {
    is_unreserved(byte) || matches!(byte, b'&' | b'=' | b'+' | b'$' | b',' | b';' | b'?' | b'/')
}

/// Whether a byte may stand in the password without an escape.
pub(crate) const fn is_password_byte(byte: u8) -> bool {
    is_unreserved(byte) || matches!(byte, b'&' | b'=' | b'+' | b'$' | b',')
}

/// Whether a byte may stand in a URI parameter without an escape.
pub(crate) const fn is_param_byte(byte: u8) -> bool {
    is_unreserved(byte) || matches!(byte, b'[' | b']' | b'/' | b':' | b'&' | b'+' | b'$')
}

/// Whether a byte may stand in a header of a URI without an escape.
pub(crate) const fn is_header_byte(byte: u8) -> bool {
    is_unreserved(byte) || matches!(byte, b'[' | b']' | b'/' | b'?' | b':' | b'+' | b'$')
}

/// Whether a byte is unreserved in RFC 3261, which keeps the marks of RFC 2396.
pub(crate) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')'
        )
}

/// Finds the first byte that is neither allowed nor part of an escape.
pub(crate) fn first_foreign(text: &str, allowed: impl Fn(u8) -> bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escape = byte == b'%'
            && bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit)
            && bytes.get(at + 2).is_some_and(u8::is_ascii_hexdigit);
        match (escape, allowed(byte)) {
            (true, _) => at += 3,
            (false, true) => at += 1,
            (false, false) => return Some(at),
        }
    }
    None
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
