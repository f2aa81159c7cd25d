//! The one trait.

use std::{fmt, ops::ControlFlow, time::SystemTime};

use tokio::sync::watch;

use crate::{Batch, Done, Health, KeyRange, ReadError, Record, Table};

/// What survives a restart. The crate's documentation has the contract.
pub trait Store: fmt::Debug + Send + Sync {
    /// Makes a batch durable; does not wait for that.
    ///
    /// `done` is answered when the batch is safe or has failed: later, by the store's own thread, or inside this call, when it is refused at once.
    fn commit(&self, batch: Batch, done: Done);

    /// Reads one record. Batches that are not yet durable are not seen. May wait for the disk.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Record>, ReadError>;

    /// Visits the records of a range in the order of their keys, as they were at one instant, until the visitor breaks off.
    ///
    /// A damaged record ends it. The visitor may call [`commit`](Self::commit), and must not wait for its answer.
    fn scan(
        &self,
        table: Table,
        range: &KeyRange,
        visit: &mut dyn FnMut(&[u8], Record) -> ControlFlow<()>,
    ) -> Result<(), ReadError>;

    /// Removes what has expired by then, and tries again whatever has failed; to be called now and then.
    ///
    /// `done` is answered when nothing more has expired, and the store is in a state to take batches.
    fn tend(&self, now: SystemTime, done: Done);

    /// How much there is.
    fn usage(&self) -> Usage;

    /// The state that the store is in, and all that it will be in.
    fn health(&self) -> watch::Receiver<Health>;
}

/// How much there is in a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Records in all tables.
    pub records: u64,
    /// The bytes of their keys and values, and of what is kept with them.
    pub bytes: u64,
    /// The bytes of the files.
    pub disk: u64,
    /// Batches that are not yet durable.
    pub waiting: usize,
}
