//! A store for simulations: in memory, without threads, and wrong where the seed says so.

mod faults;
mod log;
mod tables;

use std::{
    collections::VecDeque,
    fmt, mem,
    ops::ControlFlow,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use rand::{Rng, SeedableRng, rngs::SmallRng};
use tokio::sync::watch;

pub use faults::Faults;
use faults::happens;
use log::Log;
use tables::Tables;

use crate::{
    Batch, CommitError, Done, Health, KeyRange, Limits, ReadError, Reason, Record, Store, Table,
    Usage,
    embedded::{Queue, Work},
};

/// A store in memory that does nothing by itself: [`step`](Self::step) writes, synchronises and answers.
///
/// The same seed and the same calls give the same course. It admits and refuses as [`EmbeddedStore`](crate::EmbeddedStore) does, by the same code.
pub struct SimulatedStore {
    queue: Queue,
    limits: Limits,
    faults: Faults,
    state: Mutex<State>,
}

struct State {
    rng: SmallRng,
    tables: Tables,
    log: Log,
    /// In the log, but not synchronised.
    written: Vec<(Batch, Done)>,
    answers: VecDeque<(Done, Result<(), CommitError>)>,
}

impl SimulatedStore {
    /// An empty store.
    pub fn new(seed: u64, faults: Faults, limits: Limits) -> Self {
        Self::recovered(
            SmallRng::seed_from_u64(seed),
            Log::default(),
            faults,
            limits,
        )
    }

    /// Does one thing that there is to do, and gives answers that are due; false, when there is nothing left.
    pub fn step(&self) -> bool {
        let mut state = self.lock();
        if !state.written.is_empty() {
            self.synchronise(&mut state);
        } else if let Some(work) = self.queue.try_next() {
            self.begin(&mut state, work);
        } else if state.answers.is_empty() {
            return false;
        }
        let due = state.due_answers(self.faults);
        // Who is answered may call the store.
        drop(state);
        for (done, result) in due {
            done.answer(result);
        }
        true
    }

    /// Steps until there is nothing left to do.
    pub fn settle(&self) {
        while self.step() {}
    }

    /// What is found after a crash at this moment: all that was synchronised, and perhaps some batches more, in order.
    ///
    /// Nobody who waits for an answer of this store is ever answered.
    pub fn crash(&self) -> Self {
        let state = &mut *self.lock();
        self.queue.close();
        let waiting = self.queue.drain();
        let written = mem::take(&mut state.written)
            .into_iter()
            .map(|(_, done)| done);
        let answers = mem::take(&mut state.answers)
            .into_iter()
            .map(|(done, _)| done);
        written.chain(answers).chain(waiting).for_each(Done::forget);
        let log = state.log.crash(&mut state.rng);
        let rng = SmallRng::from_rng(&mut state.rng);
        Self::recovered(rng, log, self.faults, self.limits.clone())
    }

    fn recovered(rng: SmallRng, mut log: Log, faults: Faults, limits: Limits) -> Self {
        let mut tables = Tables::default();
        for writes in log.recover() {
            tables.apply(&writes);
        }
        let queue = Queue::new(limits.clone(), Health::Good);
        queue.opened(tables.bytes());
        Self {
            queue,
            limits,
            faults,
            state: Mutex::new(State {
                rng,
                tables,
                log,
                written: Vec::new(),
                answers: VecDeque::new(),
            }),
        }
    }

    fn begin(&self, state: &mut State, work: Work) {
        match work {
            Work::Commit(group) if happens(&mut state.rng, self.faults.write_errors) => {
                self.fail(state, group);
            }
            Work::Commit(group) => {
                for (batch, _) in &group {
                    state.log.append(batch);
                }
                state.written = group;
            }
            Work::Tend(now, done) => {
                state.tables.expire(now);
                // Written anew, as a whole: there is nothing between all and nothing of it.
                state.log = state.tables.to_log();
                self.queue.tended(state.tables.bytes());
                state.answers.push_back((done, Ok(())));
            }
        }
    }

    fn synchronise(&self, state: &mut State) {
        let group = mem::take(&mut state.written);
        state.log.synchronise();
        for (batch, _) in &group {
            state.tables.apply(batch.writes());
        }
        state.compact();
        self.queue.committed(&group, state.tables.bytes());
        let answers = group.into_iter().map(|(_, done)| (done, Ok(())));
        state.answers.extend(answers);
    }

    /// Fails a group, some batches of which are durable nevertheless; the state is that of a disk that fails, until it is tended.
    fn fail(&self, state: &mut State, group: Vec<(Batch, Done)>) {
        let durable = state.rng.random_range(0..=group.len());
        for (batch, _) in group.iter().take(durable) {
            state.log.append(batch);
            state.tables.apply(batch.writes());
        }
        state.log.synchronise();
        self.queue.opened(state.tables.bytes());
        let reason = Reason::new("the simulated disk fails, as it was told to");
        let waiting = self.queue.failed(Health::Failing(reason.clone()));
        let failed = group.into_iter().map(|(_, done)| done).chain(waiting);
        let error = CommitError::Failing(reason);
        let answers = failed.map(|done| (done, Err(error.clone())));
        state.answers.extend(answers);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// In their order, up to the first that is delayed.
    fn due_answers(&mut self, faults: Faults) -> Vec<(Done, Result<(), CommitError>)> {
        let mut due = Vec::new();
        while !self.answers.is_empty() && !happens(&mut self.rng, faults.delayed.min(99)) {
            let Some((done, result)) = self.answers.pop_front() else {
                break;
            };
            if happens(&mut self.rng, faults.doubled) {
                due.push((done.double(), result.clone()));
            }
            due.push((done, result));
        }
        due
    }

    /// Keeps the log in proportion to what is in it.
    fn compact(&mut self) {
        const SLACK: u64 = 1 << 20;
        if self.log.len() as u64 > self.tables.bytes() * 4 + SLACK {
            self.log = self.tables.to_log();
        }
    }
}

impl Store for SimulatedStore {
    fn commit(&self, batch: Batch, done: Done) {
        self.queue.push(batch, done);
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Record>, ReadError> {
        Ok(self.lock().tables.get(table, key))
    }

    fn scan(
        &self,
        table: Table,
        range: &KeyRange,
        visit: &mut dyn FnMut(&[u8], Record) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let found = self.lock().tables.range(table, range);
        for (key, record) in found {
            if visit(&key, record).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn tend(&self, now: SystemTime, done: Done) {
        self.queue.push_tend(now, done);
    }

    fn usage(&self) -> Usage {
        let state = self.lock();
        Usage {
            records: state.tables.len(),
            bytes: state.tables.bytes(),
            disk: state.log.len() as u64,
            waiting: self.queue.waiting(),
        }
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.queue.health()
    }
}

impl Drop for SimulatedStore {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl fmt::Debug for SimulatedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedStore")
            .field("faults", &self.faults)
            .field("usage", &self.usage())
            .finish_non_exhaustive()
    }
}
