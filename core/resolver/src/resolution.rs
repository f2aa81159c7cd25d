//! What was found for a domain.

use std::{fmt, time::Instant};

use bytestring::ByteString;
use rand::Rng;
use rialto_model::{Domain, Failure, FailureReason};

use crate::order::draw;

/// How a domain is reached, or why it is not; holds for some time.
#[derive(Clone, Debug)]
pub struct Resolution {
    domain: Domain,
    found: Result<Box<[Target]>, Failure>,
    until: Instant,
    fresh_until: Instant,
    alternates: usize,
}

/// One address to try.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hop {
    protocol: ByteString,
    address: ByteString,
    host: Domain,
}

/// A host that a record names, with its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) tier: Tier,
    pub(crate) weight: u16,
    pub(crate) hops: Box<[Hop]>,
}

/// What is sorted before weights are looked at; targets of one tier are equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tier {
    /// The protocol's place in the configuration.
    pub(crate) protocol: u8,
    /// Which of several record sets of a protocol.
    pub(crate) rank: u8,
    /// The record's preference.
    pub(crate) preference: u16,
}

/// The hops of one use, in the order in which to try them.
#[derive(Clone, Debug)]
pub struct Hops<'a> {
    targets: &'a [Target],
    order: [u8; MAX_TARGETS],
    drawn: usize,
    target: usize,
    hop: usize,
    left: usize,
}

/// The most hosts of a resolution.
pub(crate) const MAX_TARGETS: usize = 64;

impl Resolution {
    /// Of targets that stand in the order of their tiers, at most 64.
    pub(crate) fn new(
        domain: Domain,
        found: Result<Vec<Target>, Failure>,
        until: Instant,
        alternates: usize,
    ) -> Self {
        debug_assert!(
            found
                .iter()
                .flatten()
                .is_sorted_by_key(|target| target.tier)
        );
        Self {
            domain,
            found: found.map(Vec::into_boxed_slice),
            until,
            fresh_until: until,
            alternates,
        }
    }

    /// The same hops, which hold for longer than DNS has said.
    pub(crate) fn until_later(&self, until: Instant) -> Self {
        Self {
            until,
            ..self.clone()
        }
    }

    /// The domain that was asked for.
    pub const fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Why there are no hops, if there are none.
    pub fn failure(&self) -> Option<&Failure> {
        self.found.as_ref().err()
    }

    /// Until when it holds.
    pub const fn until(&self) -> Instant {
        self.until
    }

    /// Until when it held by what DNS said.
    pub(crate) const fn fresh_until(&self) -> Instant {
        self.fresh_until
    }

    /// The hops to try for one operation, of one protocol or of all; never more than the configured alternates.
    ///
    /// Protocols stand in the order of the configuration, then preference decides, then a draw by weight that is new for each call, and the
    /// addresses of one host stand as DNS gave them. RFC 3861 §6, draft-ietf-impp-cpim-03 §2.2.4. Allocates nothing.
    ///
    /// Fails when the domain has no hops, or none of that protocol.
    pub fn hops(
        &self,
        rng: &mut impl Rng,
        only_protocol: Option<&str>,
    ) -> Result<Hops<'_>, Failure> {
        let targets = self.found.as_ref().map_err(Clone::clone)?;
        let mut hops = Hops::new(targets, self.alternates);
        let wanted = |target: &Target| {
            only_protocol
                .is_none_or(|only| target.hops.first().is_some_and(|hop| hop.protocol == only))
        };
        for (index, target) in (0..).zip(targets) {
            if wanted(target) {
                hops.push(index);
            }
        }
        match only_protocol {
            Some(only) if hops.drawn == 0 => Err(self.not_by(only)),
            _ => {
                hops.draw(rng);
                Ok(hops)
            }
        }
    }

    /// The hops that all uses have in common, for people: sorted, not drawn.
    pub(crate) fn targets(&self) -> &[Target] {
        self.found.as_deref().unwrap_or_default()
    }

    fn not_by(&self, protocol: &str) -> Failure {
        let domain = &self.domain;
        Failure::new(FailureReason::Unresolvable)
            .with_detail(format!("{domain} publishes no way by {protocol}"))
    }
}

impl Hop {
    pub(crate) const fn new(protocol: ByteString, address: ByteString, host: Domain) -> Self {
        Self {
            protocol,
            address,
            host,
        }
    }

    /// The name of the transfer protocol.
    pub const fn protocol(&self) -> &ByteString {
        &self.protocol
    }

    /// Where it is, in the words of its protocol: `192.0.2.1:5060`, `udp:[2001:db8::1]:5060`; empty for one [without
    /// addresses](crate::Protocol::without_addresses).
    pub const fn address(&self) -> &ByteString {
        &self.address
    }

    /// The name of the host, as the records have it.
    pub const fn host(&self) -> &Domain {
        &self.host
    }
}

impl<'a> Hops<'a> {
    const fn new(targets: &'a [Target], alternates: usize) -> Self {
        Self {
            targets,
            order: [0; MAX_TARGETS],
            drawn: 0,
            target: 0,
            hop: 0,
            left: alternates,
        }
    }

    fn push(&mut self, index: u8) {
        if let Some(place) = self.order.get_mut(self.drawn) {
            *place = index;
            self.drawn += 1;
        }
    }

    /// Draws the order within each tier.
    fn draw(&mut self, rng: &mut impl Rng) {
        let target = |index: u8| self.targets.get(usize::from(index));
        let order = self.order.get_mut(..self.drawn).unwrap_or_default();
        for tier in
            order.chunk_by_mut(|&a, &b| target(a).map(|t| t.tier) == target(b).map(|t| t.tier))
        {
            draw(tier, |index| target(index).map_or(0, |t| t.weight), rng);
        }
    }
}

impl<'a> Iterator for Hops<'a> {
    type Item = &'a Hop;

    fn next(&mut self) -> Option<&'a Hop> {
        if self.left == 0 {
            return None;
        }
        loop {
            let order = self.order.get(..self.drawn).unwrap_or_default();
            let target = self.targets.get(usize::from(*order.get(self.target)?))?;
            if let Some(hop) = target.hops.get(self.hop) {
                self.hop += 1;
                self.left -= 1;
                return Some(hop);
            }
            self.target += 1;
            self.hop = 0;
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (preference, weight) = (self.tier.preference, self.weight);
        for (index, hop) in self.hops.iter().enumerate() {
            let before = if index == 0 { "" } else { ", " };
            write!(f, "{before}{} {}", hop.protocol, hop.address)?;
        }
        let host = self.hops.first().map_or("", |hop| hop.host.as_str());
        write!(f, " ({host}, preference {preference}, weight {weight})")
    }
}
