//! `[resolver]`: how DNS names next hops.

use std::{net::SocketAddr, str::FromStr, time::Duration};

use rialto_resolver::{AddressFamilies, Config, IpNet};

use super::section::Section;

/// `[resolver]`
#[derive(Debug)]
pub(crate) struct ResolverConfig {
    /// The adapters that DNS finds, those first that are preferred; none named: all that say how.
    pub(crate) adapters: Option<Vec<String>>,
    /// How DNS is asked.
    pub(crate) dns: Config,
    /// How long one of several next hops may take before the next is tried.
    pub(crate) attempt_timeout: Duration,
    /// Where the section stands.
    pub(crate) place: Option<String>,
}

/// [`AddressFamilies`], as the operator writes them.
struct Families(AddressFamilies);

impl ResolverConfig {
    const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
    const TIMEOUT: Duration = Duration::from_secs(2);
    const ATTEMPTS: usize = 2;
    const MIN_TTL: Duration = Duration::from_secs(5);
    const MAX_TTL: Duration = Duration::from_secs(3600);
    const MAX_ATTEMPTS: usize = 10;
    const MAX_LOOKUPS: usize = 65_536;
    const MAX_ENTRIES: usize = 10_000_000;

    pub(super) fn read(mut section: Section<'_>, adapters: &[String]) -> Self {
        let place = section.place();
        let named: Option<Vec<String>> = section.value("adapters");
        for name in named.iter().flatten() {
            if !adapters.contains(name) {
                section.report(
                    "adapters",
                    format!("there is no adapter `{name}`"),
                    &format!("adapters are: {}", adapters.join(", ")),
                );
            }
        }
        let attempt_timeout = section
            .duration("attempt_timeout")
            .unwrap_or(Self::ATTEMPT_TIMEOUT);
        if attempt_timeout.is_zero() {
            section.report("attempt_timeout", "out of range", "1ms or more");
        }
        let dns = Self::read_dns(&mut section);
        section.finish();
        Self {
            adapters: named,
            dns,
            attempt_timeout,
            place,
        }
    }

    fn read_dns(section: &mut Section<'_>) -> Config {
        let mut config =
            Config::default().with_name_servers(section.parsed_list::<SocketAddr>("name_servers"));
        let timeout = section.duration("timeout").unwrap_or(Self::TIMEOUT);
        if timeout.is_zero() {
            section.report("timeout", "out of range", "1ms or more");
        }
        let attempts = Self::count(section, "attempts", 1..=Self::MAX_ATTEMPTS);
        config = config.with_timeout(timeout, attempts.unwrap_or(Self::ATTEMPTS));
        if let Some(alternates) = section.value("alternates") {
            match config.clone().with_alternates(alternates) {
                Ok(changed) => config = changed,
                Err(error) => section.report("alternates", error.to_string(), "2 or more"),
            }
        }
        if let Some(Families(families)) = section.parsed("families") {
            config = config.with_families(families);
        }
        if section.contains("denied") {
            config = config.with_denied(section.parsed_list::<IpNet>("denied"));
        }
        if let Some(entries) = Self::count(section, "cache_entries", 1..=Self::MAX_ENTRIES) {
            config = config.with_cache_entries(entries);
        }
        if let Some(lookups) = Self::count(section, "max_lookups", 1..=Self::MAX_LOOKUPS) {
            config = config.with_max_lookups(lookups);
        }
        let min = section.duration("min_ttl").unwrap_or(Self::MIN_TTL);
        let max = section.duration("max_ttl").unwrap_or(Self::MAX_TTL);
        if min > max {
            section.report("min_ttl", "longer than max_ttl", "at most max_ttl");
        }
        config = config.with_ttl(min, max);
        if let Some(max) = section.duration("max_negative_ttl") {
            config = config.with_max_negative_ttl(max);
        }
        if let Some(max) = section.duration("max_stale") {
            config = config.with_max_stale(max);
        }
        config
    }

    fn count(
        section: &mut Section<'_>,
        key: &'static str,
        range: std::ops::RangeInclusive<usize>,
    ) -> Option<usize> {
        let count = section.value(key)?;
        if range.contains(&count) {
            return Some(count);
        }
        let hint = format!("{} to {}", range.start(), range.end());
        section.report(key, "out of range", &hint);
        None
    }
}

impl FromStr for Families {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self(match text {
            "ipv4, ipv6" => AddressFamilies::V4ThenV6,
            "ipv6, ipv4" => AddressFamilies::V6ThenV4,
            "ipv4" => AddressFamilies::V4,
            "ipv6" => AddressFamilies::V6,
            _ => {
                return Err(format!(
                    "`{text}` names no address families: write `ipv4, ipv6`, `ipv6, ipv4`, `ipv4` or `ipv6`"
                ));
            }
        }))
    }
}
