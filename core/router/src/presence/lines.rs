//! Those who are to be told something.

use std::collections::VecDeque;

use super::{Index, PresenceLimits};
use crate::AdapterId;

/// Those who are to be told something, adapter by adapter, each in the order in which that came up.
///
/// An adapter that does not answer holds up nobody but its own: each has a share of what may be under way at once, and their turns are fair.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: Vec<Line>,
    /// Whose turn it is.
    turn: usize,
    in_flight: usize,
}

#[derive(Debug)]
struct Line {
    adapter: AdapterId,
    ready: VecDeque<Index>,
    in_flight: usize,
}

impl Lines {
    /// Puts one in line.
    pub(super) fn join(&mut self, adapter: AdapterId, index: Index) {
        self.line(adapter).ready.push_back(index);
    }

    /// The next whom something may be told now.
    pub(super) fn next(&mut self, limits: &PresenceLimits) -> Option<Index> {
        if self.in_flight >= limits.max_in_flight {
            return None;
        }
        let most = limits.max_in_flight_by_adapter;
        for _ in 0..self.lines.len() {
            let turn = self.turn % self.lines.len();
            self.turn = turn + 1;
            let line = self.lines.get_mut(turn)?;
            if line.in_flight < most
                && let Some(index) = line.ready.pop_front()
            {
                return Some(index);
            }
        }
        None
    }

    /// Something was handed to an adapter.
    pub(super) fn departed(&mut self, adapter: AdapterId) {
        self.in_flight += 1;
        self.line(adapter).in_flight += 1;
    }

    /// The adapter has answered, or is waited for no more.
    pub(super) fn arrived(&mut self, adapter: AdapterId) {
        self.in_flight -= 1;
        self.line(adapter).in_flight -= 1;
    }

    /// How many are under way.
    pub(super) const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Whether nobody stands in line.
    pub(super) fn are_empty(&self) -> bool {
        self.lines.iter().all(|line| line.ready.is_empty())
    }

    fn line(&mut self, adapter: AdapterId) -> &mut Line {
        let known = self.lines.iter().position(|line| line.adapter == adapter);
        let at = known.unwrap_or_else(|| {
            self.lines.push(Line {
                adapter,
                ready: VecDeque::new(),
                in_flight: 0,
            });
            self.lines.len() - 1
        });
        &mut self.lines[at]
    }
}
