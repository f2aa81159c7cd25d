//! `[custody]` and `[adapters.NAME.custody]`: for which messages the gateway answers before their outcome is known.

use std::{str::FromStr, time::Duration};

use super::{
    duration,
    section::Section,
    types::{Config, GatewayConfig},
};

/// `[custody]`
#[derive(Debug)]
pub(crate) struct CustodyConfig {
    /// What holds for adapters that say nothing else.
    pub(crate) policy: PolicyConfig,
    /// Most messages and reports that are kept, over all shards.
    pub(crate) max_messages: usize,
    /// For how long a later word on a message is waited for.
    pub(crate) report_time: Duration,
    /// Most kept messages and reports that are on their way at once, over all shards.
    pub(crate) max_in_flight: u32,
    /// Of these, most for one destination, in each shard.
    pub(crate) max_per_destination: u32,
    /// The wait after a first failure, and the longest.
    pub(crate) retry_waits: (Duration, Duration),
}

/// `[adapters.NAME.custody]`, and the keys of `[custody]` that stand in for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct PolicyConfig {
    /// How long a sender's network can be kept waiting; none: as its plugin says.
    pub(crate) patience: Option<Patience>,
    pub(crate) temporary_failures: Option<TemporaryFailures>,
    /// For how long a message that is kept is worth delivering.
    pub(crate) time_to_live: Option<Duration>,
    /// For how long a message that was kept is known again when its network sends it once more.
    pub(crate) identity_time: Option<Duration>,
    /// The keys that only mean something where messages are kept, with their places.
    needs_store: Vec<(String, Option<String>)>,
}

/// How long the network of a sender can be kept waiting for the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As long as it takes: nothing is answered early.
    Never,
    /// So long; then the message is kept and answered.
    For(Duration),
}

/// What becomes of a temporary failure that comes while the sender still waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TemporaryFailures {
    /// The sender is told.
    Tell,
    /// The message is kept and tried again.
    Keep,
}

impl CustodyConfig {
    const MAX_MESSAGES: usize = 1_000_000;
    const MOST_MESSAGES: usize = 100_000_000;
    const REPORT_TIME: Duration = Duration::from_secs(7 * 24 * 3600);
    const MAX_IN_FLIGHT: u32 = 1024;
    const MAX_PER_DESTINATION: u32 = 64;
    /// Each message that is on its way is in memory.
    const MOST_IN_FLIGHT: u32 = 65_536;
    const RETRY_MIN: Duration = Duration::from_secs(1);
    const RETRY_MAX: Duration = Duration::from_secs(900);

    pub(super) fn read(mut section: Section<'_>) -> Self {
        let policy = PolicyConfig::read_keys(&mut section);
        let max_messages = section.value("max_messages").unwrap_or(Self::MAX_MESSAGES);
        if !(1..=Self::MOST_MESSAGES).contains(&max_messages) {
            section.report("max_messages", "out of range", "1 to 100000000");
        }
        let report_time = PolicyConfig::time(&mut section, "report_time");
        let [max_in_flight, max_per_destination] =
            ["max_in_flight", "max_per_destination"].map(|key| Self::deliveries(&mut section, key));
        let retry_min = PolicyConfig::time(&mut section, "retry_min").unwrap_or(Self::RETRY_MIN);
        let retry_max = PolicyConfig::time(&mut section, "retry_max").unwrap_or(Self::RETRY_MAX);
        if retry_min > retry_max {
            section.report("retry_min", "longer than retry_max", "at most retry_max");
        }
        section.finish();
        Self {
            policy,
            max_messages,
            report_time: report_time.unwrap_or(Self::REPORT_TIME),
            max_in_flight: max_in_flight.unwrap_or(Self::MAX_IN_FLIGHT),
            max_per_destination: max_per_destination.unwrap_or(Self::MAX_PER_DESTINATION),
            retry_waits: (retry_min, retry_max),
        }
    }

    fn deliveries(section: &mut Section<'_>, key: &'static str) -> Option<u32> {
        let count = section.value(key)?;
        if (1..=Self::MOST_IN_FLIGHT).contains(&count) {
            return Some(count);
        }
        section.report(key, "out of range", "1 to 65536");
        None
    }
}

impl PolicyConfig {
    /// For how long a message is worth delivering, if nobody says so.
    pub(crate) const TIME_TO_LIVE: Duration = Duration::from_secs(3600);
    /// For how long a message is known again, if nobody says so.
    pub(crate) const IDENTITY_TIME: Duration = Duration::from_secs(24 * 3600);

    const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

    pub(super) fn read(mut section: Section<'_>) -> Self {
        let policy = Self::read_keys(&mut section);
        section.finish();
        policy
    }

    fn read_keys(section: &mut Section<'_>) -> Self {
        let patience = section.parsed("patience");
        if let Some(Patience::For(time)) = patience
            && time > GatewayConfig::MAX_DEADLINE
        {
            section.report("patience", "out of range", "0s to 5m, or \"never\"");
        }
        let temporary_failures = section.parsed("temporary_failures");
        let time_to_live = Self::time(section, "time_to_live");
        let identity_time = Self::time(section, "identity_time");
        let mut needs_store = Vec::new();
        if matches!(patience, Some(Patience::For(_))) {
            needs_store.push(section.place_of_key("patience"));
        }
        if temporary_failures == Some(TemporaryFailures::Keep) {
            needs_store.push(section.place_of_key("temporary_failures"));
        }
        Self {
            patience,
            temporary_failures,
            time_to_live,
            identity_time,
            needs_store,
        }
    }

    /// These keys, and those of `defaults` where this has none.
    pub(crate) fn over(&self, defaults: &Self) -> Self {
        Self {
            patience: self.patience.or(defaults.patience),
            temporary_failures: self.temporary_failures.or(defaults.temporary_failures),
            time_to_live: self.time_to_live.or(defaults.time_to_live),
            identity_time: self.identity_time.or(defaults.identity_time),
            needs_store: Vec::new(),
        }
    }

    /// The keys that mean nothing without a store, with their places.
    pub(super) fn needs_store(config: &Config) -> impl Iterator<Item = &(String, Option<String>)> {
        let of_adapters = config.adapters.iter().map(|adapter| &adapter.custody);
        let all = std::iter::once(&config.custody.policy).chain(of_adapters);
        all.flat_map(|policy| &policy.needs_store)
    }

    fn time(section: &mut Section<'_>, key: &'static str) -> Option<Duration> {
        let time = section.duration(key);
        if time.is_some_and(|time| time.is_zero() || time > Self::LONGEST) {
            section.report(key, "out of range", "1ms to 720h");
        }
        time
    }
}

impl FromStr for Patience {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "never" => Ok(Self::Never),
            _ => duration::parse(text)
                .map(Self::For)
                .map_err(|problem| format!("{problem}, or `never`")),
        }
    }
}

impl FromStr for TemporaryFailures {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "tell" => Ok(Self::Tell),
            "keep" => Ok(Self::Keep),
            _ => Err(format!(
                "`{text}` says nothing of temporary failures: write `tell` or `keep`"
            )),
        }
    }
}
