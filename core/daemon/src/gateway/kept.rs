//! What operators see of what is kept, and do about it.

use std::time::Instant;

use rialto_router::{JournalKey, KeptKind, KeptOperation, KeptState};

use super::{Gateway, now};
use crate::{
    control::{Entry, Kept, Page, Shown},
    shard::{Messages, Shard},
};

impl Gateway {
    /// Most entries of a page.
    const MOST_LISTED: usize = 1000;
    /// How many are looked at before others may use the shard.
    const LOOKED_AT_ONCE: usize = 256;

    /// A page of what is kept.
    pub(crate) fn kept(&self, page: &Page) -> Kept {
        let limit = page.limit.clamp(1, Self::MOST_LISTED);
        // One more than asked for: whether there is one is the question.
        let of_shards = self.shards().iter();
        let mut entries: Vec<_> = of_shards
            .flat_map(|shard| self.kept_of(shard, page, limit + 1))
            .collect();
        entries.sort_unstable_by_key(|entry| entry.id);
        let more = entries.len() > limit;
        entries.truncate(limit);
        Kept { entries, more }
    }

    /// The first entries of a page that one shard has.
    fn kept_of(&self, shard: &Shard<Messages>, page: &Page, most: usize) -> Vec<Entry> {
        let (now, mut entries) = (now(), Vec::new());
        let mut after = page.after.map(JournalKey::new);
        loop {
            let before = after;
            shard.look(|custodian| {
                let behind = custodian.queue_after(now, before);
                for kept in behind.take(Self::LOOKED_AT_ONCE) {
                    after = Some(kept.key);
                    if self.admits(page, &kept) {
                        entries.push(self.entry(now, &kept));
                    }
                }
            });
            if entries.len() >= most || after == before {
                return entries;
            }
        }
    }

    /// One thing that is kept, and what its record says, if it has one.
    pub(crate) async fn kept_in_full(&self, id: u64) -> Option<Shown> {
        let entry = self.kept_entry(id)?;
        let record = match self.journal() {
            Some(journal) => journal.describe(JournalKey::new(id)).await,
            None => Default::default(),
        };
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
        self.shards()
            .iter()
            .map(|shard| self.retry_all_of(shard))
            .sum()
    }

    fn retry_all_of(&self, shard: &Shard<Messages>) -> u64 {
        let (now, mut after, mut count) = (now(), None, 0);
        loop {
            let keys: Vec<_> = shard.look(|custodian| {
                let behind = custodian.queue_after(now, after);
                let some = behind.take(Self::LOOKED_AT_ONCE);
                some.map(|kept| kept.key).collect()
            });
            let Some(last) = keys.last() else {
                return count;
            };
            after = Some(*last);
            count += shard.handle(self, |state| {
                let retry = |key: &&JournalKey| state.custodian.retry(now, **key).is_ok();
                keys.iter().filter(retry).count() as u64
            });
        }
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
