//! Subscriptions without sockets, and without a clock: the gateway's own, and those that devices share.

mod legs;
mod sharing;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use self::{
    legs::{Asking, Heard, Legs},
    sharing::{Found, Pair, Sharing},
};

/// One for all threads. A panic does no harm to it: whatever it knows may be lost at any time.
#[derive(Debug)]
pub(crate) struct Locked<T>(Arc<Mutex<T>>);

impl<T> Locked<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self(Arc::new(Mutex::new(inner)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Locked<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
