//! What the far side says of a message: taken, written, heeded.
//!
//! A word is answered when its report is safe. Until then nothing else that is written may count on it: not the record of what was told, and not the
//! end of its message, which waits for it.

use std::time::Instant;

use rand::CryptoRng;
use rialto_model::{
    Disposition, DispositionOperation, Failure, FailureReason, Responder, ResponseStatus, Retry,
    TransactionId,
};

use super::{
    Change, Custodian, JournalKey, JournalTable, Unwritten,
    awaited::{Awaiting, Deliverer},
    clock::Millis,
    entries::{Body, Entry},
    record::AwaitedRecord,
    writes::Purpose,
};
use crate::{Action, AdapterId, CallerTicket, StepKind};

impl<R: CryptoRng> Custodian<R> {
    /// Takes a later word on a message, from the adapter that the message was handed to; `ticket` comes back with the response.
    ///
    /// Success means that it is safe and will be told, or was told before. Each side of a message is told once, and only what
    /// was asked for, but that it failed.
    pub fn handle_disposition(
        &mut self,
        now: Instant,
        from: AdapterId,
        disposition: DispositionOperation,
        ticket: CallerTicket,
    ) {
        self.begin(now);
        let concerning = *disposition.concerning();
        match self.judge(from, &disposition) {
            Ok(true) => {
                self.take_word(disposition, ticket, concerning);
                self.work();
            }
            Ok(false) => self.answer_word(ticket, disposition, ResponseStatus::Success),
            Err(failure) => {
                self.statistics.reports_refused += 1;
                self.answer_word(ticket, disposition, failure.into());
            }
        }
    }

    /// Whether a later word is waited for here, on the message that an adapter got under that identifier.
    pub fn awaits(&self, concerning: &TransactionId) -> bool {
        self.awaited.get(concerning).is_some()
    }

    /// Whether somebody is to be told, by somebody who may say so.
    fn judge(&self, from: AdapterId, disposition: &DispositionOperation) -> Result<bool, Failure> {
        let said = disposition.disposition();
        let awaiting = self
            .awaited
            .get(disposition.concerning())
            .ok_or_else(|| refused("no later word is waited for on that message"))?;
        let table = self.router.table();
        if !awaiting.went_to(table, from, disposition.source()) {
            return Err(refused("the message did not go to that inbox there"));
        }
        if awaiting.is_unsafe(said) {
            return Err(FailureReason::Overloaded.into());
        }
        if awaiting.is_told(said) {
            return Ok(false);
        }
        if said != Disposition::Failed && !awaiting.request.wants(said) {
            return Err(refused("the message's sender did not ask to be told this"));
        }
        Ok(true)
    }

    fn take_word(
        &mut self,
        disposition: DispositionOperation,
        ticket: CallerTicket,
        concerning: TransactionId,
    ) {
        if !self.has_place() {
            let failure = Failure::new(FailureReason::Overloaded);
            return self.answer_word(ticket, disposition, failure.into());
        }
        let said = disposition.disposition();
        let (id, own_key) = (self.random_id(), self.keys.next());
        let Some(awaiting) = self.awaited.get_mut(&concerning) else {
            return;
        };
        awaiting.set_told(said);
        awaiting.set_unsafe(said);
        let adapter = awaiting.adapter;
        let mut report = awaiting.report(id, said);
        let response_id = *disposition.transaction_id();
        if said == Disposition::Failed {
            report = report.with_failure(disposition.into_failure());
        }
        self.note_word(&concerning, StepKind::DispositionReceived(said));
        let changes = self.record_with(&concerning, Some(said), own_key);
        let changes = changes.into_iter().collect();
        let key = self.tell(adapter, report, changes, |report| Purpose::Told {
            report,
            concerning,
            asker: Some((ticket, response_id)),
        });
        self.note_report(&concerning, said, key);
    }

    /// Whoever handed a report in is answered when it is safe, or has to try again.
    pub(super) fn told(&mut self, purpose: &Purpose, result: Result<(), Unwritten>) {
        let Purpose::Told {
            report,
            concerning,
            asker,
        } = purpose
        else {
            return;
        };
        let status = match result {
            Ok(()) => {
                let said = self.said(*report);
                self.tell_when_recorded(*report, said, concerning);
                self.heed_word(said, concerning);
                self.end_behind_word(concerning);
                ResponseStatus::Success
            }
            Err(Unwritten) => Failure::new(FailureReason::Overloaded).into(),
        };
        if let Some((ticket, id)) = *asker {
            let response = Responder::resume(id).respond(status);
            self.actions.push_back(Action::Respond { ticket, response });
        }
    }

    /// What is still to be written of a report, or of what was told: by now more may be known of its message.
    pub(super) fn renew(
        &mut self,
        purpose: Purpose,
        mut changes: Vec<Change>,
    ) -> (Purpose, Vec<Change>) {
        let (report, concerning) = match purpose {
            Purpose::Told {
                report, concerning, ..
            } => (report, concerning),
            Purpose::Correction {
                concerning,
                reports,
            } => {
                let key = self.keys.next();
                let record = self.record_with(&concerning, None, key);
                if record.is_none() {
                    self.reports_safe(&reports);
                }
                let purpose = Purpose::Correction {
                    concerning,
                    reports,
                };
                return (purpose, record.into_iter().collect());
            }
            _ => return (purpose, changes),
        };
        changes.retain(|change| change.table != JournalTable::Dispositions);
        let (key, said) = (self.keys.next(), self.said(report));
        changes.extend(self.record_with(&concerning, said, key));
        let is_end = said.is_some_and(says_whether_it_arrived);
        if let Some(message) = self.ending_behind.get(&concerning).filter(|_| is_end) {
            changes.retain(|change| change.put.is_some());
            changes.push(Change::delete(JournalTable::Operations, *message));
        }
        let purpose = Purpose::Told {
            report,
            concerning,
            asker: None,
        };
        (purpose, changes)
    }

