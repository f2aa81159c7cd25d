//! Operations in progress: one response each.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use foldhash::fast::FixedState;
use rand::CryptoRng;
use rialto_model::{
    Failure, FailureReason, MessageOperation, Responder, Response, ResponseStatus, TransactionId,
};

mod action;
mod course;
mod deadlines;
mod in_progress;
mod limits;
mod owner;
mod resolving;
mod resting;
mod statistics;
#[cfg(test)]
mod tests;
mod waiting;

pub(crate) use self::owner::Owner;
pub use self::{
    action::{Action, AttemptId, CallerTicket},
    limits::Limits,
    statistics::Statistics,
};
use self::{
    course::may_have_arrived,
    deadlines::Deadlines,
    in_progress::{InProgress, Pending, Stage},
    resting::Resting,
    waiting::Waiting,
};
use crate::{AdapterId, Answer, Life, RoutingTable, StepKind, Verdict, chronicle::Chronicle};

/// The message service: takes operations, has them delivered, and answers each of them once.
///
/// A state machine without I/O, owned by one task. After every `handle_…` call [`poll_action`](Self::poll_action) until
/// it yields nothing; when [`poll_timeout`](Self::poll_timeout) has come, call [`handle_timeout`](Self::handle_timeout).
///
/// * Deliveries come out in the order in which their operations went in, those to one domain that DNS has to be asked for
///   among themselves.
/// * Of several next hops one is tried at a time; one that is down, silent or busy gives way to the next.
/// * Whatever an adapter answers, however often and however late, the sender hears one response, with the
///   transaction identifier of its own operation. draft-ietf-impp-cpim-03 §2.4.1.
/// * An operation whose deadline passes ends in the failure `TimedOut`, handed over or not: *indeterminant* would say that
///   someone took responsibility, and nobody did. When it was handed over, the failure says that the message may have
///   arrived, and forbids a retry that no person decided.
#[derive(Debug)]
pub struct Router<R> {
    table: Arc<RoutingTable>,
    limits: Limits,
    rng: R,
    in_progress: InProgress,
    /// For cancellation only. Keys are the caller's own numbers, so a fixed hash will do.
    owners: HashMap<Owner, AttemptId, FixedState>,
    deadlines: Deadlines,
    waiting: Waiting,
    resting: Resting,
    actions: VecDeque<Action>,
    /// What the custodian is to hear, instead of a caller.
    ended: Vec<(Owner, Response)>,
    draining: bool,
    statistics: Statistics,
    chronicle: Chronicle,
}

impl<R: CryptoRng> Router<R> {
    /// How many actions the queue keeps room for when it has run empty.
    const ROOM: usize = 256;

    /// Makes a router; `rng` makes the transaction identifiers of onward copies.
    pub fn new(table: Arc<RoutingTable>, limits: Limits, mut rng: R) -> Self {
        let chronicle = Chronicle::new(limits.remembered_steps(), rng.next_u64());
        Self {
            table,
            limits,
            rng,
            in_progress: InProgress::default(),
            owners: HashMap::default(),
            deadlines: Deadlines::default(),
            waiting: Waiting::default(),
            resting: Resting::default(),
            actions: VecDeque::new(),
            ended: Vec::new(),
            draining: false,
            statistics: Statistics::default(),
            chronicle,
        }
    }

    /// Takes an operation that came from an adapter; `ticket` comes back with its response.
    pub fn handle_operation(
        &mut self,
        now: Instant,
        from: AdapterId,
        operation: MessageOperation,
        ticket: CallerTicket,
    ) {
        let id = TransactionId::random(&mut self.rng);
        self.undertake(now, from, operation, id, Owner::Caller(ticket));
    }

    /// Takes an adapter's answer to a delivery; one that nobody waits for is counted and forgotten.
    pub fn handle_response(&mut self, now: Instant, attempt: AttemptId, status: ResponseStatus) {
        self.chronicle.observe(now);
        let Some(pending) = self.in_progress.get_mut(attempt) else {
            self.statistics.ignored_responses += 1;
            return;
        };
        if pending.course.is_none() {
            return self.answer(attempt, status);
        }
        self.follow(now, attempt, status);
    }

    /// Ends an operation whose sender has gone; its response, `Cancelled`, still comes.
    ///
    /// Nothing happens when it has ended already.
    pub fn handle_cancel(&mut self, now: Instant, ticket: CallerTicket) {
        self.chronicle.observe(now);
        self.call_off(Owner::Caller(ticket));
    }

