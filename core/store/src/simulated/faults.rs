//! What goes wrong in a simulation, and how often.

use rand::Rng;

/// What goes wrong, each in so many of a hundred cases.
///
/// That a crash tears what was being written, and loses what was not synchronised, needs no number: [`SimulatedStore::crash`](super::SimulatedStore::crash) always does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    pub(crate) write_errors: u8,
    pub(crate) delayed: u8,
    pub(crate) doubled: u8,
}

impl Faults {
    /// Nothing goes wrong.
    pub const fn none() -> Self {
        Self {
            write_errors: 0,
            delayed: 0,
            doubled: 0,
        }
    }

    /// Groups that fail while they are written; some of them are found on the disk all the same.
    pub const fn with_write_errors(mut self, percent: u8) -> Self {
        self.write_errors = percent;
        self
    }

    /// Answers that come some steps after their batch is safe, though still in order.
    pub const fn with_delayed(mut self, percent: u8) -> Self {
        self.delayed = percent;
        self
    }

    /// Answers that come twice, against the contract: what a store beyond a network can do.
    pub const fn with_doubled(mut self, percent: u8) -> Self {
        self.doubled = percent;
        self
    }
}

pub(crate) fn happens(rng: &mut impl Rng, percent: u8) -> bool {
    rng.random_range(0..100) < percent
}
