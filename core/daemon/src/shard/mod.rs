//! One custodian and its router, shared by the threads that bring it inputs.
//!
//! Whoever brings an input takes the lock for the decision alone. What is to be done then is carried out by one thread at a
//! time, in the router's order and outside the lock: so order within a conversation is kept, and no plugin's code runs
//! under the lock. A thread that finds another one at work leaves its actions to it. When an adapter does not return from a
//! call, the timer takes the work over, and that adapter gets nothing more until it has returned.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rand::rngs::StdRng;
use rialto_loader::{self as loader, Ticket};
use rialto_model::{
    Bytes, DispositionOperation, Domain, Failure, FailureReason, MessageOperation, Origin, Retry,
};
use rialto_router::{
    Action, AdapterId, Change, Custodian, JournalKey, JournalTable, RestoreError, Unread,
    Unwritten, WriteId,
};
use tracing::warn;

use crate::callers::{Caller, Callers};

mod deliveries;
#[cfg(test)]
mod tests;
mod token;
mod work;

use deliveries::Deliveries;
pub(crate) use token::Token;
use work::{Begun, Work, answer};

/// A custodian and those who wait for its responses.
pub(crate) struct Shard {
    number: u8,
    state: Mutex<State>,
}

/// What one input may touch.
pub(crate) struct State {
    pub(crate) custodian: Custodian<StdRng>,
    pub(crate) callers: Callers,
    deliveries: Deliveries,
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

/// Carries out what a router decided.
pub(crate) trait Deliver {
    /// Hands an operation to an adapter. The answer may come back before this returns.
    fn deliver(
        &self,
        adapter: AdapterId,
        token: Token,
        operation: MessageOperation,
    ) -> Option<Ticket>;
    /// Tells an adapter what became of a message. The answer may come back before this returns.
    fn deliver_disposition(
        &self,
        adapter: AdapterId,
        token: Token,
        disposition: DispositionOperation,
    );
    /// Asks the journal to make changes safe, for a shard, behind those that were given before.
    fn write(&self, shard: u8, write: WriteId, changes: Vec<Change>);
    /// Asks the journal for a record, for a shard.
    fn load(&self, shard: u8, key: JournalKey);
    /// Asks DNS for the next hops of a domain, for a shard. The answer may come back before this returns.
    fn resolve(&self, shard: u8, domain: Domain);
    /// Calls a delivery off.
    fn cancel(&self, adapter: AdapterId, ticket: Ticket);
    /// Makes the timer look at the shards anew. Called under the shard's lock.
    fn wake_timer(&self);
    /// The time.
    fn now(&self) -> Instant;
}

impl Shard {
    /// How long a call of an adapter may take before others have to wait for it no longer.
    const PATIENCE: Duration = Duration::from_secs(2);

