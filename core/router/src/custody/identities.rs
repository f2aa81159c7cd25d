//! Messages that come again.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{BuildHasher, Hash, Hasher},
    time::Instant,
};

use foldhash::{fast, quality};
use rand::CryptoRng;
use rialto_model::InstantInbox;

use super::JournalKey;
use crate::{AdapterId, CallerTicket};

/// A message by what its network calls it, who brought it, and between whom it goes: a keyed hash of 128 bits, so that nobody outside can make
/// two messages look like one. Its source is part of it: who learns a stranger's names cannot use them up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identity(u64, u64);

/// What is known of a message that came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Its outcome is not known yet.
    Held(CallerTicket),
    /// It is being written.
    Accepting(JournalKey),
    /// It was not kept, but its record may still be there: it has to wait for that to be removed.
    Withdrawing,
    /// It was accepted; what was written of it has this key.
    Accepted(JournalKey),
}

/// The identities that are known: of messages on their way, and of those that were kept.
#[derive(Debug)]
pub(super) struct Identities {
    keys: [quality::FixedState; 2],
    /// The hash is keyed already.
    seen: HashMap<Identity, Seen, fast::FixedState>,
    /// When those that were accepted are forgotten, those that were so before among them.
    expiries: BTreeMap<(Instant, Identity), JournalKey>,
    /// Those whose record may still be there, though they are not kept.
    withdrawing: HashSet<Identity, fast::FixedState>,
    most: usize,
}

impl Identities {
    pub(super) fn new(rng: &mut impl CryptoRng, most: usize) -> Self {
        Self {
            keys: [(); 2].map(|()| quality::FixedState::with_seed(rng.next_u64())),
            seen: HashMap::default(),
            expiries: BTreeMap::new(),
            withdrawing: HashSet::default(),
            most,
        }
    }

    pub(super) fn identity(
        &self,
        adapter: AdapterId,
        [source, destination]: [&InstantInbox; 2],
        identity: &str,
    ) -> Identity {
        let [one, other] = &self.keys;
        let hash = |key: &quality::FixedState| {
            let mut hasher = key.build_hasher();
            adapter.hash(&mut hasher);
            source.as_str().hash(&mut hasher);
            destination.as_str().hash(&mut hasher);
            identity.hash(&mut hasher);
            hasher.finish()
        };
        Identity(hash(one), hash(other))
    }

    pub(super) fn get(&self, identity: Identity) -> Option<Seen> {
        let seen = self.seen.get(&identity).copied();
        let is_withdrawing = !self.withdrawing.is_empty() && self.withdrawing.contains(&identity);
        seen.or_else(|| is_withdrawing.then_some(Seen::Withdrawing))
    }

    /// Begins to remove the record of a message that is not kept after all.
    pub(super) fn withdraw(&mut self, identity: Identity) {
        self.withdrawing.insert(identity);
    }

    /// The record is removed: the message may come again.
    pub(super) fn withdrawn(&mut self, identity: Identity) {
        self.withdrawing.remove(&identity);
    }

    /// Notes that a message is on its way.
    pub(super) fn set(&mut self, identity: Identity, seen: Seen) {
        self.seen.insert(identity, seen);
    }

    /// Notes until when a message that was accepted is known. Yields the one that is forgotten for it, if there are too many.
    pub(super) fn accept(
        &mut self,
        identity: Identity,
        key: JournalKey,
        until: Instant,
    ) -> Option<JournalKey> {
        self.seen.insert(identity, Seen::Accepted(key));
        self.expiries.insert((until, identity), key);
        if self.expiries.len() <= self.most {
            return None;
        }
        let ((_, oldest), key) = self.expiries.pop_first()?;
        self.release(oldest, key).then_some(key)
    }

    /// Forgets a message that was accepted under that key; whether it was still known by it.
    pub(super) fn release(&mut self, identity: Identity, key: JournalKey) -> bool {
        let is_known = self.seen.get(&identity) == Some(&Seen::Accepted(key));
        if is_known {
            self.seen.remove(&identity);
        }
        is_known
    }

    /// Forgets a message that is not kept after all.
    pub(super) fn forget(&mut self, identity: Identity) {
        self.seen.remove(&identity);
    }

    /// Forgets those whose time is over; the store does that for its own part.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(first) = self.expiries.first_entry()
            && first.key().0 <= now
        {
            let ((_, identity), key) = first.remove_entry();
            self.release(identity, key);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }
}
