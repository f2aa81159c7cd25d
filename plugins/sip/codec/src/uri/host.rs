//! Hosts of URIs and Via values.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::{error::UriError, lex};

/// Names a host (RFC 3261 §25.1).
///
/// Names may hold underscores, which the grammar does not know and networks do.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Host<'a> {
    /// A domain name as it was written.
    Name(&'a str),
    /// An address; an IPv6 one stood in brackets.
    Address(IpAddr),
}

impl<'a> Host<'a> {
    /// Reads a host that is the whole text.
    ///
    /// # Errors
    ///
    /// The place of the first byte that belongs to no host.
    pub fn parse(text: &'a str) -> Result<Self, UriError> {
        match Self::parse_prefix(text)? {
            (host, length) if length == text.len() => Ok(host),
            (_, at) => Err(UriError {
                at,
                expected: "end of the host",
            }),
        }
    }

    /// Reads the host that a text begins with and says how long it is.
    pub(crate) fn parse_prefix(text: &'a str) -> Result<(Self, usize), UriError> {
        if text.starts_with('[') {
            return Self::parse_reference(text);
        }
        let length = text.bytes().position(|byte| !lex::is_host_byte(byte));
        let length = length.unwrap_or(text.len());
        let name = text.get(..length).unwrap_or_default();
        let malformed = |expected| UriError { at: 0, expected };
        let Some(last) = name.bytes().last() else {
            return Err(malformed("host"));
        };
        // Looking at the last byte first spares most names the search.
        let is_numeric = |byte: u8| byte.is_ascii_digit() || byte == b'.';
        if is_numeric(last) && name.bytes().all(is_numeric) {
            let address = name.parse().map_err(|_| malformed("IPv4 address"))?;
            return Ok((Self::Address(IpAddr::V4(address)), length));
        }
        if !has_whole_labels(name.as_bytes()) {
            return Err(malformed("domain name"));
        }
        Ok((Self::Name(name), length))
    }

    fn parse_reference(text: &str) -> Result<(Self, usize), UriError> {
        let (inside, _) = text
            .get(1..)
            .and_then(|rest| rest.split_once(']'))
            .ok_or(UriError {
                at: 0,
                expected: "closing bracket",
            })?;
        let address = parse_ipv6(inside).ok_or(UriError {
            at: 1,
            expected: "IPv6 address",
        })?;
        Ok((Self::Address(IpAddr::V6(address)), inside.len() + 2))
    }
}

/// Whether labels neither begin nor end with a hyphen, nor are empty; a last dot may follow.
fn has_whole_labels(name: &[u8]) -> bool {
    // Dots and hyphens come before all others; mostly no two stand together, which is soon seen.
    let is_separator = |byte: u8| byte < b'0';
    let beside = name.iter().zip(name.iter().skip(1));
    let is_plain = !beside.fold(false, |found, (one, two)| {
        found | (is_separator(*one) & is_separator(*two))
    });
    match name {
        [first, .., last] if is_plain => !is_separator(*first) && *last != b'-',
        _ => {
            let labels = name.strip_suffix(b".").unwrap_or(name);
            let mut labels = labels.split(|byte| *byte == b'.');
            labels.all(|label| {
                !label.is_empty() && !label.starts_with(b"-") && !label.ends_with(b"-")
            })
        }
    }
}

/// Reads an IPv6 address without brackets.
///
/// Also takes the `:::` before an IPv4 part that the ABNF of RFC 3261 allowed by mistake, as
/// RFC 5118 §4.10 advises.
pub(crate) fn parse_ipv6(text: &str) -> Option<Ipv6Addr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (head, tail) = text.split_once(":::")?;
    tail.parse::<Ipv4Addr>().ok()?;
    format!("{head}::{tail}").parse().ok()
}

impl PartialEq for Host<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(two)) => one.eq_ignore_ascii_case(two),
            (Self::Address(one), Self::Address(two)) => one == two,
            _ => false,
        }
    }
}

impl Eq for Host<'_> {}

impl fmt::Display for Host<'_> {
    /// Writes the canonical form: small letters, shortest address, IPv6 in brackets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        match self {
            Self::Name(name) => name
                .chars()
                .try_for_each(|c| formatter.write_char(c.to_ascii_lowercase())),
            Self::Address(IpAddr::V4(address)) => write!(formatter, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(formatter, "[{address}]"),
        }
    }
}
