//! Escapes in the values of message headers. RFC 3862 §2.3.

use std::{char, str::Chars};

use bytestring::ByteString;

/// Undoes escapes; shares the text of `whole` when there are none.
pub(super) fn unescape(whole: &ByteString, text: &str) -> ByteString {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return whole.slice_ref(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(escaped(&mut characters)),
            character => plain.push(character),
        }
    }
    plain.into()
}

/// Reads what follows a backslash; at the end of the value, that is nothing.
fn escaped(characters: &mut Chars<'_>) -> Option<char> {
    Some(match characters.next()? {
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'r' => '\r',
        'u' => code_point(characters),
        other => other,
    })
}

/// Reads the digits after `\u`. Two surrogates are one character; a lone one is none, and so U+FFFD.
fn code_point(characters: &mut Chars<'_>) -> char {
    let Some(first) = four_digits(characters) else {
        return 'u';
    };
    let mut ahead = characters.clone();
    if (0xd800..0xdc00).contains(&first)
        && (ahead.next(), ahead.next()) == (Some('\\'), Some('u'))
        && let Some(second @ 0xdc00..0xe000) = four_digits(&mut ahead)
    {
        *characters = ahead;
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    }
    char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Takes exactly four hexadecimal digits, or nothing.
fn four_digits(characters: &mut Chars<'_>) -> Option<u32> {
    let digits = characters.as_str().get(..4)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    *characters = characters.as_str().get(4..)?.chars();
    u32::from_str_radix(digits, 16).ok()
}

/// Appends the value of a header.
///
/// Besides what §2.3.1 wants escaped, white space at either end is: a line may have none there, and a peer that trims
/// lines would lose it.
pub(super) fn escape_into(out: &mut Vec<u8>, value: &str) {
    let inner = value.trim_start_matches(' ');
    for _ in inner.len()..value.len() {
        out.extend_from_slice(SPACE);
    }
    escape_tail_into(out, inner);
}

/// As [`escape_into`], for what does not stand at the front of a value.
pub(super) fn escape_tail_into(out: &mut Vec<u8>, value: &str) {
    let inner = value.trim_end_matches(' ');
    escape_inner_into(out, inner, '\\');
    for _ in inner.len()..value.len() {
        out.extend_from_slice(SPACE);
    }
}

const SPACE: &[u8] = b"\\u0020";

/// Appends a text; besides controls and backslashes, `also` gets a backslash before it.
pub(super) fn escape_inner_into(out: &mut Vec<u8>, text: &str, also: char) {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_control() || c == '\\' || c == also) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        let mut characters = special.chars();
        let Some(character) = characters.next() else {
            return;
        };
        match character {
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            control if control.is_ascii_control() => {
                let code = u32::from(control);
                out.extend_from_slice(format!("\\u{code:04x}").as_bytes());
            }
            other => out.extend_from_slice(&[b'\\', other as u8]),
        }
        rest = characters.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
}
