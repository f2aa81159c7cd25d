//! How much a router takes on.

use std::time::Duration;

/// How much a router takes on, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    max_in_progress: usize,
    default_deadline: Duration,
    max_deadline: Duration,
    attempt_time: Duration,
    remembered_steps: usize,
}

impl Limits {
    /// Limits the operations in progress, at least 1; what comes beyond is answered with `Overloaded`.
    pub fn new(max_in_progress: usize) -> Self {
        Self {
            max_in_progress: max_in_progress.max(1),
            ..Self::default()
        }
    }

    /// Sets how long an operation may take when its sender names no time.
    pub const fn with_default_deadline(mut self, deadline: Duration) -> Self {
        self.default_deadline = deadline;
        self
    }

    /// Sets how long an operation may take, whatever its sender says.
    pub const fn with_max_deadline(mut self, deadline: Duration) -> Self {
        self.max_deadline = deadline;
        self
    }

    /// Sets how long one of several next hops may take before the next is tried.
    pub const fn with_attempt_time(mut self, time: Duration) -> Self {
        self.attempt_time = time;
        self
    }

    /// Sets how many steps of operations are remembered, at most [`Self::MOST_REMEMBERED_STEPS`]; of none, no life can be told.
    pub fn with_remembered_steps(mut self, steps: usize) -> Self {
        self.remembered_steps = steps.min(Self::MOST_REMEMBERED_STEPS);
        self
    }

    /// The most steps of operations that can be remembered, at 48 bytes each.
    pub const MOST_REMEMBERED_STEPS: usize = 1 << 24;

    /// Most operations in progress.
    pub const fn max_in_progress(&self) -> usize {
        self.max_in_progress
    }

    /// Most operations that may wait for DNS: strangers choose the names, and slow ones must leave room for the rest.
    pub(super) const fn max_resolving(&self) -> usize {
        self.max_in_progress.div_ceil(4)
    }

    /// How long one of several next hops may take.
    pub(super) const fn attempt_time(&self) -> Duration {
        self.attempt_time
    }

    /// How many steps of operations are remembered.
    pub const fn remembered_steps(&self) -> usize {
        self.remembered_steps
    }

    /// How long an operation may take that names this time, or none.
    pub(super) fn deadline(&self, own: Option<Duration>) -> Duration {
        own.unwrap_or(self.default_deadline).min(self.max_deadline)
    }
}

/// 65,536 operations, 30 seconds, at most 5 minutes, 5 seconds for each of several next hops; 65,536 steps remembered.
impl Default for Limits {
    fn default() -> Self {
        Self {
            max_in_progress: 65_536,
            default_deadline: Duration::from_secs(30),
            max_deadline: Duration::from_secs(300),
            attempt_time: Duration::from_secs(5),
            remembered_steps: 65_536,
        }
    }
}
