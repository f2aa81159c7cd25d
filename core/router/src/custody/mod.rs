//! Responsibility for messages whose sender was answered before their outcome was known.

use std::{collections::VecDeque, time::Instant};

use rand::CryptoRng;
use rialto_model::{
    Bytes, DispositionOperation, Domain, Failure, FailureReason, InstantInbox, MessageOperation,
    ResponseStatus, TransactionId,
};

mod clock;
mod journal;
mod policy;
pub(crate) mod queue;
mod record;
mod report_id;
mod statistics;
mod view;

pub use self::{
    clock::WallClock,
    journal::{Change, JournalKey, JournalKeys, JournalTable, Put, Unread, Unwritten, WriteId},
    policy::{CustodyLimits, CustodyPolicy, CustodySettings},
    record::RestoreError,
    report_id::ReportId,
    statistics::CustodyStatistics,
    view::{KeptKind, KeptOperation, KeptState, NoSuchEntry},
};
use crate::{Action, AdapterId, AttemptId, CallerTicket, Hop, Router};

/// A router, and the responsibility for what it could not deliver while the sender waited.
///
/// A state machine without I/O, owned by one task, used as a [`Router`] is. What it adds are [`Action::Write`], whose result
/// comes back by [`handle_written`](Self::handle_written), [`Action::Load`] with [`handle_loaded`](Self::handle_loaded), and
/// [`Action::DeliverDisposition`] with [`handle_disposition_response`](Self::handle_disposition_response).
#[derive(Debug)]
pub struct Custodian<R> {
    router: Router<R>,
    settings: CustodySettings,
    keys: JournalKeys,
    clock: WallClock,
    actions: VecDeque<Action>,
    statistics: CustodyStatistics,
}

impl<R: CryptoRng> Custodian<R> {
    /// Makes a custodian; `keys` are shared by all that write to one journal.
    pub fn new(
        router: Router<R>,
        settings: CustodySettings,
        keys: JournalKeys,
        clock: WallClock,
    ) -> Self {
        Self {
            router,
            settings,
            keys,
            clock,
            actions: VecDeque::new(),
            statistics: CustodyStatistics::default(),
        }
    }

    /// Takes up a record that was found in the journal; to be called for all of them, in the order of their keys, table by
    /// table, before anything else. When all are in, call [`handle_timeout`](Self::handle_timeout).
    ///
    /// Of several custodians over one journal, the one gets the record whose conversation it is of: [`conversation_of`](Self::conversation_of).
    pub fn restore(
        &mut self,
        now: Instant,
        table: JournalTable,
        key: &[u8],
        record: Bytes,
    ) -> Result<(), RestoreError> {
        let _ = (now, table, key, record);
        Ok(())
    }

    /// The source and the destination of the message that a record is about, as its sender knows them.
    pub fn conversation_of(
        table: JournalTable,
        key: &[u8],
        record: &Bytes,
    ) -> Result<(InstantInbox, InstantInbox), RestoreError> {
        let _ = (table, key, record);
        Err(RestoreError::Damaged {
            table,
            key: 0,
            problem: "it is empty",
        })
    }

    /// Takes an operation that came from an adapter; `ticket` comes back with its response.
    pub fn handle_operation(
        &mut self,
        now: Instant,
        from: AdapterId,
        operation: MessageOperation,
        ticket: CallerTicket,
    ) {
        self.router.handle_operation(now, from, operation, ticket);
    }

    /// Takes an adapter's answer to a delivery.
    pub fn handle_response(&mut self, now: Instant, attempt: AttemptId, status: ResponseStatus) {
        self.router.handle_response(now, attempt, status);
    }

    /// Takes what DNS says of a domain, as [`Router::handle_resolved`] does.
    pub fn handle_resolved(
        &mut self,
        now: Instant,
        domain: &Domain,
        hops: impl FnMut(&mut R, Option<AdapterId>) -> Result<Vec<Hop>, Failure>,
    ) {
        self.router.handle_resolved(now, domain, hops);
    }

    /// Ends an operation whose sender has gone; its response still comes. One that is kept, or about to be, goes on.
    pub fn handle_cancel(&mut self, now: Instant, ticket: CallerTicket) {
        let _ = now;
        self.router.handle_cancel(ticket);
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.router.handle_timeout(now);
    }

    /// Takes a later word on a message, from the adapter that delivered it; `ticket` comes back with the response.
    pub fn handle_disposition(
        &mut self,
        now: Instant,
        from: AdapterId,
        disposition: DispositionOperation,
        ticket: CallerTicket,
    ) {
        let _ = (now, from);
        let failure = Failure::new(FailureReason::NotPermitted);
        let response = disposition.respond(failure.into());
        self.actions.push_back(Action::Respond { ticket, response });
    }

    /// Whether a later word is waited for here, on the message that an adapter got under that identifier.
    pub fn awaits(&self, concerning: &TransactionId) -> bool {
        let _ = concerning;
        false
    }

    /// Takes an adapter's answer to a disposition.
    pub fn handle_disposition_response(
        &mut self,
        now: Instant,
        report: ReportId,
        status: ResponseStatus,
    ) {
        let _ = (now, report, status);
    }

    /// Takes the result of a write: whether its changes are safe.
    pub fn handle_written(&mut self, now: Instant, write: WriteId, result: Result<(), Unwritten>) {
        let _ = (now, write, result.is_ok());
    }

    /// Takes a record that was asked for.
    pub fn handle_loaded(&mut self, now: Instant, key: JournalKey, record: Result<Bytes, Unread>) {
        let _ = (now, key, record.is_ok());
    }

    /// Tries a kept message at once.
    pub fn retry(&mut self, now: Instant, key: JournalKey) -> Result<(), NoSuchEntry> {
        let _ = (now, key);
        Err(NoSuchEntry)
    }

    /// Gives a kept message up, and tells its sender of a failure.
    pub fn drop_kept(&mut self, now: Instant, key: JournalKey) -> Result<(), NoSuchEntry> {
        let _ = (now, key);
        Err(NoSuchEntry)
    }

    /// Refuses operations from now on; what is in progress goes on, and what is kept stays in the journal.
    pub fn begin_drain(&mut self) {
        self.router.begin_drain();
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions
            .pop_front()
            .or_else(|| self.router.poll_action())
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, if anything is in progress.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        self.router.poll_timeout()
    }

    /// Whether nothing is in progress but what the journal has, and nothing is left to do.
    pub fn is_idle(&self) -> bool {
        self.router.is_idle() && self.actions.is_empty()
    }

    /// What is kept, in the order of acceptance.
    pub fn queue(&self, now: Instant) -> impl Iterator<Item = KeptOperation<'_>> {
        let _ = now;
        std::iter::empty()
    }

    /// The counters.
    pub fn statistics(&self) -> CustodyStatistics {
        self.statistics
    }

    /// The router.
    pub const fn router(&self) -> &Router<R> {
        &self.router
    }
}
