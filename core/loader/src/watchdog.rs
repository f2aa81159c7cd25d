//! Ends deliveries that no plugin answers.
//!
//! One thread, parked while nothing waits. A delivery reads no clock: its waiting counts from the first time that this thread sees it.
//! Who is told of an end is told on another thread, for that may be a plugin, and hang.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

use rialto_bridge::{
    Ticket,
    calls::{self, Owner},
};
use rialto_model::{Failure, FailureReason};

/// Who is told that its calls were late.
pub(crate) trait Watched: Send + Sync {
    /// The adapter's name.
    fn name(&self) -> &Arc<str>;
    /// Hears of a delivery that is about to be ended, unless it is answered in between. Must not block.
    fn tell_ahead(&self, _: Ticket) {}
    /// Hears of a delivery that was ended.
    fn tell_late(&self, ticket: Ticket);
}

/// How long a plugin has, beyond an operation's deadline, to say so itself.
pub(crate) const GRACE: Duration = Duration::from_millis(250);
/// How long a delivery without a deadline may take.
pub(crate) const LONGEST: Duration = Duration::from_secs(300);
/// How exact all that is.
const TICK: Duration = Duration::from_millis(50);

/// Threads that may be telling at once; what is too old then waits until one of them is done.
const MAX_TELLING: usize = 64;

static TELLING: AtomicUsize = AtomicUsize::new(0);
static ARMED: AtomicBool = AtomicBool::new(false);
static THREAD: OnceLock<Option<Thread>> = OnceLock::new();
static ADAPTERS: Mutex<Option<Adapters>> = Mutex::new(None);

/// By whose calls they are.
type Adapters = HashMap<Owner, Weak<dyn Watched>>;

/// Makes an adapter's calls watched.
pub(crate) fn watch(owner: Owner, adapter: Weak<dyn Watched>) {
    adapters().get_or_insert_default().insert(owner, adapter);
    THREAD.get_or_init(|| {
        let watching = thread::Builder::new().name("rialto-watchdog".to_owned());
        watching
            .spawn(run)
            .inspect_err(|error| tracing::error!(%error, "no thread for deadlines"))
            .ok()
            .map(|thread| thread.thread().clone())
    });
}

/// Forgets an adapter.
pub(crate) fn forget(owner: Owner) {
    if let Some(adapters) = adapters().as_mut() {
        adapters.remove(&owner);
    }
}

/// Says that a call may have to wait.
pub(crate) fn arm() {
    if !ARMED.load(Ordering::SeqCst)
        && !ARMED.swap(true, Ordering::SeqCst)
        && let Some(Some(thread)) = THREAD.get()
    {
        thread.unpark();
    }
}

fn run() {
    loop {
        if !ARMED.load(Ordering::SeqCst) {
            thread::park();
            continue;
        }
        thread::park_timeout(TICK);
        if !look() {
            ARMED.store(false, Ordering::SeqCst);
            // A call that came in between has seen the thread armed.
            if look() {
                ARMED.store(true, Ordering::SeqCst);
            }
        }
    }
}

/// Ends what is too old. False: nothing waits.
fn look() -> bool {
    #[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
    let Some(expired) = calls::expired(Instant::now()) else {
        return false;
    };
    if !expired.is_empty() {
        end_elsewhere(expired);
    }
    true
}

/// Ends the deliveries on a thread of their own. What is not ended is found again at the next look.
fn end_elsewhere(expired: Vec<(Ticket, Owner)>) {
    if TELLING.fetch_add(1, Ordering::SeqCst) >= MAX_TELLING {
        TELLING.fetch_sub(1, Ordering::SeqCst);
        return;
    }
    let named = thread::Builder::new().name("rialto-timeouts".to_owned());
    let telling = named.spawn(move || {
        end(expired);
        TELLING.fetch_sub(1, Ordering::SeqCst);
    });
    if let Err(error) = telling {
        TELLING.fetch_sub(1, Ordering::SeqCst);
        tracing::error!(%error, "no thread to end deliveries that are late");
    }
}

/// Answers all, then tells the plugins: one that hangs as it hears of it keeps nobody from an answer.
fn end(expired: Vec<(Ticket, Owner)>) {
    for (ticket, owner) in &expired {
        if let Some(adapter) = adapter(*owner) {
            adapter.tell_ahead(*ticket);
        }
    }
    let ended: Vec<_> = expired
        .into_iter()
        .filter(|(ticket, _)| answered(*ticket))
        .collect();
    ended.chunk_by(|a, b| a.1 == b.1).for_each(tell);
}

/// Whether it still waited.
fn answered(ticket: Ticket) -> bool {
    let failure =
        Failure::new(FailureReason::TimedOut).with_detail("the adapter did not answer in time");
    // A panic of whoever hears of this one must not leave all others without an answer.
    let answered = catch_unwind(AssertUnwindSafe(|| calls::answer(ticket, failure.into())));
    answered.unwrap_or_else(|payload| {
        std::mem::forget(payload); // its drop may panic as well
        tracing::error!("the gateway panicked as it heard of a delivery that timed out");
        true
    })
}

/// Tells one adapter of its deliveries.
fn tell(late: &[(Ticket, Owner)]) {
    let adapter = late.first().and_then(|(_, owner)| adapter(*owner));
    if let Some(adapter) = adapter {
        tracing::warn!(adapter.name = %adapter.name(), deliveries = late.len(), "an adapter did not answer in time");
        for (ticket, _) in late {
            adapter.tell_late(*ticket);
        }
    }
}

fn adapter(owner: Owner) -> Option<Arc<dyn Watched>> {
    adapters().as_ref()?.get(&owner)?.upgrade()
}

fn adapters() -> MutexGuard<'static, Option<Adapters>> {
    ADAPTERS.lock().unwrap_or_else(PoisonError::into_inner)
}
