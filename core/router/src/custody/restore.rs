//! What is taken up again after a restart.

use std::time::Instant;

use rand::CryptoRng;
use rialto_model::{Bytes, InstantInbox, MessageOperation, TransactionId};

use super::{
    Custodian, JournalKey, JournalTable, RestoreError,
    awaited::{Asked, Awaiting, Deliverer, told_bit},
    clock::Millis,
    entries::{Entry, Stage},
    record::{AwaitedRecord, IdentityRecord, MessageRecord, Record, ReportRecord},
};
use crate::AdapterId;

/// What the journal still has to tell of a message.
#[derive(Debug, Default)]
pub(super) struct RestoredWords {
    /// The name under which the message was handed on, if a word on it is waited for.
    onward: Option<TransactionId>,
    sides: u8,
    reports: Vec<JournalKey>,
}

impl<R: CryptoRng> Custodian<R> {
    /// Takes up a record that was found in the journal.
    ///
    /// To be called for all of them before anything else; when all are in, call
    /// [`handle_timeout`](Self::handle_timeout). Of several custodians over one journal, the one gets a record that gets
    /// the operations of its conversation: [`conversation_of`](Self::conversation_of).
    pub fn restore(
        &mut self,
        now: Instant,
        table: JournalTable,
        key: &[u8],
        record: &Bytes,
    ) -> Result<(), RestoreError> {
        self.observe(now);
        let (key, record) = Record::restore(table, key, record)?;
        self.keys.pass(key);
        let name = record.adapter();
        let adapter = self.adapter_named(name).ok_or_else(|| {
            let adapter = name.to_string();
            let key = key.number();
            RestoreError::UnknownAdapter {
                table,
                key,
                adapter,
            }
        })?;
        self.statistics.restored += 1;
        match record {
            Record::Message(record) => self.restore_message(key, adapter, &record),
            Record::Report(record) => self.restore_report(key, adapter, &record),
            Record::Identity(record) => self.restore_identity(key, adapter, &record),
            Record::Awaited(record) => self.restore_awaited(key, adapter, record),
        }
        Ok(())
    }

    /// The source and the destination of the message that a record is about, as its sender knows them.
    pub fn conversation_of(
        table: JournalTable,
        key: &[u8],
        record: &Bytes,
    ) -> Result<(InstantInbox, InstantInbox), RestoreError> {
        Record::restore(table, key, record).map(|(_, record)| record.into_conversation())
    }

    fn restore_message(&mut self, key: JournalKey, adapter: AdapterId, record: &MessageRecord) {
        let operation = &record.operation;
        self.router.chronicle().note_restored(key, operation);
        let expires_at = self.ends_at(record.accepted_at, record.expires_at);
        let asked = Asked::of(operation);
        if !asked.is_nothing() {
            let until = self.after(self.settings.limits().awaited_time());
            let sent_at = record.accepted_at;
            let mut awaiting = Awaiting::new(adapter, operation, asked, sent_at, until);
            awaiting.kept = Some(key);
            awaiting.deliverer = self.deliverer(adapter, operation);
            self.awaited.insert(self.now, record.onward, awaiting);
            let message = (adapter, *operation.transaction_id(), sent_at);
            self.words_on(message).onward = Some(record.onward);
        }
        let times = (record.accepted_at, expires_at);
        let entry = self.message_entry(adapter, operation, times);
        self.restore_entry(key, entry);
    }

    /// Who has a message, if it was tried, as far as the table can tell.
    pub(super) fn deliverer(
        &self,
        from: AdapterId,
        operation: &MessageOperation,
    ) -> Option<Deliverer> {
        let table = self.router.table();
        let (adapter, inbox) = table.way_on(from, operation.destination())?;
        Some(Deliverer { adapter, inbox })
    }

