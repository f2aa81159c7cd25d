//! Timers of one constant duration.

use std::{collections::VecDeque, time::Instant};

/// Keys with the time at which each is due, in the order in which they were added.
///
/// All of one queue wait equally long and time does not run backwards, so this order is theirs.
#[derive(Debug)]
pub(super) struct Due<K> {
    queue: VecDeque<(Instant, K)>,
}

impl<K> Due<K> {
    pub(super) const fn new() -> Self {
        Self {
            queue: VecDeque::new(),
        }
    }

    pub(super) fn push(&mut self, at: Instant, key: K) {
        self.queue.push_back((at, key));
    }

    /// Takes the first that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<(Instant, K)> {
        self.queue.pop_front_if(|(at, _)| *at <= now)
    }

    /// Takes the first, due or not.
    pub(super) fn pop_first(&mut self) -> Option<(Instant, K)> {
        self.queue.pop_front()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// When the first is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.queue.front().map(|(at, _)| *at)
    }
}
