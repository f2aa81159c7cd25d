//! What adapters want to have alone.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rialto_abi as abi;
use rialto_model::Domain;

use crate::{LoadError, library::manifest};

/// One thing that only one adapter may have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim {
    /// A UDP address to listen on.
    Udp(SocketAddr),
    /// A TCP address to listen on.
    Tcp(SocketAddr),
    /// A domain to answer for.
    Domain(Domain),
    /// A URI scheme.
    Scheme(String),
}

impl Claim {
    /// Takes a claim as it crosses the boundary.
    pub(crate) fn parse(kind: u32, value: &str) -> Result<Self, String> {
        let address = || {
            value
                .parse()
                .map_err(|_| "not an address and a port".to_owned())
        };
        match kind {
            abi::CLAIM_UDP => address().map(Self::Udp),
            abi::CLAIM_TCP => address().map(Self::Tcp),
            abi::CLAIM_DOMAIN => Domain::parse(value)
                .map(Self::Domain)
                .map_err(|error| error.to_string()),
            abi::CLAIM_SCHEME => manifest::scheme(value).map(Self::Scheme),
            unknown => Err(format!("its kind {unknown} is unknown")),
        }
    }

    /// As it crosses.
    pub(crate) fn raw(&self) -> (u32, String) {
        match self {
            Self::Udp(address) => (abi::CLAIM_UDP, address.to_string()),
            Self::Tcp(address) => (abi::CLAIM_TCP, address.to_string()),
            Self::Domain(domain) => (abi::CLAIM_DOMAIN, domain.to_string()),
            Self::Scheme(scheme) => (abi::CLAIM_SCHEME, scheme.clone()),
        }
    }

    /// Whether both cannot be had at once.
    pub fn conflicts(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Udp(a), Self::Udp(b)) | (Self::Tcp(a), Self::Tcp(b)) => overlap(*a, *b),
            (a, b) => a == b,
        }
    }
}

/// Port 0 is "any free one"; the unspecified address is all of them, `::` those of IPv4 too.
fn overlap(a: SocketAddr, b: SocketAddr) -> bool {
    let covers =
        |all: IpAddr, one: IpAddr| all.is_unspecified() && (all.is_ipv6() || one.is_ipv4());
    a.port() == b.port()
        && a.port() != 0
        && (a.ip() == b.ip() || covers(a.ip(), b.ip()) || covers(b.ip(), a.ip()))
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(address) => write!(f, "udp {address}"),
            Self::Tcp(address) => write!(f, "tcp {address}"),
            Self::Domain(domain) => write!(f, "domain {domain}"),
            Self::Scheme(scheme) => write!(f, "scheme {scheme}"),
        }
    }
}

/// Who has what; clones share.
#[derive(Clone, Debug, Default)]
pub struct ClaimTable {
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    last: u64,
    claims: Vec<(Claim, Arc<str>, u64)>,
}

impl ClaimTable {
    /// Makes an empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes all of the claims, or none. What an adapter of the same name has is no hindrance: it makes way for this one.
    pub(crate) fn take(
        &self,
        adapter: &Arc<str>,
        claims: Vec<Claim>,
    ) -> Result<Reservation, LoadError> {
        let mut taken = self.lock();
        for claim in &claims {
            let other = taken
                .claims
                .iter()
                .find(|(other, by, _)| by != adapter && other.conflicts(claim));
            if let Some((_, by, _)) = other {
                return Err(LoadError::ClaimTaken {
                    adapter: Arc::clone(adapter),
                    claim: claim.clone(),
                    by: Arc::clone(by),
                });
            }
        }
        taken.last += 1;
        let number = taken.last;
        let entry = |claim: &Claim| (claim.clone(), Arc::clone(adapter), number);
        taken.claims.extend(claims.iter().map(entry));
        Ok(Reservation {
            table: self.clone(),
            number,
            claims,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Claims that are taken until this is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    table: ClaimTable,
    number: u64,
    claims: Vec<Claim>,
}

impl Reservation {
    pub(crate) fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// Whether somebody who took it earlier still has something of it.
    pub(crate) fn has_forerunner(&self) -> bool {
        let is_had = |claim: &Claim| self.claims.iter().any(|ours| ours.conflicts(claim));
        let taken = self.table.lock();
        let mut earlier = taken.claims.iter().filter(|(.., by)| *by < self.number);
        earlier.any(|(claim, ..)| is_had(claim))
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let number = self.number;
        self.table.lock().claims.retain(|(.., by)| *by != number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn udp(address: &str) -> Vec<Claim> {
        vec![Claim::parse(abi::CLAIM_UDP, address).unwrap()]
    }

    #[test]
    fn claimed_port_is_taken_until_its_holder_is_gone() {
        let (table, a, b) = (ClaimTable::new(), Arc::from("a"), Arc::from("b"));
        let held = table.take(&a, udp("0.0.0.0:5060")).unwrap();
        for address in ["127.0.0.1:5060", "0.0.0.0:5060", "[::]:5060"] {
            let error = table.take(&b, udp(address)).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("adapter b: udp {address} is taken by adapter a; give one of them another")
            );
        }
        drop(held);
        assert!(table.take(&b, udp("127.0.0.1:5060")).is_ok());
    }

    #[test]
    fn adapter_that_takes_the_place_of_its_forerunner_may_claim_the_same() {
        let (table, a, b) = (ClaimTable::new(), Arc::from("a"), Arc::from("b"));
        let forerunner = table.take(&a, udp("0.0.0.0:5060")).unwrap();
        let held = table.take(&a, udp("127.0.0.1:5060")).unwrap();
        assert!(held.has_forerunner() && !forerunner.has_forerunner());
        drop(forerunner);
        assert!(!held.has_forerunner());
        assert!(table.take(&b, udp("0.0.0.0:5060")).is_err());
        drop(held);
        assert!(table.take(&b, udp("0.0.0.0:5060")).is_ok());
    }

    #[test]
    fn claims_that_do_not_overlap_are_both_granted() {
        let (table, a) = (ClaimTable::new(), Arc::from("a"));
        let granted: Vec<_> = [
            "127.0.0.1:5060",
            "127.0.0.2:5060",
            "[::1]:5060",
            "127.0.0.1:0",
            "127.0.0.1:0",
        ]
        .map(|address| table.take(&a, udp(address)).unwrap())
        .into();
        let tcp = Claim::parse(abi::CLAIM_TCP, "127.0.0.1:5060").unwrap();
        assert!(table.take(&a, vec![tcp]).is_ok());
        assert_eq!(granted.len(), 5);
    }

    #[test]
    fn claim_that_makes_no_sense_is_refused_with_the_reason() {
        assert!(Claim::parse(abi::CLAIM_TCP, "5060").is_err());
        assert!(Claim::parse(abi::CLAIM_DOMAIN, "localhost").is_err());
        assert_eq!(
            Claim::parse(abi::CLAIM_SCHEME, "SIPS").unwrap().to_string(),
            "scheme sips"
        );
        for scheme in ["", "sip:", "5ip", "s p"] {
            assert!(
                Claim::parse(abi::CLAIM_SCHEME, scheme).is_err(),
                "{scheme:?}"
            );
        }
        assert!(Claim::parse(99, "x").unwrap_err().contains("99"));
    }
}
