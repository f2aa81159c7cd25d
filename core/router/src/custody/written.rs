//! What follows from a write.

use std::time::Instant;

use rand::CryptoRng;
use rialto_model::{Failure, FailureReason};

use super::{Change, Custodian, JournalKey, JournalTable, Unwritten, WriteId, writes::Purpose};

impl<R: CryptoRng> Custodian<R> {
    /// Takes the result of a write: whether its changes are safe.
    pub fn handle_written(&mut self, now: Instant, write: WriteId, result: Result<(), Unwritten>) {
        self.begin(now);
        self.end_write(write, result);
        self.work();
    }

    /// Goes on as if something was written, where nothing ever is; whether anything was to be.
    pub(super) fn do_without_journal(&mut self) -> bool {
        let write = self.unwritten.pop_front();
        if let Some(write) = write {
            self.end_write(write, Ok(()));
        }
        write.is_some()
    }

    fn end_write(&mut self, write: WriteId, result: Result<(), Unwritten>) {
        let Some((purpose, changes)) = self.writes.end(write) else {
            return;
        };
        match (&purpose, result) {
            (Purpose::Acceptance(key), Ok(())) => self.accepted(*key),
            (Purpose::Acceptance(key), Err(Unwritten)) => self.not_accepted(*key),
            (Purpose::Report(key) | Purpose::Courtesy(key), Ok(())) => self.report_safe(*key),
            (
                Purpose::Settlement {
                    report,
                    message,
                    identity,
                },
                Ok(()),
            ) => {
                if let Some(identity) = identity {
                    self.identities.release(*identity, *message);
                }
                self.report_safe(*report);
            }
            (Purpose::Courtesy(key), Err(Unwritten)) => self.give_up(*key, not_safe()),
            (Purpose::Report(key), Err(Unwritten)) => self.queue_report(*key),
            (Purpose::Correction { reports, .. }, Ok(())) => self.reports_safe(reports),
            (Purpose::Told { .. }, result) => self.told(&purpose, result),
            (Purpose::Withdrawal(identity), Ok(())) => self.identities.withdrawn(*identity),
            _ => {}
        }
        match result {
            Ok(()) => self.let_go(&changes),
            Err(Unwritten) => {
                self.statistics.failed_writes += 1;
                self.write_later(purpose, changes);
            }
        }
    }

    /// Gives what could not be written again after a while, if it has to be done.
    fn write_later(&mut self, purpose: Purpose, changes: Vec<Change>) {
        let purpose = match purpose {
            // What is remembered of the message waits for room by itself.
            Purpose::HandedOver(concerning) => {
                let reports = Vec::new();
                let record = Purpose::Correction {
                    concerning,
                    reports,
                };
                self.writes.postpone(self.now, record, Vec::new());
                Purpose::Removal
            }
            purpose => purpose,
        };
        self.writes.postpone(self.now, purpose, changes);
    }

    /// Lets those go that waited for the end of a message to be safe.
    fn let_go(&mut self, changes: &[Change]) {
        let removed = changes
            .iter()
            .filter(|change| change.table == JournalTable::Operations && change.put.is_none());
        for key in removed.filter_map(|change| JournalKey::from_bytes(&change.key)) {
            if self.entries.forget(key) {
                self.queue.remove(key);
            }
        }
    }
}

fn not_safe() -> Failure {
    Failure::new(FailureReason::Overloaded)
}
