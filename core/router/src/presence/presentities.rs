//! Presentities: who watches each, what it publishes, what its rules are.

use std::{hash::BuildHasher, sync::Arc};

use foldhash::quality::FixedState;
use hashbrown::HashTable;
use rialto_model::{PresenceDocument, Presentity, SubscriptionId};
use slab::Slab;

use super::{
    addresses::{AddressId, compact},
    document::Document,
    rules::PrincipalRules,
};
use crate::{JournalKey, custody::clock::Millis};

/// The name of a presentity that something is known of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PresentityId(pub(super) u32);

/// Presentities that are watched, hosted, or have rules.
#[derive(Debug)]
pub(super) struct Presentities {
    entries: Slab<PresentityEntry>,
    index: HashTable<u32>,
    hash: FixedState,
    /// How many publish.
    publishing: usize,
    /// How many have rules.
    ruling: usize,
}

/// One of them.
#[derive(Debug)]
pub(super) struct PresentityEntry {
    pub(super) address: Presentity,
    /// Its subscriptions and fetches, in no order.
    pub(super) watchers: Vec<u32>,
    pub(super) rules: Option<Box<PrincipalRules>>,
    /// What it says of itself here; only those who are hosted do.
    hosted: Option<Box<Hosted>>,
    /// What came last of it, so that the same for another watcher is kept once.
    pub(super) last: Option<Arc<Document>>,
    /// How often its rules are being written.
    pub(super) ruling: u32,
    counted: Counted,
}

/// As what a presentity was counted last.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    publishes: bool,
    rules: bool,
}

/// What a hosted presentity says of itself.
#[derive(Debug, Default)]
pub(super) struct Hosted {
    pub(super) publications: Vec<Publication>,
    /// What is published, put together, for each name that watchers know the presentity by.
    pub(super) composed: Vec<(AddressId, Arc<Document>)>,
    /// Publications that are being written.
    pub(super) publishing: Vec<SubscriptionId>,
}

/// What one device says. RFC 3903.
#[derive(Clone, Debug)]
pub(super) struct Publication {
    pub(super) key: JournalKey,
    pub(super) id: SubscriptionId,
    pub(super) version: u64,
    pub(super) document: PresenceDocument,
    pub(super) begins_at: Millis,
    pub(super) expires_at: Millis,
}

impl Presentities {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            entries: Slab::new(),
            index: HashTable::new(),
            hash: FixedState::with_seed(seed),
            publishing: 0,
            ruling: 0,
        }
    }

    pub(super) fn find(&self, address: &Presentity) -> Option<PresentityId> {
        let is_it = |id: &u32| {
            let entry = self.entries.get(*id as usize);
            entry.is_some_and(|entry| entry.address == *address)
        };
        let hash = self.hash.hash_one(Some(address.as_str()));
        self.index.find(hash, is_it).map(|id| PresentityId(*id))
    }

    /// The presentity, known from now on until [`forget`](Self::forget).
    pub(super) fn learn(&mut self, address: &Presentity) -> PresentityId {
        if let Some(id) = self.find(address) {
            return id;
        }
        let id = self.entries.insert(PresentityEntry {
            address: compact(address),
            watchers: Vec::new(),
            rules: None,
            hosted: None,
            last: None,
            ruling: 0,
            counted: Counted::default(),
        }) as u32;
        let Self {
            entries,
            index,
            hash,
            ..
        } = self;
        let hash_of = |id: &u32| {
            let entry = entries.get(*id as usize);
            hash.hash_one(entry.map(|entry| entry.address.as_str()))
        };
        index.insert_unique(hash_of(&id), id, hash_of);
        PresentityId(id)
    }

    /// Counts it as what it is now; for when its publications or its rules have become others.
    pub(super) fn count(&mut self, id: PresentityId) {
        let Some(entry) = self.entries.get_mut(id.0 as usize) else {
            return;
        };
        let (before, after) = (entry.counted, entry.kind());
        entry.counted = after;
        self.publishing += usize::from(after.publishes);
        self.publishing -= usize::from(before.publishes);
        self.ruling += usize::from(after.rules);
        self.ruling -= usize::from(before.rules);
    }

    /// How many hosted presentities say something of themselves.
    pub(super) const fn publishing(&self) -> usize {
        self.publishing
    }

    /// How many principals have rules.
    pub(super) const fn ruling(&self) -> usize {
        self.ruling
    }

    /// Forgets it, if nothing hangs on it; whether it did.
    pub(super) fn forget(&mut self, id: PresentityId) -> bool {
        self.count(id);
        let Some(entry) = self.entries.get(id.0 as usize) else {
            return false;
        };
        if !entry.is_idle() {
            return false;
        }
        let hash = self.hash.hash_one(Some(entry.address.as_str()));
        if let Ok(found) = self.index.find_entry(hash, |known| *known == id.0) {
            found.remove();
        }
        self.entries.remove(id.0 as usize);
        true
    }

    pub(super) fn get(&self, id: PresentityId) -> Option<&PresentityEntry> {
        self.entries.get(id.0 as usize)
    }

    pub(super) fn get_mut(&mut self, id: PresentityId) -> Option<&mut PresentityEntry> {
        self.entries.get_mut(id.0 as usize)
    }
}

impl PresentityEntry {
    /// What its devices say, the newest first.
    pub(super) fn publications(&self) -> &[Publication] {
        self.hosted.as_ref().map_or(&[], |of| &of.publications)
    }

    /// Publications that are being written.
    pub(super) fn publishing(&self) -> &[SubscriptionId] {
        self.hosted.as_ref().map_or(&[], |of| &of.publishing)
    }

    /// What is published, put together for those who know it by this name.
    pub(super) fn composed(&self, name: AddressId) -> Option<&Arc<Document>> {
        let mut composed = self.hosted.as_ref()?.composed.iter();
        composed
            .find(|(known, _)| *known == name)
            .map(|(_, document)| document)
    }

    /// What it says of itself, to change it.
    pub(super) fn hosted(&mut self) -> &mut Hosted {
        self.hosted.get_or_insert_default()
    }

    /// The same, if there is anything.
    pub(super) fn hosted_if_any(&mut self) -> Option<&mut Hosted> {
        self.hosted.as_deref_mut()
    }

    fn is_idle(&self) -> bool {
        self.watchers.is_empty() && !self.publishes() && !self.is_ruled()
    }

    /// Whether it says something of itself here, or is about to.
    pub(super) fn publishes(&self) -> bool {
        !self.publications().is_empty() || !self.publishing().is_empty()
    }

    /// Whether its principal has rules, or is about to.
    pub(super) fn is_ruled(&self) -> bool {
        self.rules.is_some() || self.ruling > 0
    }

    fn kind(&self) -> Counted {
        Counted {
            publishes: self.publishes(),
            rules: self.is_ruled(),
        }
    }

    /// Whether somebody is blocked politely, so that nobody may see a difference.
    pub(super) fn is_polite(&self) -> bool {
        self.rules.as_ref().is_some_and(|rules| rules.is_polite())
    }

    /// When the first of its publications ends, but for those that are being written.
    pub(super) fn first_expiry(&self) -> Option<Millis> {
        let publications = self.publications().iter();
        let settled = publications.filter(|of| !self.publishing().contains(&of.id));
        settled.map(|of| of.expires_at).min()
    }
}
