//! JID escaping (XEP-0106).

use std::borrow::Cow;

use super::AddressError;

/// Turns any text into a local part's text: `o'malley` into `o\27malley`.
///
/// Only what the XEP lists is escaped; a backslash only where it would otherwise be read as an
/// escape, in either case of its hexadecimal digits, since servers fold case before anyone
/// unescapes.
///
/// # Errors
/// [`AddressError::Space`] if the text begins or ends with a space: `\20` may not stand there.
pub fn escape(text: &str) -> Result<Cow<'_, str>, AddressError> {
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err(AddressError::Space);
    }
    let bytes = text.as_bytes();
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut done = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let Some(code) = code_of(byte) else { continue };
        if byte == b'\\' && !begins_escape(bytes, at) {
            continue;
        }
        escaped.push_str(text.get(done..at).unwrap_or_default());
        escaped.push('\\');
        escaped.push_str(code);
        done = at + 1;
    }
    if done == 0 {
        return Ok(Cow::Borrowed(text));
    }
    escaped.push_str(text.get(done..).unwrap_or_default());
    Ok(Cow::Owned(escaped))
}

/// Turns a local part's text back: `o\27malley` into `o'malley`.
///
/// Sequences that the XEP does not list stay as they are, and so does `\20` at either end.
pub fn unescape(local: &str) -> Cow<'_, str> {
    let mut text = String::new();
    let mut done = 0;
    for at in memchr::memchr_iter(b'\\', local.as_bytes()) {
        let code = local.get(at + 1..at + 3).unwrap_or_default();
        let Some(character) = character_of(code) else {
            continue;
        };
        let at_an_end = at == 0 || at + 3 == local.len();
        if character == ' ' && at_an_end {
            continue;
        }
        text.push_str(local.get(done..at).unwrap_or_default());
        text.push(character);
        done = at + 3;
    }
    if done == 0 {
        return Cow::Borrowed(local);
    }
    text.push_str(local.get(done..).unwrap_or_default());
    Cow::Owned(text)
}

const TABLE: [(u8, &str); 10] = [
    (b' ', "20"),
    (b'"', "22"),
    (b'&', "26"),
    (b'\'', "27"),
    (b'/', "2f"),
    (b':', "3a"),
    (b'<', "3c"),
    (b'>', "3e"),
    (b'@', "40"),
    (b'\\', "5c"),
];

fn code_of(byte: u8) -> Option<&'static str> {
    TABLE
        .iter()
        .find(|(character, _)| *character == byte)
        .map(|(_, code)| *code)
}

fn character_of(code: &str) -> Option<char> {
    TABLE
        .iter()
        .find(|(_, known)| *known == code)
        .map(|(character, _)| char::from(*character))
}

fn begins_escape(bytes: &[u8], backslash: usize) -> bool {
    let code = bytes.get(backslash + 1..backslash + 3).unwrap_or_default();
    TABLE
        .iter()
        .any(|(_, known)| known.as_bytes().eq_ignore_ascii_case(code))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::{AddressError, escape, unescape};

    /// XEP-0106 §4 and §5: text, and the local part that carries it.
    const EXAMPLES: [(&str, &str); 9] = [
        ("d'artagnan", "d\\27artagnan"),
        ("treville@musketeers.lit", "treville\\40musketeers.lit"),
        ("\\3and\\2is\\5cool", "\\5c3and\\2is\\5c5cool"),
        ("c:\\5commas", "c\\3a\\5c5commas"),
        ("\\2plus\\2is\\4", "\\2plus\\2is\\4"),
        ("foo\\bar", "foo\\bar"),
        ("foob\\41r", "foob\\41r"),
        ("space cadet", "space\\20cadet"),
        (
            "here's_a_wild_&_/cr%zy/_address_for:<wv>(\"IMPS\")",
            "here\\27s_a_wild_\\26_\\2fcr%zy\\2f_address_for\\3a\\3cwv\\3e(\\22IMPS\\22)",
        ),
    ];

    #[test]
    fn escaping_does_what_the_specification_shows() {
        for (text, local) in EXAMPLES {
            assert_eq!(escape(text).unwrap(), local);
            assert_eq!(unescape(local), text);
        }
    }

    #[test]
    fn escaping_refuses_a_space_at_either_end() {
        for text in [" a", "a ", " "] {
            assert_eq!(escape(text), Err(AddressError::Space));
        }
        for local in ["\\20a", "a\\20", "\\20"] {
            assert_eq!(unescape(local), local);
        }
    }

    #[test]
    fn escaping_protects_a_backslash_whose_digits_a_server_will_fold() {
        assert_eq!(escape("\\2F").unwrap(), "\\5c2F");
        assert_eq!(unescape("\\5c2f"), "\\2f");
        assert_eq!(unescape("\\2F"), "\\2F");
    }

    proptest! {
        #[test]
        fn escaping_is_undone_by_unescaping(text in r#"([a-z@/\\ '"&:<>é0-9]|\\[2-5][0-9a-fA-F])*"#) {
            if let Ok(local) = escape(&text) {
                prop_assert_eq!(unescape(&local).into_owned(), text);
            }
        }

        #[test]
        fn escaping_is_a_bijection_onto_its_image(local in r#"([a-z]|\\[2-5][0-9a-f]|\\5c[2-5][0-9a-f])*"#) {
            let text = unescape(&local).into_owned();
            if let Ok(again) = escape(&text) {
                // Either it is the same local part, or `local` was no escaping of anything.
                prop_assert_eq!(unescape(&again).into_owned(), text.as_str());
            }
        }

        #[test]
        fn unescaping_never_panics(local in r"\PC*") {
            unescape(&local);
            drop(escape(&local));
        }
    }
}
