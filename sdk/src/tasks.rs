//! An adapter's tasks: owned, named, joined.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rialto_bridge::answer::caught;
use tokio::runtime::Handle;
use tokio_util::{
    sync::{CancellationToken, WaitForCancellationFutureOwned},
    task::TaskTracker,
};

use crate::{Health, Host};

/// Where an adapter's tasks run: on its own runtime. When the adapter stops they are told, joined and, if late, ended.
#[derive(Clone, Debug)]
pub struct Tasks {
    runtime: Handle,
    host: Host,
    tracker: TaskTracker,
    stopping: CancellationToken,
    names: Arc<Mutex<BTreeMap<&'static str, usize>>>,
}

impl Tasks {
    pub(crate) fn new(runtime: Handle, host: Host) -> Self {
        Self {
            runtime,
            host,
            tracker: TaskTracker::new(),
            stopping: CancellationToken::new(),
            names: Arc::default(),
        }
    }

    /// Runs a task until it ends. If it panics, that is logged and the adapter is reported as degraded.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        *self.lock().entry(name).or_default() += 1;
        let named = Named {
            name,
            names: Arc::clone(&self.names),
        };
        let host = self.host.clone();
        let task = self.tracker.track_future(async move {
            if let Err(panicked) = caught(task).await {
                let failure = crate::glue::detail(&panicked);
                tracing::error!(task = name, panic = failure, "a task panicked");
                host.health(Health::Degraded(format!("task {name}: {failure}")));
            }
            drop(named);
        });
        self.runtime.spawn(task);
    }

    /// Resolves when the adapter stops; what loops waits for it too, and ends.
    pub fn stopping(&self) -> WaitForCancellationFutureOwned {
        self.stopping.clone().cancelled_owned()
    }

    /// The signal behind [`stopping`](Self::stopping), to derive one's own from.
    pub const fn stop_signal(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Whether the adapter stops.
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Tells all tasks to stop and waits for them.
    pub(crate) async fn join(&self) {
        self.stopping.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// The names of those that still run.
    pub(crate) fn running(&self) -> Vec<&'static str> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, usize>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a task among those that run.
struct Named {
    name: &'static str,
    names: Arc<Mutex<BTreeMap<&'static str, usize>>>,
}

impl Drop for Named {
    fn drop(&mut self) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = names.get_mut(self.name) {
            *count -= 1;
            if *count == 0 {
                names.remove(self.name);
            }
        }
    }
}
