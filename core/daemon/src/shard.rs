//! One router, shared by the threads that bring it inputs.
//!
//! Whoever brings an input takes the lock for the decision alone. What is to be done then is carried out by one thread at a
//! time, in the router's order and outside the lock: so order within a conversation is kept, and no plugin's code runs
//! under the lock. A thread that finds another one at work leaves its actions to it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use rand::rngs::StdRng;
use rialto_loader::Ticket;
use rialto_model::{MessageOperation, Response};
use rialto_router::{Action, AdapterId, AttemptId, Router};

use crate::{
    callers::{Caller, Callers},
    flow,
};

/// A router and those who wait for its responses.
pub(crate) struct Shard {
    number: u8,
    state: Mutex<State>,
}

/// What one input may touch.
pub(crate) struct State {
    pub(crate) router: Router<StdRng>,
    pub(crate) callers: Callers,
    deliveries: Deliveries,
    /// Whether a thread carries out actions.
    busy: bool,
    /// When the timer will look here next, if it will.
    wake_at: Option<Instant>,
}

/// Carries out what a router decided.
pub(crate) trait Deliver {
    /// Hands an operation to an adapter. The answer may come back before this returns.
    fn deliver(
        &self,
        adapter: AdapterId,
        token: Token,
        operation: MessageOperation,
    ) -> Option<Ticket>;
    /// Calls a delivery off.
    fn cancel(&self, adapter: AdapterId, ticket: Ticket);
    /// Makes the timer look at the shards anew.
    fn wake_timer(&self);
}

/// A delivery, over all shards, as the one number that crosses to an adapter and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token(pub(crate) u64);

enum Work {
    Deliver(AdapterId, AttemptId, MessageOperation),
    Answer(Caller, Response),
    Cancel(AdapterId, Ticket),
}

impl Shard {
    pub(crate) fn new(number: u8, router: Router<StdRng>) -> Self {
        let state = State {
            router,
            callers: Callers::default(),
            deliveries: Deliveries::default(),
            busy: false,
            wake_at: None,
        };
        Self {
            number,
            state: Mutex::new(state),
        }
    }

    /// Gives the router an input and sees to what follows from it.
    pub(crate) fn handle(&self, by: &impl Deliver, input: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        input(&mut state);
        let due = state.is_due_earlier();
        if !state.busy {
            state.busy = true;
            self.carry_out(state, by);
        } else {
            drop(state);
        }
        if due {
            by.wake_timer();
        }
    }

    /// Ends what is overdue and says when to look again.
    pub(crate) fn handle_timeout(&self, by: &impl Deliver, now: Instant) -> Option<Instant> {
        self.handle(by, |state| state.router.handle_timeout(now));
        let mut state = self.lock();
        state.wake_at = state.router.poll_timeout();
        state.wake_at
    }

    /// Looks at the router without giving it an input.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&Router<StdRng>) -> T) -> T {
        at(&self.lock().router)
    }

    fn carry_out<'a>(&'a self, mut state: MutexGuard<'a, State>, by: &impl Deliver) {
        while let Some(work) = state.next_work() {
            drop(state);
            match work {
                Work::Deliver(adapter, attempt, operation) => {
                    let ticket = by.deliver(adapter, Token::new(self.number, attempt), operation);
                    state = self.lock();
                    state.deliveries.remember(attempt, adapter, ticket);
                    continue;
                }
                Work::Answer(caller, response) => {
                    flow::answered(&response);
                    caller.answer(response);
                }
                Work::Cancel(adapter, ticket) => by.cancel(adapter, ticket),
            }
            state = self.lock();
        }
        state.busy = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A plugin's panic never comes this far, and ours leave the router between two inputs.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Token {
    /// An attempt's place in its router stays below this: the shard's number stands above it.
    pub(crate) const MAX_OPERATIONS: usize = 1 << Self::SHARD_AT;

    const SHARD_AT: u32 = 24;

    const fn new(shard: u8, attempt: AttemptId) -> Self {
        Self(attempt.to_bits() | (shard as u64) << Self::SHARD_AT)
    }

    /// The shard's number.
    pub(crate) const fn shard(self) -> usize {
        (self.0 >> Self::SHARD_AT) as u8 as usize
    }

    /// The shard's own name for the delivery.
    pub(crate) const fn attempt(self) -> AttemptId {
        AttemptId::from_bits(self.0 & !(0xFF << Self::SHARD_AT))
    }
}

impl State {
    fn next_work(&mut self) -> Option<Work> {
        loop {
            match self.router.poll_action()? {
                Action::Deliver {
                    attempt,
                    adapter,
                    operation,
                    ..
                } => {
                    return Some(Work::Deliver(adapter, attempt, operation));
                }
                Action::Respond {
                    ticket, response, ..
                } => {
                    if let Some(caller) = self.callers.take(ticket) {
                        return Some(Work::Answer(caller, response));
                    }
                }
                Action::Cancel { attempt, .. } => {
                    if let Some((adapter, ticket)) = self.deliveries.take(attempt) {
                        return Some(Work::Cancel(adapter, ticket));
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether something is due before the timer would look.
    fn is_due_earlier(&mut self) -> bool {
        let due = match (self.router.poll_timeout(), self.wake_at) {
            (Some(due), Some(wake_at)) => due < wake_at,
            (due, wake_at) => due.is_some() && wake_at.is_none(),
        };
        if due {
            self.wake_at = self.router.poll_timeout();
        }
        due
    }
}

/// What adapters call the deliveries, by the router's name; needed only to call one off.
///
/// An index: the router uses an attempt's place again when it has ended, so the list is as long as most operations were in
/// progress at once, and an entry that nobody took is overwritten.
#[derive(Default)]
struct Deliveries(Vec<Option<(AttemptId, AdapterId, Ticket)>>);

impl Deliveries {
    fn remember(&mut self, attempt: AttemptId, adapter: AdapterId, ticket: Option<Ticket>) {
        let index = attempt.to_bits() as u32 as usize;
        if self.0.len() <= index {
            self.0.resize(index + 1, None);
        }
        if let Some(entry) = self.0.get_mut(index) {
            *entry = ticket.map(|ticket| (attempt, adapter, ticket));
        }
    }

    fn take(&mut self, attempt: AttemptId) -> Option<(AdapterId, Ticket)> {
        let entry = self.0.get_mut(attempt.to_bits() as u32 as usize)?;
        let (of, adapter, ticket) = (*entry)?;
        if of != attempt {
            return None;
        }
        *entry = None;
        Some((adapter, ticket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_holds_the_shard_and_the_attempt() {
        let place = Token::MAX_OPERATIONS as u64 - 1;
        let attempt = AttemptId::from_bits(0xFFFF_FFFF << 32 | place);
        for shard in [0, 1, 63, 255] {
            let token = Token::new(shard, attempt);
            assert_eq!(token.shard(), usize::from(shard));
            assert_eq!(token.attempt(), attempt);
        }
    }
}
