//! One state machine, shared by the threads that bring it inputs.
//!
//! Whoever brings an input takes the lock for the decision alone. What is to be done then is carried out by one thread at a
//! time, in the machine's order and outside the lock: so order within a conversation is kept, and no plugin's code runs
//! under the lock. A thread that finds another one at work leaves its actions to it. When an adapter does not return from a
//! call, the timer takes the work over, and that adapter gets nothing more until it has returned.
//!
//! There are two kinds of [`Machine`]: [`Messages`] of conversations, and the [`Watching`](crate::presence::Watching) of presentities.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rialto_loader as loader;
use rialto_model::{
    Failure, FailureReason, Origin, Responder, Response, ResponseStatus, Retry, TransactionId,
};
use rialto_router::{AdapterId, CallerTicket};
use tracing::warn;

use crate::{callers::Caller, flow};

mod deliveries;
mod machine;
mod messages;
mod parked;
#[cfg(test)]
mod tests;
mod token;
mod work;

pub(crate) use self::{
    machine::{CarryOut, Machine, Surroundings, Work},
    messages::Messages,
    token::Token,
    work::{Deliver, Handed},
};

/// A machine and those who wait for its responses.
pub(crate) struct Shard<M> {
    number: u8,
    state: Mutex<State<M>>,
}

struct State<M> {
    machine: M,
    /// Whether a thread carries out actions.
    busy: bool,
    /// How often that work was taken up: whoever finds another number than its own has been relieved of it.
    turn: u64,
    /// How many actions were begun.
    steps: u64,
    /// How many had been begun when the timer last saw progress, and when that was.
    progress: Option<(u64, Instant)>,
    /// Whom the action that was begun last calls.
    calling: Option<AdapterId>,
    /// Who has not returned from a call.
    stuck: Vec<AdapterId>,
    /// When the timer will look here next, if it will.
    wake_at: Option<Instant>,
}

/// How long a call of an adapter may take before others have to wait for it no longer.
const PATIENCE: Duration = Duration::from_secs(2);

impl<M: Machine> Shard<M> {
    /// Makes a shard.
    pub(crate) const fn new(number: u8, machine: M) -> Self {
        Self::begun(number, machine, false)
    }

    /// Makes a shard that takes inputs, and does nothing about them before it is [opened](Self::open).
    pub(crate) const fn closed(number: u8, machine: M) -> Self {
        // As if somebody were at work.
        Self::begun(number, machine, true)
    }

    /// Begins to do what the inputs of a closed shard have led to.
    pub(crate) fn open(&self, by: &impl CarryOut<M>) {
        self.input(by, |state| state.busy = false);
    }

    const fn begun(number: u8, machine: M, busy: bool) -> Self {
        let state = State {
            machine,
            busy,
            turn: 0,
            steps: 0,
            progress: None,
            calling: None,
            stuck: Vec::new(),
            wake_at: None,
        };
        Self {
            number,
            state: Mutex::new(state),
        }
    }

    /// Gives the machine an operation. One that finds no room even to wait for its refusal is refused here and now.
    pub(crate) fn submit(
        &self,
        by: &impl CarryOut<M>,
        id: TransactionId,
        caller: Caller,
        take: impl FnOnce(&mut M, CallerTicket),
    ) {
        let refused = self.handle(by, |machine| match machine.callers().insert(caller) {
            Ok(ticket) => {
                take(machine, ticket);
                None
            }
            Err(caller) => Some(caller),
        });
        if let Some(caller) = refused {
            answer(caller, Responder::resume(id).respond(overloaded().into()));
        }
    }

    /// Gives the machine an input and sees to what follows from it.
    pub(crate) fn handle<T>(&self, by: &impl CarryOut<M>, input: impl FnOnce(&mut M) -> T) -> T {
        self.input(by, |state| input(&mut state.machine))
    }

    /// Ends what is overdue and says when to look again.
    pub(crate) fn handle_timeout(&self, by: &impl CarryOut<M>, now: Instant) -> Option<Instant> {
        self.input(by, |state| {
            state.machine.handle_timeout(now);
            state.relieve_stuck(now);
        });
        let mut state = self.lock();
        let look = state.busy.then_some(now + PATIENCE);
        state.wake_at = state.machine.poll_timeout().into_iter().chain(look).min();
        state.wake_at
    }

