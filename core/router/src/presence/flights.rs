//! Deliveries that are not answered.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::{PresenceAttempt, table::Index};

/// What a delivery is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Aim {
    /// To tell a watcher.
    Notice(Index),
    /// To ask a presentity's network.
    Leg(Index),
}

/// Deliveries whose answers are waited for; of each aim there is one at most.
///
/// Kept apart from the subscriptions, most of which have none.
#[derive(Debug, Default)]
pub(super) struct Flights {
    last: u64,
    aims: HashMap<PresenceAttempt, Aim, FixedState>,
    attempts: HashMap<Aim, PresenceAttempt, FixedState>,
}

impl Flights {
    /// A name for a delivery, which nothing else has.
    pub(super) const fn name(&mut self) -> PresenceAttempt {
        self.last += 1;
        PresenceAttempt::new(self.last)
    }

    /// Begins a delivery.
    pub(super) fn begin(&mut self, aim: Aim) -> PresenceAttempt {
        let attempt = self.name();
        self.aims.insert(attempt, aim);
        self.attempts.insert(aim, attempt);
        attempt
    }

    /// Ends a delivery, which is answered.
    pub(super) fn end(&mut self, attempt: PresenceAttempt) -> Option<Aim> {
        let aim = self.aims.remove(&attempt)?;
        self.attempts.remove(&aim);
        Some(aim)
    }

    /// Ends a delivery whose answer is not waited for any more.
    pub(super) fn forget(&mut self, aim: Aim) -> Option<PresenceAttempt> {
        let attempt = self.attempts.remove(&aim)?;
        self.aims.remove(&attempt);
        Some(attempt)
    }

    /// Whether a delivery is under way.
    pub(super) fn has(&self, aim: Aim) -> bool {
        self.attempts.contains_key(&aim)
    }

    /// Whether its answer is waited for.
    pub(super) fn await_answer_to(&self, attempt: PresenceAttempt) -> bool {
        self.aims.contains_key(&attempt)
    }

    /// Whether none is under way.
    pub(super) fn are_over(&self) -> bool {
        self.aims.is_empty()
    }
}