    /// Tries a kept message no more of which the far side has said how it ended.
    fn heed_word(&mut self, said: Option<Disposition>, concerning: &TransactionId) {
        let said = said.filter(|said| is_final(*said));
        let awaiting = self.awaited.get(concerning);
        let kept = awaiting.and_then(|awaiting| awaiting.kept);
        if let (Some(said), Some(key)) = (said, kept) {
            self.settle_by_word(key, said);
        }
    }

    /// Lets a report that is safe be told as soon as the record of its message says so: else the same might be told again when it has ended.
    ///
    /// Words that were on their way together have each written a record without the other.
    fn tell_when_recorded(
        &mut self,
        report: JournalKey,
        said: Option<Disposition>,
        concerning: &TransactionId,
    ) {
        let mut reports = self.unrecorded.remove(concerning).unwrap_or_default();
        reports.push(report);
        let awaiting = self.awaited.get_mut(concerning);
        match (awaiting, said) {
            (Some(awaiting), Some(said)) => {
                awaiting.set_safe(said);
                if awaiting.has_unsafe() {
                    self.unrecorded.insert(*concerning, reports);
                } else if awaiting.is_outdated {
                    self.correct(concerning, reports);
                } else {
                    self.reports_safe(&reports);
                }
            }
            _ => self.reports_safe(&reports),
        }
    }

    /// Writes what was told of a message, as far as it is safe; these reports are told when that is.
    pub(super) fn correct(&mut self, concerning: &TransactionId, reports: Vec<JournalKey>) {
        let key = self.keys.next();
        match self.record_with(concerning, None, key) {
            Some(change) => {
                let concerning = *concerning;
                let purpose = Purpose::Correction {
                    concerning,
                    reports,
                };
                self.write(purpose, vec![change]);
            }
            None => self.reports_safe(&reports),
        }
    }

    /// What a report tells, while it is kept.
    fn said(&self, report: JournalKey) -> Option<Disposition> {
        match self.entries.get(report).and_then(Entry::body)? {
            Body::Report(report) => Some(report.disposition()),
            Body::Message(..) => None,
        }
    }

    /// Lets the record of a message that has failed stay until what its sender is told of that is safe.
    pub(super) fn end_with_word(&mut self, onward: &TransactionId, key: JournalKey) {
        self.ending_behind.insert(*onward, key);
    }

    /// A word on a message is safe: if the message has ended meanwhile, its record may go.
    fn end_behind_word(&mut self, onward: &TransactionId) {
        let is_safe = |awaiting: &Awaiting| !awaiting.is_unsafe(Disposition::Failed);
        if self.awaited.get(onward).is_none_or(is_safe)
            && let Some(key) = self.ending_behind.remove(onward)
        {
            let gone = Change::delete(JournalTable::Operations, key);
            self.write(Purpose::Removal, vec![gone]);
        }
    }

    /// What is written of a message on which a later word is waited for; nothing, if there is none, or if a word is being
    /// written with all of it.
    pub(super) fn record_awaited(
        &mut self,
        onward: &TransactionId,
        key: JournalKey,
    ) -> Option<Change> {
        let is_being_written =
            |awaiting: &Awaiting| awaiting.record.is_some() && awaiting.has_unsafe();
        if self.awaited.get(onward).is_some_and(is_being_written) {
            return None;
        }
        self.record_with(onward, None, key)
    }

    /// The same, in one write with what is told: of what was told, only this and what is safe is written.
    pub(super) fn record_with(
        &mut self,
        onward: &TransactionId,
        telling: Option<Disposition>,
        key: JournalKey,
    ) -> Option<Change> {
        let awaiting = self.awaited.get_mut(onward)?;
        let key = *awaiting.record.get_or_insert(key);
        let told = awaiting.written_as_told(telling);
        let awaiting = awaiting.clone();
        let (deliverer, inbox) = match awaiting.deliverer {
            Some(Deliverer { adapter, inbox }) => {
                let name = adapter.map(|adapter| self.adapter_name(adapter));
                (name.unwrap_or_default(), inbox.uri().clone())
            }
            None => Default::default(),
        };
        let left = awaiting.expires_at.saturating_duration_since(self.now);
        let expires_at: Millis = self.clock.millis(self.now).plus(left);
        let record = AwaitedRecord {
            adapter: self.adapter_name(awaiting.adapter),
            deliverer,
            inbox,
            onward: *onward,
            id: awaiting.id,
            source: awaiting.source,
            destination: awaiting.destination,
            request: awaiting.request,
            message_id: awaiting.message_id,
            reference: awaiting.reference,
            sent_at: awaiting.sent_at,
            expires_at,
            told,
        };
        Some(Change::put_until(
            JournalTable::Dispositions,
            key,
            record.write(),
            expires_at.time(),
        ))
    }

    fn answer_word(
        &mut self,
        ticket: CallerTicket,
        disposition: DispositionOperation,
        status: ResponseStatus,
    ) {
        let response = disposition.respond(status);
        self.actions.push_back(Action::Respond { ticket, response });
    }
}

/// Whether this is of the side on which a failure is told, too.
fn says_whether_it_arrived(said: Disposition) -> bool {
    said.disposition_type() == Disposition::Failed.disposition_type()
}

/// Whether there is nothing left to deliver when this is said.
const fn is_final(said: Disposition) -> bool {
    matches!(
        said,
        Disposition::Delivered | Disposition::Displayed | Disposition::Failed
    )
}

fn refused(why: &'static str) -> Failure {
    Failure::new(FailureReason::NotPermitted)
        .with_retry(Retry::Never)
        .with_detail(why)
}
