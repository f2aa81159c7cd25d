//! A plugin that runs in this process, and its functions.

use std::{
    ffi::c_void,
    ptr::NonNull,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rialto_abi as abi;
use rialto_bridge::{
    Ticket,
    calls::{self, Owner},
};

use super::{host::Side, shutting_down};
use crate::{
    Library,
    claims::Reservation,
    log,
    watchdog::{self, Watched},
};

/// An adapter whose plugin runs in this process; released when it is dropped.
pub(crate) struct Inner {
    pub(super) library: Library,
    pub(super) handle: Handle,
    pub(super) side: &'static Side,
    pub(super) owner: Owner,
    pub(super) claims: Reservation,
    pub(super) stopping: AtomicBool,
    /// Whether the plugin is being told that it was late.
    pub(super) telling: AtomicBool,
}

/// What the plugin's `start` returned.
pub(super) struct Handle(pub(super) NonNull<c_void>);

// SAFETY: by contract a handle may be used from any thread.
#[expect(unsafe_code, reason = "raw pointers are not, and this one may be")]
unsafe impl Send for Handle {}
// SAFETY: and from several at once.
#[expect(unsafe_code, reason = "raw pointers are not, and this one may be")]
unsafe impl Sync for Handle {}

impl Inner {
    pub(super) fn table(&self) -> &abi::Plugin {
        self.library.table()
    }

    #[expect(unsafe_code, reason = "calls the plugin")]
    pub(super) fn set_level(&self, level: tracing::Level) {
        if let Some(set_level) = self.table().set_level {
            // SAFETY: the table's function, with its own handle.
            unsafe { set_level(self.handle.0.as_ptr(), log::number(level)) }
        }
    }

    /// `operation` is what a view lends.
    #[expect(unsafe_code, reason = "calls the plugin")]
    pub(super) fn deliver(&self, operation: &abi::Operation, ticket: Ticket) {
        let stopping = self.stopping.load(Ordering::Acquire);
        let Some(deliver) = self.table().deliver.filter(|_| !stopping) else {
            calls::answer(ticket, shutting_down());
            return;
        };
        // SAFETY: the table's function, with its own handle; the caller's view outlives the call.
        unsafe { deliver(self.handle.0.as_ptr(), operation, ticket.completion()) }
    }

    #[expect(unsafe_code, reason = "calls the plugin")]
    pub(super) fn tell_cancelled(&self, ticket: Ticket) {
        if let Some(cancel) = self.table().cancel {
            // SAFETY: the table's function, with its own handle.
            unsafe { cancel(self.handle.0.as_ptr(), ticket.number()) }
        }
    }
}

impl Watched for Inner {
    fn name(&self) -> &Arc<str> {
        self.side.name()
    }

    /// Unless it is still busy with hearing of another: it may hang.
    fn tell_late(&self, ticket: Ticket) {
        if !self.telling.swap(true, Ordering::AcqRel) {
            self.tell_cancelled(ticket);
            self.telling.store(false, Ordering::Release);
        }
    }
}

impl Drop for Inner {
    #[expect(unsafe_code, reason = "calls the plugin")]
    fn drop(&mut self) {
        watchdog::forget(self.owner);
        calls::fail_all(self.owner, &shutting_down());
        if let Some(release) = self.table().release {
            // SAFETY: the last use of the handle: nobody borrows `self` any more.
            unsafe { release(self.handle.0.as_ptr()) }
        }
    }
}
