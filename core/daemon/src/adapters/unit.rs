//! One adapter, over all that have its place.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rialto_router::AdapterId;
use tokio::sync::Mutex as Turn;

use super::{FIRST_PAUSE, LONGEST_PAUSE, Standing};
use crate::{config::AdapterConfig, gateway};

/// One adapter.
pub(super) struct Unit {
    pub(super) id: AdapterId,
    /// Which of the configuration's adapters it is.
    pub(super) index: usize,
    /// Held by whoever carries out an order.
    pub(super) turn: Turn<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    standing: Standing,
    why: Option<String>,
    /// The plugin that it runs, if that is another than the configuration names.
    plugin: Option<String>,
    /// When it came up last.
    up_since: Instant,
    /// Why the canary did not arrive.
    canary: Option<String>,
    /// When it is started again, and the pause after that if it fails.
    again: Option<(Instant, Duration)>,
}

impl Unit {
    pub(super) fn new(id: AdapterId, index: usize) -> Self {
        Self {
            id,
            index,
            turn: Turn::new(()),
            state: Mutex::new(State {
                standing: Standing::Declared,
                why: None,
                plugin: None,
                up_since: gateway::now(),
                canary: None,
                again: None,
            }),
        }
    }

    /// Where it stands, and why, when it does not do better.
    pub(super) fn standing(&self) -> (Standing, Option<String>) {
        let state = self.lock();
        (state.standing, state.why.clone())
    }

    /// It has come so far; what kept it from that is over.
    pub(super) fn becomes(&self, standing: Standing) {
        let mut state = self.lock();
        state.standing = standing;
        if standing == Standing::Up {
            (state.up_since, state.canary) = (gateway::now(), None);
        }
        if standing != Standing::Starting {
            (state.why, state.again) = (None, None);
        }
    }

    /// It could not start: it will be tried again, later each time.
    pub(super) fn failed(&self, now: Instant, why: String) -> Duration {
        let mut state = self.lock();
        let pause = state.again.map_or(FIRST_PAUSE, |(_, next)| next);
        state.standing = Standing::Failed;
        state.why = Some(why);
        state.again = Some((now + pause, pause.saturating_mul(2).min(LONGEST_PAUSE)));
        pause
    }

    /// When it is to be started again.
    pub(super) fn again(&self) -> Option<Instant> {
        let state = self.lock();
        let is_failed = state.standing == Standing::Failed;
        state.again.filter(|_| is_failed).map(|(at, _)| at)
    }

    /// For how long it has been up.
    pub(super) fn up_for(&self) -> Duration {
        gateway::now().saturating_duration_since(self.lock().up_since)
    }

    /// Why the canary did not arrive; none: it did, or there is none.
    pub(super) fn canary(&self) -> Option<String> {
        self.lock().canary.clone()
    }

    pub(super) fn set_canary(&self, problem: Option<String>) {
        self.lock().canary = problem;
    }

    /// The plugin that it runs.
    pub(super) fn plugin(&self, config: &AdapterConfig) -> String {
        let other = self.lock().plugin.clone();
        other.unwrap_or_else(|| config.plugin.clone())
    }

    /// From now on it runs this one.
    pub(super) fn runs(&self, plugin: String) {
        self.lock().plugin = Some(plugin);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
