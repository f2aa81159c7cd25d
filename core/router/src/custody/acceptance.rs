//! What comes in: passed through, kept, or known already.

use std::{iter, time::Duration};

use rand::CryptoRng;
use rialto_model::{
    Disposition, Failure, FailureClass, FailureReason, MessageOperation, Responder, ResponseStatus,
    Retry, TransactionId,
};

use super::{
    Change, Custodian, CustodyPolicy, JournalTable,
    awaited::{Asked, Awaiting},
    entries::{First, Stage, Target},
    held::Held,
    identities::Seen,
    passed_on::is_worth_a_word,
    writes::Purpose,
};
use crate::{Action, AdapterId, CallerTicket, StepKind, router::Owner};

impl<R: CryptoRng> Custodian<R> {
    /// How much of the router is open to all, and to what is worth something only now; in sixteenths.
    const ALL: usize = 16;
    const TO_EPHEMERAL: usize = 12;

    /// Takes an operation in; whether more may follow than what the router does by itself.
    pub(super) fn admit(
        &mut self,
        from: AdapterId,
        operation: MessageOperation,
        ticket: CallerTicket,
    ) -> bool {
        let (share, policy) = match operation.is_ephemeral() {
            true => (Self::TO_EPHEMERAL, CustodyPolicy::NEVER),
            false => (Self::ALL, self.settings.policy(from)),
        };
        if !self.router.has_room(share) {
            self.turn_away(from, operation, ticket);
            return false;
        }
        let asked = Asked::of(&operation);
        let ends_with_its_answer =
            !policy.keeps() && asked.is_nothing() && !is_worth_a_word(from, &operation);
        // A caller that uses a ticket twice has lost the name of the former operation, not the operation.
        if ends_with_its_answer || self.holding.contains(ticket) {
            self.router
                .handle_operation(self.now, from, operation, ticket);
            return false;
        }
        let Some(held) = self.hold(from, operation, ticket, &policy) else {
            return false;
        };
        if !asked.is_nothing() {
            self.await_word(&held, asked);
        }
        let is_first = policy.patience() == Some(Duration::ZERO)
            || policy.keeps() && self.is_behind_others(&held.operation);
        if is_first {
            self.accept(ticket, held);
        } else {
            self.pass(ticket, held, &policy);
        }
        true
    }

    /// Whether messages of its conversation are kept.
    fn is_behind_others(&self, operation: &MessageOperation) -> bool {
        self.entries.has_messages() && {
            let conversation = self.conversation(operation.source(), operation.destination());
            self.entries.has_conversation(conversation)
        }
    }

    /// Refuses what there is no room for.
    fn turn_away(&mut self, from: AdapterId, operation: MessageOperation, ticket: CallerTicket) {
        if self.is_draining || !operation.is_ephemeral() {
            return self
                .router
                .handle_operation(self.now, from, operation, ticket);
        }
        self.statistics.ephemeral_dropped += 1;
        let failure = Failure::new(FailureReason::Overloaded);
        self.router.refuse(from, operation, ticket, failure.into());
    }

    /// Makes what is needed to keep an operation, if that ever comes to it; none, if it is one that came before.
    fn hold(
        &mut self,
        adapter: AdapterId,
        operation: MessageOperation,
        ticket: CallerTicket,
        policy: &CustodyPolicy,
    ) -> Option<Held> {
        let named = operation.identity().filter(|_| policy.keeps());
        let inboxes = [operation.source(), operation.destination()];
        let identity = named.map(|name| self.identities.identity(adapter, inboxes, name));
        if let Some(seen) = identity.and_then(|identity| self.identities.get(identity)) {
            self.repeat(seen, adapter, operation, ticket);
            return None;
        }
        Some(Held {
            adapter,
            onward: self.onward_name(adapter, &operation, policy),
            key: self.keys.next(),
            since: self.now,
            identity,
            is_written: false,
            is_gone: false,
            followers: Vec::new(),
            operation,
        })
    }

