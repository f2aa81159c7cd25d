//! What an adapter and the thread that watches its processes share.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rialto_model::{Failure, FailureReason};
use tracing::Level;

use super::{frame::Kind, life::now, link::Link};
use crate::log;

/// What the thread and the adapter share.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    released: Condvar,
}

#[derive(Debug)]
pub(super) struct State {
    /// The process that there is, started or not.
    link: Option<Arc<Link>>,
    /// Why nothing can be delivered; `None`: it can.
    down: Option<Failure>,
    pub(super) level: Level,
    pub(super) released_since: Option<Instant>,
    /// There will be no other process after this one.
    pub(super) is_last: bool,
    pub(super) process: Option<u32>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                link: None,
                down: Some(Failure::new(FailureReason::Unreachable)),
                level: Level::ERROR,
                released_since: None,
                is_last: false,
                process: None,
            }),
            released: Condvar::new(),
        }
    }

    /// The process that can be delivered to, or why there is none.
    pub(super) fn link(&self) -> Result<Arc<Link>, Failure> {
        let state = self.lock();
        match (&state.down, &state.link) {
            (None, Some(link)) => Ok(Arc::clone(link)),
            (Some(failure), _) => Err(failure.clone()),
            (None, None) => Err(Failure::new(FailureReason::Unreachable)),
        }
    }

    pub(super) fn process(&self) -> Option<u32> {
        self.lock().process
    }

    pub(super) fn set_level(&self, level: Level) {
        let link = {
            let mut state = self.lock();
            state.level = level;
            state.link.clone()
        };
        if let Some(link) = link {
            link.say(Kind::Level, 0, |frame| {
                frame.number(log::number(level).into());
            });
        }
    }

    /// Lets the process leave; there will be no other.
    pub(super) fn release(&self) {
        let link = {
            let mut state = self.lock();
            state.released_since.get_or_insert_with(now);
            state.is_last = true;
            state.link.clone()
        };
        if let Some(link) = link {
            link.say(Kind::Release, 0, |_| {});
        }
        self.released.notify_all();
    }

    /// There will be no other process when this one ends.
    pub(super) fn make_last(&self) {
        self.lock().is_last = true;
        self.released.notify_all();
    }

    pub(super) fn attach(&self, link: &Arc<Link>, process: u32) -> Level {
        let mut state = self.lock();
        state.link = Some(Arc::clone(link));
        state.process = Some(process);
        if state.released_since.is_some() {
            drop(state);
            self.release();
            state = self.lock();
        }
        state.level
    }

    pub(super) fn up(&self) {
        self.lock().down = None;
    }

    pub(super) fn detach(&self, why: Failure) {
        let mut state = self.lock();
        state.down = Some(why);
        (state.link, state.process) = (None, None);
    }

    pub(super) fn wait_for_last(&self, pause: Duration) -> bool {
        let state = self.lock();
        let waited = self
            .released
            .wait_timeout_while(state, pause, |state| !state.is_last);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.is_last
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
