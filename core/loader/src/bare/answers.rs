//! Calls that wait for answers, and every answer that came.

use std::{
    collections::HashMap,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rialto_abi as abi;
use rialto_bridge::{Outcome, response};
use rialto_model::TransactionId;

/// A call of a plugin's function that is to be answered once. Dropped, nobody waits any more.
#[derive(Debug)]
pub struct Call {
    ticket: u64,
}

/// The answers to a call, up to now.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Answered {
    /// How many.
    pub count: u32,
    /// The first one, or what is wrong with it.
    pub first: Option<Result<Outcome, String>>,
}

#[derive(Debug)]
struct Open {
    expected: Option<TransactionId>,
    answered: Answered,
}

type Table = HashMap<u64, Open>;

static OPEN: Mutex<Option<Table>> = Mutex::new(None);
static CHANGED: Condvar = Condvar::new();
static TICKETS: AtomicU64 = AtomicU64::new(1);

impl Call {
    pub(super) fn open(expected: Option<TransactionId>) -> Self {
        let ticket = TICKETS.fetch_add(1, Ordering::Relaxed);
        let open = Open {
            expected,
            answered: Answered::default(),
        };
        lock().get_or_insert_default().insert(ticket, open);
        Self { ticket }
    }

    pub(super) fn completion(&self) -> abi::Completion {
        abi::Completion {
            ticket: self.ticket,
            complete: Some(complete),
        }
    }

    /// The plugin's name for the call.
    pub const fn ticket(&self) -> u64 {
        self.ticket
    }

    /// What came up to now.
    pub fn answered(&self) -> Answered {
        self.look(&lock())
    }

    /// Waits for the first answer, at most so long; says what came.
    pub fn wait(&self, limit: Duration) -> Answered {
        #[expect(clippy::disallowed_methods, reason = "waits for what others do")]
        let end = Instant::now().checked_add(limit);
        let mut open = lock();
        loop {
            let answered = self.look(&open);
            #[expect(clippy::disallowed_methods, reason = "waits for what others do")]
            let left = end.map_or(limit, |end| end.saturating_duration_since(Instant::now()));
            if answered.count > 0 || left.is_zero() {
                return answered;
            }
            let waited = CHANGED.wait_timeout(open, left);
            open = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn look(&self, open: &Option<Table>) -> Answered {
        let own = open.as_ref().and_then(|open| open.get(&self.ticket));
        own.map_or_else(Answered::default, |own| own.answered.clone())
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let Some(open) = lock().as_mut() {
            open.remove(&self.ticket);
        }
    }
}

fn lock() -> MutexGuard<'static, Option<Table>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// # Safety
/// As the contract has it for answers.
unsafe extern "C" fn complete(ticket: u64, answer: *const abi::Response) -> u32 {
    let mut all = lock();
    let Some(open) = all.as_mut().and_then(|open| open.get_mut(&ticket)) else {
        return abi::STALE;
    };
    open.answered.count = open.answered.count.saturating_add(1);
    if open.answered.first.is_some() {
        return abi::STALE;
    }
    // SAFETY: the caller's promise.
    let outcome = unsafe { response::outcome(answer, open.expected.as_ref()) };
    open.answered.first = Some(outcome.map_err(|error| error.to_string()));
    drop(all);
    CHANGED.notify_all();
    abi::ACCEPTED
}
