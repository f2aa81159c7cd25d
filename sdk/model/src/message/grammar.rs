//! The small words of message headers. RFC 3862 §3.6.

/// Whether a byte may stand in a name. `%x5e-60` stands as written in the RFC; `_` is in it.
const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'^'..=b'`' | b'|' | b'~')
}

pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_name_byte)
}

/// Whether a text is a name, with or without a prefix.
pub(crate) fn is_header_name(name: &str) -> bool {
    match name.split_once('.') {
        Some((prefix, name)) => is_name(prefix) && is_name(name),
        None => is_name(name),
    }
}

/// Whether a text has the form of a language tag. RFC 5646 §2.1, as far as a gateway needs it.
pub(crate) fn is_language_tag(tag: &str) -> bool {
    let is_subtag = |subtag: &str| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    tag.split('-').all(is_subtag)
}

/// Splits `name=value` off the front of `text`: name, value as written, rest.
pub(crate) fn parameter(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('=')?;
    if !is_name(name) {
        return None;
    }
    let end = if rest.starts_with('"') {
        quoted_len(rest)?
    } else {
        rest.find([';', ' ']).unwrap_or(rest.len())
    };
    let (value, rest) = rest.split_at_checked(end)?;
    let is_token = |c: char| !c.is_ascii() || c == '.' || is_name_byte(c as u8);
    let valid = value.starts_with('"') || !value.is_empty() && value.chars().all(is_token);
    valid.then_some((name, value, rest))
}

/// Whether a text is parameters joined by `;`, with nothing after them.
pub(crate) fn is_parameters(mut text: &str) -> bool {
    loop {
        match parameter(text) {
            Some((name, _, "")) => return name != "lang",
            Some((name, _, rest)) if name != "lang" => match rest.strip_prefix(';') {
                Some(next) => text = next,
                None => return false,
            },
            _ => return false,
        }
    }
}

/// Splits the value of `NS` into prefix, which may be empty, and URI. RFC 3862 §4.6.
pub(crate) fn namespace_declaration(value: &str) -> Option<(&str, &str)> {
    let (prefix, uri) = value.trim().strip_suffix('>')?.split_once('<')?;
    let prefix = prefix.trim_end();
    let valid =
        (prefix.is_empty() || is_name(prefix)) && is_absolute_uri(uri) && !uri.contains('#');
    valid.then_some((prefix, uri))
}

/// Whether a text begins like a URI and holds nothing that ends one.
pub(crate) fn is_absolute_uri(uri: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    };
    uri.split_once(':')
        .is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
        && !uri
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"'))
}

/// The length of the quoted string at the front of `text`, quotation marks included.
pub(crate) fn quoted_len(text: &str) -> Option<usize> {
    let mut escaped = true; // the opening mark does not close
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}
