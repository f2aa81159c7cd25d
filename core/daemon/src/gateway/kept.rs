//! What operators see of what is kept, and do about it.

use std::time::Instant;

use rialto_router::{JournalKey, KeptKind, KeptOperation, KeptState};

use super::{Gateway, now};
use crate::control::{Entry, Kept, Page, Shown};

impl Gateway {
    /// Most entries of a page.
    const MOST_LISTED: usize = 1000;
    /// How many are tried again before others may use the shard.
    const RETRIED_AT_ONCE: usize = 1000;

    /// A page of what is kept.
    pub(crate) fn kept(&self, page: &Page) -> Kept {
        let now = now();
        let limit = page.limit.clamp(1, Self::MOST_LISTED);
        let mut entries = Vec::new();
        for shard in self.shards() {
            entries.extend(shard.look(|custodian| {
                let behind = custodian.queue_after(now, page.after.map(JournalKey::new));
                let admitted = behind.filter(|kept| self.admits(page, kept));
                // One more than asked for: whether there is one is the question.
                let shown = admitted.take(limit + 1).map(|kept| self.entry(now, &kept));
                shown.collect::<Vec<_>>()
            }));
        }
        entries.sort_unstable_by_key(|entry| entry.id);
        let more = entries.len() > limit;
        entries.truncate(limit);
        Kept { entries, more }
    }

    /// One thing that is kept, and what its record says.
    pub(crate) async fn kept_in_full(&self, id: u64) -> Option<Shown> {
        let entry = self.kept_entry(id)?;
        let journal = self.journal()?;
        let record = journal.describe(JournalKey::new(id)).await;
        Some(Shown { entry, record })
    }

    fn kept_entry(&self, id: u64) -> Option<Entry> {
        let (now, key) = (now(), JournalKey::new(id));
        self.shards().iter().find_map(|shard| {
            shard.look(|custodian| custodian.kept(now, key).map(|kept| self.entry(now, &kept)))
        })
    }

    /// Tries one thing that is kept at once. False: there is none of that number.
    pub(crate) fn retry_kept(&self, id: u64) -> bool {
        let (now, key) = (now(), JournalKey::new(id));
        let mut shards = self.shards().iter();
        shards.any(|shard| shard.handle(self, |state| state.custodian.retry(now, key).is_ok()))
    }

    /// Tries all at once that is kept; says how much there was.
    pub(crate) fn retry_all_kept(&self) -> u64 {
        let now = now();
        let retried = self.shards().iter().map(|shard| {
            let keys: Vec<_> =
                shard.look(|custodian| custodian.queue(now).map(|kept| kept.key).collect());
            // In parts: others wait for the shard meanwhile.
            let parts = keys.chunks(Self::RETRIED_AT_ONCE).map(|part| {
                shard.handle(self, |state| {
                    let retried = part.iter();
                    retried
                        .filter(|key| state.custodian.retry(now, **key).is_ok())
                        .count() as u64
                })
            });
            parts.sum::<u64>()
        });
        retried.sum()
    }

    /// Gives up one thing that is kept; its sender is told. False: there is none of that number.
    pub(crate) fn drop_kept(&self, id: u64) -> bool {
        let (now, key) = (now(), JournalKey::new(id));
        let mut shards = self.shards().iter();
        shards.any(|shard| shard.handle(self, |state| state.custodian.drop_kept(now, key).is_ok()))
    }

    fn admits(&self, page: &Page, kept: &KeptOperation<'_>) -> bool {
        let adapter = self.name(kept.adapter);
        page.filter.admits(adapter, kept.destination, kept.domain)
    }

    fn entry(&self, now: Instant, kept: &KeptOperation<'_>) -> Entry {
        let (state, next_try) = state(kept.state);
        let seconds = |at: Instant| at.saturating_duration_since(now).as_secs();
        Entry {
            id: kept.key.number(),
            kind: kind(kept.kind).to_owned(),
            adapter: self.name(kept.adapter).to_owned(),
            source: kept.source.to_owned(),
            destination: kept.destination.to_owned(),
            domain: kept.domain.map(str::to_owned),
            state: Some(state.to_owned()),
            age_seconds: kept.age.as_secs(),
            attempts: kept.attempts.into(),
            last_failure: kept.last_failure.map(|reason| format!("{reason:?}")),
            next_try_seconds: next_try.map(seconds),
            expires_seconds: seconds(kept.expires_at),
        }
    }
}

const fn kind(kind: KeptKind) -> &'static str {
    match kind {
        KeptKind::Message => "message",
        KeptKind::Report => "report",
        _ => "unknown",
    }
}

/// A word for the state, and when it is tried next, if that is known.
const fn state(state: KeptState) -> (&'static str, Option<Instant>) {
    match state {
        KeptState::Writing => ("writing", None),
        KeptState::Queued => ("queued", None),
        KeptState::Resting(next_try) => ("resting", next_try),
        KeptState::UnderWay => ("under way", None),
        KeptState::Ending => ("ending", None),
        _ => ("unknown", None),
    }
}
