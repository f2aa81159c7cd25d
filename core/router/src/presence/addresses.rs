//! Addresses that many subscriptions name, kept once.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use hashbrown::HashTable;
use rialto_model::Presentity;
use slab::Slab;

/// The name of an address that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct AddressId(u32);

/// Addresses, each with the number of those who name it; gone with the last.
#[derive(Debug)]
pub(super) struct Addresses {
    entries: Slab<Entry>,
    index: HashTable<u32>,
    hash: FixedState,
}

/// The text alone, in as much room as it needs: there may be as many as there are subscriptions.
#[derive(Debug)]
struct Entry {
    address: Box<str>,
    uses: u32,
}

impl Addresses {
    /// Keyed by `seed`, so that nobody outside can choose addresses that collide.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            entries: Slab::new(),
            index: HashTable::new(),
            hash: FixedState::with_seed(seed),
        }
    }

    /// The name of an address, which is used once more.
    pub(super) fn intern(&mut self, address: &Presentity) -> AddressId {
        if let Some(id) = self.find(address) {
            if let Some(entry) = self.entries.get_mut(id.0 as usize) {
                entry.uses += 1;
            }
            return id;
        }
        let entry = Entry {
            address: address.as_str().into(),
            uses: 1,
        };
        let id = self.entries.insert(entry) as u32;
        let Self {
            entries,
            index,
            hash,
        } = self;
        let hash_of = |id: &u32| {
            let entry = entries.get(*id as usize);
            hash.hash_one(entry.map(|entry| &*entry.address))
        };
        index.insert_unique(hash_of(&id), id, hash_of);
        AddressId(id)
    }

    /// Ends one use.
    pub(super) fn release(&mut self, id: AddressId) {
        let Some(entry) = self.entries.get_mut(id.0 as usize) else {
            return;
        };
        entry.uses -= 1;
        if entry.uses > 0 {
            return;
        }
        let hash = self.hash.hash_one(Some(&*entry.address));
        if let Ok(found) = self.index.find_entry(hash, |known| *known == id.0) {
            found.remove();
        }
        self.entries.remove(id.0 as usize);
    }

    /// The address; made anew.
    pub(super) fn get(&self, id: AddressId) -> Option<Presentity> {
        Presentity::parse(self.text(id)?).ok()
    }

    /// The address as it is written.
    pub(super) fn text(&self, id: AddressId) -> Option<&str> {
        self.entries.get(id.0 as usize).map(|entry| &*entry.address)
    }

    pub(super) fn find(&self, address: &Presentity) -> Option<AddressId> {
        let hash = self.hash.hash_one(Some(address.as_str()));
        let is_it = |id: &u32| {
            let entry = self.entries.get(*id as usize);
            entry.is_some_and(|entry| *entry.address == *address.as_str())
        };
        self.index.find(hash, is_it).map(|id| AddressId(*id))
    }

    /// How many name it.
    pub(super) fn uses(&self, id: AddressId) -> u32 {
        self.entries
            .get(id.0 as usize)
            .map_or(0, |entry| entry.uses)
    }
}

/// A copy: what was received may be part of something large.
pub(super) fn compact(address: &Presentity) -> Presentity {
    Presentity::parse(address.as_str()).unwrap_or_else(|_| address.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_kept_once_and_gone_with_its_last_use() {
        let mut addresses = Addresses::new(1);
        let [alice, bob] = ["pres:alice@a.example", "pres:bob@a.example"]
            .map(|uri| Presentity::parse(uri).unwrap());
        let [one, other, again] = [&alice, &bob, &alice].map(|of| addresses.intern(of));
        assert_eq!(one, again);
        assert_ne!(one, other);
        assert_eq!(addresses.uses(one), 2);
        addresses.release(one);
        assert_eq!(addresses.get(one), Some(alice.clone()));
        addresses.release(again);
        assert_eq!(addresses.find(&alice), None);
        assert_eq!(addresses.find(&bob), Some(other));
    }
}
