//! What an adapter is given when it starts.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{Host, Legacy, Succession, Tasks};

/// What an adapter is given when it starts: all that it may use of the gateway.
#[derive(Clone)]
#[non_exhaustive]
pub struct Context<C> {
    /// The adapter's name: its section of the configuration.
    pub adapter: String,
    /// Its configuration, checked.
    pub config: C,
    /// The gateway.
    pub host: Host,
    /// Where its tasks run.
    pub tasks: Tasks,
    /// Whether an earlier version of it runs, and has what this one claims.
    pub succession: Succession,
    legacy: Arc<Mutex<Option<Legacy>>>,
}

impl<C> Context<C> {
    pub(crate) fn new(
        adapter: String,
        config: C,
        host: Host,
        tasks: Tasks,
        succession: Succession,
    ) -> Self {
        Self {
            adapter,
            config,
            host,
            tasks,
            succession,
            legacy: Arc::default(),
        }
    }

    pub(crate) fn with_legacy(self, legacy: Option<Legacy>) -> Self {
        Self {
            legacy: Arc::new(Mutex::new(legacy)),
            ..self
        }
    }

    /// Takes what an earlier version of the adapter has [left](crate::Plugin::leave), if one has; what is not taken is closed with the last clone.
    pub fn take_legacy(&self) -> Option<Legacy> {
        let mut legacy = self.legacy.lock().unwrap_or_else(PoisonError::into_inner);
        legacy.take()
    }
}

/// Leaves the configuration out: it may hold secrets.
impl<C> fmt::Debug for Context<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("adapter", &self.adapter)
            .finish_non_exhaustive()
    }
}
