//! What is kept, for how long, and how much of it.

use std::time::Duration;

use super::queue::RetryLimits;
use crate::AdapterId;

/// What becomes of messages that an adapter brings while their outcome is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustodyPolicy {
    patience: Option<Duration>,
    keeps_temporary: bool,
    time_to_live: Duration,
    identity_time: Duration,
}

/// How much a custodian keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustodyLimits {
    max_kept: usize,
    retries: RetryLimits,
    max_in_flight: usize,
    max_identities: usize,
    max_awaited: usize,
    awaited_time: Duration,
    max_passed_on: usize,
    passed_on_time: Duration,
}

/// The policies of all adapters, and the limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustodySettings {
    policies: Vec<(AdapterId, CustodyPolicy)>,
    limits: CustodyLimits,
    is_in_memory: bool,
}

impl CustodyPolicy {
    /// Nothing is kept: who sends is told how it ended, however long that takes.
    pub const NEVER: Self = Self {
        patience: None,
        keeps_temporary: false,
        time_to_live: Duration::from_secs(3600),
        identity_time: Duration::from_secs(24 * 3600),
    };

    /// Sets how long the sender's network can be kept waiting for the outcome; after that the message is kept, and answered.
    ///
    /// Of zero, every message is kept before anything else is done with it.
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Keeps messages whose delivery failed for now, and tries them again, instead of telling the sender at once.
    pub const fn keeping_temporary_failures(mut self) -> Self {
        self.keeps_temporary = true;
        self
    }

    /// Sets for how long a message is worth delivering, unless it says less itself.
    pub const fn with_time_to_live(mut self, time_to_live: Duration) -> Self {
        self.time_to_live = time_to_live;
        self
    }

    /// Sets for how long a message that was kept is known again by its identity.
    pub const fn with_identity_time(mut self, identity_time: Duration) -> Self {
        self.identity_time = identity_time;
        self
    }

    /// How long the sender's network can be kept waiting.
    pub const fn patience(&self) -> Option<Duration> {
        self.patience
    }

    /// Whether temporary failures are kept, and not told.
    pub const fn keeps_temporary_failures(&self) -> bool {
        self.keeps_temporary
    }

    /// For how long a message is worth delivering that names this time, or none.
    pub fn time_to_live(&self, own: Option<Duration>) -> Duration {
        own.map_or(self.time_to_live, |own| own.min(self.time_to_live))
    }

    /// For how long identities are known.
    pub const fn identity_time(&self) -> Duration {
        self.identity_time
    }

    /// Whether anything is ever kept.
    pub const fn keeps(&self) -> bool {
        self.patience.is_some() || self.keeps_temporary
    }
}

impl CustodyLimits {
    /// Sets how many messages and reports are kept at most; beyond, nothing more is accepted early.
    pub fn with_max_kept(mut self, max: usize) -> Self {
        self.max_kept = max.max(1);
        self
    }

    /// Sets how many kept messages and reports are on their way, or read from the journal, at once; so many bodies are in memory.
    pub fn with_max_in_flight(mut self, max: u32) -> Self {
        self.max_in_flight = max.max(1) as usize;
        self.retries = self.retries.with_max_in_flight(max);
        self
    }

    /// Sets when what failed is tried again; how much is on its way at once, [`with_max_in_flight`](Self::with_max_in_flight) says.
    pub const fn with_retries(mut self, retries: RetryLimits) -> Self {
        self.retries = retries.with_max_in_flight(self.max_in_flight as u32);
        self
    }

    /// Sets how many identities are remembered; of more, the oldest are forgotten.
    pub fn with_max_identities(mut self, max: usize) -> Self {
        self.max_identities = max.max(1);
        self
    }

    /// Sets on how many messages a later word is waited for; of more, the oldest are forgotten.
    pub fn with_max_awaited(mut self, max: usize) -> Self {
        self.max_awaited = max.max(1);
        self
    }

    /// Sets for how long a later word on a message is waited for.
    pub const fn with_awaited_time(mut self, time: Duration) -> Self {
        self.awaited_time = time;
        self
    }

    /// Sets how many messages are remembered that a system on their way has taken, for the case that it brings them back; of more, the oldest
    /// are forgotten.
    pub fn with_max_passed_on(mut self, max: usize) -> Self {
        self.max_passed_on = max.max(1);
        self
    }

    /// Sets for how long they are remembered.
    pub const fn with_passed_on_time(mut self, time: Duration) -> Self {
        self.passed_on_time = time;
        self
    }

    pub(super) const fn max_kept(&self) -> usize {
        self.max_kept
    }

    pub(super) const fn retries(&self) -> &RetryLimits {
        &self.retries
    }

    pub(super) const fn max_in_flight(&self) -> usize {
        self.max_in_flight
    }

    pub(super) const fn max_identities(&self) -> usize {
        self.max_identities
    }

    pub(super) const fn max_awaited(&self) -> usize {
        self.max_awaited
    }

    pub(super) const fn awaited_time(&self) -> Duration {
        self.awaited_time
    }

    pub(super) const fn max_passed_on(&self) -> usize {
        self.max_passed_on
    }

    pub(super) const fn passed_on_time(&self) -> Duration {
        self.passed_on_time
    }
}

/// A million kept, 1,024 of them on their way, a million identities, 262,144 messages on which a later word is waited for, a week long, and 32,768
/// that somebody on their way has taken, an hour long.
impl Default for CustodyLimits {
    fn default() -> Self {
        Self {
            max_kept: 1 << 20,
            retries: RetryLimits::default().with_max_in_flight(1024),
            max_in_flight: 1024,
            max_identities: 1 << 20,
            max_awaited: 1 << 18,
            awaited_time: Duration::from_secs(7 * 24 * 3600),
            max_passed_on: 1 << 15,
            passed_on_time: Duration::from_secs(3600),
        }
    }
}

impl CustodySettings {
    /// Keeps nothing, until a policy is set.
    pub fn new(limits: CustodyLimits) -> Self {
        Self {
            policies: Vec::new(),
            limits,
            is_in_memory: false,
        }
    }

    /// Does without a journal: no message is kept, whatever its policy, and what is to be told of messages is forgotten with the process.
    pub const fn in_memory(mut self) -> Self {
        self.is_in_memory = true;
        self
    }

    /// Sets the policy for messages that an adapter brings.
    pub fn with_policy(mut self, adapter: AdapterId, policy: CustodyPolicy) -> Self {
        self.policies.retain(|(of, _)| *of != adapter);
        self.policies.push((adapter, policy));
        self
    }

    /// The policy for messages that an adapter brings.
    pub fn policy(&self, adapter: AdapterId) -> CustodyPolicy {
        let mut policies = self.policies.iter().filter(|_| !self.is_in_memory);
        let found = policies.find(|(of, _)| *of == adapter);
        found.map_or(CustodyPolicy::NEVER, |(_, policy)| *policy)
    }

    pub(super) const fn limits(&self) -> &CustodyLimits {
        &self.limits
    }

    pub(super) const fn are_in_memory(&self) -> bool {
        self.is_in_memory
    }
}
