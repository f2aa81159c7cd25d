//! Domain names.

use std::{fmt, net::Ipv6Addr, str::FromStr};

use bytestring::ByteString;

use super::byte_set::byte_set;
use crate::AddressError;

/// A fully qualified domain name, lower case, in ASCII (A-labels).
///
/// Has at least two labels and is no IP address; whether it resolves is the resolver's to say.
/// draft-ietf-impp-cpim-03 §2.2.1, RFC 5890.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(ByteString);

impl Domain {
    /// The longest name, in bytes. RFC 1035 §2.3.4.
    pub const MAX_LEN: usize = 253;

    const MAX_LABEL: usize = 63;

    /// Checks and normalises a name: IDNA for other scripts, lower case, no final dot.
    pub fn parse(name: &str) -> Result<Self, AddressError> {
        Self::check(name).map(|checked| match checked {
            Checked::AsIs => Self(name.into()),
            Checked::Changed(name) => Self(name.into()),
        })
    }

    /// As [`parse`](Self::parse); shares the text when it is in normal form already.
    pub fn from_shared(name: ByteString) -> Result<Self, AddressError> {
        match Self::check(&name)? {
            Checked::AsIs => Ok(Self(name)),
            Checked::Changed(name) => Ok(Self(name.into())),
        }
    }

    /// The name in ASCII.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as people write it.
    pub fn to_unicode(&self) -> String {
        idna::domain_to_unicode(&self.0).0
    }

    /// The name without its first label, if a name is left: its parent domain.
    pub fn parent(&self) -> Option<&str> {
        parent(&self.0)
    }

    /// Whether a name is one, in the form that this type keeps.
    pub(super) fn is_normal(name: &str) -> bool {
        is_normal(name.as_bytes())
    }

    fn check(name: &str) -> Result<Checked, AddressError> {
        if is_normal(name.as_bytes()) {
            return Ok(Checked::AsIs);
        }
        let invalid = || AddressError::Domain {
            domain: excerpt(name),
        };
        if is_ip_address(name) {
            return Err(AddressError::IpAddress);
        }
        let bare = name.strip_suffix(DOTS).unwrap_or(name);
        if bare.len() > 4 * Self::MAX_LEN {
            return Err(AddressError::TooLong {
                len: bare.len(),
                max: Self::MAX_LEN,
            });
        }
        let ascii = idna::domain_to_ascii_strict(bare).map_err(|_| invalid())?;
        if is_ip_address(&ascii) {
            return Err(AddressError::IpAddress);
        }
        // Only now: other scripts have dots of their own.
        if !ascii.contains('.') {
            return Err(AddressError::NotFullyQualified {
                domain: excerpt(name),
            });
        }
        if is_normal(ascii.as_bytes()) || is_checked_idna(&ascii) {
            return Ok(Checked::Changed(ascii));
        }
        Err(invalid())
    }
}

enum Checked {
    AsIs,
    Changed(String),
}

/// The part of a name after its first label.
pub(crate) fn parent(name: &str) -> Option<&str> {
    name.split_once('.').map(|(_, rest)| rest)
}

impl FromStr for Domain {
    type Err = AddressError;

    fn from_str(name: &str) -> Result<Self, AddressError> {
        Self::parse(name)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Domain({})", self.0)
    }
}

impl AsRef<str> for Domain {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Whether a name needs no further look: the common case, decided in one pass.
fn is_normal(name: &[u8]) -> bool {
    let mut label = 0;
    for (at, byte) in name.iter().copied().enumerate() {
        if PLAIN[usize::from(byte)] {
            continue; // nearly all of them
        }
        let before = before(name, at);
        let fits = match byte {
            // Not first, and not the second of two in third and fourth place: that would be a label of IDNA.
            b'-' => at > label && !(before == b'-' && at == label + 3),
            b'.' => ends_label(at - label, before),
            _ => false,
        };
        if !fits {
            return false;
        }
        if byte == b'.' {
            label = at + 1;
        }
    }
    let last = name.get(label..).unwrap_or_default();
    label > 0
        && name.len() <= Domain::MAX_LEN
        && ends_label(last.len(), before(name, name.len()))
        && !(last.first().is_some_and(u8::is_ascii_digit) && is_number(last))
}

/// What may stand anywhere in a label of a name in normal form.
static PLAIN: [bool; 256] = byte_set!(byte if byte.is_ascii_lowercase() || byte.is_ascii_digit());

/// The byte before the one there; a full stop before the first.
fn before(name: &[u8], at: usize) -> u8 {
    let before = at.checked_sub(1).and_then(|at| name.get(at));
    before.copied().unwrap_or(b'.')
}

/// Whether a label may end here that has this length and this last byte.
const fn ends_label(len: usize, last: u8) -> bool {
    len > 0 && len <= Domain::MAX_LABEL && last != b'-'
}

/// `domain_to_ascii_strict` has checked the labels; what is left are the rules of our own.
fn is_checked_idna(ascii: &str) -> bool {
    ascii.len() <= Domain::MAX_LEN
        && ascii.contains('.')
        && ascii
            .rsplit('.')
            .next()
            .is_some_and(|last| !is_number(last.as_bytes()))
}

/// What ends a label in some script. RFC 3490 §3.1.
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// Whether a resolver would take a name for an address: in brackets, IPv6, or 1 to 4 numbers (`127.1`, `0x7f.1`).
fn is_ip_address(name: &str) -> bool {
    let bare = name.strip_suffix('.').unwrap_or(name);
    let without_zone = bare.split('%').next().unwrap_or(bare);
    name.starts_with('[')
        || without_zone.parse::<Ipv6Addr>().is_ok()
        || bare.split('.').count() <= 4 && bare.split('.').all(|label| is_number(label.as_bytes()))
}

/// Whether a label is a number in decimal, octal or hexadecimal; no top-level domain is one.
fn is_number(label: &[u8]) -> bool {
    let hexadecimal = label
        .strip_prefix(b"0x")
        .or_else(|| label.strip_prefix(b"0X"));
    match hexadecimal {
        Some(digits) => digits.iter().all(u8::is_ascii_hexdigit),
        None => !label.is_empty() && label.iter().all(u8::is_ascii_digit),
    }
}

fn excerpt(name: &str) -> String {
    const SHOWN: usize = 80;
    name.chars()
        .take(SHOWN)
        .flat_map(char::escape_default)
        .collect()
}