    /// Gives the machine an input of which nothing follows before the next.
    pub(crate) fn prepare<T>(&self, input: impl FnOnce(&mut M) -> T) -> T {
        input(&mut self.lock().machine)
    }

    /// Looks at the machine without giving it an input.
    pub(crate) fn see<T>(&self, at: impl FnOnce(&M) -> T) -> T {
        at(&self.lock().machine)
    }

    /// How many operations of an adapter wait here for their response.
    pub(crate) fn waiting_of(&self, adapter: loader::AdapterId) -> usize {
        self.lock().machine.callers().of(adapter).count()
    }

    /// Whether every operation has its response, in the hands of whoever waited for it.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        !state.busy && state.machine.is_idle()
    }

    fn input<T>(&self, by: &impl CarryOut<M>, input: impl FnOnce(&mut State<M>) -> T) -> T {
        let mut state = self.lock();
        let result = input(&mut state);
        if state.is_due_earlier() {
            by.wake_timer(); // first, so that a deadline holds also while an adapter is called
        }
        if !state.busy {
            state.busy = true;
            self.carry_out(state, by);
        }
        result
    }

    fn carry_out<'a>(&'a self, mut state: MutexGuard<'a, State<M>>, by: &impl CarryOut<M>) {
        state.turn += 1;
        let turn = state.turn;
        while let Some(work) = state.next_work(by) {
            let calling = work.calls();
            state.steps += 1;
            state.calling = calling;
            drop(state);
            let begun = work.begun();
            // A panic in here would leave the shard busy for ever. The hook has told of it already.
            let done = catch_unwind(AssertUnwindSafe(|| by.carry_out(self.number, work)));
            state = self.lock();
            match done.map_err(std::mem::forget) {
                // its drop may panic as well
                Ok(done) => state.machine.done(by, begun, done),
                Err(()) => state.machine.break_off(by.now(), begun),
            }
            if state.turn != turn {
                state.stuck.retain(|adapter| Some(*adapter) != calling);
                return;
            }
        }
        state.busy = false;
    }

    fn lock(&self) -> MutexGuard<'_, State<M>> {
        // A plugin's panic never comes this far, and ours leave the machine between two inputs.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Machine> State<M> {
    fn next_work(&mut self, by: &impl Surroundings) -> Option<M::Work> {
        self.machine.next_work(by, &self.stuck)
    }

    /// Takes the work from a thread that an adapter has held for too long.
    fn relieve_stuck(&mut self, now: Instant) {
        let since = match self.progress {
            Some((steps, since)) if self.busy && steps == self.steps => since,
            _ => {
                self.progress = Some((self.steps, now));
                return;
            }
        };
        if let Some(adapter) = self.calling
            && now.saturating_duration_since(since) >= PATIENCE
        {
            warn!(adapter.number = %adapter, "adapter does not return from a call");
            self.stuck.push(adapter);
            self.busy = false;
        }
    }

    /// Whether something is due before the timer would look.
    fn is_due_earlier(&mut self) -> bool {
        let due_at = self.machine.poll_timeout();
        let is_earlier = match (due_at, self.wake_at) {
            (Some(due), Some(wake_at)) => due < wake_at,
            (due, wake_at) => due.is_some() && wake_at.is_none(),
        };
        if is_earlier {
            self.wake_at = due_at;
        }
        is_earlier
    }
}

/// Hands a response to whoever waits for it.
pub(crate) fn answer(caller: Caller, response: Response) {
    flow::answered(&response);
    caller.answer(response);
}

/// What is said in the name of an adapter that does not return from a call.
pub(crate) fn stuck() -> ResponseStatus {
    Failure::new(FailureReason::Unreachable)
        .with_origin(Origin::Plugin)
        .with_detail("the adapter for the destination's network does not return from a call")
        .into()
}

/// What is said when a fault of ours has ended a delivery.
pub(crate) fn broken() -> ResponseStatus {
    Failure::new(FailureReason::Internal)
        .with_origin(Origin::Host)
        .with_retry(Retry::Never)
        .with_detail("a fault of the gateway ended the delivery; the message may have arrived")
        .into()
}

fn overloaded() -> Failure {
    Failure::new(FailureReason::Overloaded)
        .with_detail("more operations wait for their answer than the gateway keeps")
}
