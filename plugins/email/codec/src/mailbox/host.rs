//! What stands behind the `@`: a domain, or an address literal.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::MailboxError;
use crate::limits::MAX_DOMAIN;

/// A domain or an address literal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Host {
    /// A name.
    Domain(Domain),
    /// An address, RFC 5321 §4.1.3.
    Literal(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(domain) => domain.fmt(f),
            Self::Literal(IpAddr::V4(address)) => write!(f, "[{address}]"),
            Self::Literal(IpAddr::V6(address)) => write!(f, "[IPv6:{address}]"),
        }
    }
}

impl FromStr for Host {
    type Err = MailboxError;

    fn from_str(text: &str) -> Result<Self, MailboxError> {
        let Some(literal) = text.strip_prefix('[') else {
            return text.parse().map(Self::Domain);
        };
        let literal = literal
            .strip_suffix(']')
            .ok_or(MailboxError::AddressLiteral)?;
        parse_literal(literal)
            .map(Self::Literal)
            .ok_or(MailboxError::AddressLiteral)
    }
}

fn parse_literal(text: &str) -> Option<IpAddr> {
    match text.split_at_checked(5) {
        Some((tag, address)) if tag.eq_ignore_ascii_case("IPv6:") => {
            address.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
        }
        _ => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// A host name in its one form: ASCII, lower case, internationalised labels as A-labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Domain(Box<str>);

impl Domain {
    /// The ASCII form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form for people: U-labels where they are valid.
    #[must_use]
    pub fn to_unicode(&self) -> String {
        let (text, _) =
            Uts46::new().to_unicode(self.0.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow);
        text.into_owned()
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Domain {
    type Err = MailboxError;

    /// Reads a name in ASCII or Unicode, of one or more labels (RFC 5321 §2.3.5, RFC 5890).
    fn from_str(text: &str) -> Result<Self, MailboxError> {
        // The mapping may shorten a name, but not that far.
        if text.len() > 4 * MAX_DOMAIN {
            return Err(MailboxError::Domain);
        }
        let ascii = Uts46::new()
            .to_ascii(
                text.as_bytes(),
                AsciiDenyList::STD3,
                Hyphens::Allow,
                DnsLength::Verify,
            )
            .map_err(|_| MailboxError::Domain)?;
        if ascii.len() > MAX_DOMAIN || !ascii.split('.').all(is_label) {
            return Err(MailboxError::Domain);
        }
        Ok(Self(ascii.as_ref().into()))
    }
}

/// `Let-dig [Ldh-str]`, RFC 5321 §4.1.2.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
