//! The next hops of one operation, tried in their order (draft-ietf-impp-cpim-03 §2.2.4).

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use rialto_model::{Failure, FailureReason, MessageOperation, Origin, Retry};

use super::resting::Resting;
use crate::{Hop, Undecided};

/// An operation whose next hops DNS names: what is left to try, and what was learnt from those tried.
#[derive(Debug)]
pub(super) struct Course {
    /// As it came, under the identifier of the onward copies: a hop that gets it twice can tell.
    pub(super) operation: MessageOperation,
    pub(super) undecided: Undecided,
    /// When the sender waits no longer.
    pub(super) ends_at: Instant,
    hops: VecDeque<Hop>,
    /// The hop that has the operation now.
    current: Option<Hop>,
    /// Whether a hop that did not answer may have the message all the same.
    in_doubt: bool,
}

impl Course {
    pub(super) const fn new(
        operation: MessageOperation,
        undecided: Undecided,
        ends_at: Instant,
    ) -> Self {
        Self {
            operation,
            undecided,
            ends_at,
            hops: VecDeque::new(),
            current: None,
            in_doubt: false,
        }
    }

    /// Takes the hops that DNS named; those that failed just now come last.
    pub(super) fn set_hops(&mut self, hops: Vec<Hop>, resting: &Resting, now: Instant) {
        self.hops = hops.into();
        self.hops
            .make_contiguous()
            .sort_by_key(|hop| resting.contains(hop, now)); // stable: DNS's order among equals
    }

    /// Goes on to the next hop.
    pub(super) fn advance(&mut self) -> Option<Hop> {
        self.current = self.hops.pop_front();
        self.current.clone()
    }

    /// Whether another hop is left.
    pub(super) fn has_alternate(&self) -> bool {
        !self.hops.is_empty()
    }

    /// How long the current hop may take: all that is left when it is the last.
    pub(super) fn time(&self, now: Instant, attempt_time: Duration) -> Duration {
        let left = self.ends_at.saturating_duration_since(now);
        if self.has_alternate() {
            left.min(attempt_time)
        } else {
            left
        }
    }

    /// The hop that has the operation.
    pub(super) const fn current(&self) -> Option<&Hop> {
        self.current.as_ref()
    }

    /// Notes that a hop had the message and said nothing.
    pub(super) const fn doubt(&mut self) {
        self.in_doubt = true;
    }

    /// What the sender is told when the last hop has failed: the whole truth, not the last hop's alone.
    pub(super) fn failure(&self, last: Failure) -> Failure {
        if self.in_doubt && is_of_one_hop(&last) {
            may_have_arrived()
        } else {
            last
        }
    }
}

/// Whether another hop may do better: this one is down, silent or busy. A refusal is final.
pub(super) fn passes_on(failure: &Failure) -> bool {
    match failure.reason() {
        FailureReason::Unreachable | FailureReason::TimedOut => failure.retry() != Retry::Never,
        // The gateway's own load is no lighter on another hop.
        FailureReason::Overloaded | FailureReason::ShuttingDown => failure.origin() == Origin::Peer,
        _ => false,
    }
}

/// Whether a failure says nothing of what became of the message on another hop; of a loop, it was seen there.
fn is_of_one_hop(failure: &Failure) -> bool {
    use FailureReason::{HopLimitReached, TimedOut};
    passes_on(failure) || matches!(failure.reason(), TimedOut | HopLimitReached)
}

/// Nobody answered in time, and the message was out of our hands.
pub(super) fn may_have_arrived() -> Failure {
    Failure::new(FailureReason::TimedOut)
        .with_retry(Retry::Never)
        .with_detail(
            "the destination's system did not answer in time; the message may have arrived",
        )
}
