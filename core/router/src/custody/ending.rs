//! What is kept, given up: handed over, told, or failed.

use rand::CryptoRng;
use rialto_model::{Disposition, DispositionOperation, Failure, FailureReason, Retry};

use super::{
    Change, Custodian, JournalKey, JournalTable, KeptKind,
    awaited::{Asked, with_names},
    entries::{Body, Stage},
    held::Sent,
    writes::Purpose,
};
use crate::{Action, StepKind, router::Owner};

impl<R: CryptoRng> Custodian<R> {
    /// Gives custody up: it was handed over, or a report was told.
    pub(super) fn finish_well(&mut self, key: JournalKey) {
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
        let record = self.record_awaited(&onward, key);
        let purpose = match record {
            Some(_) => Purpose::HandedOver(onward),
            None => Purpose::Removal,
        };
        changes.extend(record);
        self.write(purpose, changes);
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

    pub(super) fn expire(&mut self, key: JournalKey) {
        let Some(entry) = self.entries.get(key) else {
            return;
        };
        let reason = entry.last_failure.unwrap_or(FailureReason::TimedOut);
        self.statistics.expired += u64::from(entry.kind == KeptKind::Message);
        self.note(key, StepKind::Expired);
        self.finish(key, expired(reason));
    }

    /// Ends something that is not under way: reads it first, for its sender to be told.
    ///
    /// What is behind it in its conversation waits until that is safe: else a crash might bring it back behind them.
    pub(super) fn finish(&mut self, key: JournalKey, failure: Failure) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        if entry.kind == KeptKind::Message {
            self.queue
                .hold_up(key, entry.conversation, entry.target.clone());
        }
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
    pub(super) fn give_up(&mut self, key: JournalKey, failure: Failure) {
        let Some((entry, body)) = self.entries.end(key) else {
            return;
        };
        match body {
            Some(Body::Message(operation, onward)) => {
                self.statistics.failed += 1;
                let sent = Sent {
                    adapter: entry.adapter,
                    operation: &operation,
                    onward,
                    sent_at: entry.accepted_at,
                };
                self.bounce(Owner::Kept(key), key, &sent, failure);
            }
            _ => {
                self.statistics.reports_untold += 1;
                let gone = Change::delete(JournalTable::Operations, key);
                self.write(Purpose::Removal, vec![gone]);
            }
        }
    }

    /// Puts a report in the place of a message, or of what may have been written of it. Its sender may send it again then, and it is a new one.
    pub(super) fn bounce(
        &mut self,
        owner: Owner,
        key: JournalKey,
        sent: &Sent<'_>,
        failure: Failure,
    ) {
        let Sent {
            operation, onward, ..
        } = sent;
        let mut changes = vec![Change::delete(JournalTable::Operations, key)];
        if let Some(awaiting) = self.awaited.get_mut(onward)
            && awaiting.is_told(Disposition::Failed)
        {
            // What was told stays on record: it may be safe before the end of the message is.
            awaiting.kept = None;
            if awaiting.is_unsafe(Disposition::Failed) {
                return self.end_with_word(onward, key);
            }
            return self.write(Purpose::Removal, changes);
        }
        let awaiting = self.awaited.remove(onward);
        if let Some(record) = awaiting.and_then(|awaiting| awaiting.record) {
            changes.push(Change::delete(JournalTable::Dispositions, record));
        }
        let identity = operation.identity().map(|name| {
            changes.push(Change::delete(JournalTable::Identities, key));
            let inboxes = [operation.source(), operation.destination()];
            self.identities.identity(sent.adapter, inboxes, name)
        });
        let asked = Asked::of(operation);
        let report = DispositionOperation::failed(
            self.random_id(),
            *operation.transaction_id(),
            operation.destination().clone(),
            operation.source().clone(),
            failure,
        )
        .with_request(asked.request)
        .with_sent_at(sent.sent_at.time());
        let report = with_names(report, asked.message_id.as_ref(), operation.reference());
        let disposition = Disposition::Failed;
        let report = self.tell(sent.adapter, report, changes, |report| {
            Purpose::Settlement {
                report,
                message: key,
                identity,
            }
        });
        let kept = StepKind::DispositionKept {
            disposition,
            key: report,
        };
        self.router.chronicle().note(owner, kept);
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
