//! When to stop waiting.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    time::Instant,
};

use super::{AttemptId, in_progress::InProgress};

/// The deadlines of operations, those that ended among them until they are swept out.
///
/// Of those that come together, the one set first comes out first: what fails by them is kept in the order of its conversation.
///
/// Ending an operation costs nothing here. The heap is swept when half of it is stale, so it never holds more than twice
/// the operations in progress and a few, and each operation pays for its own sweeping.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    heap: BinaryHeap<Reverse<Deadline>>,
    /// How many were ever set.
    count: u64,
}

#[derive(Debug)]
struct Deadline {
    at: Instant,
    /// How many were set before it.
    place: u64,
    attempt: AttemptId,
}

impl Deadlines {
    /// How many stale ones are not worth a sweep.
    pub(super) const FEW: usize = 64;

    pub(super) fn push(&mut self, at: Instant, attempt: AttemptId, in_progress: &InProgress) {
        if self.heap.len() >= 2 * in_progress.len() + Self::FEW {
            self.heap
                .retain(|Reverse(deadline)| in_progress.contains(deadline.attempt));
        }
        let place = self.count;
        self.count += 1;
        self.heap.push(Reverse(Deadline { at, place, attempt }));
    }

    /// The next deadline of an operation in progress.
    pub(super) fn next(&mut self, in_progress: &InProgress) -> Option<Instant> {
        loop {
            let Reverse(first) = self.heap.peek()?;
            if in_progress.contains(first.attempt) {
                return Some(first.at);
            }
            self.heap.pop();
        }
    }

    /// Takes out an operation whose deadline has come.
    pub(super) fn pop(&mut self, now: Instant, in_progress: &InProgress) -> Option<AttemptId> {
        let at = self.next(in_progress)?;
        if at > now {
            return None;
        }
        self.heap.pop().map(|Reverse(deadline)| deadline.attempt)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }
}

impl Ord for Deadline {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.place).cmp(&(other.at, other.place))
    }
}

impl PartialOrd for Deadline {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Deadline {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Deadline {}
