//! From a message that is held to one that is kept.

use std::time::Instant;

use rand::CryptoRng;
use rialto_model::{Disposition, MessageOperation, ResponseStatus};

use super::{
    Change, Custodian, JournalKey, JournalTable, KeptKind,
    acceptance::not_kept,
    attempts::Judge,
    clock::Millis,
    entries::{Accepting, Body, Entry, First, Stage},
    held::Held,
    identities::Seen,
    record::{IdentityRecord, MessageRecord},
    writes::Purpose,
};
use crate::{AdapterId, CallerTicket, StepKind, router::Owner};

impl<R: CryptoRng> Custodian<R> {
    /// Begins to keep a message: asks for it to be written.
    pub(super) fn keep(
        &mut self,
        ticket: CallerTicket,
        mut held: Held,
        first: First,
    ) -> JournalKey {
        // Whoever gets it late shall see when it was sent.
        let sent = self.clock.at(held.since);
        let message = held.operation.message().clone().with_date_time(sent);
        held.operation = held.operation.with_message(message);
        let key = held.key;
        held.is_written = true;
        let policy = self.settings.policy(held.adapter);
        let operation = &held.operation;
        let time = policy.time_to_live(operation.time_to_live());
        let expires_at = held.since.checked_add(time).unwrap_or(held.since);
        let accepted_at = self.clock.millis(held.since);
        let adapter = self.adapter_name(held.adapter);
        let times = [accepted_at, accepted_at.plus(time)];
        let record = MessageRecord::write_of(&adapter, times, &held.onward, operation);
        let mut changes = vec![Change::put(JournalTable::Operations, key, record)];
        if let (Some(identity), Some(name)) = (held.identity, operation.identity()) {
            self.identities.set(identity, Seen::Accepting(key));
            let expires_at = accepted_at.plus(policy.identity_time());
            let record = IdentityRecord {
                adapter,
                source: operation.source().clone(),
                destination: operation.destination().clone(),
                identity: name.clone(),
                accepted_at,
                expires_at,
            };
            let (table, value) = (JournalTable::Identities, record.write());
            changes.push(Change::put_until(table, key, value, expires_at.time()));
        }
        if let Some(awaiting) = self.awaited.get_mut(&held.onward) {
            awaiting.kept = Some(key);
            // Who has it may speak of it after a restart, too, before it is tried again.
            if awaiting.deliverer.is_some() {
                let own_key = self.keys.next();
                changes.extend(self.record_awaited(&held.onward, own_key));
            }
        }
        let times = (accepted_at, expires_at);
        let mut entry = self.message_entry(held.adapter, operation, times);
        entry.stage = Stage::Accepting(Box::new(Accepting {
            ticket,
            held,
            first,
        }));
        self.entries.insert(key, entry, None);
        let kept = StepKind::Kept { key };
        self.router.chronicle().note(Owner::Held(ticket), kept);
        self.write(Purpose::Acceptance(key), changes);
        key
    }

    /// A message, as it is kept.
    pub(super) fn message_entry(
        &self,
        adapter: AdapterId,
        operation: &MessageOperation,
        times: (Millis, Instant),
    ) -> Entry {
        let inboxes @ [source, destination] = [operation.source(), operation.destination()];
        let conversation = self.conversation(source, destination);
        let target = self.target(adapter, operation);
        Entry::new(
            KeptKind::Message,
            adapter,
            inboxes,
            conversation,
            target,
            times,
        )
    }

    /// A message's acceptance is safe: its sender is answered.
    pub(super) fn accepted(&mut self, key: JournalKey) {
        let room = self.settings.limits().max_in_flight();
        let bodies = self.entries.bodies();
        let Some((accepting, entry)) = self.entries.accepting(key) else {
            return;
        };
        let Accepting {
            ticket,
            held,
            first,
        } = *accepting;
        entry.is_safe = true;
        let mut queued = entry.queued(key);
        if !matches!(first, First::Later) {
            entry.attempts = 1;
            entry.stage = Stage::Trying;
            queued = queued.in_flight();
        }
        self.queue.push(queued);
        self.statistics.accepted += 1;
        self.note(key, StepKind::Written);
        self.note(key, StepKind::Accepted);
        if let Some(identity) = held.identity {
            let time = self.settings.policy(held.adapter).identity_time();
            let until = self.after(time);
            if let Some(oldest) = self.identities.accept(identity, key, until) {
                let forget = Change::delete(JournalTable::Identities, oldest);
                self.write(Purpose::Note, vec![forget]);
            }
        }
        let Held {
            operation,
            onward,
            followers,
            ..
        } = held;
        let caller = (ticket, *operation.transaction_id());
        self.answer(caller, followers, &ResponseStatus::Indeterminant);
        self.tell_own(&onward, Disposition::Stored, Purpose::Courtesy);
        if bodies < room || !matches!(first, First::Later) {
            self.entries.put_body(key, Body::Message(operation, onward));
        }
        if let First::Failed(failure) = first {
            self.end_kept(key, failure.into(), Judge::Adapter);
        }
    }

    /// A message's acceptance failed: it is not kept after all.
    pub(super) fn not_accepted(&mut self, key: JournalKey) {
        let Some(accepting) = self.give_acceptance_up(key) else {
            return;
        };
        let Accepting {
            ticket,
            held,
            first,
        } = accepting;
        self.statistics.not_kept += 1;
        match first {
            First::Later => self.answer_itself(ticket, held, not_kept().into()),
            First::Failed(failure) => self.answer_itself(ticket, held, failure.into()),
            First::UnderWay => {
                if let Some(identity) = held.identity {
                    self.identities.set(identity, Seen::Held(ticket));
                }
                self.holding.insert(ticket, held);
                self.router.pass_to(Owner::Kept(key), Owner::Held(ticket));
            }
        }
    }

    /// Takes the outcome of a delivery that is known before its message's acceptance is safe.
    pub(super) fn end_accepting(&mut self, key: JournalKey, status: ResponseStatus) {
        let Some(Entry {
            stage: Stage::Accepting(accepting),
            ..
        }) = self.entries.get(key)
        else {
            return;
        };
        match status {
            ResponseStatus::Failure(failure)
                if accepting.held.is_gone || self.is_kept_after(&accepting.held, &failure) =>
            {
                if let Some(entry) = self.entries.get_mut(key)
                    && let Stage::Accepting(accepting) = &mut entry.stage
                {
                    accepting.first = First::Failed(failure);
                }
            }
            status => {
                if let Some(accepting) = self.give_acceptance_up(key) {
                    self.answer_itself(accepting.ticket, accepting.held, status);
                }
            }
        }
    }

    /// Takes a message back whose acceptance is not safe; of what may be written of it nothing shall stay.
    fn give_acceptance_up(&mut self, key: JournalKey) -> Option<Accepting> {
        let (accepting, _) = self.entries.accepting(key)?;
        self.entries.remove(key);
        if let Some(awaiting) = self.awaited.get_mut(&accepting.held.onward) {
            awaiting.kept = None;
        }
        let mut changes = vec![Change::delete(JournalTable::Operations, key)];
        let purpose = match accepting.held.identity {
            Some(identity) => {
                self.identities.withdraw(identity);
                changes.push(Change::delete(JournalTable::Identities, key));
                Purpose::Withdrawal(identity)
            }
            None => Purpose::Removal,
        };
        self.write(purpose, changes);
        Some(*accepting)
    }
}
