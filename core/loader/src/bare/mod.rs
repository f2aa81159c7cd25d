//! A plugin's functions, called one by one: for who tries whether it keeps the contract.
//!
//! An [`Adapter`](crate::Adapter) hides what a plugin does wrong: it answers for what is late, refuses second answers, hands on nothing malformed.
//! Here nothing is hidden, and nothing is mended. What is tried may end the process; so do this in one of your own.
#![expect(unsafe_code, reason = "calls the plugin")]

mod answers;
mod host;
mod shape;

use std::{ffi::c_void, ptr::NonNull, sync::Arc, time::Duration};

use rialto_abi as abi;
use rialto_bridge::{operation::Operation, read::lend, response::milliseconds};

use crate::{Claim, Library, LoadError};

pub use answers::{Answered, Call};
pub use host::{Conduct, Heard};
pub use shape::Shape;

/// An adapter without a gateway around it. Dropped, it is released.
#[derive(Debug)]
pub struct Bare {
    library: Library,
    handle: Option<Handle>,
    host: &'static host::Recorder,
}

/// What the plugin's `start` returned.
#[derive(Clone, Copy, Debug)]
struct Handle(NonNull<c_void>);

// SAFETY: by contract a handle may be used from any thread.
unsafe impl Send for Handle {}
// SAFETY: and from several at once.
unsafe impl Sync for Handle {}

impl Bare {
    /// Has the plugin check a configuration, as the gateway does.
    pub fn claims(library: &Library, config: &str) -> Result<Vec<Claim>, LoadError> {
        library.claims(&Arc::from("battery"), config)
    }

    /// Whether the plugin has a function that checks configurations; without one, `start` does.
    pub fn checks_configurations(library: &Library) -> bool {
        library.table().claims.is_some()
    }

    /// Calls `start`, with structs of this shape. The call says when the adapter is ready.
    pub fn start(library: &Library, config: &str, shape: Shape) -> (Self, Call) {
        let host = host::Recorder::leak();
        let table = Box::leak(Box::new(shape.of(host.table()))); // may be kept, by contract
        let start = shape.of(abi::Start {
            size: size_of::<abi::Start>() as u32,
            level: abi::LEVEL_TRACE,
            adapter: lend(b"battery"),
            config: lend(config.as_bytes()),
            host: table.as_ptr(),
            flags: 0,
            legacy: std::ptr::null(),
        });
        let call = Call::open(None);
        // SAFETY: the table's function, called as the contract says; all arguments outlive the call.
        let handle = (library.table().start)
            .map(|begin| unsafe { begin(start.as_ptr(), call.completion()) });
        let bare = Self {
            library: library.clone(),
            handle: handle.and_then(NonNull::new).map(Handle),
            host,
        };
        (bare, call)
    }

    /// Whether `start` has returned a handle.
    pub const fn has_handle(&self) -> bool {
        self.handle.is_some()
    }

    /// Calls `deliver`, with an operation of this shape.
    pub fn deliver(&self, operation: &Operation, shape: Shape) -> Call {
        let call = Call::open(Some(*operation.transaction_id()));
        if let (Some(deliver), Some(handle)) = (self.library.table().deliver, self.handle) {
            operation.lend(|raw| {
                let mut raw = *raw;
                if let Shape::Kind(kind) = shape {
                    raw.kind = kind;
                }
                let shaped = shape.of(raw);
                // SAFETY: the table's function, with its own handle; all arguments outlive the call.
                unsafe { deliver(handle.0.as_ptr(), shaped.as_ptr(), call.completion()) }
            });
        }
        call
    }

    /// Calls `cancel` for a call, if the plugin has that.
    pub fn cancel(&self, call: &Call) {
        self.cancel_ticket(call.ticket());
    }

    /// Calls `cancel` for a ticket that may mean nothing to the plugin.
    pub fn cancel_ticket(&self, ticket: u64) {
        if let (Some(cancel), Some(handle)) = (self.library.table().cancel, self.handle) {
            // SAFETY: the table's function, with its own handle.
            unsafe { cancel(handle.0.as_ptr(), ticket) }
        }
    }

    /// Calls `set_level`, if the plugin has that.
    pub fn set_level(&self, level: u32) {
        if let (Some(set_level), Some(handle)) = (self.library.table().set_level, self.handle) {
            // SAFETY: the table's function, with its own handle.
            unsafe { set_level(handle.0.as_ptr(), level) }
        }
    }

    /// Calls `make_way`, if the plugin has that. The call says when the adapter has made way.
    pub fn make_way(&self, limit: Duration) -> Option<Call> {
        let make_way = self.library.table().make_way?;
        let call = Call::open(None);
        let within = Shape::Own.of(end_within(limit));
        if let Some(handle) = self.handle {
            // SAFETY: the table's function, with its own handle; all arguments outlive the call.
            unsafe { make_way(handle.0.as_ptr(), within.as_ptr(), call.completion()) }
        }
        Some(call)
    }

    /// Calls `stop`, with a struct of this shape. The call says when the adapter has stopped.
    pub fn stop(&self, limit: Duration, shape: Shape) -> Call {
        let call = Call::open(None);
        let arguments = shape.of(end_within(limit));
        if let (Some(stop), Some(handle)) = (self.library.table().stop, self.handle) {
            // SAFETY: the table's function, with its own handle; all arguments outlive the call.
            unsafe { stop(handle.0.as_ptr(), arguments.as_ptr(), call.completion()) }
        }
        call
    }

    /// Says how the gateway answers what is submitted from now on.
    pub fn conduct(&self, conduct: Conduct) {
        self.host.conduct(conduct);
    }

    /// What the plugin has said up to now.
    pub fn heard(&self) -> Heard {
        self.host.heard()
    }
}

const fn end_within(limit: Duration) -> abi::Stop {
    abi::Stop {
        size: size_of::<abi::Stop>() as u32,
        reserved: 0,
        deadline_ms: milliseconds(limit),
        flags: 0,
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        if let (Some(handle), Some(release)) = (self.handle.take(), self.library.table().release) {
            // SAFETY: the last use of a handle that nobody else has.
            unsafe { release(handle.0.as_ptr()) }
        }
    }
}
