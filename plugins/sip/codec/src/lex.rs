//! Character classes and the cursor that all header fields are read with (RFC 3261 §25.1).

use crate::{DecodeError, HeaderName};

/// Whether a byte may stand in a token.
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    CLASSES[byte as usize] & TOKEN != 0
}

/// Whether a byte may stand in a word (Call-ID).
pub(crate) const fn is_word_byte(byte: u8) -> bool {
    CLASSES[byte as usize] & WORD != 0
}

/// Whether a byte may stand in a parameter's value outside quotes: token, host or IPv6 address.
pub(crate) const fn is_value_byte(byte: u8) -> bool {
    CLASSES[byte as usize] & VALUE != 0
}

/// Whether a byte may stand in a host name.
pub(crate) const fn is_host_byte(byte: u8) -> bool {
    CLASSES[byte as usize] & HOST != 0
}

/// Whether a byte may stand in the user part of a URI without an escape.
pub(crate) const fn is_user_byte(byte: u8) -> bool {
    CLASSES[byte as usize] & USER != 0
}

/// Whether a byte may stand in the password of a URI without an escape.
pub(crate) const fn is_password_byte(byte: u8) -> bool {
    CLASSES[byte as usize] & PASSWORD != 0
}

/// Whether a byte may stand in a parameter of a URI without an escape.
pub(crate) const fn is_uri_param_byte(byte: u8) -> bool {
    CLASSES[byte as usize] & URI_PARAM != 0
}

/// Whether a byte may stand in a header of a URI without an escape.
pub(crate) const fn is_uri_header_byte(byte: u8) -> bool {
    CLASSES[byte as usize] & URI_HEADER != 0
}

/// Whether a byte is white space once folding is known to be well-formed.
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether the text is a token.
pub(crate) fn is_token(text: impl AsRef<[u8]>) -> bool {
    let text = text.as_ref();
    !text.is_empty() && text.iter().all(|byte| is_token_byte(*byte))
}

/// Splits at the first of an ASCII character; for short texts faster than the standard search.
pub(crate) fn split_once(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == separator)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Takes white space off the front.
pub(crate) const fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_space(*first)
    {
        bytes = rest;
    }
    bytes
}

/// Takes white space off the end.
pub(crate) const fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., last] = bytes
        && is_space(*last)
    {
        bytes = rest;
    }
    bytes
}

/// Takes white space off both ends.
pub(crate) const fn trim(bytes: &[u8]) -> &[u8] {
    trim_end(trim_start(bytes))
}

/// Reads a decimal number; too large a one becomes the largest of all.
///
/// `None` unless there are digits and nothing else.
pub(crate) fn number(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.bytes().try_fold(0_u64, |number, byte| {
        byte.is_ascii_digit().then(|| {
            number
                .saturating_mul(10)
                .saturating_add(u64::from(byte - b'0'))
        })
    })
}

/// A place in a header field's value.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    header: HeaderName,
    /// Where the value begins in the message.
    base: usize,
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at the first character that is not white space.
    pub(crate) fn new(header: HeaderName, base: usize, text: &'a str) -> Self {
        let mut cursor = Self {
            header,
            base,
            text,
            at: 0,
        };
        cursor.skip_space();
        cursor
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn is_end(&self) -> bool {
        self.at >= self.text.len()
    }

    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Moves on by a count of bytes that has been looked at.
    pub(crate) fn advance(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.text.len());
    }

    pub(crate) fn skip_space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    /// Takes the byte if it is next.
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let next = self.peek() == Some(byte);
        if next {
            self.at += 1;
        }
        next
    }

    /// Takes a separator with the white space around it; nothing if it is not next.
    pub(crate) fn eat_separator(&mut self, byte: u8) -> bool {
        let start = self.at;
        self.skip_space();
        if self.eat(byte) {
            self.skip_space();
            return true;
        }
        self.at = start;
        false
    }

    pub(crate) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        self.at += rest
            .iter()
            .position(|byte| !wanted(*byte))
            .unwrap_or(rest.len());
        self.since(start)
    }

    pub(crate) fn token(&mut self) -> Result<&'a str, DecodeError> {
        match self.take_while(is_token_byte) {
            "" => Err(self.expected("token")),
            token => Ok(token),
        }
    }

    /// Takes a quoted string and gives what is between the quotes, escapes as they stand.
    ///
    /// Line ends in it are folding; an escape of one is none, nor of what is not ASCII.
    pub(crate) fn quoted_string(&mut self) -> Result<&'a str, DecodeError> {
        if !self.eat(b'"') {
            return Err(self.expected("quoted string"));
        }
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    let inside = self.since(start);
                    self.at += 1;
                    return Ok(inside);
                }
                b'\\' => {
                    self.at += 1;
                    let escaped = |byte: &u8| byte.is_ascii() && !matches!(byte, b'\r' | b'\n');
                    self.peek()
                        .filter(escaped)
                        .ok_or_else(|| self.expected("escaped character"))?;
                }
                control if control.is_ascii_control() && !is_space(control) => {
                    return Err(self.expected("escaped character"));
                }
                _ => {}
            }
            self.at += 1;
        }
        Err(self.expected("closing quote"))
    }

    /// Requires that only white space is left.
    pub(crate) fn finish(mut self) -> Result<(), DecodeError> {
        self.skip_space();
        if self.is_end() {
            Ok(())
        } else {
            Err(self.expected("end of the value"))
        }
    }

    pub(crate) fn expected(&self, expected: &'static str) -> DecodeError {
        self.expected_at(self.at, expected)
    }

    pub(crate) fn expected_at(&self, at: usize, expected: &'static str) -> DecodeError {
        DecodeError::Malformed {
            header: self.header,
            at: self.base + at,
            expected,
        }
    }
}

