//! The later word on a message: waited for, and told.

use std::time::{Duration, Instant};

use rand::CryptoRng;
use rialto_model::{
    Disposition, DispositionOperation, Failure, FailureReason, InstantInbox, Responder,
    ResponseStatus, Retry, TransactionId,
};

use super::{
    Change, Custodian, JournalKey, JournalTable, KeptKind, ReportId, Unwritten,
    attempts::Judge,
    awaited::{Awaiting, Deliverer},
    clock::Millis,
    entries::{Body, Entry, Stage, Target},
    held::Held,
    queue::QueueEntry,
    record::{AwaitedRecord, ReportRecord},
    writes::Purpose,
};
use crate::{Action, AdapterId, CallerTicket, StepKind};

impl<R: CryptoRng> Custodian<R> {
    /// For how long a report is kept that its adapter does not take.
    const REPORT_TIME: Duration = Duration::from_secs(24 * 3600);

    /// How long an adapter may take to answer one.
    const REPORT_DEADLINE: Duration = Duration::from_secs(30);

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

    /// Takes an adapter's answer to a disposition.
    pub fn handle_disposition_response(
        &mut self,
        now: Instant,
        report: ReportId,
        status: ResponseStatus,
    ) {
        self.begin(now);
        if let Some(key) = self.telling.take(report) {
            self.note(key, StepKind::Ended((&status).into()));
            self.end_kept(key, status, Judge::Adapter);
            self.work();
        }
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
        let changes = self.record_awaited(&concerning, own_key);
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
                self.heed_word(*report, concerning);
                self.report_safe(*report);
                ResponseStatus::Success
            }
            Err(Unwritten) => Failure::new(FailureReason::Overloaded).into(),
        };
        if let Some((ticket, id)) = *asker {
            let response = Responder::resume(id).respond(status);
            self.actions.push_back(Action::Respond { ticket, response });
        }
    }

    /// What is still to be written of a report: by now more may be known of its message.
    pub(super) fn renew(
        &mut self,
        purpose: Purpose,
        mut changes: Vec<Change>,
    ) -> (Purpose, Vec<Change>) {
        let Purpose::Told {
            report, concerning, ..
        } = purpose
        else {
            return (purpose, changes);
        };
        changes.retain(|change| change.table != JournalTable::Dispositions);
        let key = self.keys.next();
        changes.extend(self.record_awaited(&concerning, key));
        let purpose = Purpose::Told {
            report,
            concerning,
            asker: None,
        };
        (purpose, changes)
    }

    /// Tries a kept message no more of which the far side has said how it ended.
    fn heed_word(&mut self, report: JournalKey, concerning: &TransactionId) {
        let Some(Body::Report(report)) = self.entries.get(report).and_then(Entry::body) else {
            return;
        };
        let said = report.disposition();
        let Some(awaiting) = self.awaited.get_mut(concerning) else {
            return;
        };
        awaiting.set_safe(said);
        if let Some(key) = awaiting.kept.filter(|_| is_final(said)) {
            self.settle_by_word(key, said);
        }
    }

    /// A message was handed over while its sender waited.
    pub(super) fn hand_over(&mut self, held: &Held) {
        let onward = &held.onward;
        let awaiting = self.awaited.get(onward);
        if !awaiting.is_some_and(Awaiting::is_asked_for) {
            return;
        }
        let key = self.keys.next();
        if let Some(change) = self.record_awaited(onward, key) {
            self.write(Purpose::Note, vec![change]);
        }
        let purpose = match held.is_written {
            true => Purpose::Courtesy,
            false => Purpose::Report,
        };
        self.tell_own(onward, Disposition::Processed, purpose);
    }

    /// Tells a sender who asked what the gateway did with his message: kept it or, if he was not told that, handed it over (RFC 5438 §8.1).
    pub(super) fn tell_own(
        &mut self,
        onward: &TransactionId,
        disposition: Disposition,
        purpose: impl FnOnce(JournalKey) -> Purpose,
    ) {
        let is_wanted = self.awaited.get(onward).is_some_and(|awaiting| {
            awaiting.request.wants(disposition) && !awaiting.is_told(disposition)
        });
        if !is_wanted || !self.has_place() {
            return;
        }
        let (id, own_key) = (self.random_id(), self.keys.next());
        let Some(awaiting) = self.awaited.get_mut(onward) else {
            return;
        };
        awaiting.set_told(disposition);
        let adapter = awaiting.adapter;
        let report = awaiting.report(id, disposition);
        let changes = self.record_awaited(onward, own_key);
        let changes = changes.into_iter().collect();
        let key = self.tell(adapter, report, changes, purpose);
        self.note_report(onward, disposition, key);
    }

    /// Begins to keep a report, with other changes that belong to it.
    pub(super) fn tell(
        &mut self,
        adapter: AdapterId,
        report: DispositionOperation,
        mut changes: Vec<Change>,
        purpose: impl FnOnce(JournalKey) -> Purpose,
    ) -> JournalKey {
        let key = self.keys.next();
        let accepted_at = self.clock.millis(self.now);
        let record = ReportRecord {
            adapter: self.adapter_name(adapter),
            accepted_at,
            expires_at: accepted_at.plus(Self::REPORT_TIME),
            disposition: report,
        };
        changes.push(Change::put(JournalTable::Operations, key, record.write()));
        let report = record.disposition;
        // The message's own conversation, so that what is told of it keeps its order.
        let inboxes: [&InstantInbox; 2] = [report.destination(), report.source()];
        let [source, destination] = inboxes;
        let entry = Entry::new(
            KeptKind::Report,
            adapter,
            inboxes,
            self.conversation(source, destination),
            Target::reports_to(adapter),
            (accepted_at, self.after(Self::REPORT_TIME)),
            Stage::Writing,
        );
        self.entries.insert(key, entry, Some(Body::Report(report)));
        self.write(purpose(key), changes);
        key
    }

    /// Notes that a report on a message is kept.
    fn note_report(&mut self, onward: &TransactionId, disposition: Disposition, key: JournalKey) {
        self.note_word(onward, StepKind::DispositionKept { disposition, key });
    }

    /// Notes what has to do with a word on a message, which may be kept still, or delivered long ago.
    fn note_word(&mut self, onward: &TransactionId, what: StepKind) {
        let awaiting = self.awaited.get(onward);
        match awaiting.and_then(|awaiting| awaiting.kept) {
            Some(key) => self.note(key, what),
            None => self.router.chronicle().note_onward(onward, what),
        }
    }

    /// A report is in the journal.
    pub(super) fn report_safe(&mut self, key: JournalKey) {
        let room = self.settings.limits().max_in_flight();
        if let Some(entry) = self.entries.get_mut(key) {
            entry.is_safe = true;
            self.queue_report(key);
            if self.entries.bodies() > room {
                self.entries.drop_body(key);
            }
        }
    }

    /// Lets a report take its turn; one that is not in the journal is told all the same.
    pub(super) fn queue_report(&mut self, key: JournalKey) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.stage = Stage::Queued;
            self.queue.push(QueueEntry::new(
                key,
                entry.conversation,
                entry.target.clone(),
                entry.expires_at,
            ));
        }
    }

    /// Hands a report to its adapter.
    pub(super) fn tell_now(
        &mut self,
        key: JournalKey,
        adapter: AdapterId,
        disposition: DispositionOperation,
    ) {
        let until = self.after(Self::REPORT_DEADLINE);
        let report = self.telling.insert(key, until);
        self.actions.push_back(Action::DeliverDisposition {
            report,
            adapter,
            disposition: disposition.with_deadline(Self::REPORT_DEADLINE),
        });
    }

    /// Waits no longer for adapters that do not answer.
    pub(super) fn give_reports_up(&mut self) {
        while let Some(report) = self.telling.overdue(self.now) {
            if let Some(key) = self.telling.take(report) {
                let failure = Failure::new(FailureReason::TimedOut);
                self.end_kept(key, failure.into(), Judge::Adapter);
            }
        }
    }

    /// What is written of a message on which a later word is waited for; nothing, if there is none.
    pub(super) fn record_awaited(
        &mut self,
        onward: &TransactionId,
        key: JournalKey,
    ) -> Option<Change> {
        let awaiting = self.awaited.get_mut(onward)?;
        let key = *awaiting.record.get_or_insert(key);
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
            told: awaiting.told,
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
