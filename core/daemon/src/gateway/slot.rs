//! The place of an adapter: who has it now, and how it does.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::{ArcSwapOption, Guard};
use rialto_loader::{Adapter, Health};

/// Tells number 0 from nobody.
const CLOSED: u32 = 1 << 16;

/// Who has a place.
pub(super) enum Holder {
    /// An adapter.
    Is(Guard<Option<Arc<Adapter>>>),
    /// One that comes soon, and is waited for.
    Awaited,
    /// There is none.
    Nobody,
}

/// Where operations for one adapter go: to whoever has the place, while somebody else may be on the way in or out.
pub(crate) struct Slot {
    running: ArcSwapOption<Adapter>,
    /// Those that have made way, but still work on what they were handed.
    leaving: ArcSwapOption<Adapter>,
    /// Whether what is for it waits for who comes next.
    is_awaited: AtomicBool,
    words: Mutex<Words>,
    /// Whose operations are refused, as its number with [`CLOSED`] above: it ends what it has.
    closed_to: AtomicU32,
    /// Milliseconds from the gateway's beginning to the last sign that the far network works, and one more; 0: there was none.
    last_event: AtomicU64,
}

/// Whose words on their health are news: those of whoever came last into the place.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Its number.
    heard: u16,
    /// The number of the one that was begun last, and may still have to come.
    begun: u16,
    /// What that one has said before.
    early: Option<Health>,
}

impl Words {
    /// Whether what that one says is news. If it has yet to come, it is kept: it is true of itself, and not of who is there.
    pub(super) fn are_news(&mut self, generation: u16, health: &Health) -> bool {
        if generation == self.begun && self.begun != self.heard {
            self.early = Some(health.clone());
        }
        generation == self.heard
    }

    /// From now on that one is heard; what it has said before.
    pub(super) fn turn_to(&mut self, generation: u16) -> Option<Health> {
        self.heard = generation;
        self.early.take().filter(|_| generation == self.begun)
    }
}

impl Slot {
    pub(super) fn new() -> Self {
        Self {
            running: ArcSwapOption::empty(),
            leaving: ArcSwapOption::empty(),
            is_awaited: AtomicBool::new(false),
            words: Mutex::default(),
            closed_to: AtomicU32::new(0),
            last_event: AtomicU64::new(0),
        }
    }

    /// Who has the place, without a lock or a count.
    pub(super) fn borrow(&self) -> Guard<Option<Arc<Adapter>>> {
        self.running.load()
    }

    /// Who has the place.
    pub(crate) fn running(&self) -> Option<Arc<Adapter>> {
        self.running.load_full()
    }

    /// Who has made way last, and may still work.
    pub(super) fn leaving(&self) -> Option<Arc<Adapter>> {
        self.leaving.load_full()
    }

    /// Whom a delivery goes to, without a lock or a count.
    pub(super) fn holder(&self) -> Holder {
        // Who comes takes the place first, and is awaited no more after that: so the place is looked at before and after.
        let look = || Some(self.running.load()).filter(|running| running.is_some());
        if let Some(running) = look() {
            Holder::Is(running)
        } else if self.is_awaited() {
            Holder::Awaited
        } else {
            look().map_or(Holder::Nobody, Holder::Is)
        }
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.is_awaited.load(Ordering::SeqCst)
    }

    /// Gives the place away; who had it, may still be called by those who came before, until nobody else holds it.
    pub(super) fn give(&self, to: Option<Arc<Adapter>>) -> Option<Arc<Adapter>> {
        let former = self.swap(to);
        self.is_awaited.store(false, Ordering::SeqCst);
        former
    }

    /// Takes the place away, for somebody who comes soon: what is for it waits.
    pub(crate) fn clear(&self) -> Option<Arc<Adapter>> {
        self.is_awaited.store(true, Ordering::SeqCst);
        self.swap(None)
    }

    fn swap(&self, to: Option<Arc<Adapter>>) -> Option<Arc<Adapter>> {
        let former = self.running.swap(to);
        // Whoever made way before, and nobody has come since, may still work.
        if former.is_some() {
            self.leaving.store(former.clone());
        }
        former
    }

    /// Forgets who has left.
    pub(crate) fn forget_leaving(&self) {
        self.leaving.store(None);
    }

    /// The number of one that is begun now.
    pub(crate) fn begin(&self) -> u16 {
        let mut words = self.words();
        words.early = None;
        words.begun = words.begun.wrapping_add(1);
        words.begun
    }

    /// Whose words on their health are news; while this is held, there are no others.
    pub(super) fn words(&self) -> MutexGuard<'_, Words> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses what that one brings from now on.
    pub(crate) fn close_to(&self, generation: u16) {
        let closed = CLOSED | u32::from(generation);
        self.closed_to.store(closed, Ordering::Release);
    }

    pub(super) fn is_closed_to(&self, generation: u16) -> bool {
        self.closed_to.load(Ordering::Acquire) == CLOSED | u32::from(generation)
    }

    pub(super) fn note_event(&self, since: Duration) {
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        self.last_event
            .store(millis.saturating_add(1), Ordering::Relaxed);
    }

    /// How long ago the last useful thing happened: a message was delivered, or came.
    pub(crate) fn quiet_for(&self, begun: Instant, now: Instant) -> Option<Duration> {
        let since = self.last_event.load(Ordering::Relaxed).checked_sub(1)?;
        let now = now.saturating_duration_since(begun);
        Some(now.saturating_sub(Duration::from_millis(since)))
    }
}
