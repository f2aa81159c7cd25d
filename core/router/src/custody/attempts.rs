//! What is kept: tried, tried again, given up.

use std::time::{Duration, Instant};

use rand::CryptoRng;
use rialto_model::{
    Bytes, Disposition, DispositionOperation, Failure, FailureReason, MessageOperation, Origin,
    ResponseStatus, Retry, TransactionId,
};

use super::{
    Change, Custodian, JournalKey, JournalTable, KeptKind, NoSuchEntry, Unread, Unwritten, WriteId,
    acceptance::is_temporary,
    awaited::{Asked, with_names},
    entries::{Body, Entry, Stage},
    queue::Outcome,
    record::Record,
    writes::Purpose,
};
use crate::{Action, StepKind, router::Owner};

impl<R: CryptoRng> Custodian<R> {
    /// How many writes may be under way before no more of what is kept is tried.
    const MAX_WRITES: usize = 1024;

    /// After how long a record is asked for again that could not be read.
    const READ_AGAIN: Duration = Duration::from_secs(2);

    /// Takes the result of a write: whether its changes are safe.
    pub fn handle_written(&mut self, now: Instant, write: WriteId, result: Result<(), Unwritten>) {
        self.begin(now);
        let Some((purpose, changes)) = self.writes.end(write) else {
            return;
        };
        match (&purpose, result) {
            (Purpose::Acceptance(key), Ok(())) => self.accepted(*key),
            (Purpose::Acceptance(key), Err(Unwritten)) => self.not_accepted(*key),
            (Purpose::Report(key) | Purpose::Courtesy(key) | Purpose::Settlement(key), Ok(())) => {
                self.report_safe(*key)
            }
            (Purpose::Courtesy(key), Err(Unwritten)) => self.give_up(*key, not_safe()),
            (Purpose::Report(key), Err(Unwritten)) => self.queue_report(*key),
            (Purpose::Told { .. }, result) => self.told(&purpose, result),
            (Purpose::Withdrawal(identity), Ok(())) => self.identities.withdrawn(*identity),
            _ => {}
        }
        if result.is_err() {
            self.statistics.failed_writes += 1;
            self.writes.postpone(now, purpose, changes);
        }
        self.work();
    }

    /// Takes a record that was asked for.
    pub fn handle_loaded(&mut self, now: Instant, key: JournalKey, record: Result<Bytes, Unread>) {
        self.begin(now);
        let body = record.and_then(|bytes| match Record::read(&bytes) {
            Ok(Record::Message(kept)) => Ok(Body::Message(kept.operation, kept.onward)),
            Ok(Record::Report(kept)) => Ok(Body::Report(kept.disposition)),
            _ => Err(Unread::Lost),
        });
        match body {
            Ok(body) => self.loaded(key, body),
            Err(Unread::Unavailable) => self.not_loaded(key),
            Err(Unread::Lost) => self.lose(key),
        }
        self.work();
    }

    /// Tries something kept at once.
    pub fn retry(&mut self, now: Instant, key: JournalKey) -> Result<(), NoSuchEntry> {
        self.begin(now);
        if !self.queue.retry_now(key) {
            return Err(NoSuchEntry);
        }
        self.work();
        Ok(())
    }

    /// Gives something kept up: of a message, its sender is told a failure.
    ///
    /// One that is only being written is not there yet.
    pub fn drop_kept(&mut self, now: Instant, key: JournalKey) -> Result<(), NoSuchEntry> {
        self.begin(now);
        let entry = self.entries.get(key).ok_or(NoSuchEntry)?;
        match (&entry.stage, entry.kind) {
            (Stage::Accepting(_) | Stage::Writing | Stage::Ending(_), _) => {
                return Err(NoSuchEntry);
            }
            (Stage::Trying, KeptKind::Message) => self.router.call_off(Owner::Kept(key)),
            _ => {
                self.queue.remove(key);
                self.finish(key, dropped());
            }
        }
        self.statistics.dropped += 1;
        self.note(key, StepKind::Dropped);
        self.work();
        Ok(())
    }

    /// Tries what may go, and ends what has expired; whether anything did.
    pub(super) fn drive(&mut self) -> bool {
        if self.is_draining {
            return false;
        }
        let mut any = false;
        while !self.is_held_up()
            && let Some(key) = self.queue.expired(self.now)
        {
            self.expire(key);
            any = true;
        }
        while !self.is_held_up()
            && let Some(key) = self.queue.next_ready(self.now)
        {
            self.try_next(key);
            any = true;
        }
        any
    }

    /// Whether so much waits for the disk that no more is begun.
    pub(super) fn is_held_up(&self) -> bool {
        self.ending >= self.settings.limits().max_in_flight()
            || self.writes.len() >= Self::MAX_WRITES
    }

