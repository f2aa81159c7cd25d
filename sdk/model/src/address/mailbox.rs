//! One mailbox of an `im:` or `pres:` URI, in canonical form.

use std::{borrow::Cow, iter};

use bytestring::ByteString;

use super::{byte_set::byte_set, domain::Domain, percent};
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
    #[inline(always)]
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
        Self::parse_slow(scheme, &uri)
    }

    /// Takes what is valid but perhaps not canonical.
    #[cold]
    fn parse_slow(scheme: &'static str, uri: &str) -> Result<Self, AddressError> {
        let rest = strip_scheme(scheme, uri)?;
        let to = rest.split_once('?').map_or(rest, |(to, _)| to);
        match split_mailboxes(to).count() {
            1 => Self::from_encoded(scheme, to),
            count => Err(AddressError::SeveralMailboxes { count }),
        }
    }

    /// Takes a percent-encoded mailbox.
    pub(super) fn from_encoded(scheme: &'static str, mailbox: &str) -> Result<Self, AddressError> {
        if mailbox.is_empty() {
            return Err(AddressError::NoMailbox);
        }
        let decoded = percent::decode(mailbox)?;
        let (local, domain) = decoded
            .rsplit_once('@')
            .filter(|(_, domain)| !domain.is_empty())
            .ok_or(AddressError::NoDomain)?;
        Self::new(scheme, &unquote(local)?, &Domain::parse(domain)?)
    }

    /// Makes the canonical form of a local part, as it is meant (neither quoted nor encoded), and a domain.
    pub(super) fn new(
        scheme: &'static str,
        local: &str,
        domain: &Domain,
    ) -> Result<Self, AddressError> {
        check_local(local)?;
        if local.len() > Self::MAX_LEN {
            return Err(AddressError::TooLong {
                len: local.len(),
                max: Self::MAX_LEN,
            });
        }
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

    /// Takes the pieces of a mailbox that is canonical as it stands; what has to be quoted or encoded is not.
    pub(super) fn plain(scheme: &'static str, pieces: &[&str]) -> Option<Self> {
        let len = pieces.iter().map(|piece| piece.len()).sum::<usize>() + scheme.len();
        if len > Self::MAX_LEN {
            return None;
        }
        let mut uri = String::with_capacity(len);
        uri.push_str(scheme);
        pieces.iter().for_each(|piece| uri.push_str(piece));
        let at = canonical_at(scheme, &uri)?;
        Some(Self {
            uri: uri.into(),
            at,
        })
    }

    /// The same local part at another domain.
    pub(super) fn with_domain(&self, domain: &Domain) -> Result<Self, AddressError> {
        let local = self.uri.get(..=usize::from(self.at)).unwrap_or_default();
        let uri = [local, domain.as_str()].concat();
        if uri.len() > Self::MAX_LEN {
            return Err(AddressError::TooLong {
                len: uri.len(),
                max: Self::MAX_LEN,
            });
        }
        Ok(Self {
            uri: uri.into(),
            at: self.at,
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
        match percent::decode(self.encoded_local_part(scheme)).unwrap_or_default() {
            Cow::Borrowed(text) => unquote(text).unwrap_or_default(),
            Cow::Owned(text) => Cow::Owned(unquote(&text).unwrap_or_default().into_owned()),
        }
    }

    /// The local part as the URI has it.
    pub(super) fn encoded_local_part(&self, scheme: &str) -> &str {
        self.uri
            .get(scheme.len()..usize::from(self.at))
            .unwrap_or_default()
    }

    pub(super) fn domain(&self) -> &str {
        self.uri.get(usize::from(self.at) + 1..).unwrap_or_default()
    }
}

/// Takes the scheme, in any case, and its colon off a URI.
pub(super) fn strip_scheme<'a>(
    scheme: &'static str,
    uri: &'a str,
) -> Result<&'a str, AddressError> {
    match uri.split_at_checked(scheme.len()) {
        Some((found, rest)) if found.eq_ignore_ascii_case(scheme) => Ok(rest),
        _ => Err(AddressError::Scheme {
            expected: scheme.trim_end_matches(':'),
        }),
    }
}

