//! What goes into the queue, and what can be seen of it.

use std::time::{Duration, Instant};

use super::super::JournalKey;

/// A kept message, as far as its delivery has to be planned.
#[derive(Clone, Debug)]
#[must_use = "an entry that is not pushed is never delivered"]
pub struct QueueEntry<D> {
    pub(super) key: JournalKey,
    pub(super) conversation: u64,
    pub(super) destination: D,
    pub(super) expires_at: Instant,
    pub(super) is_in_flight: bool,
    pub(super) has_ended: bool,
}

/// How a delivery ended, as far as the next one is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// There is nothing left to deliver: it arrived, or never will. The destination answered.
    Done,
    /// There is nothing left to deliver, and the destination has no part in that.
    Ended,
    /// The destination as a whole does not work now; all that is for it rests.
    DestinationFailed {
        /// When to come back, if it said so.
        after: Option<Duration>,
    },
    /// This message or its recipient alone has to wait; the destination answered.
    EntryFailed {
        /// When to come back, if somebody said so.
        after: Option<Duration>,
    },
    /// It was not tried at all, by no fault of the destination, of which this says nothing; its conversation waits.
    NotTried {
        /// For how long, if somebody said so.
        after: Option<Duration>,
    },
}

/// What an operator can see of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Queued<'a, D> {
    /// Its name.
    pub key: JournalKey,
    /// Where it goes.
    pub destination: &'a D,
    /// What it waits for.
    pub state: QueueState,
    /// When it expires; never, if this is further away than the clock reaches.
    pub expires_at: Option<Instant>,
}

/// What an entry waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueState {
    /// Its outcome: a delivery is under way.
    InFlight,
    /// An earlier message of its conversation.
    Behind,
    /// Its turn.
    Ready,
    /// A time, which may be further away than the clock reaches.
    Resting(Option<Instant>),
}

impl<D> QueueEntry<D> {
    /// Names a message; `conversation` is a keyed hash of its source and destination.
    pub const fn new(
        key: JournalKey,
        conversation: u64,
        destination: D,
        expires_at: Instant,
    ) -> Self {
        Self {
            key,
            conversation,
            destination,
            expires_at,
            is_in_flight: false,
            has_ended: false,
        }
    }

    /// Says that a delivery is under way, whose outcome will be [`settled`](super::RetryQueue::settled).
    pub const fn in_flight(mut self) -> Self {
        self.is_in_flight = true;
        self
    }
}
