//! One mailbox of an `im:` or `pres:` URI, in canonical form.

use std::borrow::Cow;

use bytestring::ByteString;

use super::{
    domain::{Checked, Domain},
    percent,
};
use crate::AddressError;

/// A canonical URI with one mailbox and no headers: `im:fred@example.com`.
///
/// Canonical: the scheme in lower case; a local part quoted only where RFC 5322 §3.4.1 needs it, percent-encoded only
/// where RFC 3986 needs it; the domain as [`Domain`] has it. So equal mailboxes have equal bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Mailbox {
    uri: ByteString,
    /// Where the `@` is.
    at: u16,
}

impl Mailbox {
    /// The longest URI taken, in bytes.
    pub(super) const MAX_LEN: usize = 2048;

    /// `scheme` includes the colon.
    pub(super) fn parse(scheme: &'static str, uri: ByteString) -> Result<Self, AddressError> {
        if uri.len() > Self::MAX_LEN {
            return Err(AddressError::TooLong {
                len: uri.len(),
                max: Self::MAX_LEN,
            });
        }
        if let Some(at) = canonical_at(scheme, &uri) {
            return Ok(Self { uri, at });
        }
        let expected = scheme.trim_end_matches(':');
        let (found, rest) = uri
            .split_at_checked(scheme.len())
            .ok_or(AddressError::Scheme { expected })?;
        if !found.eq_ignore_ascii_case(scheme) {
            return Err(AddressError::Scheme { expected });
        }
        let to = rest.split_once('?').map_or(rest, |(to, _)| to);
        Self::from_encoded(scheme, to)
    }

    /// Takes a percent-encoded mailbox.
    pub(super) fn from_encoded(scheme: &'static str, mailbox: &str) -> Result<Self, AddressError> {
        if mailbox.is_empty() {
            return Err(AddressError::NoMailbox);
        }
        let decoded = percent::decode(mailbox)?;
        let (local, domain) = decoded.rsplit_once('@').ok_or(AddressError::NoDomain)?;
        Self::new(scheme, &unquote(local)?, &Domain::parse(domain)?)
    }

    /// Makes the canonical form of a local part, as it is meant (neither quoted nor encoded), and a domain.
    pub(super) fn new(
        scheme: &'static str,
        local: &str,
        domain: &Domain,
    ) -> Result<Self, AddressError> {
        check_local(local)?;
        let mut uri = String::with_capacity(scheme.len() + local.len() + 1 + domain.as_str().len());
        uri.push_str(scheme);
        percent::encode_into(&mut uri, &quote(local), is_literal);
        let at = uri.len();
        uri.push('@');
        uri.push_str(domain.as_str());
        if uri.len() > Self::MAX_LEN {
            return Err(AddressError::TooLong {
                len: uri.len(),
                max: Self::MAX_LEN,
            });
        }
        Ok(Self {
            uri: uri.into(),
            at: at as u16,
        })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.uri
    }

    pub(super) const fn uri(&self) -> &ByteString {
        &self.uri
    }

    /// The mailbox without the scheme, encoded as in the URI.
    pub(super) fn mailbox(&self, scheme: &str) -> &str {
        self.uri.strip_prefix(scheme).unwrap_or_default()
    }

    /// The local part as it is meant: neither quoted nor encoded.
    pub(super) fn local_part(&self, scheme: &str) -> Cow<'_, str> {
        let encoded = self
            .uri
            .get(scheme.len()..usize::from(self.at))
            .unwrap_or_default();
        match percent::decode(encoded).unwrap_or_default() {
            Cow::Borrowed(text) => unquote(text).unwrap_or_default(),
            Cow::Owned(text) => Cow::Owned(unquote(&text).unwrap_or_default().into_owned()),
        }
    }

    pub(super) fn domain(&self) -> &str {
        self.uri.get(usize::from(self.at) + 1..).unwrap_or_default()
    }
}

/// Whether a byte stands for itself in a canonical local part. RFC 3986 `pchar` and `/`, less what a list of mailboxes,
/// a comment or a header would make of it.
const fn is_literal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'*' | b'+' | b'=' | b'/'
        )
}

/// Finds the `@` of a URI that is canonical as it stands; anything doubtful is `None`.
fn canonical_at(scheme: &str, uri: &str) -> Option<u16> {
    let rest = uri.strip_prefix(scheme)?;
    let at = memchr::memchr(b'@', rest.as_bytes())?;
    let (local, domain) = rest.split_at(at);
    let literal = local.bytes().all(is_literal) && is_dot_atom(local);
    let normal = matches!(Domain::check(domain.get(1..)?), Ok(Checked::AsIs));
    (literal && normal).then_some((scheme.len() + at) as u16)
}

/// Whether a local part needs no quotes. RFC 5322 §3.2.3, RFC 6532 §3.2.
fn is_dot_atom(local: &str) -> bool {
    const SPECIALS: &str = "()<>[]:;@\\,\"";
    !local.is_empty()
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && !local
            .chars()
            .any(|c| c.is_whitespace() || SPECIALS.contains(c))
}

fn check_local(local: &str) -> Result<(), AddressError> {
    if local.is_empty() {
        return Err(AddressError::NoLocalPart);
    }
    match local
        .char_indices()
        .find(|(_, character)| character.is_control())
    {
        Some((at, character)) => Err(AddressError::Character { character, at }),
        None => Ok(()),
    }
}

fn quote(local: &str) -> Cow<'_, str> {
    if is_dot_atom(local) {
        return Cow::Borrowed(local);
    }
    let mut quoted = String::with_capacity(local.len() + 2);
    quoted.push('"');
    for character in local.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    Cow::Owned(quoted)
}

fn unquote(local: &str) -> Result<Cow<'_, str>, AddressError> {
    let Some(quoted) = local.strip_prefix('"') else {
        return Ok(Cow::Borrowed(local));
    };
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    loop {
        match characters.next() {
            Some('\\') => text.push(characters.next().ok_or(AddressError::Quote)?),
            Some('"') if characters.as_str().is_empty() => return Ok(Cow::Owned(text)),
            Some('"') | None => return Err(AddressError::Quote),
            Some(character) => text.push(character),
        }
    }
}
