//! The store that needs nothing installed: one file in a folder.

mod engine;
mod format;
mod limits;
mod medium;
mod queue;
mod reserve;
#[cfg(test)]
mod tests;
mod trouble;
mod writer;
mod writing;

use std::{
    io,
    ops::ControlFlow,
    path::Path,
    sync::Arc,
    thread::{self, JoinHandle},
    time::SystemTime,
};

use tokio::sync::watch;

use self::writer::Shared;
pub(crate) use self::{
    engine::Engine,
    format::Upgrade,
    medium::{Folder, Medium},
    queue::{Queue, Work},
    trouble::Trouble,
};
use crate::{Batch, Done, Health, KeyRange, OpenError, ReadError, Record, Store, Table, Usage};
pub use limits::Limits;

/// A store in a folder of this machine.
///
/// It has one thread, which writes. Dropped, it first makes durable what waits; that takes as long as the disk does.
#[derive(Debug)]
pub struct EmbeddedStore {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

impl EmbeddedStore {
    /// Opens the store in a folder, or makes one; every page of it is verified.
    ///
    /// What a crash left is put right. A store of an earlier release is upgraded, in one transaction.
    pub fn open(path: impl AsRef<Path>, limits: Limits) -> Result<Self, OpenError> {
        let folder = Folder::new(path.as_ref(), limits.max_disk);
        let prepared = folder.prepare(|draft| {
            let filled = Engine::open(draft, limits.cache, Upgrade::Permitted);
            filled.map(drop)
        });
        let opened = prepared.and_then(|()| Self::on(Box::new(folder), limits));
        let store = opened.map_err(|trouble| trouble.at(path.as_ref()))?;
        Folder::remove_drafts(path.as_ref());
        Ok(store)
    }

    pub(crate) fn on(medium: Box<dyn Medium>, limits: Limits) -> Result<Self, Trouble> {
        let cache = limits.cache;
        let open = || Engine::open(&*medium, cache, Upgrade::Permitted);
        let engine = match open() {
            Err(Trouble::Full(_)) => {
                medium.lend_reserve();
                open()?
            }
            other => other?,
        };
        let health = match medium.keep_reserve() {
            Err(Trouble::Full(reason)) => Health::Full(reason),
            other => other.map(|()| Health::Good)?,
        };
        let queue = Queue::new(limits, health);
        let shared = Shared::new(queue, medium, cache, engine);
        let shared = Arc::new(shared);
        let writer = start(&shared).map_err(|error| Trouble::from_io(&error))?;
        Ok(Self {
            shared,
            writer: Some(writer),
        })
    }

    fn engine(&self) -> Result<Arc<Engine>, ReadError> {
        self.shared.engine().map_err(ReadError::Unavailable)
    }
}

fn start(shared: &Arc<Shared>) -> io::Result<JoinHandle<()>> {
    let shared = Arc::clone(shared);
    let builder = thread::Builder::new().name("rialto-store".into());
    builder.spawn(move || shared.work())
}

impl Store for EmbeddedStore {
    fn commit(&self, batch: Batch, done: Done) {
        self.shared.queue.push(batch, done);
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Record>, ReadError> {
        self.engine()?.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        range: &KeyRange,
        visit: &mut dyn FnMut(&[u8], Record) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let mut damage = Ok(());
        self.engine()?
            .scan(table, range, |key, record| match record {
                Ok(record) => visit(key, record),
                Err(error) => {
                    damage = Err(error);
                    ControlFlow::Break(())
                }
            })?;
        damage
    }

    fn tend(&self, now: SystemTime, done: Done) {
        self.shared.queue.push_tend(now, done);
    }

    fn usage(&self) -> Usage {
        let engine = self.shared.engine();
        let (records, bytes) = engine.map_or((0, 0), |e| (e.records(), e.bytes()));
        Usage {
            records,
            bytes,
            disk: self.shared.disk(),
            waiting: self.shared.queue.waiting(),
        }
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.shared.queue.health()
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.shared.queue.close();
        let Some(writer) = self.writer.take() else {
            return;
        };
        // The last one to hold a store may be a listener, which its own thread calls.
        if writer.thread().id() != thread::current().id() {
            drop(writer.join());
        }
    }
}