    /// Ends the operations whose deadline has come, or tries their next hops.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.chronicle.observe(now);
        while let Some(attempt) = self.deadlines.pop(now, &self.in_progress) {
            if self.is_attempt_only(now, attempt) {
                self.give_up(now, attempt);
            } else {
                self.statistics.timed_out += 1;
                self.end(attempt, timed_out);
            }
        }
    }

    /// Refuses operations from now on; those in progress go on.
    pub const fn begin_drain(&mut self) {
        self.draining = true;
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        loop {
            let Some(action) = self.actions.pop_front() else {
                self.actions.shrink_to(Self::ROOM);
                return None;
            };
            let Action::Deliver {
                attempt,
                adapter,
                operation,
            } = &action
            else {
                return Some(action);
            };
            // An operation that ended before it was handed over is not delivered at all.
            if let Some(pending) = self.in_progress.get_mut(*attempt) {
                pending.stage = Stage::HandedOver;
                let id = operation.transaction_id();
                self.chronicle.note_delivery(pending.owner, *adapter, id);
                self.statistics.deliveries += 1;
                return Some(action);
            }
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, if anything is in progress.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        self.deadlines.next(&self.in_progress)
    }

    /// Whether nothing is in progress and nothing is left to do.
    pub fn is_idle(&self) -> bool {
        self.in_progress.len() == 0 && self.actions.is_empty()
    }

    /// The counters.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            in_progress: self.in_progress.len() as u64,
            ..self.statistics
        }
    }

    /// The table that decides.
    pub const fn table(&self) -> &Arc<RoutingTable> {
        &self.table
    }

    /// What is remembered of the operations that have an identifier: their sender's, the onward one, or their network's name
    /// of the message.
    pub fn lives(&self, identifier: &[u8]) -> Vec<Life> {
        self.chronicle.lives(identifier)
    }

    /// Tries to deliver an operation under an identifier that its owner chose: the same one each time it is tried.
    pub(crate) fn undertake(
        &mut self,
        now: Instant,
        from: AdapterId,
        operation: MessageOperation,
        id: TransactionId,
        owner: Owner,
    ) {
        self.statistics.operations += 1;
        self.chronicle.observe(now);
        self.chronicle.note_operation(owner, from, &operation);
        let time = self.limits.deadline(operation.deadline());
        let verdict = match self.admit(from, &operation, time) {
            Ok(verdict) => verdict,
            Err(failure) => return self.respond(owner, operation.respond(failure.into())),
        };
        let ends_at = now.checked_add(time).unwrap_or(now);
        match verdict {
            Verdict::Decided(decision) => {
                let adapter = decision.adapter();
                let (operation, responder) = operation.into_forward(id);
                let operation = decision.apply(operation).with_deadline(time);
                let attempt = self.keep(owner, responder, ends_at);
                self.actions.push_back(Action::Deliver {
                    attempt,
                    adapter,
                    operation,
                });
            }
            Verdict::Undecided(undecided) => self.resolve(ends_at, undecided, operation, id, owner),
        }
    }

    /// Ends what is in progress for an owner, if anything is.
    pub(crate) fn call_off(&mut self, owner: Owner) {
        if let Some(attempt) = self.owners.get(&owner).copied() {
            self.statistics.cancelled += 1;
            self.end(attempt, |_| Failure::new(FailureReason::Cancelled));
        }
    }

    /// Hands what is in progress for an owner to another one, who hears how it ended.
    pub(crate) fn pass_to(&mut self, owner: Owner, other: Owner) {
        if let Some(attempt) = self.owners.remove(&owner) {
            if let Some(pending) = self.in_progress.get_mut(attempt) {
                pending.owner = other;
            }
            self.owners.insert(other, attempt);
        }
    }

    /// Whether anything has ended that the custodian is to hear of.
    pub(crate) const fn has_ended(&self) -> bool {
        !self.ended.is_empty()
    }

    /// What has ended that the custodian is to hear of, oldest first, in place of a list that was used before.
    pub(crate) fn swap_ended(&mut self, heard: Vec<(Owner, Response)>) -> Vec<(Owner, Response)> {
        std::mem::replace(&mut self.ended, heard)
    }

    /// Answers an operation that is not even tried.
    pub(crate) fn refuse(
        &mut self,
        from: AdapterId,
        operation: MessageOperation,
        ticket: CallerTicket,
        status: ResponseStatus,
    ) {
        self.statistics.operations += 1;
        let owner = Owner::Caller(ticket);
        self.chronicle.note_operation(owner, from, &operation);
        self.respond(owner, operation.respond(status));
    }

    /// Whether one operation more would be taken, of `share` sixteenths of the places.
    pub(crate) fn has_room(&self, share: usize) -> bool {
        let places = self.limits.max_in_progress().saturating_mul(share) / 16;
        !self.draining && self.in_progress.len() < places.max(1)
    }

    /// Where the custodian notes what it does.
    pub(crate) const fn chronicle(&mut self) -> &mut Chronicle {
        &mut self.chronicle
    }

    /// How long an operation may take that names no time.
    pub(crate) fn default_deadline(&self) -> Duration {
        self.limits.deadline(None)
    }

    pub(crate) const fn rng(&mut self) -> &mut R {
        &mut self.rng
    }

    fn admit(
        &mut self,
        from: AdapterId,
        operation: &MessageOperation,
        time: Duration,
    ) -> Result<Verdict, Failure> {
        if self.draining {
            self.statistics.shutting_down += 1;
            return Err(FailureReason::ShuttingDown.into());
        }
        if self.in_progress.len() >= self.limits.max_in_progress() {
            self.statistics.overloaded += 1;
            return Err(FailureReason::Overloaded.into());
        }
        if time.is_zero() {
            self.statistics.timed_out += 1;
            return Err(timed_out(Stage::Queued));
        }
        self.table
            .decide(from, operation)
            .inspect_err(|failure| self.statistics.count_refused(failure))
    }

    /// Keeps an operation whose delivery is about to be queued.
    fn keep(&mut self, owner: Owner, responder: Responder, ends_at: Instant) -> AttemptId {
        let attempt = self.in_progress.insert(Pending {
            owner,
            responder,
            stage: Stage::Queued,
            course: None,
        });
        self.owners.insert(owner, attempt);
        self.deadlines.push(ends_at, attempt, &self.in_progress);
        attempt
    }

    /// Ends an operation with an adapter's answer.
    fn answer(&mut self, attempt: AttemptId, status: ResponseStatus) {
        if let Some(pending) = self.take(attempt) {
            self.respond(pending.owner, pending.responder.respond(status));
        }
    }

    /// Ends an operation without its adapter's answer.
    fn end(&mut self, attempt: AttemptId, failure: impl FnOnce(Stage) -> Failure) {
        let Some(pending) = self.take(attempt) else {
            return;
        };
        if pending.stage == Stage::HandedOver {
            self.actions.push_back(Action::Cancel { attempt });
        }
        let failure = failure(pending.stage);
        self.fail(pending, failure);
    }

    /// Tells the sender of a failure, with what is known of hops that were tried before.
    fn fail(&mut self, pending: Pending, failure: Failure) {
        let failure = match &pending.course {
            Some(course) => course.failure(failure),
            None => failure,
        };
        self.respond(pending.owner, pending.responder.respond(failure.into()));
    }

    fn take(&mut self, attempt: AttemptId) -> Option<Pending> {
        let pending = self.in_progress.remove(attempt)?;
        // A caller that uses a ticket twice has lost the name of the former operation, not the operation.
        if self.owners.get(&pending.owner) == Some(&attempt) {
            self.owners.remove(&pending.owner);
        }
        Some(pending)
    }

    fn respond(&mut self, owner: Owner, response: Response) {
        self.statistics.count(response.status());
        let answer = Answer::from(response.status());
        match owner {
            Owner::Caller(ticket) => {
                self.chronicle.note(owner, StepKind::Answered(answer));
                self.actions.push_back(Action::Respond { ticket, response });
            }
            owner => {
                self.chronicle.note(owner, StepKind::Ended(answer));
                self.ended.push((owner, response));
            }
        }
    }
}

fn timed_out(stage: Stage) -> Failure {
    match stage {
        Stage::Resolving => Failure::new(FailureReason::TimedOut)
            .with_detail("the next hops of the destination's domain were not found in time"),
        Stage::Queued => Failure::new(FailureReason::TimedOut),
        Stage::HandedOver => may_have_arrived(),
    }
}
