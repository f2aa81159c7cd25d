//! How a caller hears that its batch is safe.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use crate::CommitError;

/// Hears what became of batches.
///
/// Called by the thread that makes batches durable, or inside [`Store::commit`](crate::Store::commit) for a batch that is refused at once: it must not
/// wait, and the caller of `commit` must not hold a lock that it takes.
pub trait Acknowledge: Send + Sync {
    /// The batch of this ticket is safe, or has failed.
    fn acknowledge(&self, ticket: u64, result: Result<(), CommitError>);
}

/// Answers one batch, once.
///
/// Dropped without an answer, it says [`CommitError::Stopped`]: nobody waits for ever.
pub struct Done {
    to: Option<Arc<dyn Acknowledge>>,
    ticket: u64,
}

impl Done {
    /// Tells this listener, naming this ticket. Allocates nothing.
    pub fn new(to: Arc<dyn Acknowledge>, ticket: u64) -> Self {
        Self {
            to: Some(to),
            ticket,
        }
    }

    /// Calls this function.
    pub fn call(then: impl FnOnce(Result<(), CommitError>) + Send + 'static) -> Self {
        Self::new(Arc::new(Once(Mutex::new(Some(then)))), 0)
    }

    /// Tells nobody.
    pub const fn ignore() -> Self {
        Self {
            to: None,
            ticket: 0,
        }
    }

    /// Gives the answer.
    pub fn answer(mut self, result: Result<(), CommitError>) {
        self.tell(result);
    }

    /// Another with the same ticket: what an engine that answers twice would do.
    pub(crate) fn double(&self) -> Self {
        Self {
            to: self.to.clone(),
            ticket: self.ticket,
        }
    }

    /// Takes the answer back: who asked is gone.
    pub(crate) fn forget(mut self) {
        self.to = None;
    }

    /// A listener that panics must not take the store's thread with it.
    fn tell(&mut self, result: Result<(), CommitError>) {
        if let Some(to) = self.to.take() {
            let ticket = self.ticket;
            drop(catch_unwind(AssertUnwindSafe(|| {
                to.acknowledge(ticket, result);
            })));
        }
    }
}

impl Drop for Done {
    fn drop(&mut self) {
        self.tell(Err(CommitError::Stopped));
    }
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Done")
            .field("ticket", &self.ticket)
            .finish_non_exhaustive()
    }
}

struct Once<F>(Mutex<Option<F>>);

impl<F: FnOnce(Result<(), CommitError>) + Send> Acknowledge for Once<F> {
    fn acknowledge(&self, _: u64, result: Result<(), CommitError>) {
        let then = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(then) = then {
            then(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn dropped_without_an_answer_says_stopped() {
        let (sender, receiver) = mpsc::channel();
        drop(Done::call(move |result| sender.send(result).unwrap()));
        assert_eq!(receiver.try_recv(), Ok(Err(CommitError::Stopped)));
    }

    #[test]
    fn answered_is_not_answered_again_when_dropped() {
        let (sender, receiver) = mpsc::channel();
        Done::call(move |result| sender.send(result).unwrap()).answer(Ok(()));
        assert_eq!(receiver.try_recv(), Ok(Ok(())));
        assert!(receiver.try_recv().is_err());
    }

    #[test]
    fn panic_of_a_listener_stays_with_it() {
        Done::call(|_| panic!("a listener that fails")).answer(Ok(()));
    }
}
