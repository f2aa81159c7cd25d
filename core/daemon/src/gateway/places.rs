//! Which adapter has which place, and since when it is quiet.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rialto_loader::Adapter;
use rialto_router::AdapterId;

use super::{Gateway, now, slot::Slot};

impl Gateway {
    /// The place of an adapter.
    pub(crate) fn slot(&self, id: AdapterId) -> Option<&Slot> {
        self.adapters.get(usize::from(id.number()))
    }

    /// Lets operations reach an adapter, and what waits for it too; who had its place before.
    pub(crate) fn attach(&self, id: AdapterId, adapter: Arc<Adapter>) -> Option<Arc<Adapter>> {
        let former = self.slot(id)?.give(Some(adapter));
        self.release(id);
        self.try_what_waits_for(id);
        self.presence_replaced(id);
        self.presence_found(id);
        former
    }

    /// Lets no operation reach an adapter, nor wait for it; who had its place.
    pub(crate) fn detach(&self, id: AdapterId) -> Option<Arc<Adapter>> {
        let former = self.slot(id)?.give(None);
        self.release(id);
        former
    }

    /// Has what was for an adapter that was awaited delivered, or refused.
    fn release(&self, id: AdapterId) {
        for shard in &self.shards {
            shard.handle(self, |state| state.release(id));
        }
    }

    /// The adapters that run.
    pub(crate) fn adapters(&self) -> impl Iterator<Item = Arc<Adapter>> {
        self.adapters.iter().filter_map(Slot::running)
    }

    /// The process that an adapter has for itself, if it has one.
    pub(crate) fn process(&self, id: AdapterId) -> Option<u32> {
        self.slot(id)?.running()?.process()
    }

    /// Whether an adapter takes operations.
    pub(crate) fn is_running(&self, id: AdapterId) -> bool {
        self.slot(id).is_some_and(|slot| slot.borrow().is_some())
    }

    /// For how long nothing was delivered by an adapter and nothing came from it; `None`: there never was anything.
    pub(crate) fn quiet_for(&self, id: AdapterId) -> Option<Duration> {
        self.slot(id)?.quiet_for(self.begun, now())
    }

    /// Notes that the network of an adapter works.
    pub(super) fn note_event(&self, id: AdapterId, now: Instant) {
        if let Some(slot) = self.slot(id) {
            slot.note_event(now.saturating_duration_since(self.begun));
        }
    }
}
