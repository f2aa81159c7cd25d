//! DNS for one test: real servers with zones of its own, and a proxy that writes down what is asked.

pub mod dnsmasq;
pub mod nsd;
pub mod proxy;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
};

pub use self::{
    dnsmasq::Dnsmasq,
    nsd::Nsd,
    proxy::{Asked, DnsProxy, Liar, Plan},
};
use crate::peers;

/// Where name servers live: an address of loopback that no other peer has.
pub const DNS_HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 14));

/// Whether a test with real name servers is to run; prints why when it is not.
///
/// # Panics
/// When one is missing and nobody has asked to go without: `tests/install-peers.sh` installs them.
#[must_use]
pub fn servers_are_wanted() -> bool {
    peers::are_wanted_and_here(&[NSD, DNSMASQ].map(Path::new))
}

/// The SRV record of a service, as `_im._sip`, at one of [`hosts`]: a line of a zone.
#[must_use]
pub fn srv(service: &str, preference: u16, at: SocketAddr) -> String {
    let host = at.ip().to_string().replace('.', "-");
    format!("{service} IN SRV {preference} 0 {} host-{host}", at.port())
}

/// Names of the addresses of loopback that the peers here have: lines of a zone.
#[must_use]
pub fn hosts() -> String {
    let hosts = (1..64).map(|n| format!("host-127-0-0-{n} IN A 127.0.0.{n}"));
    hosts.collect::<Vec<_>>().join("\n")
}

pub(crate) const NSD: &str = "/usr/sbin/nsd";
pub(crate) const DNSMASQ: &str = "/usr/sbin/dnsmasq";
