//! Next hops that failed a moment ago.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use rialto_model::{Failure, Retry};

use crate::Hop;

/// Next hops that failed a moment ago: others are tried before them (RFC 3263 §4.3), so that a dead one costs a wait
/// now and then instead of every message.
#[derive(Debug, Default)]
pub(super) struct Resting(HashMap<Hop, Instant>);

impl Resting {
    /// How many are remembered; of more, the ones that failed first are forgotten.
    pub(super) const MOST: usize = 1024;

    const REST: Duration = Duration::from_secs(30);
    const LONGEST: Duration = Duration::from_secs(300);

    /// Remembers a failure, for as long as the hop said, if it said so.
    pub(super) fn add(&mut self, hop: &Hop, failure: &Failure, now: Instant) {
        // What finds its own way has no other hop to be preferred to it.
        if hop.next_hop().is_none() {
            return;
        }
        let rest = match failure.retry() {
            Retry::After(after) => after.min(Self::LONGEST),
            _ => Self::REST,
        };
        if self.0.len() >= Self::MOST && !self.0.contains_key(hop) {
            self.make_room(now);
        }
        if let Some(until) = now.checked_add(rest) {
            self.0.insert(hop.clone(), until);
        }
    }

    /// Forgets a hop that works.
    pub(super) fn remove(&mut self, hop: &Hop) {
        if !self.0.is_empty() {
            self.0.remove(hop);
        }
    }

    pub(super) fn contains(&self, hop: &Hop, now: Instant) -> bool {
        !self.0.is_empty() && self.0.get(hop).is_some_and(|until| *until > now)
    }

    fn make_room(&mut self, now: Instant) {
        self.0.retain(|_, until| *until > now);
        if self.0.len() >= Self::MOST {
            // Half at once, so that a flood of dead hops pays for this once in a while only.
            let mut ends: Vec<Instant> = self.0.values().copied().collect();
            let (_, median, _) = ends.select_nth_unstable(Self::MOST / 2);
            let median = *median;
            self.0.retain(|_, until| *until > median);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
