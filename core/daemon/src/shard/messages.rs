//! The custodian of a shard's conversations, and those who wait for its responses.

use std::time::Instant;

use rand::rngs::StdRng;
use rialto_loader::Ticket;
use rialto_model::{Bytes, DispositionOperation, MessageOperation};
use rialto_router::{Action, AdapterId, Custodian, JournalTable, RestoreError, Unread, Unwritten};

use super::{
    CarryOut, Machine, Shard, Surroundings, broken,
    deliveries::Deliveries,
    stuck,
    work::{Begun, MessageWork},
};
use crate::callers::{Caller, Callers};

/// What one input of a conversation may touch.
pub(crate) struct Messages {
    pub(crate) custodian: Custodian<StdRng>,
    pub(crate) callers: Callers,
    deliveries: Deliveries,
}

impl Messages {
    /// `most_callers` bounds what waits here while actions are carried out.
    pub(crate) fn new(custodian: Custodian<StdRng>, most_callers: usize) -> Self {
        Self {
            custodian,
            callers: Callers::new(most_callers),
            deliveries: Deliveries::default(),
        }
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
            match self.custodian.poll_action()? {
                Action::Deliver {
                    attempt,
                    adapter,
                    operation,
                    ..
                } => {
                    if !held.contains(&adapter) {
                        return Some(MessageWork::Deliver(adapter, attempt, operation));
                    }
                    self.custodian
                        .handle_response(around.now(), attempt, stuck());
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
                    if let Some((adapter, ticket)) = self.deliveries.take(attempt)
                        && !held.contains(&adapter)
                    {
                        return Some(MessageWork::Cancel(adapter, ticket));
                    }
                }
                _ => {}
            }
        }
    }

    fn handed_over(&mut self, begun: Begun, ticket: Option<Ticket>) {
        if let Begun::Delivery(adapter, attempt) = begun {
            self.deliveries.remember(attempt, adapter, ticket);
        }
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
