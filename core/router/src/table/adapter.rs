//! Configured networks.

use std::{collections::HashSet, fmt};

use foldhash::fast::FixedState;
use rialto_model::{ByteString, Domain};

/// The number of an adapter in one table, by the order in which the adapters were named, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AdapterId(u16);

/// A configured, started plugin, as far as routing is concerned.
#[derive(Clone, Debug)]
pub struct Adapter {
    name: ByteString,
    protocol: ByteString,
    domains: HashSet<Box<str>, FixedState>,
    shown_at: Option<Domain>,
}

impl AdapterId {
    /// The gateway itself, as the sender of what no adapter brought: an operator's own message.
    pub const GATEWAY: Self = Self(u16::MAX);

    /// Takes a number.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for AdapterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Adapter {
    /// Makes an adapter; `protocol` is a lower-case name like `sip`.
    pub fn new(name: impl Into<ByteString>, protocol: impl Into<ByteString>) -> Self {
        Self {
            name: name.into(),
            protocol: protocol.into(),
            domains: HashSet::default(),
            shown_at: None,
        }
    }

    /// Names the domains that this adapter's network hands to the gateway, so that its users can write to them as they
    /// are: exactly these, without their subdomains.
    pub fn with_domains<'a>(mut self, domains: impl IntoIterator<Item = &'a Domain>) -> Self {
        let domains = domains.into_iter().map(|domain| domain.as_str().into());
        self.domains.extend(domains);
        self
    }

    /// The operator's name for it.
    pub const fn name(&self) -> &ByteString {
        &self.name
    }

    /// What source routes call its network.
    pub const fn protocol(&self) -> &ByteString {
        &self.protocol
    }

    /// Whether its users can write to that domain.
    pub fn reaches(&self, domain: &str) -> bool {
        self.domains.contains(domain)
    }

    /// The relay domain under which others are shown to its users.
    pub(crate) const fn shown_at(&self) -> Option<&Domain> {
        self.shown_at.as_ref()
    }

    /// Settles the relay domain: the first that its users can write to, else the first.
    pub(super) fn settle(&mut self, relay_domains: &[Domain]) {
        self.shown_at = relay_domains
            .iter()
            .find(|relay| self.reaches(relay.as_str()))
            .or_else(|| relay_domains.first())
            .cloned();
    }
}
