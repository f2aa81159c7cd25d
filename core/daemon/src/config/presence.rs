//! `[presence]`: who is told of whom, and how much of that the gateway takes on.

use std::{num::NonZeroUsize, str::FromStr, time::Duration};

use rialto_model::Domain;
use rialto_router::{Handling, PresenceLimits, PresenceSettings, View};

use super::section::Section;

/// `[presence]`
#[derive(Debug)]
pub(crate) struct PresenceConfig {
    /// Whether the service is given; none: where there is a store.
    enabled: Option<bool>,
    /// Domains whose presentities are what is published of them here.
    pub(crate) hosted: Vec<Domain>,
    /// What becomes of watchers of hosted presentities that no rule means.
    pub(crate) unruled: Handling,
    /// Most subscriptions, over all shards.
    max_subscriptions: usize,
    max_per_watcher: u32,
    max_per_presentity: usize,
    /// Most hosted presentities with publications, and most principals with rules, over all shards.
    max_publishing: usize,
    max_principals: usize,
    /// Most notifications under way, over all shards, and of these by one adapter.
    max_in_flight: usize,
    max_per_adapter: usize,
    /// Largest document, in bytes.
    max_document: usize,
    /// How long subscriptions and publications hold: at least, unless they say so, at most.
    durations: [Duration; 3],
    patience: Duration,
    answer_time: Duration,
    /// The wait after a first failure, and the longest.
    retry_waits: (Duration, Duration),
    /// `enabled`, with its place, where it says yes.
    needs_store: Option<(String, Option<String>)>,
}

/// [`Handling`], as the operator writes it.
struct Unruled(Handling);

impl PresenceConfig {
    const MAX_SUBSCRIPTIONS: usize = 1_000_000;
    const MAX_PER_WATCHER: u32 = 10_000;
    const MAX_PER_PRESENTITY: usize = 100_000;
    const MOST_SUBSCRIPTIONS: usize = 100_000_000;
    const MAX_PUBLISHING: usize = 1_000_000;
    const MAX_PRINCIPALS: usize = 1_000_000;
    const MAX_IN_FLIGHT: usize = 1_024;
    const MOST_IN_FLIGHT: usize = 65_536;
    const MAX_DOCUMENT: u64 = 64 << 10;
    const SMALLEST_DOCUMENT: u64 = 1 << 10;
    const LARGEST_DOCUMENT: u64 = 1 << 20;
    const DURATIONS: [Duration; 3] = [
        Duration::from_secs(60),
        Duration::from_secs(3600),
        Duration::from_secs(24 * 3600),
    ];
    const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
    const PATIENCE: Duration = Duration::from_secs(5);
    const ANSWER_TIME: Duration = Duration::from_secs(30);
    const LONGEST_ANSWER: Duration = Duration::from_secs(300);
    const RETRY_MIN: Duration = Duration::from_secs(1);
    const RETRY_MAX: Duration = Duration::from_secs(300);

    pub(super) fn read(mut section: Section<'_>) -> Self {
        let enabled: Option<bool> = section.value("enabled");
        let place = section.place_of_key("enabled");
        let hosted = section.parsed_list("hosted");
        let unruled = section
            .parsed("unruled")
            .map_or(Handling::Allow(View::All), |Unruled(handling)| handling);
        let most = Self::MOST_SUBSCRIPTIONS;
        let max_subscriptions = Self::count(&mut section, "max_subscriptions", most);
        let max_per_watcher = Self::count(&mut section, "max_per_watcher", most);
        let max_per_presentity = Self::count(&mut section, "max_per_presentity", most);
        let max_publishing = Self::count(&mut section, "max_publishing", most);
        let max_principals = Self::count(&mut section, "max_principals", most);
        let max_in_flight = Self::count(&mut section, "max_in_flight", Self::MOST_IN_FLIGHT);
        let max_in_flight = max_in_flight.unwrap_or(Self::MAX_IN_FLIGHT);
        let max_per_adapter = Self::count(&mut section, "max_per_adapter", Self::MOST_IN_FLIGHT);
        let max_document = section.size("max_document").unwrap_or(Self::MAX_DOCUMENT);
        if !(Self::SMALLEST_DOCUMENT..=Self::LARGEST_DOCUMENT).contains(&max_document) {
            section.report("max_document", "out of range", "1KiB to 1MiB");
        }
        let durations = Self::durations(&mut section);
        let patience = Self::time(&mut section, "patience", Self::LONGEST_ANSWER);
        let answer_time = Self::time(&mut section, "answer_time", Self::LONGEST_ANSWER);
        let retry_min = Self::time(&mut section, "retry_min", Self::LONGEST);
        let retry_max = Self::time(&mut section, "retry_max", Self::LONGEST);
        let retry_waits = (
            retry_min.unwrap_or(Self::RETRY_MIN),
            retry_max.unwrap_or(Self::RETRY_MAX),
        );
        if retry_waits.0 > retry_waits.1 {
            section.report("retry_min", "longer than retry_max", "at most retry_max");
        }
        section.finish();
        Self {
            enabled,
            hosted,
            unruled,
            max_subscriptions: max_subscriptions.unwrap_or(Self::MAX_SUBSCRIPTIONS),
            max_per_watcher: max_per_watcher.map_or(Self::MAX_PER_WATCHER, |most| most as u32),
            max_per_presentity: max_per_presentity.unwrap_or(Self::MAX_PER_PRESENTITY),
            max_publishing: max_publishing.unwrap_or(Self::MAX_PUBLISHING),
            max_principals: max_principals.unwrap_or(Self::MAX_PRINCIPALS),
            max_in_flight,
            max_per_adapter: max_per_adapter.unwrap_or_else(|| max_in_flight.div_ceil(2)),
            max_document: max_document as usize,
            durations,
            patience: patience.unwrap_or(Self::PATIENCE),
            answer_time: answer_time.unwrap_or(Self::ANSWER_TIME),
            retry_waits,
            needs_store: (enabled == Some(true)).then_some(place),
        }
    }