    fn try_next(&mut self, key: JournalKey) {
        let Some(entry) = self.entries.get_mut(key) else {
            self.queue.remove(key);
            return;
        };
        match entry.body().cloned() {
            Some(body) => self.try_with(key, body),
            None => {
                entry.stage = Stage::Loading;
                self.actions.push_back(Action::Load { key });
            }
        }
    }

    fn try_with(&mut self, key: JournalKey, body: Body) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        self.statistics.retries += u64::from(entry.attempts > 0);
        entry.stage = Stage::Trying;
        entry.attempts = entry.attempts.saturating_add(1);
        let (adapter, left) = (
            entry.adapter,
            entry.expires_at.saturating_duration_since(self.now),
        );
        match body {
            Body::Message(operation, onward) => {
                let time = left.min(self.router.default_deadline());
                let operation = operation.with_deadline(time).with_time_to_live(left);
                self.router
                    .undertake(self.now, adapter, operation, onward, Owner::Kept(key));
            }
            Body::Report(disposition) => self.tell_now(key, adapter, disposition),
        }
    }

    fn loaded(&mut self, key: JournalKey, body: Body) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        match std::mem::replace(&mut entry.stage, Stage::Queued) {
            Stage::Loading => {
                self.entries.put_body(key, body.clone());
                self.try_with(key, body);
            }
            Stage::Ending(failure) => {
                self.ending -= 1;
                self.entries.put_body(key, body);
                self.give_up(key, *failure);
            }
            other => entry.stage = other, // asked for twice, or answered twice
        }
    }

    fn not_loaded(&mut self, key: JournalKey) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        match entry.stage {
            Stage::Loading => {
                entry.stage = Stage::Queued;
                let after = Some(Self::READ_AGAIN);
                let outcome = Outcome::NotTried { after };
                self.queue
                    .settled(self.now, key, outcome, self.router.rng());
            }
            Stage::Ending(_) => {
                self.unread.push(key);
                let at = self.now.checked_add(Self::READ_AGAIN);
                self.read_again_at = self.read_again_at.or(at);
            }
            _ => {}
        }
    }

    /// Goes on without something that cannot be read. Its record stays: whoever checks the store shall find it.
    fn lose(&mut self, key: JournalKey) {
        let is_waited_for = self
            .entries
            .get(key)
            .is_some_and(|entry| matches!(entry.stage, Stage::Loading | Stage::Ending(_)));
        if !is_waited_for {
            return;
        }
        if let Some((entry, _)) = self.entries.remove(key) {
            self.ending -= usize::from(matches!(entry.stage, Stage::Ending(_)));
            self.queue.remove(key);
            self.statistics.lost += 1;
        }
    }

    /// Takes the outcome of a try.
    pub(super) fn end_kept(&mut self, key: JournalKey, status: ResponseStatus) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        match (&entry.stage, status) {
            (Stage::Accepting(_), status) => self.end_accepting(key, status),
            (Stage::Trying, ResponseStatus::Failure(failure)) if is_temporary(&failure) => {
                entry.stage = Stage::Queued;
                entry.last_failure = Some(failure.reason());
                self.entries.drop_body(key);
                self.plan_again(key, &failure);
            }
            (Stage::Trying, status) => {
                self.queue
                    .settled(self.now, key, Outcome::Done, self.router.rng());
                match status {
                    ResponseStatus::Failure(failure) => self.give_up(key, failure),
                    _ => self.finish_well(key),
                }
            }
            _ => {}
        }
    }

    /// Lets the queue say when something is tried again that failed for now.
    fn plan_again(&mut self, key: JournalKey, failure: &Failure) {
        let rng = self.router.rng();
        if let Some(at) = self.queue.settled(self.now, key, outcome(failure), rng) {
            let after = at.saturating_duration_since(self.now);
            let reason = failure.reason();
            self.note(key, StepKind::RetryPlanned { after, reason });
        }
    }

    /// Gives custody up: it was handed over, or a report was told.
    fn finish_well(&mut self, key: JournalKey) {
        let Some((entry, body)) = self.entries.remove(key) else {
            return;
        };
        self.ending -= usize::from(matches!(entry.stage, Stage::Ending(_)));
        let mut changes = vec![Change::delete(JournalTable::Operations, key)];
        if entry.kind == KeptKind::Report {
            self.statistics.reports_told += 1;
            if let Some(Body::Report(report)) = body {
                self.note(key, StepKind::DispositionTold(report.disposition()));
            }
            return self.write(Purpose::Removal, changes);
        }
        self.statistics.delivered += 1;
        let Some(Body::Message(_, onward)) = body else {
            return self.write(Purpose::Removal, changes);
        };
        if let Some(awaiting) = self.awaited.get_mut(&onward) {
            awaiting.kept = None;
        }
        changes.extend(self.record_awaited(&onward, key));
        self.write(Purpose::Removal, changes);
        self.tell_own(&onward, Disposition::Processed, Purpose::Courtesy);
    }

    /// Gives custody up of a message of which the far side has spoken: no try tells more.
    pub(super) fn settle_by_word(&mut self, key: JournalKey, said: Disposition) {
        let is_safe = self.entries.get(key).is_some_and(|entry| entry.is_safe);
        if !is_safe {
            return;
        }
        self.queue.remove(key);
        self.router.call_off(Owner::Kept(key));
        if said != Disposition::Failed {
            return self.finish_well(key);
        }
        if let Some((entry, _)) = self.entries.remove(key) {
            self.ending -= usize::from(matches!(entry.stage, Stage::Ending(_)));
            self.statistics.failed += 1;
            let gone = Change::delete(JournalTable::Operations, key);
            self.write(Purpose::Removal, vec![gone]);
        }
    }

    fn expire(&mut self, key: JournalKey) {
        let Some(entry) = self.entries.get(key) else {
            return;
        };
        let reason = entry.last_failure.unwrap_or(FailureReason::TimedOut);
        self.statistics.expired += u64::from(entry.kind == KeptKind::Message);
        self.note(key, StepKind::Expired);
        self.finish(key, expired(reason));
    }

    /// Ends something that is not under way: reads it first, for its sender to be told.
    fn finish(&mut self, key: JournalKey, failure: Failure) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        if entry.kind == KeptKind::Report || entry.body().is_some() {
            return self.give_up(key, failure);
        }
        let is_asked_for = matches!(entry.stage, Stage::Loading);
        entry.stage = Stage::Ending(Box::new(failure));
        self.ending += 1;
        if !is_asked_for {
            self.actions.push_back(Action::Load { key });
        }
    }

    /// Gives custody up with a failure, of which a message's sender is told, always.
    fn give_up(&mut self, key: JournalKey, failure: Failure) {
        let Some((entry, body)) = self.entries.remove(key) else {
            return;
        };
        match body {
            Some(Body::Message(operation, onward)) => {
                self.statistics.failed += 1;
                self.bounce(key, &entry, &operation, &onward, failure);
            }
            _ => {
                self.statistics.reports_untold += 1;
                let gone = Change::delete(JournalTable::Operations, key);
                self.write(Purpose::Removal, vec![gone]);
            }
        }
    }

    /// Puts a report in the place of a message.
    fn bounce(
        &mut self,
        key: JournalKey,
        entry: &Entry,
        operation: &MessageOperation,
        onward: &TransactionId,
        failure: Failure,
    ) {
        let mut changes = vec![Change::delete(JournalTable::Operations, key)];
        if let Some(awaiting) = self.awaited.remove(onward) {
            let record = awaiting.record;
            changes.extend(record.map(|key| Change::delete(JournalTable::Dispositions, key)));
            if awaiting.is_told(Disposition::Failed) {
                return self.write(Purpose::Removal, changes);
            }
        }
        let asked = Asked::of(operation);
        let report = DispositionOperation::failed(
            self.random_id(),
            *operation.transaction_id(),
            operation.destination().clone(),
            operation.source().clone(),
            failure,
        )
        .with_request(asked.request)
        .with_sent_at(entry.accepted_at.time());
        let report = with_names(report, asked.message_id.as_ref(), operation.reference());
        let disposition = Disposition::Failed;
        let report = self.tell(entry.adapter, report, changes, Purpose::Settlement);
        let kept = StepKind::DispositionKept {
            disposition,
            key: report,
        };
        self.note(key, kept);
    }
}

/// What a failure means for others that wait.
fn outcome(failure: &Failure) -> Outcome {
    let after = match failure.retry() {
        Retry::After(after) => Some(after),
        _ => None,
    };
    match failure.reason() {
        FailureReason::Unreachable
        | FailureReason::TimedOut
        | FailureReason::Overloaded
        | FailureReason::ShuttingDown => Outcome::DestinationFailed { after },
        _ => Outcome::EntryFailed { after },
    }
}

fn expired(last: FailureReason) -> Failure {
    Failure::new(last)
        .with_retry(Retry::Never)
        .with_detail(format!(
            "given up when the message's time was over: {}",
            last.text()
        ))
}

fn not_safe() -> Failure {
    Failure::new(FailureReason::Overloaded)
}

fn dropped() -> Failure {
    Failure::new(FailureReason::Cancelled)
        .with_origin(Origin::Operator)
        .with_detail("the gateway's operator dropped the message")
}
