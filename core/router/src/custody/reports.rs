//! What senders are told later of their messages.

use std::{
    hash::BuildHasher,
    time::{Duration, Instant},
};

use rand::CryptoRng;
use rialto_model::{
    Disposition, DispositionOperation, Failure, FailureReason, ResponseStatus, TransactionId,
};

use super::{
    Change, Custodian, JournalKey, JournalTable, KeptKind, ReportId,
    attempts::Judge,
    awaited::Awaiting,
    clock::Millis,
    entries::{Body, Entry, Stage, Target},
    held::Held,
    record::ReportRecord,
    writes::Purpose,
};
use crate::{Action, AdapterId, StepKind};

impl<R: CryptoRng> Custodian<R> {
    /// For how long a report is kept that its adapter does not take.
    const REPORT_TIME: Duration = Duration::from_secs(24 * 3600);

    /// How long an adapter may take to answer one.
    const REPORT_DEADLINE: Duration = Duration::from_secs(30);

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
        let changes = self.record_with(onward, None, own_key);
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
        let times = (accepted_at, self.after(Self::REPORT_TIME));
        let entry = self.report_entry(adapter, &report, times);
        self.entries.insert(key, entry, Some(Body::Report(report)));
        self.write(purpose(key), changes);
        key
    }

    /// A report, as it is kept. What is told of one message keeps its order; what is told of others waits for none of it, since each may have come
    /// from a device that is gone.
    pub(super) fn report_entry(
        &self,
        adapter: AdapterId,
        report: &DispositionOperation,
        times: (Millis, Instant),
    ) -> Entry {
        let target = Target {
            adapter: Some(adapter),
            place: report.destination().as_str().into(),
        };
        Entry::new(
            KeptKind::Report,
            adapter,
            [report.destination(), report.source()],
            self.hash.hash_one((adapter, report.concerning())),
            target,
            times,
        )
    }

    /// Notes that a report on a message is kept.
    pub(super) fn note_report(
        &mut self,
        onward: &TransactionId,
        disposition: Disposition,
        key: JournalKey,
    ) {
        self.note_word(onward, StepKind::DispositionKept { disposition, key });
    }

    /// Notes what has to do with a word on a message, which may be kept still, or delivered long ago.
    pub(super) fn note_word(&mut self, onward: &TransactionId, what: StepKind) {
        let awaiting = self.awaited.get(onward);
        match awaiting.and_then(|awaiting| awaiting.kept) {
            Some(key) => self.note(key, what),
            None => self.router.chronicle().note_onward(onward, what),
        }
    }

    /// A report is in the journal, if there is one.
    pub(super) fn report_safe(&mut self, key: JournalKey) {
        let room = self.settings.limits().max_in_flight();
        if let Some(entry) = self.entries.get_mut(key) {
            entry.is_safe = !self.settings.are_in_memory();
            self.queue_report(key);
            if self.entries.bodies() > room {
                self.entries.drop_body(key);
            }
        }
    }

    /// Reports are in the journal, and the record of their message says so.
    pub(super) fn reports_safe(&mut self, keys: &[JournalKey]) {
        for key in keys {
            self.report_safe(*key);
        }
    }

    /// Lets a report take its turn; one that is not in the journal is told all the same.
    pub(super) fn queue_report(&mut self, key: JournalKey) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.stage = Stage::Queued;
            self.queue.push(entry.queued(key));
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
}
