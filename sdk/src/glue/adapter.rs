//! What an adapter's handle stands for.

use std::{
    collections::HashMap,
    ffi::c_void,
    mem::ManuallyDrop,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use tokio::runtime::{Builder, Handle, Runtime};

use super::waiting::Waiting;
use crate::{Error, Host, Plugin, Result, Tasks, log};

/// A plugin's value, once it has started, and what it runs on.
pub(super) struct Adapter<P> {
    pub(super) plugin: OnceLock<P>,
    pub(super) host: Host,
    pub(super) tasks: Tasks,
    pub(super) runtime: OwnedRuntime,
    deliveries: Mutex<HashMap<u64, Arc<Waiting>>>,
}

impl<P: Plugin> Adapter<P> {
    pub(super) fn new(host: Host, name: &str) -> Result<Self> {
        let adopter = host.clone();
        let runtime = Builder::new_multi_thread()
            .worker_threads(P::WORKERS.max(1))
            .thread_name(format!("rialto-{name}"))
            .on_thread_start(move || log::adopt(&adopter))
            .enable_all()
            .build()
            .map_err(|error| Error::temporary("cannot make a runtime").with_source(error))?;
        Ok(Self {
            plugin: OnceLock::new(),
            tasks: Tasks::new(runtime.handle().clone(), host.clone()),
            host,
            runtime: OwnedRuntime::new(runtime),
            deliveries: Mutex::default(),
        })
    }

    /// # Safety
    /// `handle` came from `start` and has not been released.
    pub(super) unsafe fn of(handle: *mut c_void) -> ManuallyDrop<Arc<Self>> {
        // SAFETY: `start` made it with `Arc::into_raw`; that count is not given up here.
        ManuallyDrop::new(unsafe { Arc::from_raw(handle.cast::<Self>()) })
    }

    /// The deliveries that wait, by ticket.
    pub(super) fn deliveries(&self) -> MutexGuard<'_, HashMap<u64, Arc<Waiting>>> {
        self.deliveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the deliveries that wait; each is answered.
    pub(super) fn cancel_deliveries(&self) {
        let waiting = std::mem::take(&mut *self.deliveries());
        waiting.values().for_each(|waiting| waiting.cancel());
    }
}

/// Dropping a runtime blocks, and panics inside a worker; this one is let go instead. Its tasks are dropped, and so
/// answered.
pub(super) struct OwnedRuntime {
    handle: Handle,
    runtime: Mutex<Option<Runtime>>,
}

impl OwnedRuntime {
    fn new(runtime: Runtime) -> Self {
        Self {
            handle: runtime.handle().clone(),
            runtime: Mutex::new(Some(runtime)),
        }
    }

    pub(super) const fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(super) fn end(&self) {
        let runtime = self
            .runtime
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(runtime) = runtime {
            runtime.shutdown_background();
        }
    }
}

impl Drop for OwnedRuntime {
    fn drop(&mut self) {
        self.end();
    }
}
