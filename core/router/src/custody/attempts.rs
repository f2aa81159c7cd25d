//! What is kept: tried, tried again, given up.

use std::time::{Duration, Instant};

use rand::CryptoRng;
use rialto_model::{Bytes, Failure, FailureReason, Origin, ResponseStatus, Retry};

use super::{
    Custodian, JournalKey, KeptKind, NoSuchEntry, Unread,
    acceptance::is_temporary,
    entries::{Body, Stage},
    queue::Outcome,
    record::Record,
};
use crate::{Action, StepKind, router::Owner};

/// Who said how a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judge {
    /// The adapter that had it: the destination answered.
    Adapter,
    /// The gateway itself, which says nothing of the destination.
    Gateway,
}

impl<R: CryptoRng> Custodian<R> {
    /// How many writes may be under way before no more of what is kept is tried.
    const MAX_WRITES: usize = 1024;

    /// After how long a record is asked for again that could not be read.
    const READ_AGAIN: Duration = Duration::from_secs(2);

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
        if self.is_draining || self.queue.is_empty() {
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
    pub(super) fn end_kept(&mut self, key: JournalKey, status: ResponseStatus, judge: Judge) {
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
                let outcome = match judge {
                    Judge::Adapter => Outcome::Done,
                    Judge::Gateway => Outcome::Ended,
                };
                self.queue
                    .settled(self.now, key, outcome, self.router.rng());
                match status {
                    ResponseStatus::Failure(failure) => self.finish(key, failure),
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

fn dropped() -> Failure {
    Failure::new(FailureReason::Cancelled)
        .with_origin(Origin::Operator)
        .with_detail("the gateway's operator dropped the message")
}
