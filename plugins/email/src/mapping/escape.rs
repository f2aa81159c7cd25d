//! Local parts beyond ASCII, in a form that every mail server takes.
//!
//! Few servers offer SMTPUTF8 to all they talk to, so the users of other networks are shown in ASCII: octets beyond it are
//! `=C3=B6`. What looks like that already gets one more turn: `=3DC3`. Percent signs would do as well, but
//! Debian's Exim refuses them in local parts, and old servers take them for routes.

use std::{borrow::Cow, fmt::Write as _};

/// The form for mail; [`restore`] gives the text back.
pub(super) fn protect(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && escapes(text).next().is_none() {
        return Cow::Borrowed(text);
    }
    let mut protected = String::with_capacity(text.len() * 2);
    let mut escaped = escapes(text).map(|(at, _)| at).peekable();
    for (at, char) in text.char_indices() {
        if escaped.next_if_eq(&at).is_some() {
            protected.push_str("=3D");
        } else if char.is_ascii() {
            protected.push(char);
        } else {
            for byte in char.encode_utf8(&mut [0; 4]).bytes() {
                write!(protected, "={byte:02X}").unwrap_or_default();
            }
        }
    }
    Cow::Owned(protected)
}

/// What a local part stands for; one that [`protect`] does not make stands for itself.
pub(super) fn restore(text: &str) -> Cow<'_, str> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut done = 0;
    for (at, byte) in escapes(text) {
        bytes.extend_from_slice(text.as_bytes().get(done..at).unwrap_or_default());
        bytes.push(byte);
        done = at + ESCAPE;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    bytes.extend_from_slice(text.as_bytes().get(done..).unwrap_or_default());
    match String::from_utf8(bytes) {
        Ok(restored) if protect(&restored) == text => Cow::Owned(restored),
        _ => Cow::Borrowed(text),
    }
}

/// Octets of an escape.
const ESCAPE: usize = 3;

/// The escapes of a text from the left, each with the octet that it stands for.
fn escapes(text: &str) -> impl Iterator<Item = (usize, u8)> + '_ {
    let mut next = 0;
    text.match_indices('=').filter_map(move |(at, _)| {
        let digits = text.get(at + 1..at + ESCAPE).filter(|_| at >= next)?;
        let is_upper = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
        if !digits.bytes().all(is_upper) {
            return None;
        }
        next = at + ESCAPE;
        Some((at, u8::from_str_radix(digits, 16).ok()?))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_beyond_ascii_is_shown_in_it() {
        for (text, shown) in [
            ("böb", "b=C3=B6b"),
            ("今", "=E4=BB=8A"),
            ("alice", "alice"),
            ("sip=example.net/fred", "sip=example.net/fred"),
            ("a=C3", "a=3DC3"),
            ("a=3DC3", "a=3D3DC3"),
        ] {
            assert_eq!(protect(text), shown);
            assert_eq!(restore(shown), text);
        }
        for own in ["a=FF", "=e4", "=", "50%", "a=3Db"] {
            assert_eq!(restore(own), own, "nobody was shown so");
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_home(text in r"([a-z]|=|=[0-9A-F]{2}|=3D|[A-F0-9]|ö|今|\PC){0,12}") {
            let shown = protect(&text);
            prop_assert!(shown.is_ascii());
            prop_assert_eq!(&*restore(&shown), &*text);
        }

        #[test]
        fn every_local_part_of_mail_means_something(text in r"(=[0-9A-F]{2}|=|[a-fA-F0-9]|\PC){0,12}") {
            prop_assert!(!restore(&text).is_empty() || text.is_empty());
        }
    }
}
