//! Which namespace a message header belongs to.

use std::slice;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{grammar, name_address::is_name_address};
use crate::Header;

/// The namespace of headers that say nothing else, and of all that RFC 3862 defines.
pub const CPIM_HEADERS: &str = "urn:ietf:params:cpim-headers:";

/// The namespace of the headers that ask for dispositions and carry them. RFC 5438 §6.1.
pub const IMDN_HEADERS: &str = "urn:ietf:params:imdn";

/// The namespace of this project's own headers; `Thread` is the only one.
pub const RIALTO_HEADERS: &str = "urn:uuid:0b2f03b2-e532-4505-a425-bbb99547ceed";

/// A message header with the namespace that was in force where it stands. RFC 3862 §3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResolvedHeader<'a> {
    /// The namespace's URI; `None` when no `NS` before it declared the prefix.
    pub namespace: Option<&'a str>,
    /// The name without its prefix.
    pub name: &'a str,
    /// The header as written.
    pub header: &'a Header,
}

/// Walks message headers and keeps account of the `NS` declarations.
#[derive(Clone, Debug)]
pub struct ResolvedHeaders<'a> {
    headers: slice::Iter<'a, Header>,
    default: &'a str,
    prefixes: Vec<(&'a str, &'a str)>,
}

impl ResolvedHeader<'_> {
    /// Whether it is the header of that name in the namespace of RFC 3862.
    pub fn is_cpim(&self, name: &str) -> bool {
        self.name == name && self.namespace == Some(CPIM_HEADERS)
    }

    /// Whether its value is a name and an address, by RFC 3862 or RFC 5438.
    pub(crate) fn is_address(&self) -> bool {
        match self.namespace {
            Some(CPIM_HEADERS) => matches!(self.name, "From" | "To" | "cc"),
            Some(IMDN_HEADERS) => {
                matches!(
                    self.name,
                    "Original-To" | "IMDN-Record-Route" | "IMDN-Route"
                )
            }
            _ => false,
        }
    }

    /// Whether its value is what RFC 3862 §4 says; of other headers nothing is known.
    pub(crate) fn is_sound(&self) -> bool {
        let value: &str = &self.header.value;
        if self.namespace != Some(CPIM_HEADERS) {
            return true;
        }
        match self.name {
            "From" | "To" | "cc" => is_name_address(value),
            "DateTime" => OffsetDateTime::parse(value, &Rfc3339).is_ok(),
            "NS" => grammar::namespace_declaration(value).is_some(),
            "Require" => value
                .split(',')
                .all(|name| grammar::is_header_name(name.trim())),
            _ => true,
        }
    }
}

impl<'a> ResolvedHeaders<'a> {
    pub(crate) fn new(headers: &'a [Header]) -> Self {
        Self {
            headers: headers.iter(),
            default: CPIM_HEADERS,
            prefixes: Vec::new(),
        }
    }

    /// Splits a name into namespace and local name, by what has been declared so far.
    pub(crate) fn resolve<'n>(&self, name: &'n str) -> (Option<&'a str>, &'n str) {
        let Some((prefix, local)) = name.split_once('.') else {
            return (Some(self.default), name);
        };
        let declared = self
            .prefixes
            .iter()
            .rev()
            .find(|(known, _)| *known == prefix);
        (declared.map(|(_, uri)| *uri), local)
    }

    /// The newest declaration of a prefix counts; with 256 headers at most, a list is enough.
    fn declare(&mut self, value: &'a str) {
        match grammar::namespace_declaration(value) {
            Some(("", uri)) => self.default = uri,
            Some(declaration) => self.prefixes.push(declaration),
            None => {}
        }
    }
}

impl<'a> Iterator for ResolvedHeaders<'a> {
    type Item = ResolvedHeader<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let header = self.headers.next()?;
        let (mut namespace, name) = self.resolve(&header.name);
        // A bare `NS` declares whatever the default is by then: else nothing could be declared after `NS: <uri>`.
        if header.name == "NS" {
            namespace = Some(CPIM_HEADERS);
        }
        let resolved = ResolvedHeader {
            namespace,
            name,
            header,
        };
        if resolved.is_cpim("NS") {
            self.declare(&header.value);
        }
        Some(resolved)
    }
}
