//! Counters.

/// What a presence service has done since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PresenceStatistics {
    /// Subscriptions and fetches that there are; falls again.
    pub subscriptions: u64,
    /// Notifications under way; falls again.
    pub in_flight: u64,
    /// Subscriptions that were accepted.
    pub accepted: u64,
    /// Subscribe operations that were refused.
    pub refused: u64,
    /// Refreshes by watchers.
    pub refreshed: u64,
    /// Fetches.
    pub fetched: u64,
    /// Subscriptions that have ended.
    pub ended: u64,
    /// Notifications that were handed to a watcher's adapter.
    pub notifications: u64,
    /// Those that were to be told again.
    pub notifications_failed: u64,
    /// Notifications about what nobody subscribed to, or from an adapter that was not asked.
    pub unsolicited: u64,
    /// Notifications that said nothing new.
    pub unchanged: u64,
    /// Publications that were taken.
    pub published: u64,
    /// Answers that nobody waited for.
    pub ignored_responses: u64,
    /// Writes that the store did not take.
    pub failed_writes: u64,
    /// Subscriptions whose presentity could not be reached any more.
    pub lost_contact: u64,
    /// Records that were taken up at the start.
    pub restored: u64,
}
