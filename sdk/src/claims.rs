//! What an adapter wants to have alone.

use std::{fmt, net::SocketAddr};

use rialto_abi as abi;

/// What an adapter wants to have alone, named before it starts, so that a conflict is an error of configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    claims: Vec<Claim>,
}

/// One thing that no other adapter may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub(crate) kind: u32,
    pub(crate) value: String,
}

impl Claims {
    /// Claims nothing.
    pub const fn none() -> Self {
        Self { claims: Vec::new() }
    }

    /// Claims one thing more.
    pub fn with(mut self, claim: Claim) -> Self {
        self.claims.push(claim);
        self
    }

    /// What is claimed, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Claim> {
        self.claims.iter()
    }
}

impl FromIterator<Claim> for Claims {
    fn from_iter<I: IntoIterator<Item = Claim>>(claims: I) -> Self {
        Self {
            claims: claims.into_iter().collect(),
        }
    }
}

impl Claim {
    /// A UDP address to listen on.
    pub fn udp(address: SocketAddr) -> Self {
        Self::of(abi::CLAIM_UDP, address)
    }

    /// A TCP address to listen on.
    pub fn tcp(address: SocketAddr) -> Self {
        Self::of(abi::CLAIM_TCP, address)
    }

    /// A domain to answer for.
    pub fn domain(domain: impl fmt::Display) -> Self {
        Self::of(abi::CLAIM_DOMAIN, domain)
    }

    /// A URI scheme, to have it alone.
    pub fn scheme(scheme: impl fmt::Display) -> Self {
        Self::of(abi::CLAIM_SCHEME, scheme)
    }

    fn of(kind: u32, value: impl fmt::Display) -> Self {
        Self {
            kind,
            value: value.to_string(),
        }
    }
}
