//! What is looked for.

use bytestring::ByteString;

/// The service that a domain is asked for. RFC 3861 §3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 3861 has these two")]
pub enum Service {
    /// `_im`, for `im:` addresses.
    InstantMessaging,
    /// `_pres`, for `pres:` addresses.
    Presence,
}

/// How one transfer protocol is found; data, for the core knows no protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocol {
    name: ByteString,
    prefix: ByteString,
    lookups: Vec<Lookup>,
    implicit: Option<Implicit>,
    is_addressed: bool,
}

/// A protocol's own way to a domain that has no `_im` or `_pres` records.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookup {
    /// NAPTR records of the domain with the flag `s`; their replacement is asked for SRV. RFC 3263 §4.1.
    Naptr {
        /// Services, as `SIP+D2U`, and what stands before the address of a hop found through each, as `udp:`.
        services: Vec<(String, ByteString)>,
    },
    /// SRV records of a name beneath the domain.
    Srv {
        /// As `_sip._udp`.
        name: String,
        /// What stands before the address of a hop.
        prefix: ByteString,
    },
    /// MX records of the domain. RFC 5321 §5.1.
    Mx {
        /// Where the exchanges listen.
        port: u16,
        /// What stands before the address of a hop.
        prefix: ByteString,
    },
}

/// The implicit SRV record of a domain that has an address only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Implicit {
    pub(crate) port: u16,
    pub(crate) prefix: ByteString,
}

impl Service {
    /// The label in front of the protocol's.
    pub const fn label(self) -> &'static str {
        match self {
            Self::InstantMessaging => "_im",
            Self::Presence => "_pres",
        }
    }
}

impl Protocol {
    /// A protocol that is found by `_im._<name>` and `_pres._<name>` alone.
    pub fn new(name: impl Into<ByteString>) -> Self {
        Self {
            name: name.into(),
            prefix: ByteString::new(),
            lookups: Vec::new(),
            implicit: None,
            is_addressed: true,
        }
    }

    /// Puts a text before the addresses found by `_im` and `_pres`.
    pub fn with_prefix(mut self, prefix: impl Into<ByteString>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Adds a way of its own; they are tried in the order in which they were added, until one finds records.
    pub fn with_lookup(mut self, lookup: Lookup) -> Self {
        self.lookups.push(lookup);
        self
    }

    /// Takes the bare address of a domain without any records for an implicit SRV record, with this port.
    pub fn with_implicit(mut self, port: u16, prefix: impl Into<ByteString>) -> Self {
        self.implicit = Some(Implicit {
            port,
            prefix: prefix.into(),
        });
        self
    }

    /// Says that its adapter finds its own way, and DNS is asked only whether there is one.
    ///
    /// What its records name is one hop without an address.
    pub const fn without_addresses(mut self) -> Self {
        self.is_addressed = false;
        self
    }

    /// Its name, without the underscore.
    pub const fn name(&self) -> &ByteString {
        &self.name
    }

    pub(crate) const fn is_addressed(&self) -> bool {
        self.is_addressed
    }

    pub(crate) const fn prefix(&self) -> &ByteString {
        &self.prefix
    }

    pub(crate) fn lookups(&self) -> &[Lookup] {
        &self.lookups
    }

    pub(crate) const fn implicit(&self) -> Option<&Implicit> {
        self.implicit.as_ref()
    }
}
