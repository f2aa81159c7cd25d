//! What operators see of what is kept.

use std::time::{Duration, Instant};

use rialto_model::FailureReason;
use thiserror::Error;

use super::JournalKey;
use crate::AdapterId;

/// Something that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptOperation<'a> {
    /// Its name.
    pub key: JournalKey,
    /// What it is.
    pub kind: KeptKind,
    /// Of a message, the adapter that brought it; of a report, the one that is told.
    pub adapter: AdapterId,
    /// The message's source, as its network knows it.
    pub source: &'a str,
    /// The message's destination, as the source's network knows it.
    pub destination: &'a str,
    /// The domain that it is waiting for; of a report, none.
    pub domain: Option<&'a str>,
    /// How long it has been kept.
    pub age: Duration,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed last.
    pub last_failure: Option<FailureReason>,
    /// What it waits for.
    pub state: KeptState,
    /// When it is given up.
    pub expires_at: Instant,
}

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeptKind {
    /// A message on its way.
    Message,
    /// What became of a message, until its sender's adapter takes it.
    Report,
}

/// What something kept waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeptState {
    /// The disk.
    Writing,
    /// An earlier one of its conversation, or its turn.
    Queued,
    /// A time.
    Resting(Option<Instant>),
    /// The answer to a delivery, or its own record.
    UnderWay,
    /// The end: its sender is about to be told.
    Ending,
}

/// Nothing is kept under that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("nothing is kept under that number")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct NoSuchEntry;