    fn restore_report(&mut self, key: JournalKey, adapter: AdapterId, record: &ReportRecord) {
        let report = &record.disposition;
        if let Some(sent_at) = report.sent_at() {
            let message = (adapter, *report.concerning(), Millis::of(sent_at));
            let words = self.words_on(message);
            words.sides |= told_bit(report.disposition().disposition_type());
            words.reports.push(key);
        }
        let expires_at = self.ends_at(record.accepted_at, record.expires_at);
        let times = (record.accepted_at, expires_at);
        let entry = self.report_entry(adapter, report, times);
        self.restore_entry(key, entry);
    }

    fn restore_entry(&mut self, key: JournalKey, mut entry: Entry) {
        entry.stage = Stage::Queued;
        entry.is_safe = true;
        if self.queue.push(entry.queued(key)) {
            self.entries.insert(key, entry, None);
        }
    }

    fn restore_identity(&mut self, key: JournalKey, adapter: AdapterId, record: &IdentityRecord) {
        let until = self.ends_at(record.accepted_at, record.expires_at);
        if until > self.now {
            let (inboxes, name) = ([&record.source, &record.destination], &record.identity);
            let identity = self.identities.identity(adapter, inboxes, name);
            self.identities.accept(identity, key, until);
        }
    }

    fn restore_awaited(&mut self, key: JournalKey, adapter: AdapterId, record: AwaitedRecord) {
        let until = self.ends_at(record.sent_at, record.expires_at);
        if until <= self.now {
            return;
        }
        let deliverer = self.recorded_deliverer(&record);
        let message = (adapter, record.id, record.sent_at);
        let awaiting = Awaiting {
            adapter,
            id: record.id,
            source: record.source,
            destination: record.destination,
            request: record.request,
            message_id: record.message_id,
            reference: record.reference,
            sent_at: record.sent_at,
            deliverer,
            told: record.told,
            unsafe_told: 0,
            is_outdated: false,
            expires_at: until,
            record: Some(key),
            kept: self
                .awaited
                .get(&record.onward)
                .and_then(|known| known.kept),
        };
        let onward = record.onward;
        self.awaited.insert(self.now, onward, awaiting);
        self.words_on(message).onward = Some(onward);
    }

    fn words_on(&mut self, message: (AdapterId, TransactionId, Millis)) -> &mut RestoredWords {
        self.restored_words.entry(message).or_default()
    }

    /// Takes note of what is to be told already, now that all is restored. It may be safe before the record of its message says so, or without one; then it is
    /// told when there is one that does.
    pub(super) fn heed_restored_words(&mut self) {
        let restored = self.restored_words.drain().map(|(_, words)| words);
        for words in restored.collect::<Vec<_>>() {
            let Some(onward) = words.onward else {
                continue;
            };
            let Some(awaiting) = self.awaited.get_mut(&onward) else {
                continue;
            };
            if words.sides & !awaiting.told != 0 {
                awaiting.told |= words.sides;
                self.hold_back(&words.reports);
                self.correct(&onward, words.reports);
            }
        }
    }

    fn hold_back(&mut self, reports: &[JournalKey]) {
        for key in reports {
            if let Some(entry) = self.entries.get_mut(*key) {
                entry.stage = Stage::Writing;
                self.queue.remove(*key);
            }
        }
    }

    /// Who has it; nobody, if that adapter is not configured any more.
    fn recorded_deliverer(&self, record: &AwaitedRecord) -> Option<Deliverer> {
        let inbox = InstantInbox::parse(&record.inbox).ok()?;
        let adapter = match record.deliverer.is_empty() {
            true => None,
            false => Some(self.router.table().adapter_id(&record.deliverer)?),
        };
        Some(Deliverer { adapter, inbox })
    }

    /// When a time ends that began and ends as a record says.
    fn ends_at(&self, begin: Millis, end: Millis) -> Instant {
        self.after(self.clock.left(self.now, begin, end))
    }

    /// The gateway itself, as a sender, has no name.
    fn adapter_named(&self, name: &str) -> Option<AdapterId> {
        if name.is_empty() {
            return Some(AdapterId::GATEWAY);
        }
        self.router.table().adapter_id(name)
    }
}