    /// The name under which a message is handed on.
    fn onward_name(
        &mut self,
        adapter: AdapterId,
        operation: &MessageOperation,
        policy: &CustodyPolicy,
    ) -> TransactionId {
        let identity = operation.identity().filter(|_| policy.keeps());
        let inboxes = [operation.source(), operation.destination()];
        let named = self
            .naming
            .as_ref()
            .zip(identity)
            .and_then(|(key, identity)| {
                let adapter = self.router.table().adapter(adapter)?;
                key.name(adapter.name(), inboxes, identity)
            });
        let free = named.filter(|name| self.awaited.yields(name));
        free.unwrap_or_else(|| self.random_id())
    }

    /// Answers a message that came before as the first one was, or will be.
    fn repeat(
        &mut self,
        seen: Seen,
        from: AdapterId,
        operation: MessageOperation,
        ticket: CallerTicket,
    ) {
        self.statistics.repeated += 1;
        let first = match seen {
            Seen::Held(first) => self.holding.get_mut(first),
            Seen::Accepting(key) => match self.entries.get_mut(key).map(|entry| &mut entry.stage) {
                Some(Stage::Accepting(accepting)) => Some(&mut accepting.held),
                _ => None,
            },
            Seen::Accepted(_) | Seen::Withdrawing => None,
        };
        let status = match first {
            Some(first) if first.followers.len() < Held::MAX_FOLLOWERS => {
                let follower = (ticket, *operation.transaction_id());
                let chronicle = self.router.chronicle();
                chronicle.note_operation(Owner::Held(ticket), from, &operation);
                return first.followers.push(follower);
            }
            Some(_) => Failure::new(FailureReason::Overloaded).into(),
            None if seen == Seen::Withdrawing => not_kept().into(),
            None => ResponseStatus::Indeterminant,
        };
        self.router.refuse(from, operation, ticket, status);
    }

    /// Waits for a later word on a message.
    fn await_word(&mut self, held: &Held, asked: Asked) {
        let sent_at = self.clock.millis(self.now);
        let time = self.settings.limits().awaited_time();
        let until = self.after(time);
        let awaiting = Awaiting::new(held.adapter, &held.operation, asked, sent_at, until);
        if let Some(record) = self.awaited.insert(self.now, held.onward, awaiting) {
            let forget = Change::delete(JournalTable::Dispositions, record);
            self.write(Purpose::Note, vec![forget]);
        }
    }

    /// Delivers a message while its sender waits; a copy stays here.
    fn pass(&mut self, ticket: CallerTicket, held: Held, policy: &CustodyPolicy) {
        let (adapter, onward) = (held.adapter, held.onward);
        self.holding.sweep();
        let operation = held.operation.clone();
        if let Some(identity) = held.identity {
            self.identities.set(identity, Seen::Held(ticket));
        }
        self.holding.insert(ticket, held);
        if let Some(patience) = policy.patience() {
            self.holding.set_patience(self.now, patience, ticket);
        }
        self.router
            .undertake(self.now, adapter, operation, onward, Owner::Held(ticket));
    }

    /// Keeps a message before anything else is done with it.
    fn accept(&mut self, ticket: CallerTicket, held: Held) {
        let refused = self
            .router
            .table()
            .decide(held.adapter, &held.operation)
            .err();
        let failure = match refused {
            Some(failure) => failure,
            None if self.has_place() => {
                let chronicle = self.router.chronicle();
                chronicle.note_operation(Owner::Held(ticket), held.adapter, &held.operation);
                self.keep(ticket, held, First::Later);
                return;
            }
            None => {
                self.statistics.not_kept += 1;
                not_kept()
            }
        };
        self.awaited.remove(&held.onward);
        self.router
            .refuse(held.adapter, held.operation, ticket, failure.into());
    }

    /// Keeps a message whose sender's network waits no longer, while its delivery goes on.
    ///
    /// One that could not be written goes on as it is: what has to remove all of it would remove a second record, too.
    pub(super) fn run_out_of_patience(&mut self, ticket: CallerTicket) {
        let held = self.holding.get_mut(ticket);
        if held.is_some_and(|held| held.is_written) {
            return;
        }
        if !self.has_place() {
            self.statistics.not_kept += 1;
            return;
        }
        if let Some(held) = self.holding.remove(ticket) {
            let key = self.keep(ticket, held, First::UnderWay);
            self.router.pass_to(Owner::Held(ticket), Owner::Kept(key));
        }
    }

