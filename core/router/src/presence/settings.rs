//! What presence service is given, and how much of it.

use std::time::Duration;

use rialto_model::{Domain, Failure, Presentity};

use super::rules::{Handling, View};
use crate::{
    AdapterId, RoutingTable,
    decision::presence::{folded, inbox_of},
};

/// For whom the service is given, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceSettings {
    hosted: Vec<Domain>,
    hosted_default: Handling,
    limits: PresenceLimits,
}

/// How much the service takes on, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresenceLimits {
    pub(super) max_subscriptions: usize,
    pub(super) max_per_watcher: u32,
    pub(super) max_per_presentity: usize,
    pub(super) max_publishing: usize,
    pub(super) max_ruling: usize,
    pub(super) max_in_flight: usize,
    pub(super) max_in_flight_by_adapter: usize,
    pub(super) max_document: usize,
    pub(super) shortest_duration: Duration,
    pub(super) default_duration: Duration,
    pub(super) longest_duration: Duration,
    pub(super) patience: Duration,
    pub(super) answer_time: Duration,
    pub(super) shortest_wait: Duration,
    pub(super) longest_wait: Duration,
}

impl PresenceSettings {
    /// Names a domain whose presentities are hosted here: they are what is published of them, and nowhere else.
    pub fn with_hosted(mut self, domain: Domain) -> Self {
        self.hosted.push(domain);
        self
    }

    /// Sets what becomes of watchers of hosted presentities that no rule means.
    pub const fn with_hosted_default(mut self, handling: Handling) -> Self {
        self.hosted_default = handling;
        self
    }

    /// Sets the limits.
    pub const fn with_limits(mut self, limits: PresenceLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether the presentities of a domain are hosted here.
    pub fn hosts(&self, domain: &str) -> bool {
        self.hosted.iter().any(|hosted| hosted.as_str() == domain)
    }

    /// The presentity that an adapter's network means by an address: what belongs together belongs to one presence service.
    ///
    /// Folded, as rules hold however a name is written; one that is hosted has no other. Fails for an address at a relay domain that stands for nobody.
    pub fn presentity(
        &self,
        routes: &RoutingTable,
        from: AdapterId,
        target: &Presentity,
    ) -> Result<Presentity, Failure> {
        if self.hosts(target.domain()) {
            return folded(&inbox_of(target)?);
        }
        routes.presentity(from, target)
    }

    /// The limits.
    pub const fn limits(&self) -> &PresenceLimits {
        &self.limits
    }

    pub(super) const fn hosted_default(&self) -> Handling {
        self.hosted_default
    }
}

/// Nobody hosted; watchers of those who are, and of whom no rule says anything, are told all.
impl Default for PresenceSettings {
    fn default() -> Self {
        Self {
            hosted: Vec::new(),
            hosted_default: Handling::Allow(View::All),
            limits: PresenceLimits::default(),
        }
    }
}

impl PresenceLimits {
    /// The most publications of one presentity.
    pub const MAX_PUBLICATIONS: usize = 16;

    /// The longest reference of a plugin, in bytes.
    pub const MAX_REFERENCE: usize = 4096;

    /// Sets how many subscriptions there may be, in all and of one watcher and one presentity.
    pub const fn with_max_subscriptions(
        mut self,
        all: usize,
        per_watcher: u32,
        per_presentity: usize,
    ) -> Self {
        self.max_subscriptions = all;
        self.max_per_watcher = per_watcher;
        self.max_per_presentity = per_presentity;
        self
    }

    /// Sets how many hosted presentities may have publications, and how many principals may have rules.
    pub const fn with_max_principals(mut self, publishing: usize, ruling: usize) -> Self {
        self.max_publishing = publishing;
        self.max_ruling = ruling;
        self
    }

    /// Sets how many notifications may be under way at once, in all and by one adapter, at least 1 each.
    pub fn with_max_in_flight(mut self, all: usize, by_adapter: usize) -> Self {
        self.max_in_flight = all.max(1);
        self.max_in_flight_by_adapter = by_adapter.max(1);
        self
    }

    /// Sets how large a document may be, in bytes.
    pub const fn with_max_document(mut self, len: usize) -> Self {
        self.max_document = len;
        self
    }

    /// Sets for how long subscriptions and publications hold: at least, unless they say so, at most.
    pub fn with_durations(mut self, [shortest, default, longest]: [Duration; 3]) -> Self {
        self.shortest_duration = shortest;
        self.longest_duration = longest.max(shortest);
        self.default_duration = default.clamp(shortest, self.longest_duration);
        self
    }

    /// Sets how long a watcher waits for the presentity's network before it is told that its subscription is pending.
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets how long an adapter may take to answer.
    pub const fn with_answer_time(mut self, time: Duration) -> Self {
        self.answer_time = time;
        self
    }

    /// Sets the wait after a first failure, and the longest after many; each is about twice as long as the one before.
    pub fn with_waits(mut self, shortest: Duration, longest: Duration) -> Self {
        self.shortest_wait = shortest.max(Duration::from_millis(10));
        self.longest_wait = longest.max(self.shortest_wait);
        self
    }

    /// How long a subscription or publication holds that asks for this time, or none.
    pub(super) fn grant(&self, asked: Option<Duration>) -> Duration {
        asked.map_or(self.default_duration, |asked| {
            asked.clamp(self.shortest_duration, self.longest_duration)
        })
    }
}

/// A million subscriptions, 10,000 of one watcher, 100,000 of one presentity; a million hosted presentities that publish, and a million principals
/// with rules; 1,024 notifications under way, half of them by one adapter; documents of 64 KiB; a
/// minute, an hour, a day; 5 seconds of patience, 30 for an answer; waits of one second to five minutes.
impl Default for PresenceLimits {
    fn default() -> Self {
        Self {
            max_subscriptions: 1_000_000,
            max_per_watcher: 10_000,
            max_per_presentity: 100_000,
            max_publishing: 1_000_000,
            max_ruling: 1_000_000,
            max_in_flight: 1_024,
            max_in_flight_by_adapter: 512,
            max_document: 64 * 1024,
            shortest_duration: Duration::from_secs(60),
            default_duration: Duration::from_secs(3_600),
            longest_duration: Duration::from_secs(86_400),
            patience: Duration::from_secs(5),
            answer_time: Duration::from_secs(30),
            shortest_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(300),
        }
    }
}
