//! What waits for the disk: bounded, and never waited for by those who bring it.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use tokio::sync::watch;

use super::limits::Limits;
use crate::{Batch, CommitError, Done, Health, Reason};

/// What waits, and whether more may.
#[derive(Debug)]
pub(crate) struct Queue {
    limits: Limits,
    state: Mutex<State>,
    filled: Condvar,
    health: watch::Sender<Health>,
}

/// What the writer is to do.
#[derive(Debug)]
pub(crate) enum Work {
    /// Make these durable, together.
    Commit(Vec<(Batch, Done)>),
    /// Remove what has expired by then, and try again what has failed.
    Tend(SystemTime, Done),
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Item>,
    /// Of what waits and of what the writer has in hand.
    load: Load,
    /// The bytes that are on the disk.
    live: u64,
    /// What the engine is able to do.
    engine: Health,
    /// Why there is no room by our own count, since something was refused for that.
    crowded: Option<Reason>,
    closed: bool,
}

#[derive(Debug)]
enum Item {
    Commit(Batch, Done),
    Tend(SystemTime, Done),
}

#[derive(Clone, Copy, Debug, Default)]
struct Load {
    items: usize,
    bytes: usize,
    growth: u64,
}

/// How much is written at once, so that the first of a group need not wait for too many.
const GROUP_BYTES: usize = 8 << 20;
const GROUP_BATCHES: usize = 4096;

/// What a waiting batch takes beside its keys and values.
const OVERHEAD: usize = 128;

impl Queue {
    pub(crate) fn new(limits: Limits, health: Health) -> Self {
        let engine = health.clone();
        Self {
            limits,
            state: Mutex::new(State {
                engine,
                ..State::default()
            }),
            filled: Condvar::new(),
            health: watch::Sender::new(health),
        }
    }