    /// Takes the outcome of a message that is not kept.
    pub(super) fn end_held(&mut self, ticket: CallerTicket, status: ResponseStatus) {
        let Some(held) = self.holding.remove(ticket) else {
            return;
        };
        match status {
            ResponseStatus::Failure(failure)
                if !held.is_written
                    && (held.is_gone || self.is_kept_after(&held, &failure))
                    && self.has_place() =>
            {
                self.keep(ticket, held, First::Failed(failure));
            }
            status => {
                let is_over_there = !matches!(status, ResponseStatus::Failure(_));
                if self.queue.has_rests() && is_over_there {
                    let target = self.target(held.adapter, &held.operation);
                    self.queue.reached(&target);
                }
                self.answer_itself(ticket, held, status);
            }
        }
    }

    /// Whether a message that failed in this way is kept, and not its sender told.
    pub(super) fn is_kept_after(&self, held: &Held, failure: &Failure) -> bool {
        let policy = self.settings.policy(held.adapter);
        policy.keeps_temporary_failures() && !held.operation.is_ephemeral() && is_temporary(failure)
    }

    /// Answers with the outcome itself: the message was never kept. Where nobody hears the answer, a failure is told later as well.
    pub(super) fn answer_itself(
        &mut self,
        ticket: CallerTicket,
        held: Held,
        status: ResponseStatus,
    ) {
        if let Some(identity) = held.identity {
            self.identities.forget(identity);
        }
        match &status {
            ResponseStatus::Failure(failure) if held.is_gone && self.has_place() => {
                let sent = held.sent(&self.clock);
                self.bounce(Owner::Held(ticket), held.key, &sent, failure.clone());
            }
            ResponseStatus::Failure(_) => self.await_no_more(&held.onward),
            _ => self.hand_over(&held),
        }
        let first = (ticket, *held.operation.transaction_id());
        self.answer(first, held.followers, &status);
        self.holding.spend(held.operation);
    }

    /// Waits for no later word on a message that was not kept, and whose sender is told that it failed.
    ///
    /// If he is told of a word already, that stays on record: what was written of the message may come back with a restart, and fail again.
    fn await_no_more(&mut self, onward: &TransactionId) {
        let awaiting = self.awaited.get(onward);
        if awaiting.is_some_and(|awaiting| awaiting.is_told(Disposition::Failed)) {
            return;
        }
        let awaiting = self.awaited.remove(onward);
        if let Some(record) = awaiting.and_then(|awaiting| awaiting.record) {
            let forget = Change::delete(JournalTable::Dispositions, record);
            self.write(Purpose::Note, vec![forget]);
        }
    }

    /// Answers a message and those that followed it.
    pub(super) fn answer(
        &mut self,
        first: (CallerTicket, TransactionId),
        followers: Vec<(CallerTicket, TransactionId)>,
        status: &ResponseStatus,
    ) {
        for (ticket, id) in iter::once(first).chain(followers) {
            let response = Responder::resume(id).respond(status.clone());
            let answered = StepKind::Answered(status.into());
            self.router.chronicle().note(Owner::Held(ticket), answered);
            self.actions.push_back(Action::Respond { ticket, response });
        }
    }

    /// Whom a message is waiting for, as far as the table can tell.
    pub(super) fn target(&self, from: AdapterId, operation: &MessageOperation) -> Target {
        let destination = operation.destination();
        let way = self.router.table().way_on(from, destination);
        let (adapter, inbox) = match &way {
            Some((adapter, inbox)) => (*adapter, inbox),
            None => (None, destination),
        };
        Target {
            adapter,
            place: inbox.domain().into(),
        }
    }
}

/// How long a sender is asked to wait whose message cannot be kept.
const COME_AGAIN: Duration = Duration::from_secs(30);

/// Whether the same message may be delivered later, or may have been: class and retry are asked, since an adapter may know better than the reason does.
pub(super) fn is_temporary(failure: &Failure) -> bool {
    failure.reason() != FailureReason::Cancelled
        && (failure.reason().class() == FailureClass::Temporary || failure.retry() != Retry::Never)
}

pub(super) fn not_kept() -> Failure {
    Failure::new(FailureReason::Overloaded)
        .with_retry(Retry::After(COME_AGAIN))
        .with_detail("the gateway cannot keep the message now")
}
