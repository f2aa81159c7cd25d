//! Counters.

use rialto_model::{Failure, FailureReason, ResponseStatus};

/// What a router has done since it was made.
///
/// `operations` is always `in_progress` plus the three responses together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Operations that were handed in.
    pub operations: u64,
    /// Operations that wait for their response; the only number here that falls.
    pub in_progress: u64,
    /// Deliveries that were handed out.
    pub deliveries: u64,
    /// Domains that DNS was asked for.
    pub resolutions: u64,
    /// Next hops that were given up for another.
    pub failovers: u64,
    /// Responses: the far side acknowledged.
    pub successes: u64,
    /// Responses: not delivered, for any reason; the following six are among them.
    pub failures: u64,
    /// Responses: nobody will ever know.
    pub indeterminants: u64,
    /// Failures: no way to the destination, no hops left, or no valid inbox.
    pub undeliverable: u64,
    /// Failures: access rules forbade it.
    pub not_permitted: u64,
    /// Failures: as many operations in progress as there may be.
    pub overloaded: u64,
    /// Failures: the router was draining.
    pub shutting_down: u64,
    /// Failures: the deadline passed.
    pub timed_out: u64,
    /// Failures: the sender gave up.
    pub cancelled: u64,
    /// Answers that no operation waited for: late, doubled, or made up.
    pub ignored_responses: u64,
}

impl Statistics {
    pub(super) const fn count(&mut self, status: &ResponseStatus) {
        match status {
            ResponseStatus::Success => self.successes += 1,
            ResponseStatus::Failure(_) => self.failures += 1,
            ResponseStatus::Indeterminant => self.indeterminants += 1,
        }
    }

    /// Counts what was not handed to any adapter.
    pub(super) fn count_refused(&mut self, failure: &Failure) {
        match failure.reason() {
            FailureReason::NotPermitted => self.not_permitted += 1,
            _ => self.undeliverable += 1,
        }
    }
}
