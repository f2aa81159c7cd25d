//! Entities: what a body is made of, as it stands there.

use mail_parser::{MessagePart, MimeHeaders};

use super::Mail;

/// A MIME entity of a message: fields that describe the content, and the content, as they were sent.
///
/// Together they are what a signature covers and what another network may carry as one payload (RFC 2045 §2.4).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entity<'a> {
    /// The `Content-…` fields, each with its name and folds, and the end of its last line.
    pub fields: Vec<&'a [u8]>,
    /// Everything after the empty line.
    pub body: &'a [u8],
}

impl Entity<'_> {
    /// The entity as octets: its fields, an empty line, its body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.fields.concat();
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(self.body);
        bytes
    }
}

/// The kind of a multipart. A kind that is not known is to be treated as `Mixed` (RFC 2046 §5.1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Multipart {
    /// The same in several forms.
    Alternative,
    /// One thing in several parts.
    Related,
    /// Several things.
    Mixed,
    /// Something and a signature of it, RFC 1847 §2.1.
    Signed,
    /// Something encrypted and how, RFC 1847 §2.2.
    Encrypted,
    /// A report, RFC 6522.
    Report,
    /// Another kind.
    Other,
}

/// Whether a body may be touched at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protection {
    /// It may.
    None,
    /// It is signed: whoever alters it breaks the signature.
    Signed,
    /// It is encrypted: there is nothing in it to show.
    Encrypted,
}

impl<'a> Mail<'a> {
    /// What the whole body is: the message's content fields and its body, untouched.
    #[must_use]
    pub fn entity(&self) -> Entity<'a> {
        let Some(root) = self.root() else {
            return Entity {
                fields: Vec::new(),
                body: &[],
            };
        };
        let is_content = |header: &&mail_parser::Header<'_>| {
            let name = header.name().as_bytes();
            name.split_at_checked(8)
                .is_some_and(|(start, _)| start.eq_ignore_ascii_case(b"Content-"))
        };
        let fields = root.headers.iter().filter(is_content).filter_map(|header| {
            self.raw
                .get(header.offset_field as usize..header.offset_end as usize)
        });
        Entity {
            fields: fields.collect(),
            body: self
                .raw
                .get(root.offset_body as usize..)
                .unwrap_or_default(),
        }
    }

    /// The kind of multipart that the whole body is, if it is one.
    #[must_use]
    pub fn multipart(&self) -> Option<Multipart> {
        let content_type = self.root()?.content_type()?;
        if !content_type.ctype().eq_ignore_ascii_case("multipart") {
            return None;
        }
        Some(
            match content_type.subtype()?.to_ascii_lowercase().as_str() {
                "alternative" => Multipart::Alternative,
                "related" => Multipart::Related,
                "mixed" => Multipart::Mixed,
                "signed" => Multipart::Signed,
                "encrypted" => Multipart::Encrypted,
                "report" => Multipart::Report,
                _ => Multipart::Other,
            },
        )
    }

    /// The strongest protection of any part that is not inside another message.
    #[must_use]
    pub fn protection(&self) -> Protection {
        let mut strongest = Protection::None;
        for part in &self.parsed.parts {
            let by_type = protection_of(part);
            let found = match by_type {
                Protection::None if part.is_text() => protection_in_text(&self.decoded(part)),
                _ => by_type,
            };
            match found {
                Protection::Encrypted => return Protection::Encrypted,
                Protection::Signed => strongest = Protection::Signed,
                Protection::None => {}
            }
        }
        strongest
    }

    /// What a `multipart/signed` signs: the octets of its first part, header and all (RFC 1847 §2.1).
    ///
    /// It ends before the line end that belongs to the boundary. The parser takes a boundary wherever it stands; what
    /// is signed ends at a whole line of it alone.
    #[must_use]
    pub fn signed_entity(&self) -> Option<&'a [u8]> {
        let signed = self
            .parsed
            .parts
            .iter()
            .find(|part| is_type(part, "multipart", "signed"))?;
        let boundary = signed.content_type()?.attribute("boundary")?;
        let body = self.raw.get(signed.offset_body as usize..)?;
        let (_, first) = split_at_boundary(body, boundary.as_bytes())?;
        let (entity, _) = split_at_boundary(first, boundary.as_bytes())?;
        Some(entity)
    }

    /// A part with its header, as it stands there.
    pub(super) fn raw_part(&self, part: &MessagePart<'_>) -> Option<&'a [u8]> {
        self.raw
            .get(part.offset_header as usize..part.offset_end as usize)
    }

    /// A part's body, as it stands there.
    pub(super) fn raw_body(&self, part: &MessagePart<'_>) -> &'a [u8] {
        self.raw
            .get(part.offset_body as usize..part.offset_end as usize)
            .unwrap_or_default()
    }
}

/// RFC 1847 and RFC 8551 §3.
fn protection_of(part: &MessagePart<'_>) -> Protection {
    if is_type(part, "multipart", "encrypted") {
        Protection::Encrypted
    } else if is_type(part, "multipart", "signed") {
        Protection::Signed
    } else if is_type(part, "application", "pkcs7-mime")
        || is_type(part, "application", "x-pkcs7-mime")
    {
        let kind = part
            .content_type()
            .and_then(|kind| kind.attribute("smime-type"));
        match kind {
            Some(kind) if kind.eq_ignore_ascii_case("signed-data") => Protection::Signed,
            _ => Protection::Encrypted,
        }
    } else {
        Protection::None
    }
}

/// OpenPGP without MIME: the armour's header lines, RFC 4880 §6.2 and §7.
fn protection_in_text(text: &[u8]) -> Protection {
    let begins = |line: &[u8]| {
        memchr::memmem::find_iter(text, line).any(|at| {
            at.checked_sub(1)
                .is_none_or(|before| text.get(before) == Some(&b'\n'))
        })
    };
    if begins(b"-----BEGIN PGP MESSAGE-----") {
        Protection::Encrypted
    } else if begins(b"-----BEGIN PGP SIGNED MESSAGE-----") {
        Protection::Signed
    } else {
        Protection::None
    }
}

/// What stands before a delimiter, the line end before that not included, and what follows its line (RFC 2046 §5.1.1).
fn split_at_boundary<'a>(body: &'a [u8], boundary: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    for at in memchr::memmem::find_iter(body, b"--") {
        let (before, delimiter) = body.split_at_checked(at)?;
        let Some(rest) = delimiter
            .strip_prefix(b"--")
            .and_then(|rest| rest.strip_prefix(boundary))
        else {
            continue;
        };
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let (line, after) = rest.split_at_checked(end)?;
        let padding = line.strip_prefix(b"--").unwrap_or(line);
        if !padding.trim_ascii().is_empty() {
            continue;
        }
        if before.is_empty() {
            return Some((before, after));
        }
        if let Some(before) = before.strip_suffix(b"\n") {
            return Some((before.strip_suffix(b"\r").unwrap_or(before), after));
        }
    }
    None
}

pub(super) fn is_type(part: &MessagePart<'_>, kind: &str, subtype: &str) -> bool {
    part.is_content_type(kind, subtype)
}
