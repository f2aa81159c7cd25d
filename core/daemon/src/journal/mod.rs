//! The custodians' journal, in the store.
//!
//! The store answers on its own thread, which must not wait: so results are laid down where their shard finds them, and a thread
//! of the runtime that may block brings the shard to look. Records are read on such a thread as well.

mod desk;
mod restore;
mod tables;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rialto_router::{Change, JournalKey, JournalTable, RecordView, WriteId};
use rialto_store::{Acknowledge, Done, Store, Table};
use serde_json::{Map, Value};
use tokio::runtime::Handle;

use self::desk::Desk;
pub(crate) use self::{
    restore::{is_of_presence, restore},
    tables::{TABLES, table},
};
use crate::gateway::Gateway;

/// The journal of all shards.
pub(crate) struct Journal {
    store: Arc<dyn Store>,
    /// By shard.
    desks: Vec<Arc<Desk>>,
}

impl Journal {
    /// Makes the journal of a gateway's shards; it is written, but not read yet.
    pub(crate) fn new(store: Arc<dyn Store>, gateway: &Arc<Gateway>, runtime: &Handle) -> Self {
        let desk = |shard| {
            let (store, gateway) = (Arc::clone(&store), Arc::downgrade(gateway));
            Desk::new(shard as u8, store, gateway, runtime.clone())
        };
        let desks = (0..gateway.count_of_shards()).map(desk).collect();
        Self { store, desks }
    }

    /// Lets what is kept be read, and so delivered; for when every adapter has started.
    pub(crate) fn open(&self) {
        for desk in &self.desks {
            desk.open();
        }
    }

    /// Asks for changes to be made safe; the shard hears of it by [`Gateway::written`].
    pub(crate) fn write(&self, shard: u8, write: WriteId, changes: Vec<Change>) {
        if let Some(desk) = self.desks.get(usize::from(shard)) {
            let desk: Arc<dyn Acknowledge> = Arc::clone(desk) as _;
            let done = Done::new(desk, write.number());
            self.store.commit(tables::batch(changes), done);
        }
    }

    /// Asks for a record; the shard gets it by [`Gateway::loaded`].
    pub(crate) fn load(&self, shard: u8, key: JournalKey) {
        if let Some(desk) = self.desks.get(usize::from(shard)) {
            desk.want(key);
        }
    }

    /// What the record of something kept says, by name; nothing, when it is not there yet, or any more.
    pub(crate) async fn describe(&self, key: JournalKey) -> Map<String, Value> {
        let store = Arc::clone(&self.store);
        let read = tokio::task::spawn_blocking(move || {
            let record = store.get(Table::Operations, &key.to_bytes()).ok()??;
            let view = RecordView::read(JournalTable::Operations, &key.to_bytes(), record.value());
            view.ok().map(|view| details(&view))
        });
        read.await.ok().flatten().unwrap_or_default()
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }
}

/// What a record says besides what every record does, by name.
pub(crate) fn details(view: &RecordView) -> Map<String, Value> {
    let details = view.details.iter();
    let own = |(name, value): &(&str, String)| ((*name).to_owned(), Value::from(value.as_str()));
    details.map(own).collect()
}
