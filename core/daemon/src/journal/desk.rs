//! What lies ready for a shard.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use rialto_model::Bytes;
use rialto_router::{JournalKey, Unread, Unwritten, WriteId};
use rialto_store::{Acknowledge, CommitError, ReadError, Store, Table};
use tokio::runtime::Handle;
use tracing::{error, warn};

use crate::gateway::Gateway;

/// What lies ready for one shard: results of writes, and names of records that it wants.
pub(super) struct Desk {
    shard: u8,
    store: Arc<dyn Store>,
    gateway: Weak<Gateway>,
    runtime: Handle,
    /// In the order in which the store gave them. While there are any, somebody is on the way to take them.
    written: Mutex<Vec<(WriteId, Result<(), Unwritten>)>>,
    wanted: Mutex<Wanted>,
    /// For those who are sent.
    this: Weak<Self>,
}

/// Records that a shard wants. While the journal is open and there are any, somebody is on the way to read them.
#[derive(Default)]
struct Wanted {
    keys: Vec<JournalKey>,
    is_open: bool,
}

impl Desk {
    /// How many records are read before the shard gets them.
    const READ_AT_ONCE: usize = 32;

    pub(super) fn new(
        shard: u8,
        store: Arc<dyn Store>,
        gateway: Weak<Gateway>,
        runtime: Handle,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            shard,
            store,
            gateway,
            runtime,
            written: Mutex::default(),
            wanted: Mutex::default(),
            this: Weak::clone(this),
        })
    }

    /// Has records read from now on.
    pub(super) fn open(&self) {
        let mut wanted = lock(&self.wanted);
        wanted.is_open = true;
        if !wanted.keys.is_empty() {
            self.read_soon();
        }
    }

    /// Has a record read.
    pub(super) fn want(&self, key: JournalKey) {
        let mut wanted = lock(&self.wanted);
        wanted.keys.push(key);
        if wanted.is_open && wanted.keys.len() == 1 {
            self.read_soon();
        }
    }

    fn read_soon(&self) {
        self.send(Self::read);
    }

    /// Reads some of what is wanted. Somebody else is sent for the rest first: the shard may call an adapter that does not return.
    fn read(&self) {
        let keys: Vec<_> = {
            let mut wanted = lock(&self.wanted);
            let some = wanted.keys.len().min(Self::READ_AT_ONCE);
            let keys = wanted.keys.drain(..some).collect();
            if !wanted.keys.is_empty() {
                self.read_soon();
            }
            keys
        };
        let read = keys.into_iter().map(|key| (key, self.record(key)));
        let records = read.collect();
        if let Some(gateway) = self.gateway.upgrade() {
            gateway.loaded(self.shard, records);
        }
    }

    fn record(&self, key: JournalKey) -> Result<Bytes, Unread> {
        match self.store.get(Table::Operations, &key.to_bytes()) {
            Ok(Some(record)) => Ok(record.into_value()),
            Ok(None) => Err(Unread::Lost),
            Err(damage @ ReadError::Damaged { .. }) => {
                error!(key = key.number(), error = %damage, "kept message cannot be read");
                Err(Unread::Lost)
            }
            Err(_) => Err(Unread::Unavailable),
        }
    }

    /// Sends somebody who may block: the caller may not.
    fn send(&self, to: impl FnOnce(&Self) + Send + 'static) {
        if let Some(desk) = self.this.upgrade() {
            self.runtime.spawn_blocking(move || to(&desk));
        }
    }

    /// Brings the shard the results that lie here.
    fn bring_results(&self) {
        if let Some(gateway) = self.gateway.upgrade() {
            gateway.written(self.shard, || mem::take(&mut *lock(&self.written)));
        }
    }
}

impl Acknowledge for Desk {
    fn acknowledge(&self, ticket: u64, result: Result<(), CommitError>) {
        if let Err(error @ CommitError::TooLarge { .. }) = &result {
            warn!(error = %error, "message cannot be kept");
        }
        let result = result.map_err(|_| Unwritten); // why, the store's health says
        let is_first = {
            let mut written = lock(&self.written);
            written.push((WriteId::new(ticket), result));
            written.len() == 1
        };
        if is_first {
            self.send(Self::bring_results);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
