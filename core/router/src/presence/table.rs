//! All subscriptions, found by watcher and presentity, by key, and by when something is due.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use hashbrown::HashTable;
use rialto_model::Package;
use slab::Slab;

use super::{
    addresses::AddressId,
    presentities::PresentityId,
    subscription::{NEVER, Subscription},
};
use crate::{
    JournalKey,
    custody::{
        clock::Millis,
        queue::alarms::{Alarms, Moment},
    },
};

/// Where a subscription stands in the table.
pub(super) type Index = u32;

/// Who watches whom, and what: of each there is one.
pub(super) type Pair = (AddressId, PresentityId, Package);

/// Subscriptions and fetches.
#[derive(Debug)]
pub(super) struct Table {
    entries: Slab<Subscription>,
    by_key: HashTable<Index>,
    /// One of each pair, without fetches: the one that has not ended, else one whose watcher is to be told of its end.
    by_pair: HashTable<Index>,
    alarms: Alarms,
    hash: FixedState,
}

impl Table {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            entries: Slab::new(),
            by_key: HashTable::new(),
            by_pair: HashTable::new(),
            alarms: Alarms::default(),
            hash: FixedState::with_seed(seed),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, index: Index) -> Option<&Subscription> {
        self.entries.get(index as usize)
    }

    pub(super) fn get_mut(&mut self, index: Index) -> Option<&mut Subscription> {
        self.entries.get_mut(index as usize)
    }

    pub(super) fn indices(&self) -> Vec<Index> {
        self.entries
            .iter()
            .map(|(index, _)| index as Index)
            .collect()
    }

    /// What stands at this place or behind it.
    pub(super) fn occupied_from(
        &self,
        from: Index,
    ) -> impl Iterator<Item = (Index, &Subscription)> {
        let places = from..self.entries.capacity() as Index;
        places.filter_map(|index| Some((index, self.get(index)?)))
    }

    pub(super) fn insert(&mut self, subscription: Subscription) -> Index {
        let index = self.entries.insert(subscription) as Index;
        let Self {
            entries,
            by_key,
            hash,
            ..
        } = self;
        let hash_of = |index: &Index| hash.hash_one(key(entries, *index));
        by_key.insert_unique(hash_of(&index), index, hash_of);
        index
    }

    /// Makes it the one of its watcher and presentity, unless it is over and another is not.
    pub(super) fn link(&mut self, index: Index) {
        let is_over = |index| self.get(index).is_some_and(Subscription::is_over);
        let other = pair(&self.entries, index).and_then(|of| self.linked(of));
        match other {
            Some(other) if is_over(other) => self.unlink(other),
            Some(_) if is_over(index) => return,
            _ => {}
        }
        let Self {
            entries,
            by_pair,
            hash,
            ..
        } = self;
        let hash_of = |index: &Index| hash.hash_one(pair(entries, *index));
        by_pair.insert_unique(hash_of(&index), index, hash_of);
    }

    fn unlink(&mut self, index: Index) {
        let hash = self.hash.hash_one(pair(&self.entries, index));
        if let Ok(found) = self.by_pair.find_entry(hash, |known| *known == index) {
            found.remove();
        }
    }

    pub(super) fn remove(&mut self, index: Index) -> Option<Subscription> {
        self.unlink(index);
        let hash = self.hash.hash_one(key(&self.entries, index));
        if let Ok(found) = self.by_key.find_entry(hash, |known| *known == index) {
            found.remove();
        }
        self.alarms.cancel(index);
        self.entries.try_remove(index as usize)
    }

    pub(super) fn by_key(&self, of: JournalKey) -> Option<Index> {
        let is_it = |index: &Index| key(&self.entries, *index) == Some(of);
        let hash = self.hash.hash_one(Some(of));
        self.by_key.find(hash, is_it).copied()
    }

    /// The subscription of a watcher to a presentity.
    pub(super) fn by_pair(&self, of: Pair) -> Option<Index> {
        let is_over = |index: &Index| self.get(*index).is_some_and(Subscription::is_over);
        self.linked(of).filter(|index| !is_over(index))
    }

    /// One that has ended, and whose watcher is to be told so.
    pub(super) fn ended_of_pair(&self, of: Pair) -> Option<&Subscription> {
        self.get(self.linked(of)?).filter(|of| of.is_over())
    }

    fn linked(&self, of: Pair) -> Option<Index> {
        let is_it = |index: &Index| pair(&self.entries, *index) == Some(of);
        let hash = self.hash.hash_one(Some(of));
        self.by_pair.find(hash, is_it).copied()
    }

    /// Sets its alarm to when something is due.
    pub(super) fn set_alarm(&mut self, index: Index) {
        let Some(subscription) = self.entries.get(index as usize) else {
            return;
        };
        let due = subscription.due();
        if due == NEVER {
            self.alarms.cancel(index);
        } else {
            self.alarms.set(index, Moment(due.0));
        }
    }

    /// One for which something is due.
    pub(super) fn due(&self, now: Millis) -> Option<Index> {
        self.alarms.due(Moment(now.0))
    }

    pub(super) fn next_due(&self) -> Option<Millis> {
        self.alarms.first().map(|(at, _)| Millis(at.0))
    }
}

fn key(entries: &Slab<Subscription>, index: Index) -> Option<JournalKey> {
    entries.get(index as usize).map(|of| of.key)
}

fn pair(entries: &Slab<Subscription>, index: Index) -> Option<Pair> {
    let of = entries.get(index as usize)?;
    Some((of.watcher, of.presentity, of.package))
}
