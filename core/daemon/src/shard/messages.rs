//! The custodian of a shard's conversations, and those who wait for its responses.

use std::time::Instant;

use rand::rngs::StdRng;
use rialto_model::{Bytes, DispositionOperation, MessageOperation, ResponseStatus};
use rialto_router::{
    Action, AdapterId, CallerTicket, Custodian, JournalTable, RestoreError, Unread, Unwritten,
};

use super::{
    CarryOut, Machine, Shard, Surroundings, broken,
    deliveries::Deliveries,
    parked::{Delivery, Parked},
    stuck,
    work::{Begun, Handed, MessageWork},
};
use crate::callers::{Caller, Callers};

/// What one input of a conversation may touch.
pub(crate) struct Messages {
    pub(crate) custodian: Custodian<StdRng>,
    pub(crate) callers: Callers,
    deliveries: Deliveries,
    parked: Parked,
}

impl Messages {
    /// `most_callers` bounds what waits here while actions are carried out.
    pub(crate) fn new(custodian: Custodian<StdRng>, most_callers: usize) -> Self {
        Self {
            custodian,
            callers: Callers::new(most_callers),
            deliveries: Deliveries::default(),
            parked: Parked::default(),
        }
    }

    /// Lets somebody wait who has written to the gateway itself; gives the caller back when there is no room.
    pub(crate) fn take_own(
        &mut self,
        now: Instant,
        from: AdapterId,
        operation: &MessageOperation,
        caller: Caller,
    ) -> Result<CallerTicket, Caller> {
        let ticket = self.callers.insert(caller)?;
        self.custodian.note_own(now, from, operation, ticket);
        Ok(ticket)
    }

    /// Who has written to the gateway itself, to be answered so; nobody, if the answer is not waited for any more.
    pub(crate) fn answer_own(
        &mut self,
        now: Instant,
        ticket: CallerTicket,
        status: &ResponseStatus,
    ) -> Option<Caller> {
        self.custodian.note_own_answer(now, ticket, status);
        self.callers.take(ticket)
    }

    /// Delivers what has waited for an adapter: it has come, or comes no more.
    pub(crate) fn release(&mut self, adapter: AdapterId) {
        self.parked.release(adapter);
    }

    #[inline]
    fn work_of(
        &mut self,
        around: &impl Surroundings,
        held: &[AdapterId],
        action: Action,
    ) -> Option<MessageWork> {
        match action {
            Action::Deliver {
                attempt,
                adapter,
                operation,
                ..
            } => {
                let delivery = Delivery {
                    adapter,
                    attempt,
                    operation,
                };
                if !self.parked.is_behind_others(adapter) {
                    return self.deliver(around, held, delivery);
                }
                self.line_up(around.is_awaited(adapter), delivery);
            }
            Action::DeliverDisposition {
                report,
                adapter,
                disposition,
                ..
            } => {
                if !held.contains(&adapter) {
                    return Some(MessageWork::Tell(adapter, report, disposition));
                }
                self.custodian
                    .handle_disposition_response(around.now(), report, stuck());
            }
            Action::Resolve { domain, .. } => return Some(MessageWork::Resolve(domain)),
            Action::Write { write, changes, .. } => {
                return Some(MessageWork::Write(write, changes));
            }
            Action::Load { key, .. } => return Some(MessageWork::Load(key)),
            Action::Respond {
                ticket, response, ..
            } => {
                if let Some(caller) = self.callers.take(ticket) {
                    return Some(MessageWork::Answer(caller, response));
                }
            }
            Action::Cancel { attempt, .. } => {
                self.parked.forget(attempt);
                if let Some((adapter, ticket)) = self.deliveries.take(attempt)
                    && !held.contains(&adapter)
                {
                    return Some(MessageWork::Cancel(adapter, ticket));
                }
            }
            _ => {}
        }
        None
    }

