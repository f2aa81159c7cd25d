//! URIs of any scheme, checked in form only.

use std::fmt::{self, Write};

use bytestring::ByteString;
use thiserror::Error;

use crate::Presentity;

/// A URI, or a reference relative to one, as RFC 3986 has it: what the schemas call `xs:anyURI`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Uri(ByteString);

/// The text is no URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the text is no URI of RFC 3986")]
#[non_exhaustive]
pub struct UriError;

impl Uri {
    /// Checks a URI.
    pub fn parse(uri: impl Into<ByteString>) -> Result<Self, UriError> {
        let uri = uri.into();
        if is_uri(&uri) {
            Ok(Self(uri))
        } else {
            Err(UriError)
        }
    }

    /// The URI as written.
    pub const fn as_text(&self) -> &ByteString {
        &self.0
    }

    /// Its scheme as written, without the colon; `None` for a relative reference.
    pub fn scheme(&self) -> Option<&str> {
        scheme(&self.0).map(|(scheme, _)| scheme)
    }

    /// A reference of a name without colon.
    pub(super) fn of_name(name: &str) -> Self {
        let encoded = |character: char| -> String {
            let mut buffer = [0; 4];
            let bytes = character.encode_utf8(&mut buffer).bytes();
            bytes.map(|byte| format!("%{byte:02X}")).collect()
        };
        let plain = |character: char| match character {
            character if is_plain(character) => character.to_string(),
            character => encoded(character),
        };
        Self(name.chars().map(plain).collect::<String>().into())
    }

    /// Takes what is nearly one: white space around it is cut off, characters that may not stand in one are encoded.
    pub(super) fn parse_loose(text: &str) -> Option<Self> {
        let text = text.trim();
        let (start, rest) = match scheme(text) {
            Some((scheme, rest)) => ([scheme, ":"].concat(), rest),
            None => (String::new(), text),
        };
        let mut uri = start;
        let mut has_fragment = false;
        for character in rest.chars() {
            let is_second = character == '#' && std::mem::replace(&mut has_fragment, true);
            let stays = character == '#' && !is_second
                || character == '%'
                || is_plain(character)
                || matches!(character, '[' | ']') && rest.starts_with("//");
            if stays {
                uri.push(character);
            } else {
                let mut buffer = [0; 4];
                for byte in character.encode_utf8(&mut buffer).bytes() {
                    write!(uri, "%{byte:02X}").ok()?;
                }
            }
        }
        Self::parse(uri).ok()
    }
}

/// The canonical form of a presentity is one.
impl From<&Presentity> for Uri {
    fn from(presentity: &Presentity) -> Self {
        Self(presentity.uri().clone())
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Shows the scheme only: it may be somebody's number.
impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uri({:?}, {} bytes)", self.scheme(), self.0.len())
    }
}

/// Splits a text into scheme and what follows the colon.
fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let valid = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    valid.then_some((scheme, rest))
}

fn is_uri(text: &str) -> bool {
    let rest = match scheme(text) {
        Some((_, rest)) => rest,
        // A colon before any slash would make a scheme of what is none (RFC 3986 §4.2).
        None if text
            .split(['/', '?', '#'])
            .next()
            .is_some_and(|first| first.contains(':')) =>
        {
            return false;
        }
        None => text,
    };
    let (hierarchy, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = hierarchy.split_once('?').unwrap_or((hierarchy, ""));
    let path = match path.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
            if !is_authority(authority) {
                return false;
            }
            path
        }
        None => path,
    };
    !text.is_empty() && [path, query, fragment].into_iter().all(is_encoded)
}

/// RFC 3986 §3.2, with a port that a socket can have.
fn is_authority(authority: &str) -> bool {
    let (user, host_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = match host_port
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((literal, port)) => {
            let is_literal = literal.parse::<std::net::Ipv6Addr>().is_ok();
            (if is_literal { "" } else { "/" }, port)
        }
        None => match host_port.rfind(':') {
            Some(colon) => host_port.split_at_checked(colon).unwrap_or((host_port, "")),
            None => (host_port, ""),
        },
    };
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.parse::<u16>().is_ok() && !port.starts_with('+'));
    is_port
        && is_encoded(user)
        && !user.contains(['/', '@'])
        && is_encoded(host)
        && !host.contains(['/', ':', '@'])
}

/// Whether a text holds only what may stand in a path or a query, with whole percent escapes.
fn is_encoded(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let is_right = match byte {
            b'%' => [bytes.next(), bytes.next()]
                .iter()
                .all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())),
            byte => is_plain(char::from(byte)),
        };
        if !is_right {
            return false;
        }
    }
    true
}

/// RFC 3986's `pchar`, `/` and `?`.
const fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(
            character,
            '-' | '.'
                | '_'
                | '~'
                | '!'
                | '$'
                | '&'
                | '\''
                | '('
                | ')'
                | '*'
                | '+'
                | ','
                | ';'
                | '='
                | ':'
                | '@'
                | '/'
                | '?'
        )
}
