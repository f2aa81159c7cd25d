//! How DNS is asked, and for how long its answers hold.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// How DNS is asked, for how long its answers hold, and how much work is taken on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub(crate) name_servers: Vec<SocketAddr>,
    pub(crate) timeout: Duration,
    pub(crate) attempts: usize,
    pub(crate) deadline: Duration,
    pub(crate) alternates: usize,
    pub(crate) families: AddressFamilies,
    pub(crate) denied: Vec<IpNet>,
    pub(crate) cache_entries: usize,
    pub(crate) min_ttl: Duration,
    pub(crate) max_ttl: Duration,
    pub(crate) max_negative_ttl: Duration,
    pub(crate) max_stale: Duration,
    pub(crate) max_lookups: usize,
}

/// Which addresses of a host are used, and in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressFamilies {
    /// IPv4 addresses, then IPv6 addresses.
    #[default]
    V4ThenV6,
    /// IPv6 addresses, then IPv4 addresses.
    V6ThenV4,
    /// IPv4 addresses; AAAA is not asked.
    V4,
    /// IPv6 addresses; A is not asked.
    V6,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Fewer alternates than RFC 3861 §6 asks for.
    #[error(
        "alternates is {0}: at least {min} addresses of a domain are to be tried (RFC 3861 §6)",
        min = Config::MIN_ALTERNATES
    )]
    TooFewAlternates(usize),
    /// More protocols than can be asked for.
    #[error("{0} protocols are configured; at most {max} can be", max = Config::MAX_PROTOCOLS)]
    TooManyProtocols(usize),
    /// A protocol whose name is no DNS label.
    #[error("`{0}` cannot name a protocol: it has to be letters, digits and hyphens, at most 62")]
    ProtocolName(String),
    /// A lookup of a protocol with a name that is none.
    #[error("`{0}` cannot be looked up beneath a domain: write it like `_sip._udp`")]
    LookupName(String),
    /// The system's configuration names no servers, or cannot be read.
    #[error("/etc/resolv.conf names no servers that can be asked; name some in the configuration")]
    NoNameServers(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Config {
    /// The fewest addresses that are tried. RFC 3861 §6.
    pub const MIN_ALTERNATES: usize = 2;
    /// The most protocols that a domain is asked for.
    pub const MAX_PROTOCOLS: usize = 16;
    /// For how long a temporary failure holds, and the answer to a question that found no server awake.
    pub const TEMPORARY: Duration = Duration::from_secs(5);

    /// Asks these servers; without any, those of `/etc/resolv.conf`, which is read once.
    pub fn with_name_servers(mut self, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.name_servers = servers.into_iter().collect();
        self
    }

    /// Sets how long one question waits for its answer, and how often it is asked, at least once.
    pub fn with_timeout(mut self, timeout: Duration, attempts: usize) -> Self {
        (self.timeout, self.attempts) = (timeout, attempts.max(1));
        self
    }

    /// Sets how long all the questions about a domain may take together.
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Limits the addresses that are tried for one operation, at least 2.
    pub fn with_alternates(mut self, alternates: usize) -> Result<Self, ConfigError> {
        if alternates < Self::MIN_ALTERNATES {
            return Err(ConfigError::TooFewAlternates(alternates));
        }
        self.alternates = alternates;
        Ok(self)
    }

    /// Sets which addresses of a host are used.
    pub const fn with_families(mut self, families: AddressFamilies) -> Self {
        self.families = families;
        self
    }

    /// Sets the networks whose addresses are not used, whoever publishes them.
    ///
    /// Anybody can publish records that point into the gateway's own machine and network.
    pub fn with_denied(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.denied = networks.into_iter().collect();
        self
    }

    /// Limits the domains that are remembered, at least 1.
    pub fn with_cache_entries(mut self, entries: usize) -> Self {
        self.cache_entries = entries.max(1);
        self
    }

    /// Bounds the time for which a resolution holds, whatever the records say.
    pub fn with_ttl(mut self, min: Duration, max: Duration) -> Self {
        (self.min_ttl, self.max_ttl) = (min, max.max(min));
        self
    }

    /// Bounds the time for which it holds that something is not there.
    pub const fn with_max_negative_ttl(mut self, max: Duration) -> Self {
        self.max_negative_ttl = max;
        self
    }

    /// Sets for how long an expired resolution stands in while DNS gives no answer; zero for never. RFC 8767.
    pub const fn with_max_stale(mut self, max: Duration) -> Self {
        self.max_stale = max;
        self
    }

    /// Limits the domains that are being looked up, at least 1; what comes beyond is `Overloaded`.
    pub fn with_max_lookups(mut self, lookups: usize) -> Self {
        self.max_lookups = lookups.max(1);
        self
    }

    /// Whether a hop may have this address: one of a host, and not of a denied network.
    pub(crate) fn permits(&self, address: IpAddr) -> bool {
        let is_of_a_host = match address {
            IpAddr::V4(v4) => !v4.is_unspecified() && !v4.is_multicast() && !v4.is_broadcast(),
            IpAddr::V6(v6) => !v6.is_unspecified() && !v6.is_multicast(),
        };
        is_of_a_host && !self.denied.iter().any(|network| network.contains(&address))
    }
}

/// The system's servers, 2 seconds, 2 attempts, 15 seconds for a domain; 4 alternates; 10,000 domains remembered for 5 seconds to an hour, what
/// is not there for 5 minutes, stale for a day; 256 lookups at a time; not the addresses that mean this machine or its link.
impl Default for Config {
    fn default() -> Self {
        Self {
            name_servers: Vec::new(),
            timeout: Duration::from_secs(2),
            attempts: 2,
            deadline: Duration::from_secs(15),
            alternates: 4,
            families: AddressFamilies::default(),
            denied: own_machine(),
            cache_entries: 10_000,
            min_ttl: Duration::from_secs(5),
            max_ttl: Duration::from_secs(3600),
            max_negative_ttl: Duration::from_secs(300),
            max_stale: Duration::from_secs(24 * 3600),
            max_lookups: 256,
        }
    }
}

/// Addresses that mean something else on each machine: itself, and its link. RFC 6890 §2.2.
fn own_machine() -> Vec<IpNet> {
    let v4 = [
        (Ipv4Addr::UNSPECIFIED, 8),
        (Ipv4Addr::new(127, 0, 0, 0), 8),
        (Ipv4Addr::new(169, 254, 0, 0), 16),
    ];
    let v6 = [
        (Ipv6Addr::LOCALHOST, 128),
        (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    ];
    let v4 = v4.map(|(address, length)| Ipv4Net::new_assert(address, length).into());
    let v6 = v6.map(|(address, length)| Ipv6Net::new_assert(address, length).into());
    v4.into_iter().chain(v6).collect()
}