    /// Puts a delivery behind those that wait for its adapter, which may have come, and taken others along, before it is this shard's turn.
    #[cold]
    fn line_up(&mut self, is_awaited: bool, delivery: Delivery) {
        if !is_awaited {
            self.parked.release(delivery.adapter);
        }
        self.parked.park(delivery, is_awaited);
    }

    /// Only to who returns from calls.
    #[inline]
    fn deliver(
        &mut self,
        around: &impl Surroundings,
        held: &[AdapterId],
        delivery: Delivery,
    ) -> Option<MessageWork> {
        if !held.contains(&delivery.adapter) {
            return Some(MessageWork::Deliver(delivery));
        }
        self.custodian
            .handle_response(around.now(), delivery.attempt, stuck());
        None
    }
}

impl Shard<Messages> {
    /// Gives the custodian an operation.
    pub(crate) fn submit_message(
        &self,
        by: &impl CarryOut<Messages>,
        now: Instant,
        from: AdapterId,
        operation: MessageOperation,
        caller: Caller,
    ) {
        let id = *operation.transaction_id();
        self.submit(by, id, caller, |state, ticket| {
            let custodian = &mut state.custodian;
            custodian.handle_operation(now, from, operation, ticket);
        });
    }

    /// Gives the custodian a later word on a message.
    pub(crate) fn submit_disposition(
        &self,
        by: &impl CarryOut<Messages>,
        now: Instant,
        from: AdapterId,
        disposition: DispositionOperation,
        caller: Caller,
    ) {
        let id = *disposition.transaction_id();
        self.submit(by, id, caller, |state, ticket| {
            let custodian = &mut state.custodian;
            custodian.handle_disposition(now, from, disposition, ticket);
        });
    }

    /// Takes up a record of the journal. Nothing is done about it before the next input.
    pub(crate) fn restore(
        &self,
        now: Instant,
        table: JournalTable,
        key: &[u8],
        record: &Bytes,
    ) -> Result<(), RestoreError> {
        self.prepare(|state| state.custodian.restore(now, table, key, record))
    }

    /// Looks at the custodian without giving it an input.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&Custodian<StdRng>) -> T) -> T {
        self.see(|state| at(&state.custodian))
    }
}

impl Machine for Messages {
    type Work = MessageWork;

    fn callers(&mut self) -> &mut Callers {
        &mut self.callers
    }

    fn next_work(&mut self, around: &impl Surroundings, held: &[AdapterId]) -> Option<MessageWork> {
        loop {
            let work = match self.parked.next_due() {
                Some(delivery) => self.deliver(around, held, delivery),
                None => {
                    let action = self.custodian.poll_action()?;
                    self.work_of(around, held, action)
                }
            };
            if work.is_some() {
                return work;
            }
        }
    }

    fn done(&mut self, around: &impl Surroundings, begun: Begun, done: Option<Handed>) {
        let (Begun::Delivery(adapter, attempt), Some(handed)) = (begun, done) else {
            return;
        };
        let ticket = match handed {
            Handed::Over(ticket) => Some(ticket),
            Handed::Answered => None,
            Handed::Parked(operation) => {
                let delivery = Delivery {
                    adapter,
                    attempt,
                    operation: *operation,
                };
                // Asked under the lock: who comes meanwhile takes along what it finds, or is seen here.
                self.parked.park(delivery, around.is_awaited(adapter));
                None
            }
        };
        self.deliveries.remember(attempt, adapter, ticket);
    }

    fn break_off(&mut self, now: Instant, begun: Begun) {
        let custodian = &mut self.custodian;
        match begun {
            Begun::Delivery(_, attempt) => custodian.handle_response(now, attempt, broken()),
            Begun::Report(report) => custodian.handle_disposition_response(now, report, broken()),
            Begun::Write(write) => custodian.handle_written(now, write, Err(Unwritten)),
            Begun::Load(key) => custodian.handle_loaded(now, key, Err(Unread::Unavailable)),
            Begun::Other => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.custodian.handle_timeout(now);
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.custodian.poll_timeout()
    }

    fn is_idle(&self) -> bool {
        self.custodian.is_idle()
    }
}