    /// Whether the service is given.
    pub(crate) fn is_given(&self, has_store: bool) -> bool {
        self.enabled.unwrap_or(has_store)
    }

    /// What each shard goes by; none where no service is given.
    pub(crate) fn settings(
        &self,
        has_store: bool,
        shards: NonZeroUsize,
    ) -> Option<PresenceSettings> {
        if !self.is_given(has_store) {
            return None;
        }
        let share = |of: usize| of.div_ceil(shards.get());
        let limits = PresenceLimits::default()
            .with_max_subscriptions(
                share(self.max_subscriptions),
                self.max_per_watcher,
                self.max_per_presentity,
            )
            .with_max_principals(share(self.max_publishing), share(self.max_principals))
            .with_max_in_flight(share(self.max_in_flight), share(self.max_per_adapter))
            .with_max_document(self.max_document)
            .with_durations(self.durations)
            .with_patience(self.patience)
            .with_answer_time(self.answer_time)
            .with_waits(self.retry_waits.0, self.retry_waits.1);
        let settings = PresenceSettings::default()
            .with_limits(limits)
            .with_hosted_default(self.unruled);
        let hosted = self.hosted.iter().cloned();
        Some(hosted.fold(settings, PresenceSettings::with_hosted))
    }

    /// The key that means nothing without a store, with its place: who is blocked would be forgotten with the process.
    pub(super) const fn needs_store(&self) -> Option<&(String, Option<String>)> {
        self.needs_store.as_ref()
    }

    fn count(section: &mut Section<'_>, key: &'static str, most: usize) -> Option<usize> {
        let count = section.value(key)?;
        if (1..=most).contains(&count) {
            return Some(count);
        }
        section.report(key, "out of range", &format!("1 to {most}"));
        None
    }

    fn durations(section: &mut Section<'_>) -> [Duration; 3] {
        let keys = ["min_duration", "default_duration", "max_duration"];
        let [shortest, usual, longest] = keys.map(|key| Self::time(section, key, Self::LONGEST));
        let [least, common, most] = Self::DURATIONS;
        // What is not said goes by what is.
        let shortest = shortest.unwrap_or_else(|| least.min(usual.or(longest).unwrap_or(least)));
        let longest = longest.unwrap_or_else(|| most.max(usual.unwrap_or(most)).max(shortest));
        let usual = usual.unwrap_or_else(|| common.clamp(shortest, longest.max(shortest)));
        if !(shortest <= usual && usual <= longest) {
            let hint = "min_duration, default_duration and max_duration in this order";
            section.report("default_duration", "out of order", hint);
        }
        [shortest, usual, longest]
    }

    fn time(section: &mut Section<'_>, key: &'static str, longest: Duration) -> Option<Duration> {
        let time = section.duration(key);
        if time.is_some_and(|time| time.is_zero() || time > longest) {
            let hint = format!("1ms to {}s", longest.as_secs());
            section.report(key, "out of range", &hint);
        }
        time
    }
}

impl FromStr for Unruled {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self(match text {
            "allow" => Handling::Allow(View::All),
            "status-only" => Handling::Allow(View::StatusOnly),
            "confirm" => Handling::Confirm,
            "polite-block" => Handling::PoliteBlock,
            "block" => Handling::Block,
            _ => {
                return Err(format!(
                    "`{text}` says nothing of watchers: write `allow`, `status-only`, `confirm`, `polite-block` or `block`"
                ));
            }
        }))
    }
}
