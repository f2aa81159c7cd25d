//! What operators see of what is kept.

use std::time::{Duration, Instant};

use rand::CryptoRng;
use rialto_model::FailureReason;
use thiserror::Error;

use super::{
    Custodian, CustodyStatistics, JournalKey,
    entries::{Entry, Stage},
    queue::QueueState,
};
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
    /// How often it was tried since the gateway started.
    pub attempts: u16,
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

impl<R: CryptoRng> Custodian<R> {
    /// What is kept, in the order in which it came.
    pub fn queue(&self, now: Instant) -> impl Iterator<Item = KeptOperation<'_>> {
        self.queue_after(now, None)
    }

    /// What came after that; the same from the first, if nothing is named.
    pub fn queue_after(
        &self,
        now: Instant,
        after: Option<JournalKey>,
    ) -> impl Iterator<Item = KeptOperation<'_>> {
        let entries = self.entries.iter_after(after);
        entries.map(move |(key, entry)| self.see(now, key, entry))
    }

    /// One thing that is kept.
    pub fn kept(&self, now: Instant, key: JournalKey) -> Option<KeptOperation<'_>> {
        self.entries.get(key).map(|entry| self.see(now, key, entry))
    }

    /// The counters.
    pub fn statistics(&self) -> CustodyStatistics {
        let messages = self.entries.messages();
        CustodyStatistics {
            kept_messages: messages as u64,
            kept_reports: (self.entries.len() - messages) as u64,
            held: self.holding.len() as u64,
            awaited: self.awaited.len() as u64,
            identities: self.identities.len() as u64,
            ..self.statistics
        }
    }

    fn see<'a>(&self, now: Instant, key: JournalKey, entry: &'a Entry) -> KeptOperation<'a> {
        let age = self.clock.millis(now).0.saturating_sub(entry.accepted_at.0);
        KeptOperation {
            key,
            kind: entry.kind,
            adapter: entry.adapter,
            source: &entry.source,
            destination: &entry.destination,
            domain: (entry.kind == KeptKind::Message).then_some(&*entry.target.place),
            age: Duration::from_millis(age),
            attempts: entry.attempts,
            last_failure: entry.last_failure,
            state: match &entry.stage {
                Stage::Accepting(_) | Stage::Writing => KeptState::Writing,
                Stage::Loading | Stage::Trying => KeptState::UnderWay,
                Stage::Ending(_) => KeptState::Ending,
                Stage::Queued => match self.queue.get(key).map(|queued| queued.state) {
                    Some(QueueState::Resting(until)) => KeptState::Resting(until),
                    _ => KeptState::Queued,
                },
            },
            expires_at: entry.expires_at,
        }
    }
}
