//! How much a router takes on.

use std::time::Duration;

/// How much a router takes on, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    max_in_progress: usize,
    default_deadline: Duration,
    max_deadline: Duration,
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

    /// Most operations in progress.
    pub const fn max_in_progress(&self) -> usize {
        self.max_in_progress
    }

    /// How long an operation may take that names this time, or none.
    pub(super) fn deadline(&self, own: Option<Duration>) -> Duration {
        own.unwrap_or(self.default_deadline).min(self.max_deadline)
    }
}

/// 65,536 operations, 30 seconds, at most 5 minutes.
impl Default for Limits {
    fn default() -> Self {
        Self {
            max_in_progress: 65_536,
            default_deadline: Duration::from_secs(30),
            max_deadline: Duration::from_secs(300),
        }
    }
}
