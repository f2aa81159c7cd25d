//! When something is due for which pair.

use std::collections::{BTreeSet, HashMap};

use rialto_sdk::tokio::time::Instant;

use super::Pair;

/// Numbers pairs, and says which of them are due.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    due: BTreeSet<(Instant, u64)>,
    pairs: HashMap<u64, Pair>,
    last: u64,
}

impl Schedule {
    /// Gives a pair a number that no other has had.
    pub(super) fn number(&mut self, pair: &Pair) -> u64 {
        self.last += 1;
        self.pairs.insert(self.last, pair.clone());
        self.last
    }

    /// Moves what is due for a number from one time to another.
    pub(super) fn replace(&mut self, number: u64, before: Option<Instant>, due: Option<Instant>) {
        if let Some(before) = before {
            self.due.remove(&(before, number));
        }
        if let Some(due) = due {
            self.due.insert((due, number));
        }
    }

    /// Forgets a number for which nothing is due.
    pub(super) fn forget(&mut self, number: u64) {
        self.pairs.remove(&number);
    }

    /// The pair that has been due longest; nothing is due for it then.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Pair> {
        loop {
            let (at, number) = *self.due.first()?;
            if at > now {
                return None;
            }
            self.due.pop_first();
            if let Some(pair) = self.pairs.get(&number) {
                return Some(pair.clone());
            }
        }
    }
}
