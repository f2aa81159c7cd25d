//! When kept messages are delivered again, and in which order.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash},
    time::{Duration, Instant},
};

use foldhash::fast::FixedState;
use hashbrown::{HashTable, hash_table::Entry as Place};
use rand::Rng;
use slab::Slab;

pub(crate) mod alarms;
mod destination;
mod entry;
mod limits;
mod list;
mod moves;
mod seen;
#[cfg(test)]
mod tests;

use self::{
    alarms::{Alarms, Moment},
    destination::{Destination, Line},
    list::{Links, List},
    moves::{hash, hash_of, is_of},
};
pub use self::{
    entry::{Outcome, QueueEntry, QueueState, Queued},
    limits::RetryLimits,
};
use super::JournalKey;

/// Plans the deliveries of kept messages: which may go now, and when those that failed go again.
///
/// A state machine without I/O or clock. It knows keys, conversations and destinations, and no message. After each call, ask
/// [`expired`](Self::expired) and then [`next_ready`](Self::next_ready) until they yield nothing; do the same when
/// [`poll_timeout`](Self::poll_timeout) has come.
///
/// * Within a conversation (to one destination) the order is that of the keys, one delivery at a time. What has ended holds up
///   those behind it until it is [removed](Self::remove), if the caller wants it so ([`hold_up`](Self::hold_up)).
/// * Conversations of one destination take turns, and so do destinations. Of the bound on all deliveries together, a half is left to
///   destinations that have none under way: so those that hang do not hold up the others, until there are as many of them as a
///   half of the bound.
/// * A destination that fails rests, longer each time, or as long as it says. Then one delivery probes; each answer makes room
///   for two more, so what has gathered meanwhile does not bring it down again.
/// * An entry expires whatever it waits for; only a delivery under way is waited for.
///
/// All steps take time logarithmic in the entries. Of a million entries, each takes about 102 bytes with a conversation of its
/// own, and 63 in one of ten (`benches/retry_queue.rs`); when the queue runs empty it gives its memory back.
#[derive(Debug)]
pub struct RetryQueue<D> {
    limits: RetryLimits,
    beginning: Instant,
    entries: Slab<Entry>,
    /// By key.
    keys: HashTable<u32>,
    expiries: Alarms,
    entry_links: Links,
    conversations: Slab<Conversation>,
    /// By hash and destination.
    conversation_keys: HashTable<u32>,
    conversation_rests: Alarms,
    conversation_links: Links,
    destinations: Slab<Destination<D>>,
    /// Hashed with a key of its own: the names are strangers'.
    names: HashMap<D, u32>,
    destination_rests: Alarms,
    destination_links: Links,
    /// Destinations that have something ready and room for it, by whether anything of theirs is under way; each takes its turn.
    idle: List,
    busy: List,
    in_flight: u32,
}

#[derive(Debug)]
struct Entry {
    key: JournalKey,
    conversation: u32,
    /// The era of its destination in which it was handed out.
    era: u16,
    stage: Stage,
}

// There may be a million of them: a place in the slab is as large.
const _: () = assert!(size_of::<Option<Entry>>() == 16);

/// How far an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    InFlight,
    /// It only holds up those behind it.
    Ended,
}

#[derive(Debug)]
struct Conversation {
    hash: u64,
    destination: u32,
    /// Its entries: those that have ended, then the others in the order of their keys.
    entries: List,
    /// How many are under way: one, or several that were so before they were kept.
    in_flight: u16,
    /// Failures in a row.
    failures: u8,
    /// Whether it is among those whose turn comes.
    is_ready: bool,
}

impl Entry {
    const fn has_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended)
    }
}

impl<D: Clone + Eq + Hash> RetryQueue<D> {
    /// The most entries that there can be, whatever the limits say.
    const MOST: usize = u32::MAX as usize / 2;

    /// The room for entries that an empty queue keeps.
    const ROOM: usize = 1_024;

    /// Makes an empty queue; no time that is handed in later may lie before `now`.
    pub fn new(now: Instant, limits: RetryLimits) -> Self {
        Self {
            limits,
            beginning: now,
            entries: Slab::new(),
            keys: HashTable::new(),
            expiries: Alarms::default(),
            entry_links: Links::default(),
            conversations: Slab::new(),
            conversation_keys: HashTable::new(),
            conversation_rests: Alarms::default(),
            conversation_links: Links::default(),
            destinations: Slab::new(),
            names: HashMap::new(),
            destination_rests: Alarms::default(),
            destination_links: Links::default(),
            idle: List::new(),
            busy: List::new(),
            in_flight: 0,
        }
    }

    /// Adds an entry to its conversation; false, if there is one of that name.
    ///
    /// How many there may be is for the caller to bound, before it promises anything: what is promised has a place.
    pub fn push(&mut self, entry: QueueEntry<D>) -> bool {
        let hash = hash(entry.key.number());
        let entries = &self.entries;
        let is_same = |at: &u32| is_of(entries, *at, entry.key);
        if self.keys.find(hash, is_same).is_some() || self.entries.len() >= Self::MOST {
            return false;
        }
        let expires_at = Moment::new(self.beginning, entry.expires_at);
        let conversation = self.conversation(entry.conversation, &entry.destination);
        let at = self.entries.insert(Entry {
            key: entry.key,
            conversation,
            era: 0,
            stage: match entry.has_ended {
                true => Stage::Ended,
                false => Stage::Waiting,
            },
        }) as u32;
        let entries = &self.entries;
        self.keys
            .insert_unique(hash, at, |at| hash_of(entries, *at));
        if !entry.has_ended {
            self.expiries.set(at, expires_at);
        }
        self.join(conversation, at);
        if entry.is_in_flight {
            self.launch(at);
        }
        self.place(conversation);
        true
    }

