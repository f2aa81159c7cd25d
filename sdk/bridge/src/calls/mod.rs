//! The caller's side: calls that wait for their completion.
//!
//! A ticket is the number of a slot and the slot's generation. Slots are never freed and a generation is used once, so a
//! completion that comes twice, late, or after the caller has gone finds a newer generation and is refused. A caller
//! that goes frees its slot at once: a callee that never answers leaks nothing.

mod pending;
mod slots;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use rialto_abi as abi;
use rialto_model::{Origin, Responder, Response, ResponseStatus, TransactionId};

pub use pending::Pending;
pub use slots::made;
use slots::{Phase, Waiter};

use crate::{Outcome, response};

/// What stands for a limit beyond what a clock can say.
const FAR: Duration = Duration::from_secs(86_400 * 365);

/// Takes answers without a task: what the caller names when it opens a call with [`open_with`].
pub trait Answered: Send + Sync {
    /// Takes the one answer of the call that was opened with this `token`; on whatever thread it comes.
    fn answered(&self, token: u64, response: Response);
}

/// Names a call in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(u64);

/// Names who opened a call, for [`fail_all`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner(u64);

/// What a call is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    owner: Owner,
    transaction_id: Option<&'a TransactionId>,
    limit: Option<Duration>,
}

impl Owner {
    /// Makes a name that nobody has.
    pub fn unique() -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl<'a> Subject<'a> {
    /// A call that is no operation: to start, to stop.
    pub const fn lifecycle(owner: Owner) -> Self {
        Self {
            owner,
            transaction_id: None,
            limit: None,
        }
    }

    /// An operation; an answer that carries another identifier is refused.
    pub const fn operation(owner: Owner, transaction_id: &'a TransactionId) -> Self {
        Self {
            owner,
            transaction_id: Some(transaction_id),
            limit: None,
        }
    }

    /// Makes the call end when [`expired`] finds it older than this.
    pub const fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }
}

impl Ticket {
    /// What to hand to the callee, once.
    pub const fn completion(self) -> abi::Completion {
        abi::Completion {
            ticket: self.0,
            complete: Some(complete),
        }
    }

    /// The number that crosses.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The ticket with that number; whether it was ever issued shows when it is used.
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }
}

/// Opens a call to be awaited.
pub fn open(subject: Subject<'_>) -> Pending {
    Pending::new(slots::occupy(subject, Waiter::Task(None)))
}

/// Opens a call whose answer goes to `to`, with `token`.
pub fn open_with(subject: Subject<'_>, to: &'static dyn Answered, token: u64) -> Ticket {
    slots::occupy(subject, Waiter::Callback { to, token })
}

/// Opens a call whose answer `then` takes, on whatever thread it comes; a panic in it ends there.
pub fn open_then(subject: Subject<'_>, then: impl FnOnce(Outcome) + Send + 'static) -> Ticket {
    slots::occupy(subject, Waiter::Once(Box::new(then)))
}

/// Ends a call that nobody waits for any more: it gets no answer. False: it has had one.
pub fn abandon(ticket: Ticket) -> bool {
    slots::end(ticket, |phase| matches!(phase, Phase::Waiting(_))).is_some()
}

/// Answers a call. False: no such call waits.
pub fn answer(ticket: Ticket, status: ResponseStatus) -> bool {
    answer_with(ticket, |_| status.into())
}

/// Answers a call if it is one of `owner`'s: for tickets that come from somebody who may invent them. False: no such call waits.
pub fn answer_of(owner: Owner, ticket: Ticket, outcome: impl FnOnce() -> Outcome) -> bool {
    let is_its = slots::lock_call(ticket).is_some_and(|call| call.owner == Some(owner));
    // In between it may have been answered, and then the ticket is stale; it never becomes another's.
    is_its && answer_with(ticket, |_| outcome())
}

/// Whether a call waits for its answer.
pub fn is_waiting(ticket: Ticket) -> bool {
    slots::lock_call(ticket).is_some_and(|call| call.is_waiting())
}

/// Answers every waiting call of `owner`; how many there were.
pub fn fail_all(owner: Owner, status: &ResponseStatus) -> usize {
    slots::find(|call| call.owner == Some(owner) && call.is_waiting())
        .into_iter()
        .filter(|(ticket, _)| answer(*ticket, status.clone()))
        .count()
}

/// How many calls of `owner` wait for their answer. Looks at every call there is.
pub fn waiting_of(owner: Owner) -> usize {
    slots::find(|call| call.owner == Some(owner) && call.is_waiting()).len()
}

/// Finds the calls that have waited longer than their limit, as tickets and owners. Their waiting counts from the first
/// time that this sees them, so that opening a call reads no clock. `None`: no call with a limit waits.
pub fn expired(now: Instant) -> Option<Vec<(Ticket, Owner)>> {
    let mut waits = false;
    let found = slots::find(|call| {
        let Some(limit) = call.limit.filter(|_| call.is_waiting()) else {
            return false;
        };
        waits = true;
        let ends = now.checked_add(limit).unwrap_or(now + FAR);
        *call.ends.get_or_insert(ends) <= now
    });
    waits.then(|| {
        found
            .into_iter()
            .filter_map(|(ticket, owner)| Some((ticket, owner?)))
            .collect()
    })
}

fn answer_with(ticket: Ticket, outcome: impl FnOnce(Option<&TransactionId>) -> Outcome) -> bool {
    let Some(mut call) = slots::lock_call(ticket) else {
        return false;
    };
    let transaction_id = call.transaction_id;
    match std::mem::replace(&mut call.phase, Phase::Free) {
        Phase::Waiting(Waiter::Task(waker)) => {
            call.phase = Phase::Done(outcome(transaction_id.as_ref()));
            drop(call);
            if let Some(waker) = waker {
                waker.wake();
            }
            true
        }
        Phase::Waiting(Waiter::Callback { to, token }) => {
            call.close();
            drop(call);
            slots::give_back(ticket);
            let outcome = outcome(transaction_id.as_ref());
            if let Some(transaction_id) = transaction_id {
                to.answered(token, outcome.respond(Responder::resume(transaction_id)));
            }
            true
        }
        Phase::Waiting(Waiter::Once(then)) => {
            call.close();
            drop(call);
            slots::give_back(ticket);
            then(outcome(transaction_id.as_ref()));
            true
        }
        done => {
            call.phase = done;
            false
        }
    }
}

/// The one function that answers all calls of this image.
///
/// # Safety
/// `response` follows the contract. Any ticket is fine.
#[expect(unsafe_code, reason = "is called from the other side")]
unsafe extern "C" fn complete(ticket: u64, response: *const abi::Response) -> u32 {
    let ticket = Ticket(ticket);
    let accepted = catch_unwind(AssertUnwindSafe(|| {
        answer_with(ticket, |expected| {
            // SAFETY: the caller's promise.
            unsafe { response::outcome(response, expected) }
                .unwrap_or_else(|error| response::malformed(&error).into())
        })
    }));
    match accepted {
        Ok(true) => abi::ACCEPTED,
        Ok(false) => abi::STALE,
        Err(payload) => {
            std::mem::forget(payload); // its drop may panic as well
            answer(
                ticket,
                response::internal(Origin::Host, "taking the answer failed"),
            );
            abi::STALE
        }
    }
}