const TOKEN: u8 = 1;
const WORD: u8 = 2;
const VALUE: u8 = 4;
const HOST: u8 = 8;
const USER: u8 = 16;
const PASSWORD: u8 = 32;
const URI_PARAM: u8 = 64;
const URI_HEADER: u8 = 128;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = classes_of(byte as u8);
        byte += 1;
    }
    table
}

const fn classes_of(byte: u8) -> u8 {
    let letter = byte.is_ascii_alphanumeric();
    let token = letter || listed(byte, b"-.!%*_+`'~");
    // RFC 3261 keeps the marks of RFC 2396.
    let unreserved = letter || listed(byte, b"-_.!~*'()");
    let mut classes = 0;
    let members: [(u8, bool, &[u8]); 8] = [
        (TOKEN, token, b""),
        (WORD, token, b"()<>:\\\"/[]?{}"),
        (VALUE, token, b"[]:"),
        (HOST, letter, b".-_"),
        (USER, unreserved, b"&=+$,;?/"),
        (PASSWORD, unreserved, b"&=+$,"),
        (URI_PARAM, unreserved, b"[]/:&+$"),
        (URI_HEADER, unreserved, b"[]/?:+$"),
    ];
    let mut index = 0;
    while index < members.len() {
        let (class, member, more) = members[index];
        if member || listed(byte, more) {
            classes |= class;
        }
        index += 1;
    }
    classes
}

const fn listed(byte: u8, list: &[u8]) -> bool {
    let mut index = 0;
    while index < list.len() {
        if list[index] == byte {
            return true;
        }
        index += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_saturates_when_it_is_too_large() {
        assert_eq!(number("0009"), Some(9));
        assert_eq!(number("36893488147419103232"), Some(u64::MAX));
        assert_eq!(number("-1"), None);
        assert_eq!(number(""), None);
    }

    #[test]
    fn quoted_string_ends_at_the_first_quote_that_is_not_escaped() {
        let mut cursor = Cursor::new(HeaderName::To, 0, r#""a \\\"b" c"#);
        assert_eq!(cursor.quoted_string(), Ok(r#"a \\\"b"#));
        assert_eq!(cursor.rest(), " c");
    }

    #[test]
    fn quoted_string_is_refused_when_it_holds_what_must_be_escaped_or_cannot_be() {
        let read = |text| Cursor::new(HeaderName::To, 0, text).quoted_string();
        assert_eq!(read("\"a\\\0\tb\r\n c é\""), Ok("a\\\0\tb\r\n c é"));
        for text in ["\"a\0\"", "\"\u{7f}\"", "\"a\\é\"", "\"a\\\r\n b\"", "\"\\"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn quoted_string_is_refused_when_its_last_quote_is_escaped() {
        assert!(
            Cursor::new(HeaderName::To, 0, r#""a\""#)
                .quoted_string()
                .is_err()
        );
    }
}
