//! Stopping an adapter.

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use rialto_abi as abi;
use rialto_bridge::{
    calls::{self, Subject},
    response::milliseconds,
};
use rialto_model::{Failure, ResponseStatus};
use thiserror::Error;
use tokio::time::timeout;

use super::{Adapter, Inner, Place, shutting_down};
use crate::watchdog;

/// Why an adapter did not stop as it should; it takes no operations any more all the same.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StopError {
    /// The plugin did not answer.
    #[error("adapter {adapter} did not stop within {limit:?}")]
    TimedOut {
        /// The adapter.
        adapter: Arc<str>,
        /// The limit.
        limit: Duration,
    },
    /// The plugin says that it failed.
    #[error("adapter {adapter} did not stop: {failure}")]
    Failed {
        /// The adapter.
        adapter: Arc<str>,
        /// Why.
        failure: Failure,
    },
}

impl Adapter {
    /// Ends the adapter's work. From now on deliveries are answered with `ShuttingDown`; those that still wait when this ends
    /// are too.
    pub async fn stop(&self, limit: Duration) -> Result<(), StopError> {
        match &self.place {
            Place::Here(inner) => Inner::stop(inner, limit).await,
            Place::Child(remote) => remote.stop(limit).await,
        }
    }
}

impl Inner {
    async fn stop(self: &Arc<Self>, limit: Duration) -> Result<(), StopError> {
        self.stopping.store(true, Ordering::Release);
        let stopped = self.call_stop(limit).await;
        calls::fail_all(self.owner, &shutting_down());
        stopped
    }

    async fn call_stop(self: &Arc<Self>, limit: Duration) -> Result<(), StopError> {
        let name = self.side.name();
        let late = |_| StopError::TimedOut {
            adapter: Arc::clone(name),
            limit,
        };
        let pending = calls::open(Subject::lifecycle(self.owner));
        let (this, ticket) = (Arc::clone(self), pending.ticket());
        // On a thread of its own: nobody knows how long the call takes. While it runs it keeps the adapter from being released.
        let named = thread::Builder::new().name(format!("stop-{name}"));
        let spawned = named.spawn(move || {
            let stop = abi::Stop {
                size: size_of::<abi::Stop>() as u32,
                reserved: 0,
                deadline_ms: milliseconds(limit),
            };
            if let (Some(call), Some(ticket)) = (this.table().stop, ticket) {
                let handle = this.handle.0.as_ptr();
                // SAFETY: the table's function, with its own handle; `stop` outlives the call.
                #[expect(unsafe_code, reason = "calls the plugin")]
                unsafe {
                    call(handle, &raw const stop, ticket.completion());
                }
            }
        });
        if let Err(error) = spawned {
            tracing::error!(adapter.name = %name, %error, "no thread to stop an adapter");
        }
        match timeout(limit.saturating_add(watchdog::GRACE), pending)
            .await
            .map_err(late)?
            .status
        {
            ResponseStatus::Failure(failure) => Err(StopError::Failed {
                adapter: Arc::clone(name),
                failure,
            }),
            _ => Ok(()),
        }
    }
}