/// Splits a list of encoded mailboxes at its commas; one in quotation marks, or encoded, is no separator.
pub(super) fn split_mailboxes(to: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(to);
    iter::from_fn(move || {
        let text = rest?;
        let (mailbox, more) = text.split_at_checked(comma(text)).unwrap_or((text, ""));
        rest = more.strip_prefix(',');
        Some(mailbox)
    })
}

/// Where the first separating comma is; the length of the text if there is none.
fn comma(text: &str) -> usize {
    let (mut at, mut quoted, mut escaped) = (0, false, false);
    let mut rest = text.as_bytes();
    while let Some(byte) = rest.first() {
        let (byte, len) = percent::decode_first(rest).map_or((*byte, 1), |byte| (byte, 3));
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted && len == 1 => return at,
            _ => {}
        }
        at += len;
        rest = rest.get(len..).unwrap_or_default();
    }
    at
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

/// Those bytes.
static LITERAL: [bool; 256] = byte_set!(byte if is_literal(byte));

/// Finds the `@` of a URI that is canonical as it stands; anything doubtful is `None`.
fn canonical_at(scheme: &str, uri: &str) -> Option<u16> {
    let rest = uri.strip_prefix(scheme)?;
    let at = literal_dot_atom(rest.as_bytes());
    let domain = rest.get(at..)?.strip_prefix('@')?;
    (at > 0 && Domain::is_normal(domain)).then_some((scheme.len() + at) as u16)
}

/// How many bytes at the beginning are literal, with no dot first, last or beside another; 0 if a dot is.
fn literal_dot_atom(text: &[u8]) -> usize {
    let mut before = b'.';
    for (at, byte) in text.iter().copied().enumerate() {
        if !LITERAL[usize::from(byte)] {
            return if before == b'.' { 0 } else { at };
        }
        if byte == b'.' && before == b'.' {
            return 0;
        }
        before = byte;
    }
    0
}

/// Whether a local part needs no quotes. RFC 5322 §3.2.3, RFC 6532 §3.2.
fn is_dot_atom(local: &str) -> bool {
    !local.is_empty() && check_dot_atom(local).is_ok()
}

/// Finds what a local part without quotes may not hold: comments, white space and obsolete forms among it.
fn check_dot_atom(local: &str) -> Result<(), AddressError> {
    let mut before = '.';
    for (at, character) in local.char_indices() {
        if character == '.' && before == '.' {
            return Err(AddressError::Dot { at });
        }
        if !may_stand_unquoted(character) {
            return Err(AddressError::Character { character, at });
        }
        before = character;
    }
    match local.strip_suffix('.') {
        Some(rest) => Err(AddressError::Dot { at: rest.len() }),
        None => Ok(()),
    }
}

/// Whether a character needs no quotes: no specials, white space or controls. RFC 5322 §3.2.3.
fn may_stand_unquoted(character: char) -> bool {
    match character {
        '(' | ')' | '<' | '>' | '[' | ']' | ':' | ';' | '@' | '\\' | ',' | '"' => false,
        '!'..='~' => true,
        _ => !character.is_whitespace() && !character.is_control(),
    }
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
        return check_dot_atom(local).map(|()| Cow::Borrowed(local));
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fast_path_agrees_with_the_slow_one(
            uri in r#"im:[a-c.+/="%2@,A-]{0,8}@([a-c0x-]{0,4}\.){0,3}[a-c0-2x]{0,3}"#
        ) {
            if let Some(at) = canonical_at("im:", &uri) {
                let slow = Mailbox::parse_slow("im:", &uri).unwrap();
                prop_assert_eq!(slow.as_str(), &uri);
                prop_assert_eq!(slow.at, at);
            }
        }

        #[test]
        fn canonical_form_of_what_is_plain_is_found_by_the_fast_path(
            local in "[a-z0-9]{1,8}([.+/=_-][a-zA-Z0-9]{1,4}){0,3}"
        ) {
            let uri = format!("im:{local}@example.com");
            prop_assert!(canonical_at("im:", &uri).is_some());
        }
    }
}