    /// Makes a shard; `most_callers` bounds what waits here while its actions are carried out.
    pub(crate) fn new(number: u8, custodian: Custodian<StdRng>, most_callers: usize) -> Self {
        let state = State {
            custodian,
            callers: Callers::new(most_callers),
            deliveries: Deliveries::default(),
            busy: false,
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

    /// Gives the custodian an operation. One that finds no room even to wait for its refusal is refused here and now.
    pub(crate) fn submit(
        &self,
        by: &impl Deliver,
        now: Instant,
        from: AdapterId,
        operation: MessageOperation,
        caller: Caller,
    ) {
        let refused = self.handle(by, |state| match state.callers.insert(caller) {
            Ok(ticket) => {
                let custodian = &mut state.custodian;
                custodian.handle_operation(now, from, operation, ticket);
                None
            }
            Err(caller) => Some((caller, operation)),
        });
        if let Some((caller, operation)) = refused {
            answer(caller, operation.respond(overloaded().into()));
        }
    }

    /// Gives the custodian a later word on a message, as [`submit`](Self::submit) does an operation.
    pub(crate) fn submit_disposition(
        &self,
        by: &impl Deliver,
        now: Instant,
        from: AdapterId,
        disposition: DispositionOperation,
        caller: Caller,
    ) {
        let refused = self.handle(by, |state| match state.callers.insert(caller) {
            Ok(ticket) => {
                let custodian = &mut state.custodian;
                custodian.handle_disposition(now, from, disposition, ticket);
                None
            }
            Err(caller) => Some((caller, disposition)),
        });
        if let Some((caller, disposition)) = refused {
            answer(caller, disposition.respond(overloaded().into()));
        }
    }

    /// Takes up a record of the journal. Nothing is done about it before the next input.
    pub(crate) fn restore(
        &self,
        now: Instant,
        table: JournalTable,
        key: &[u8],
        record: &Bytes,
    ) -> Result<(), RestoreError> {
        self.lock().custodian.restore(now, table, key, record)
    }

    /// Gives the custodian an input and sees to what follows from it.
    pub(crate) fn handle<T>(&self, by: &impl Deliver, input: impl FnOnce(&mut State) -> T) -> T {
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

    /// Ends what is overdue and says when to look again.
    pub(crate) fn handle_timeout(&self, by: &impl Deliver, now: Instant) -> Option<Instant> {
        self.handle(by, |state| {
            state.custodian.handle_timeout(now);
            state.relieve_stuck(now);
        });
        let mut state = self.lock();
        let look = state.busy.then_some(now + Self::PATIENCE);
        state.wake_at = state.custodian.poll_timeout().into_iter().chain(look).min();
        state.wake_at
    }

    /// Looks at the custodian without giving it an input.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&Custodian<StdRng>) -> T) -> T {
        at(&self.lock().custodian)
    }

    /// How many operations of an adapter wait here for their response.
    pub(crate) fn waiting_of(&self, adapter: loader::AdapterId) -> usize {
        self.lock().callers.waiting_of(adapter)
    }

    /// Whether every operation has its response, in the hands of whoever waited for it.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        !state.busy && state.custodian.is_idle()
    }

    fn carry_out<'a>(&'a self, mut state: MutexGuard<'a, State>, by: &impl Deliver) {
        state.turn += 1;
        let turn = state.turn;
        while let Some(work) = state.next_work(by) {
            let calling = work.calls();
            state.steps += 1;
            state.calling = calling;
            drop(state);
            let begun = work.begun();
            // A panic in here would leave the shard busy for ever. The hook has told of it already.
            let done = catch_unwind(AssertUnwindSafe(|| work.carry_out(self.number, by)));
            state = self.lock();
            match (done.map_err(std::mem::forget), begun) {
                // its drop may panic as well
                (Ok(ticket), Begun::Delivery(adapter, attempt)) => {
                    state.deliveries.remember(attempt, adapter, ticket);
                }
                (Ok(_), _) => {}
                (Err(()), begun) => state.break_off(by.now(), begun),
            }
            if state.turn != turn {
                state.stuck.retain(|adapter| Some(*adapter) != calling);
                return;
            }
        }
        state.busy = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A plugin's panic never comes this far, and ours leave the router between two inputs.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next_work(&mut self, by: &impl Deliver) -> Option<Work> {
        loop {
            match self.custodian.poll_action()? {
                Action::Deliver {
                    attempt,
                    adapter,
                    operation,
                    ..
                } => {
                    if !self.stuck.contains(&adapter) {
                        return Some(Work::Deliver(adapter, attempt, operation));
                    }
                    self.custodian
                        .handle_response(by.now(), attempt, stuck().into());
                }
                Action::DeliverDisposition {
                    report,
                    adapter,
                    disposition,
                    ..
                } => {
                    if !self.stuck.contains(&adapter) {
                        return Some(Work::Tell(adapter, report, disposition));
                    }
                    self.custodian
                        .handle_disposition_response(by.now(), report, stuck().into());
                }
                Action::Resolve { domain, .. } => return Some(Work::Resolve(domain)),
                Action::Write { write, changes, .. } => return Some(Work::Write(write, changes)),
                Action::Load { key, .. } => return Some(Work::Load(key)),
                Action::Respond {
                    ticket, response, ..
                } => {
                    if let Some(caller) = self.callers.take(ticket) {
                        return Some(Work::Answer(caller, response));
                    }
                }
                Action::Cancel { attempt, .. } => {
                    if let Some((adapter, ticket)) = self.deliveries.take(attempt)
                        && !self.stuck.contains(&adapter)
                    {
                        return Some(Work::Cancel(adapter, ticket));
                    }
                }
                _ => {}
            }
        }
    }

    /// Tells the custodian of what a fault of ours has ended.
    fn break_off(&mut self, now: Instant, begun: Begun) {
        let custodian = &mut self.custodian;
        match begun {
            Begun::Delivery(_, attempt) => custodian.handle_response(now, attempt, broken().into()),
            Begun::Report(report) => {
                custodian.handle_disposition_response(now, report, broken().into());
            }
            Begun::Write(write) => custodian.handle_written(now, write, Err(Unwritten)),
            Begun::Load(key) => custodian.handle_loaded(now, key, Err(Unread::Unavailable)),
            Begun::Other => {}
        }
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
            && now.saturating_duration_since(since) >= Shard::PATIENCE
        {
            warn!(adapter.number = %adapter, "adapter does not return from a call");
            self.stuck.push(adapter);
            self.busy = false;
        }
    }

    /// Whether something is due before the timer would look.
    fn is_due_earlier(&mut self) -> bool {
        let due = match (self.custodian.poll_timeout(), self.wake_at) {
            (Some(due), Some(wake_at)) => due < wake_at,
            (due, wake_at) => due.is_some() && wake_at.is_none(),
        };
        if due {
            self.wake_at = self.custodian.poll_timeout();
        }
        due
    }
}

fn overloaded() -> Failure {
    Failure::new(FailureReason::Overloaded)
        .with_detail("more operations wait for their answer than the gateway keeps")
}

fn stuck() -> Failure {
    Failure::new(FailureReason::Unreachable)
        .with_origin(Origin::Plugin)
        .with_detail("the adapter for the destination's network does not return from a call")
}

fn broken() -> Failure {
    Failure::new(FailureReason::Internal)
        .with_origin(Origin::Host)
        .with_retry(Retry::Never)
        .with_detail("a fault of the gateway ended the delivery; the message may have arrived")
}
