//! A disk that is late, fails, is full, and keeps after a crash what was synchronised, and perhaps a little more.

use std::collections::{BTreeMap, VecDeque};

use rand::{Rng, rngs::SmallRng};
use rialto_model::Bytes;
use rialto_router::{Change, JournalTable, Unwritten, WriteId};

use super::ledger::named_in;

/// The second byte of a record that is a message.
pub(crate) const MESSAGE: u8 = 1;
/// The same of what is to be told of one.
pub(crate) const REPORT: u8 = 2;

pub(crate) type Journal = BTreeMap<(JournalTable, Vec<u8>), Bytes>;

/// What the store has, and what it has not yet.
#[derive(Default)]
pub(crate) struct Disk {
    pub(crate) durable: Journal,
    waiting: VecDeque<(WriteId, Vec<Change>)>,
    answers: VecDeque<(WriteId, Result<(), Unwritten>)>,
    is_full: bool,
}

impl Disk {
    pub(crate) fn write(&mut self, write: WriteId, changes: Vec<Change>) {
        self.waiting.push_back((write, changes));
    }

    /// Whether anything is there of a message: its record, or what its network calls it.
    pub(crate) fn knows(&self, message: usize) -> bool {
        let identity = format!("native {message}");
        let named = [&[0, 0, 0, identity.len() as u8], identity.as_bytes()].concat();
        self.durable.iter().any(|((table, _), record)| match table {
            JournalTable::Operations if record[1] == MESSAGE => {
                named_in(record).any(|named| named == message)
            }
            JournalTable::Identities => record.windows(named.len()).any(|part| part == named),
            _ => false,
        })
    }

    /// Becomes full, or has room again.
    pub(crate) fn turn(&mut self) {
        self.is_full = !self.is_full;
    }

    /// Is well from now on.
    pub(crate) fn heal(&mut self) {
        self.is_full = false;
    }

    /// Synchronises some of what waits, in its order.
    pub(crate) fn step(&mut self, dice: &mut SmallRng, fails: bool) {
        let group = dice.random_range(0..=self.waiting.len());
        if fails && group > 0 {
            // Some of it is there all the same, but nobody is told; what waits behind it fails with it.
            let durable = dice.random_range(0..=group);
            let failed: Vec<_> = self.waiting.drain(..).collect();
            for (place, (write, changes)) in failed.into_iter().enumerate() {
                if place < durable {
                    apply(&mut self.durable, &changes);
                }
                self.answers.push_back((write, Err(Unwritten)));
            }
            return;
        }
        for (write, changes) in self.waiting.drain(..group) {
            let grows = changes.iter().any(|change| change.put.is_some());
            if self.is_full && grows {
                self.answers.push_back((write, Err(Unwritten)));
                continue;
            }
            apply(&mut self.durable, &changes);
            self.answers.push_back((write, Ok(())));
        }
    }

    pub(crate) fn answer(&mut self) -> Option<(WriteId, Result<(), Unwritten>)> {
        self.answers.pop_front()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.answers.is_empty()
    }

    /// Puts the messages into each other's places, last first.
    pub(crate) fn reverse(&mut self) {
        let is_message = |(table, _): &(JournalTable, _), record: &Bytes| {
            *table == JournalTable::Operations && record[1] == MESSAGE
        };
        let places = self.durable.iter_mut();
        let mut places: Vec<_> = places
            .filter(|(place, record)| is_message(place, record))
            .map(|(_, record)| record)
            .collect();
        let mut records: Vec<Bytes> = places.iter().map(|record| (*record).clone()).collect();
        for place in &mut places {
            **place = records.pop().unwrap();
        }
    }

    /// What a crash leaves: whole writes, in their order.
    pub(crate) fn crash(&mut self, dice: &mut SmallRng) {
        let kept = dice.random_range(0..=self.waiting.len());
        for (_, changes) in self.waiting.drain(..).take(kept) {
            apply(&mut self.durable, &changes);
        }
        self.answers.clear();
    }
}

fn apply(journal: &mut Journal, changes: &[Change]) {
    for change in changes {
        let place = (change.table, change.key.to_vec());
        match &change.put {
            Some(put) => journal.insert(place, put.value.clone()),
            None => journal.remove(&place),
        };
    }
}
