//! The end of an adapter's work.

use std::{
    ffi::c_void,
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use rialto_abi as abi;
use rialto_bridge::{
    Legacy, Outcome,
    calls::{self, Subject},
    response::milliseconds,
};
use rialto_model::{Failure, FailureReason, ResponseStatus};
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

/// A function of the table that ends an adapter's work.
type Ending = unsafe extern "C" fn(*mut c_void, *const abi::Stop, abi::Completion);

impl Adapter {
    /// Has the adapter end what its network has begun with it, where another has its place; what it submits is taken as ever. Returns when that is done, or the plugin
    /// cannot say so, or after the limit; `stop` is still to come.
    pub async fn make_way(&self, limit: Duration) -> Result<(), Failure> {
        let ended = match &self.place {
            Place::Here(inner) => inner.make_way(limit).await,
            Place::Child(remote) => remote.make_way(limit).await,
        };
        ended.map_err(|unended| match unended {
            Unended::Failed(failure) => failure,
            Unended::Late => Failure::new(FailureReason::TimedOut)
                .with_detail("`make_way` was not answered in time"),
        })
    }

    /// Ends the adapter's work. From now on deliveries are answered with `ShuttingDown`; those that still wait when this ends
    /// are too.
    pub async fn stop(&self, limit: Duration) -> Result<(), StopError> {
        let stopped = match &self.place {
            Place::Here(inner) => inner.stop(limit, 0).await,
            Place::Child(remote) => remote.stop(limit).await,
        };
        stopped.map_err(|unended| self.not_stopped(unended, limit))
    }

    /// Whether it can [leave](Self::leave) something: it runs in this process, and says so.
    pub fn can_leave(&self) -> bool {
        matches!(self.place, Place::Here(_)) && self.manifest().succeeds()
    }

    /// Ends the adapter's work as [`stop`](Self::stop) does, and takes what it leaves to the version that follows.
    pub async fn leave(&self, limit: Duration) -> (Result<(), StopError>, Option<Legacy>) {
        let Place::Here(inner) = &self.place else {
            return (self.stop(limit).await, None);
        };
        inner.side.ask_legacy();
        let stopped = inner.stop(limit, abi::STOP_LEAVING).await;
        let stopped = stopped.map_err(|unended| self.not_stopped(unended, limit));
        (stopped, inner.side.take_legacy())
    }

    fn not_stopped(&self, unended: Unended, limit: Duration) -> StopError {
        let adapter = Arc::clone(self.name());
        match unended {
            Unended::Failed(failure) => StopError::Failed { adapter, failure },
            Unended::Late => StopError::TimedOut { adapter, limit },
        }
    }
}

/// Why a plugin has not ended its work.
#[derive(Debug)]
pub(crate) enum Unended {
    /// It did not answer.
    Late,
    /// It says that it failed.
    Failed(Failure),
}

impl Unended {
    /// Waits until the plugin says how it has ended, and a little longer than the limit that it was given.
    pub(crate) async fn unless(
        ended: impl Future<Output = Outcome>,
        limit: Duration,
    ) -> Result<(), Self> {
        match timeout(limit.saturating_add(watchdog::GRACE), ended).await {
            Err(_) => Err(Self::Late),
            Ok(outcome) => match outcome.status {
                ResponseStatus::Failure(failure) => Err(Self::Failed(failure)),
                _ => Ok(()),
            },
        }
    }
}

impl Inner {
    async fn make_way(self: &Arc<Self>, limit: Duration) -> Result<(), Unended> {
        match self.table().make_way {
            Some(make_way) => self.end(make_way, limit, 0).await,
            None => Ok(()),
        }
    }

    async fn stop(self: &Arc<Self>, limit: Duration, flags: u64) -> Result<(), Unended> {
        self.stopping.store(true, Ordering::Release);
        let stopped = match self.table().stop {
            Some(stop) => self.end(stop, limit, flags).await,
            None => Ok(()),
        };
        calls::fail_all(self.owner, &shutting_down());
        stopped
    }

    async fn end(
        self: &Arc<Self>,
        ending: Ending,
        limit: Duration,
        flags: u64,
    ) -> Result<(), Unended> {
        let name = self.side.name();
        let pending = calls::open(Subject::lifecycle(self.owner));
        let (this, ticket) = (Arc::clone(self), pending.ticket());
        // On a thread of its own: nobody knows how long the call takes. While it runs it keeps the adapter from being released.
        let named = thread::Builder::new().name(format!("stop-{name}"));
        let spawned = named.spawn(move || {
            let within = abi::Stop {
                size: size_of::<abi::Stop>() as u32,
                reserved: 0,
                deadline_ms: milliseconds(limit),
                flags,
            };
            if let Some(ticket) = ticket {
                let handle = this.handle.0.as_ptr();
                // SAFETY: the table's function, with its own handle; `within` outlives the call.
                #[expect(unsafe_code, reason = "calls the plugin")]
                unsafe {
                    ending(handle, &raw const within, ticket.completion());
                }
            }
        });
        if let Err(error) = spawned {
            tracing::error!(adapter.name = %name, %error, "no thread to stop an adapter");
        }
        Unended::unless(pending, limit).await
    }
}