    pub(crate) fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.lock().load.items
    }

    /// Takes a batch, or answers it at once.
    pub(crate) fn push(&self, batch: Batch, done: Done) {
        let admitted = batch.check().and_then(|()| {
            let mut state = self.lock();
            self.admit(&mut state, &batch)
                .inspect_err(|_| self.publish(&state))?;
            state.load.add(Load::of(&batch));
            Ok(state)
        });
        match admitted {
            Ok(mut state) => {
                state.waiting.push_back(Item::Commit(batch, done));
                drop(state);
                self.filled.notify_one();
            }
            Err(error) => done.answer(Err(error)),
        }
    }

    /// Takes the wish to be tended, or answers it at once.
    pub(crate) fn push_tend(&self, now: SystemTime, done: Done) {
        let mut state = self.lock();
        let refusal = match &state.engine {
            Health::Corrupt(_) => state.engine.refusal(),
            _ if state.closed => Some(CommitError::Stopped),
            _ => self.overload(&state, Load::ITEM).err(),
        };
        if let Some(error) = refusal {
            drop(state);
            return done.answer(Err(error));
        }
        state.load.add(Load::ITEM);
        state.waiting.push_back(Item::Tend(now, done));
        drop(state);
        self.filled.notify_one();
    }

    /// Waits for something to do; nothing, when the store was closed and all is done.
    pub(crate) fn next(&self) -> Option<Work> {
        let mut state = self.lock();
        loop {
            let work = state.next();
            if work.is_some() || state.closed {
                return work;
            }
            state = self
                .filled
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What there is to do, without waiting.
    pub(crate) fn try_next(&self) -> Option<Work> {
        self.lock().next()
    }

    /// These are safe; so much is there now.
    pub(crate) fn committed(&self, group: &[(Batch, Done)], live: u64) {
        let mut state = self.lock();
        for (batch, _) in group {
            state.load.subtract(Load::of(batch));
        }
        self.measured(&mut state, live);
    }

    /// That was tended; so much is there now, and the engine takes everything.
    pub(crate) fn tended(&self, live: u64) {
        let mut state = self.lock();
        state.load.subtract(Load::ITEM);
        state.engine = Health::Good;
        self.measured(&mut state, live);
    }

    /// Puts off what was taken, behind what waits.
    pub(crate) fn put_off(&self, now: SystemTime, done: Done, live: u64) {
        let mut state = self.lock();
        state.waiting.push_back(Item::Tend(now, done));
        self.measured(&mut state, live);
    }

    /// The engine failed: nothing that was given to it before this is known is taken. Returns all that wait.
    pub(crate) fn failed(&self, health: Health) -> Vec<Done> {
        let mut state = self.lock();
        state.engine = health;
        self.publish(&state);
        state.drain()
    }

    /// All that wait, for whom nothing more is done.
    pub(crate) fn drain(&self) -> Vec<Done> {
        self.lock().drain()
    }

    /// So much is there; said when a store is opened.
    pub(crate) fn opened(&self, live: u64) {
        self.lock().live = live;
    }

    /// Takes nothing more; what waits is still done.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    fn admit(&self, state: &mut State, batch: &Batch) -> Result<(), CommitError> {
        if state.closed {
            return Err(CommitError::Stopped);
        }
        match &state.engine {
            Health::Good => {}
            Health::Full(_) if batch.growth() == 0 => {}
            other => return other.refusal().map_or(Ok(()), Err),
        }
        self.overload(state, Load::of(batch))?;
        self.room(state, batch).map_err(|reason| {
            state.crowded = Some(reason.clone());
            CommitError::Full(reason)
        })
    }

    fn overload(&self, state: &State, more: Load) -> Result<(), CommitError> {
        let (waiting, bytes) = (state.load.items, state.load.bytes);
        let many = waiting >= self.limits.max_waiting;
        // One alone is taken, however large: its own limits bound it.
        let large = waiting > 0 && bytes.saturating_add(more.bytes) > self.limits.max_waiting_bytes;
        if many || large {
            return Err(CommitError::Overloaded { waiting, bytes });
        }
        Ok(())
    }

    /// Counts what a batch puts, not what it may free: that is known only when it is written.
    fn room(&self, state: &State, batch: &Batch) -> Result<(), Reason> {
        let limit = if batch.has_deletes() {
            self.limits.max_bytes
        } else {
            self.limits.without_reserve()
        };
        let expected = state.live.saturating_add(state.load.growth);
        if batch.growth() == 0 || expected.saturating_add(batch.growth()) <= limit {
            return Ok(());
        }
        let max = self.limits.max_bytes;
        Err(Reason::new(format_args!(
            "{expected} of {max} bytes are used, the last part of which is for ending what is in progress; \
             let that go on, or raise the limit"
        )))
    }

    fn measured(&self, state: &mut State, live: u64) {
        state.live = live;
        if live.saturating_add(state.load.growth) <= self.limits.good_again() {
            state.crowded = None;
        }
        self.publish(state);
    }

    fn publish(&self, state: &State) {
        let health = match (&state.engine, &state.crowded) {
            (Health::Good, Some(reason)) => Health::Full(reason.clone()),
            (engine, _) => engine.clone(),
        };
        self.health.send_if_modified(|published| {
            let changes = *published != health;
            *published = health;
            changes
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn drain(&mut self) -> Vec<Done> {
        self.load = Load::default();
        self.waiting.drain(..).map(Item::into_done).collect()
    }

    fn next(&mut self) -> Option<Work> {
        Some(match self.waiting.pop_front()? {
            Item::Tend(now, done) => Work::Tend(now, done),
            Item::Commit(batch, done) => Work::Commit(self.group(batch, done)),
        })
    }

    /// The first batch, and those behind it that become durable with it.
    fn group(&mut self, batch: Batch, done: Done) -> Vec<(Batch, Done)> {
        let mut bytes = batch.bytes();
        let mut group = vec![(batch, done)];
        while group.len() < GROUP_BATCHES {
            match self.waiting.pop_front() {
                Some(Item::Commit(batch, done)) if bytes + batch.bytes() <= GROUP_BYTES => {
                    bytes += batch.bytes();
                    group.push((batch, done));
                }
                Some(other) => {
                    self.waiting.push_front(other);
                    break;
                }
                None => break,
            }
        }
        group
    }
}

impl Item {
    fn into_done(self) -> Done {
        match self {
            Self::Commit(_, done) | Self::Tend(_, done) => done,
        }
    }
}

impl Load {
    const ITEM: Self = Self {
        items: 1,
        bytes: OVERHEAD,
        growth: 0,
    };

    fn of(batch: &Batch) -> Self {
        Self {
            items: 1,
            bytes: batch
                .bytes()
                .saturating_add((batch.len() + 1).saturating_mul(OVERHEAD)),
            growth: batch.growth(),
        }
    }

    const fn add(&mut self, more: Self) {
        self.items = self.items.saturating_add(more.items);
        self.bytes = self.bytes.saturating_add(more.bytes);
        self.growth = self.growth.saturating_add(more.growth);
    }

    const fn subtract(&mut self, less: Self) {
        self.items = self.items.saturating_sub(less.items);
        self.bytes = self.bytes.saturating_sub(less.bytes);
        self.growth = self.growth.saturating_sub(less.growth);
    }
}
