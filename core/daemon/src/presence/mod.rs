//! The presence service of a shard's presentities, and those who wait for its responses.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use foldhash::fast::FixedState;
use rand::{SeedableRng, rngs::StdRng};
use rialto_loader::Ticket;
use rialto_model::{
    NotifyOperation, Presentity, PublishOperation, ResponseStatus, SubscribeOperation,
    TransactionId,
};
use rialto_router::{
    AdapterId, PresenceAction, PresenceAttempt, PresenceService, RulesChange, Unwritten,
};

use crate::{
    callers::{Caller, Callers},
    shard::{CarryOut, Machine, Shard, Surroundings, broken, stuck},
};

#[cfg(test)]
mod tests;
mod token;
mod work;

pub(crate) use self::{token::PresenceToken, work::Watch};
use work::{Begun, PresenceWork};

/// What one input about a presentity may touch.
pub(crate) struct Watching {
    pub(crate) service: PresenceService<StdRng>,
    pub(crate) callers: Callers,
    /// What adapters call the deliveries that the service still waits for; needed only to call one off.
    deliveries: HashMap<PresenceAttempt, (AdapterId, Ticket), FixedState>,
}

impl Watching {
    /// `most_callers` bounds what waits here for a response.
    pub(crate) fn new(service: PresenceService<StdRng>, most_callers: usize) -> Self {
        Self {
            service,
            callers: Callers::new(most_callers),
            deliveries: HashMap::default(),
        }
    }

    /// Takes an adapter's answer to a delivery.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        attempt: PresenceAttempt,
        answer: DeliveryAnswer,
    ) {
        self.deliveries.remove(&attempt);
        let DeliveryAnswer { status, duration } = answer;
        self.service.handle_response(now, attempt, status, duration);
    }
}

/// What an adapter says of a delivery.
pub(crate) struct DeliveryAnswer {
    pub(crate) status: ResponseStatus,
    /// What a presentity's network granted.
    pub(crate) duration: Option<Duration>,
}

impl Shard<Watching> {
    /// Gives the service what a watcher asks.
    pub(crate) fn submit_subscribe(
        &self,
        by: &impl CarryOut<Watching>,
        now: Instant,
        from: AdapterId,
        operation: SubscribeOperation,
        caller: Caller,
    ) {
        let id = *operation.transaction_id();
        self.submit(by, id, caller, |state, ticket| {
            state.service.handle_subscribe(now, from, operation, ticket);
        });
    }

    /// Gives the service what is said of a presentity.
    pub(crate) fn submit_notify(
        &self,
        by: &impl CarryOut<Watching>,
        now: Instant,
        from: AdapterId,
        operation: NotifyOperation,
        caller: Caller,
    ) {
        let id = *operation.transaction_id();
        self.submit(by, id, caller, |state, ticket| {
            state.service.handle_notify(now, from, operation, ticket);
        });
    }

    /// Gives the service what a hosted presentity says of itself.
    pub(crate) fn submit_publish(
        &self,
        by: &impl CarryOut<Watching>,
        now: Instant,
        from: AdapterId,
        operation: PublishOperation,
        caller: Caller,
    ) {
        let id = *operation.transaction_id();
        self.submit(by, id, caller, |state, ticket| {
            state.service.handle_publish(now, from, operation, ticket);
        });
    }

    /// Gives the service what a principal, or an operator for it, changes of its rules.
    pub(crate) fn change_rules(
        &self,
        by: &impl CarryOut<Watching>,
        now: Instant,
        presentity: &Presentity,
        change: RulesChange,
        caller: Caller,
    ) {
        let id = TransactionId::random(&mut StdRng::from_os_rng());
        self.submit(by, id, caller, |state, ticket| {
            let service = &mut state.service;
            service.handle_rules_change(now, presentity, change, ticket);
        });
    }

    /// Looks at the service without giving it an input.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&PresenceService<StdRng>) -> T) -> T {
        self.see(|state| at(&state.service))
    }
}

impl Machine for Watching {
    type Work = PresenceWork;

    fn callers(&mut self) -> &mut Callers {
        &mut self.callers
    }

    fn next_work(
        &mut self,
        around: &impl Surroundings,
        held: &[AdapterId],
    ) -> Option<PresenceWork> {
        loop {
            match self.service.poll_action()? {
                PresenceAction::Subscribe {
                    attempt,
                    adapter,
                    operation,
                    ..
                } => {
                    if !held.contains(&adapter) {
                        return Some(PresenceWork::Subscribe(adapter, attempt, operation));
                    }
                    self.answered(around.now(), attempt, stuck().into());
                }
                PresenceAction::Notify {
                    attempt,
                    adapter,
                    operation,
                    ..
                } => {
                    if !held.contains(&adapter) {
                        return Some(PresenceWork::Notify(adapter, attempt, operation));
                    }
                    self.answered(around.now(), attempt, stuck().into());
                }
                PresenceAction::Resolve { domain, .. } => {
                    return Some(PresenceWork::Resolve(domain));
                }
                PresenceAction::Write { write, changes, .. } => {
                    return Some(PresenceWork::Write(write, changes));
                }
                PresenceAction::Respond {
                    ticket, response, ..
                } => {
                    if let Some(caller) = self.callers.take(ticket) {
                        return Some(PresenceWork::Answer(caller, response));
                    }
                }
                PresenceAction::RulesSet { ticket, result, .. } => {
                    if let Some(caller) = self.callers.take(ticket) {
                        return Some(PresenceWork::RulesSet(caller, result));
                    }
                }
                PresenceAction::Cancel { attempt, .. } => {
                    if let Some((adapter, ticket)) = self.deliveries.remove(&attempt)
                        && !held.contains(&adapter)
                    {
                        return Some(PresenceWork::Cancel(adapter, ticket));
                    }
                }
                _ => {}
            }
        }
    }

    fn done(&mut self, _: &impl Surroundings, begun: Begun, ticket: Option<Ticket>) {
        if let (Begun::Delivery(adapter, attempt), Some(ticket)) = (begun, ticket)
            && self.service.awaits(attempt)
        {
            self.deliveries.insert(attempt, (adapter, ticket));
        }
    }

    fn break_off(&mut self, now: Instant, begun: Begun) {
        match begun {
            Begun::Delivery(_, attempt) => self.answered(now, attempt, broken().into()),
            Begun::Write(write) => self.service.handle_written(now, write, Err(Unwritten)),
            Begun::Other => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.service.handle_timeout(now);
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.service.poll_timeout()
    }

    fn is_idle(&self) -> bool {
        self.service.is_idle()
    }
}

impl<S: Into<ResponseStatus>> From<S> for DeliveryAnswer {
    fn from(status: S) -> Self {
        let (status, duration) = (status.into(), None);
        Self { status, duration }
    }
}
