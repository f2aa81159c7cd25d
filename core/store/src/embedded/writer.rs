//! The thread that makes batches durable.

use std::{
    mem,
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use super::{
    engine::{Engine, Rest},
    format::Upgrade,
    medium::Medium,
    queue::{Queue, Work},
    trouble::Trouble,
};
use crate::{Batch, CommitError, Done, Health, record::Expiry};

/// What the writer's thread and those who call the store share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    medium: Box<dyn Medium>,
    cache: usize,
    /// The engine, while it can be read.
    engine: RwLock<Result<Arc<Engine>, Health>>,
}

/// Sees to it that nobody waits for a thread that is no more, even one that panicked.
pub(crate) struct Abandoning<'a>(&'a Shared);

impl Shared {
    pub(crate) fn new(queue: Queue, medium: Box<dyn Medium>, cache: usize, engine: Engine) -> Self {
        queue.opened(engine.bytes());
        Self {
            queue,
            medium,
            cache,
            engine: RwLock::new(Ok(Arc::new(engine))),
        }
    }

    /// The engine, or why there is none. No lock is held while it is used: who reads may read again.
    pub(crate) fn engine(&self) -> Result<Arc<Engine>, Health> {
        self.engine
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn disk(&self) -> u64 {
        self.medium.disk()
    }

    /// Works until the queue is closed and empty.
    pub(crate) fn work(&self) {
        let _at_the_end = self.abandon_at_the_end();
        while let Some(work) = self.queue.next() {
            match work {
                Work::Commit(group) => self.commit(group),
                Work::Tend(now, done) => self.tend(now, done),
            }
        }
    }

    pub(crate) const fn abandon_at_the_end(&self) -> Abandoning<'_> {
        Abandoning(self)
    }

    fn commit(&self, group: Vec<(Batch, Done)>) {
        let writes = group.iter().flat_map(|(batch, _)| batch.writes()).collect();
        let result = self.with_engine(|engine| {
            engine.apply(writes)?;
            Ok(engine.bytes())
        });
        match result {
            Ok(live) => {
                self.queue.committed(&group, live);
                answer(group.into_iter().map(|(_, done)| done), &Ok(()));
            }
            Err(health) => self.fail(group.into_iter().map(|(_, done)| done), health),
        }
    }

    fn tend(&self, now: SystemTime, done: Done) {
        let result = self.with_engine(|engine| {
            let rest = engine.expire(Expiry::new(Some(now)))?;
            if rest == Rest::Nothing && !self.queue.health().borrow().is_good() {
                self.medium.keep_reserve()?;
                engine.probe()?;
            }
            Ok((rest, engine.bytes()))
        });
        match result {
            Ok((Rest::More, live)) => self.queue.put_off(now, done, live),
            Ok((Rest::Nothing, live)) => {
                self.queue.tended(live);
                done.answer(Ok(()));
            }
            Err(health) => self.fail([done], health),
        }
    }

    fn with_engine<T>(
        &self,
        call: impl FnOnce(&Engine) -> Result<T, Trouble>,
    ) -> Result<T, Health> {
        if self.engine().is_err() {
            self.reopen();
        }
        call(&*self.engine()?).map_err(Trouble::into_health)
    }

    /// After a failure nobody knows what of it is on the disk. So what waits behind it fails as well, lest it become durable without what came before
    /// it, and the file is opened again, which finds either all or nothing of the group.
    fn fail(&self, group: impl IntoIterator<Item = Done>, health: Health) {
        let waiting = self.queue.failed(health.clone());
        if matches!(health, Health::Full(_)) {
            self.medium.lend_reserve();
        }
        if !matches!(health, Health::Corrupt(_)) {
            self.reopen();
        }
        let refusal = health.refusal().unwrap_or(CommitError::Stopped);
        answer(group.into_iter().chain(waiting), &Err(refusal));
    }

    fn reopen(&self) {
        let mut engine = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        // The old one has the lock of the file, for as long as somebody reads it.
        drop(mem::replace(&mut *engine, Err(Health::Good)));
        let opened = Engine::open(&*self.medium, self.cache, Upgrade::Refused);
        if let Ok(opened) = &opened {
            self.queue.opened(opened.bytes());
        }
        *engine = opened.map(Arc::new).map_err(Trouble::into_health);
    }
}

impl Drop for Abandoning<'_> {
    fn drop(&mut self) {
        self.0.queue.close();
        drop(self.0.queue.drain());
    }
}

fn answer(all: impl IntoIterator<Item = Done>, result: &Result<(), CommitError>) {
    for done in all {
        done.answer(result.clone());
    }
}
