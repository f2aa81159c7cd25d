//! Starting an adapter.
#![expect(unsafe_code, reason = "calls the plugin")]

use std::{
    ffi::c_void,
    ptr::NonNull,
    sync::{Arc, atomic::AtomicBool},
    thread,
    time::Duration,
};

use rialto_abi as abi;
use rialto_bridge::{
    Legacy, Ticket,
    calls::{self, Owner, Subject},
    read::lend,
};
use rialto_model::{Failure, FailureReason, Origin, ResponseStatus};
use tokio::{sync::oneshot, time::timeout};

use super::{Adapter, AdapterId, Handle, Inner, Place, host::Side};
use crate::{
    Gateway, Library, LoadError,
    claims::Reservation,
    log,
    watchdog::{self, Watched},
};

/// A library that is opened in this process, and what an adapter of it starts with.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) name: Arc<str>,
    pub(crate) library: Library,
    pub(crate) config: String,
    /// Bits: `START_…`
    pub(crate) flags: u64,
    /// What an earlier version has left.
    pub(crate) legacy: Option<Legacy>,
}

impl Adapter {
    pub(crate) async fn start(
        opened: Opened,
        claims: Reservation,
        id: AdapterId,
        gateway: Arc<dyn Gateway>,
        level: tracing::Level,
        limit: Duration,
    ) -> Result<Self, LoadError> {
        let name = Arc::clone(&opened.name);
        let failed = |failure: Failure| match failure.origin() {
            Origin::Operator => LoadError::Configuration {
                adapter: Arc::clone(&name),
                problem: failure.detail().to_owned(),
            },
            _ => LoadError::Start {
                adapter: Arc::clone(&name),
                failure,
            },
        };
        let side = Side::leak(id, Arc::clone(&name), gateway);
        let owner = Owner::unique();
        let pending = calls::open(Subject::lifecycle(owner));
        let (sender, receiver) = oneshot::channel();
        if let Some(ticket) = pending.ticket() {
            let beginning = Beginning {
                library: opened.library.clone(),
                config: opened.config,
                flags: opened.flags,
                legacy: opened.legacy,
                host: side.table(),
                name: Arc::clone(&name),
                level: log::number(level),
                ticket,
            };
            beginning.spawn(sender).map_err(failed)?;
        }
        // The call returns, and the plugin answers: in this order or the other.
        let both = async { (receiver.await, pending.await.status) };
        let (begun, status) = timeout(limit, both)
            .await
            .map_err(|_| LoadError::StartTimedOut {
                adapter: Arc::clone(&name),
                limit,
            })?;
        let handle = begun.ok().and_then(Begun::into_handle);
        let inner = |handle| Inner {
            library: opened.library,
            handle,
            side,
            owner,
            claims,
            stopping: AtomicBool::new(false),
            telling: AtomicBool::new(false),
        };
        let inner = handle.map(inner); // released when it is dropped
        match (status, inner) {
            (ResponseStatus::Failure(failure), _) => Err(failed(failure)),
            (_, None) => Err(failed(
                Failure::new(FailureReason::Internal)
                    .with_detail("the plugin started, but gave no handle"),
            )),
            (_, Some(inner)) => {
                let inner = Arc::new(inner);
                let watched: Arc<dyn Watched> = inner.clone();
                watchdog::watch(owner, Arc::downgrade(&watched));
                Ok(Self {
                    place: Place::Here(inner),
                })
            }
        }
    }
}

/// The call of `start`, on a thread of its own: nobody knows how long it takes.
struct Beginning {
    library: Library,
    config: String,
    flags: u64,
    legacy: Option<Legacy>,
    host: abi::Host,
    name: Arc<str>,
    level: u32,
    ticket: Ticket,
}

impl Beginning {
    fn spawn(self, sender: oneshot::Sender<Begun>) -> Result<(), Failure> {
        let named = thread::Builder::new().name(format!("start-{}", self.name));
        // What is not waited for any more is released as it is dropped.
        let thread = named.spawn(move || drop(sender.send(self.begin())));
        thread.map(drop).map_err(|error| {
            Failure::new(FailureReason::Internal)
                .with_origin(Origin::Host)
                .with_detail(format!("no thread to start it: {error}"))
        })
    }

    fn begin(mut self) -> Begun {
        let mut begun = None;
        match self.legacy.take() {
            // From the call on it is the plugin's.
            Some(legacy) => legacy.offer(|legacy| {
                begun = Some(self.call(legacy));
                true
            }),
            None => begun = Some(self.call(std::ptr::null())),
        }
        Begun {
            library: self.library,
            handle: begun.flatten(),
        }
    }

    fn call(&self, legacy: *const abi::Legacy) -> Option<NonNull<c_void>> {
        let host: &'static abi::Host = Box::leak(Box::new(self.host)); // may be kept, by contract
        let start = abi::Start {
            size: size_of::<abi::Start>() as u32,
            level: self.level,
            adapter: lend(self.name.as_bytes()),
            config: lend(self.config.as_bytes()),
            host,
            flags: self.flags,
            legacy,
        };
        let completion = self.ticket.completion();
        let begin = self.library.table().start;
        // SAFETY: the table's function, called as the contract says; all arguments outlive the call.
        let handle = begin.map(|begin| unsafe { begin(&raw const start, completion) });
        handle.and_then(NonNull::new)
    }
}

/// A handle that is released unless it is taken.
struct Begun {
    library: Library,
    handle: Option<NonNull<c_void>>,
}

// SAFETY: by contract a handle may be used from any thread.
unsafe impl Send for Begun {}

impl Begun {
    fn into_handle(mut self) -> Option<Handle> {
        self.handle.take().map(Handle)
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let (Some(handle), Some(release)) = (self.handle.take(), self.library.table().release) {
            // SAFETY: the last use of a handle that nobody else has.
            unsafe { release(handle.as_ptr()) }
        }
    }
}