    /// Holds a conversation up until something is [removed](Self::remove) that has ended, and that the journal still has: what is
    /// behind it is not to be delivered before that is safe. False, if there is an entry of that name.
    pub fn hold_up(&mut self, key: JournalKey, conversation: u64, destination: D) -> bool {
        let mut entry = QueueEntry::new(key, conversation, destination, self.beginning);
        entry.has_ended = true;
        self.push(entry)
    }

    /// The next entry to deliver, which is then in flight until it is [`settled`](Self::settled).
    ///
    /// Yields nothing while something is expired that was not taken.
    pub fn next_ready(&mut self, now: Instant) -> Option<JournalKey> {
        let now = Moment::new(self.beginning, now);
        self.wake(now);
        if self.in_flight >= self.limits.max_in_flight() || self.expiries.due(now).is_some() {
            return None;
        }
        let is_shared = self.in_flight < self.limits.max_shared();
        let busy = || self.busy.first().filter(|_| is_shared);
        let destination = self.idle.first().or_else(busy)?;
        let ready = self.destinations.get(destination as usize)?.ready;
        let conversation = ready.first()?;
        let first = self
            .conversations
            .get(conversation as usize)?
            .entries
            .first()?;
        self.launch(first);
        // To the end of the line, if anything is left that may go.
        self.unlist(destination);
        self.place(conversation);
        self.entries.get(first as usize).map(|entry| entry.key)
    }

    /// Takes the outcome of a delivery; when the entry may go again at the earliest, if it stays.
    ///
    /// Says nothing, and does nothing, of an entry that is not in flight.
    pub fn settled(
        &mut self,
        now: Instant,
        key: JournalKey,
        outcome: Outcome,
        rng: &mut impl Rng,
    ) -> Option<Instant> {
        let at = self.find(key)?;
        let entry = self.entries.get(at as usize)?;
        let (conversation, era) = (entry.conversation, entry.era);
        let destination = self.conversations.get(conversation as usize)?.destination;
        if !self.land(at) {
            return None;
        }
        match outcome {
            Outcome::Done => {
                self.succeed(destination, era);
                self.forgive(conversation);
                self.take(at);
                return None;
            }
            Outcome::Ended => {
                self.take(at);
                return None;
            }
            Outcome::DestinationFailed { after } => {
                self.rest_all(now, destination, era, after, rng)
            }
            Outcome::EntryFailed { after } => {
                self.succeed(destination, era);
                self.rest(now, conversation, after, rng);
            }
            Outcome::NotTried { after } => {
                self.rest(now, conversation, after, rng);
            }
        }
        self.place(conversation);
        let until = self.rest_of(conversation, destination);
        let until = until.and_then(|until| until.to_instant(self.beginning));
        Some(until.unwrap_or(now))
    }

    /// Takes out an entry that has expired and is not in flight.
    pub fn expired(&mut self, now: Instant) -> Option<JournalKey> {
        let at = self.expiries.due(Moment::new(self.beginning, now))?;
        self.take(at)
    }

    /// Takes out an entry, in flight or not; false, if there is none of that name.
    pub fn remove(&mut self, key: JournalKey) -> bool {
        let Some(at) = self.find(key) else {
            return false;
        };
        self.land(at);
        self.take(at).is_some()
    }

    /// Ends all waiting for a time that holds an entry back; false, if there is none of that name.
    ///
    /// Its conversation is the next whose turn comes there, and its destination, if it failed, is probed by that.
    pub fn retry_now(&mut self, key: JournalKey) -> bool {
        let entry = self.find(key).and_then(|at| self.entries.get(at as usize));
        let Some(entry) = entry.filter(|entry| !entry.has_ended()) else {
            return false;
        };
        let at = entry.conversation;
        self.conversation_rests.cancel(at);
        self.place(at);
        if let Some(conversation) = self.conversations.get(at as usize)
            && let Some(destination) = self.destinations.get_mut(conversation.destination as usize)
        {
            let number = conversation.destination;
            if conversation.is_ready {
                self.conversation_links.remove(&mut destination.ready, at);
                self.conversation_links
                    .push_front(&mut destination.ready, at);
            }
            self.destination_rests.cancel(number);
            self.place_destination(number);
        }
        true
    }

    /// Whether any destination rests.
    pub fn has_rests(&self) -> bool {
        self.destination_rests.first().is_some()
    }

    /// Takes note that a destination was reached by a delivery that is not of this queue: what rests for it is tried now.
    pub fn reached(&mut self, destination: &D) {
        if let Some(number) = self.names.get(destination).copied() {
            self.end_rest(number);
        }
    }

    /// Takes note that some destinations may be reached again: what rests for them is tried now, at first by one delivery each. Where one is under
    /// way that was begun before, its failure is the first of a new row.
    pub fn revive(&mut self, which: impl Fn(&D) -> bool) {
        let named = self.names.iter().filter(|(name, _)| which(name));
        let mut numbers: Vec<_> = named.map(|(_, number)| *number).collect();
        numbers.sort_unstable(); // whose turn comes first does not hang on the hash
        for number in numbers {
            self.end_rest(number);
        }
    }

    /// When something expires, or need wait no longer.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let alarms = [
            &self.expiries,
            &self.conversation_rests,
            &self.destination_rests,
        ];
        let (first, _) = alarms.iter().filter_map(|alarms| alarms.first()).min()?;
        first.to_instant(self.beginning)
    }
}
