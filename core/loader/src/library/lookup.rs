//! How DNS finds the systems that a plugin talks to.

use std::{fmt, num::NonZeroU16, str::FromStr};

/// One way in which DNS finds systems that speak a plugin's protocol, as its manifest has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookup {
    /// NAPTR records of the domain, and the SRV records that they name. RFC 3263 §4.1.
    #[non_exhaustive]
    Naptr {
        /// As `SIP+D2U`.
        service: String,
        /// What stands before the address of a next hop.
        prefix: String,
    },
    /// SRV records. RFC 2782.
    #[non_exhaustive]
    Srv {
        /// The name beneath the domain, as `_sip._udp`.
        name: String,
        /// What stands before the address of a next hop.
        prefix: String,
    },
    /// MX records of the domain. RFC 5321 §5.1.
    #[non_exhaustive]
    Mx {
        /// Where the exchanges listen.
        port: NonZeroU16,
        /// What stands before the address of a next hop.
        prefix: String,
    },
    /// The domain's own addresses.
    #[non_exhaustive]
    Address {
        /// Where its host listens.
        port: NonZeroU16,
        /// What stands before the address of a next hop.
        prefix: String,
    },
    /// None: the plugin needs no next hop, only to know that there is one.
    Unaddressed,
}

/// Reads a manifest's list.
pub(super) fn list(text: &str) -> Result<Vec<Lookup>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|lookup| !lookup.is_empty())
        .map(str::parse)
        .collect()
}

impl FromStr for Lookup {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let none = || format!("`{text}` is no lookup that this gateway knows");
        let mut words = text.split_ascii_whitespace();
        let kind = words.next().unwrap_or_default();
        if kind == "unaddressed" && words.next().is_none() {
            return Ok(Self::Unaddressed);
        }
        let what = words.next().ok_or_else(none)?;
        let prefix = words.next().unwrap_or_default().to_owned();
        if words.next().is_some() {
            return Err(none());
        }
        let port = || what.parse().map_err(|_| none());
        match kind {
            "naptr" => Ok(Self::Naptr {
                service: what.to_owned(),
                prefix,
            }),
            "srv" if what.starts_with('_') => Ok(Self::Srv {
                name: what.to_owned(),
                prefix,
            }),
            "mx" => Ok(Self::Mx {
                port: port()?,
                prefix,
            }),
            "address" => Ok(Self::Address {
                port: port()?,
                prefix,
            }),
            _ => Err(none()),
        }
    }
}

/// As a manifest has it.
impl fmt::Display for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, what, prefix): (_, &dyn fmt::Display, _) = match self {
            Self::Naptr { service, prefix } => ("naptr", service, prefix),
            Self::Srv { name, prefix } => ("srv", name, prefix),
            Self::Mx { port, prefix } => ("mx", port, prefix),
            Self::Address { port, prefix } => ("address", port, prefix),
            Self::Unaddressed => return f.write_str("unaddressed"),
        };
        write!(f, "{kind} {what}")?;
        if prefix.is_empty() {
            return Ok(());
        }
        write!(f, " {prefix}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_lookup_is_read() {
        let prefix = "udp:".to_owned();
        let port = NonZeroU16::new(5060).unwrap();
        let found =
            list("naptr SIP+D2U udp:,srv _sip._udp udp:, mx 5060 udp:,address 5060").unwrap();
        let expected = [
            Lookup::Naptr {
                service: "SIP+D2U".into(),
                prefix: prefix.clone(),
            },
            Lookup::Srv {
                name: "_sip._udp".into(),
                prefix: prefix.clone(),
            },
            Lookup::Mx { port, prefix },
            Lookup::Address {
                port,
                prefix: String::new(),
            },
        ];
        assert_eq!(found, expected);
        assert_eq!(list("unaddressed").unwrap(), [Lookup::Unaddressed]);
        for lookup in found {
            assert_eq!(list(&lookup.to_string()).unwrap(), [lookup]);
        }
        assert_eq!(list("").unwrap(), []);
    }

    #[test]
    fn what_is_no_lookup_is_refused_and_quoted() {
        for text in [
            "srv",
            "srv sip",
            "mx",
            "mx 0",
            "mx 70000",
            "address x",
            "naptr",
            "a b c d",
            "unaddressed x",
        ] {
            let error = list(text).unwrap_err();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }
}
