//! Writes whose result is not known.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use foldhash::fast::FixedState;
use rialto_model::TransactionId;

use super::{Change, JournalKey, WriteId, identities::Identity};
use crate::CallerTicket;

/// What waits for a write.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// A message's acceptance.
    Acceptance(JournalKey),
    /// A report that an adapter handed in, and whose acceptance it waits for; of a message by its onward identifier.
    ///
    /// Who handed it in is answered by the first result; it is written until it is safe.
    Told {
        report: JournalKey,
        concerning: TransactionId,
        asker: Option<(CallerTicket, TransactionId)>,
    },
    /// A report of our own on a message that was not kept; it is told in any case.
    Report(JournalKey),
    /// A report of our own on a message that is kept, or was; it is told if it is safe, since the message may come back with a restart.
    Courtesy(JournalKey),
    /// A report in place of the message that it is on: it is not told before that, and the message is not known again after it.
    Settlement {
        report: JournalKey,
        message: JournalKey,
        identity: Option<Identity>,
    },
    /// Nothing, but it has to be done.
    Removal,
    /// Nothing, either; of a message that was handed over, by its onward identifier. What is remembered of it stands beside its end.
    HandedOver(TransactionId),
    /// That a message may come again whose own record is not to come back.
    Withdrawal(Identity),
    /// That the record of what was told of a message, by its onward identifier, says all that is safe; until then these reports are not told.
    Correction {
        concerning: TransactionId,
        reports: Vec<JournalKey>,
    },
    /// Nothing; it does no harm if it fails.
    Note,
}

/// The writes that are under way, and those that failed and have to be done all the same.
#[derive(Debug, Default)]
pub(super) struct Writes {
    next: u64,
    pending: HashMap<WriteId, (Purpose, Vec<Change>), FixedState>,
    failed: Vec<(Purpose, Vec<Change>)>,
    again_at: Option<Instant>,
}

impl Purpose {
    /// Whether it is given again until it is done.
    const fn is_due(&self) -> bool {
        matches!(
            self,
            Self::Told { .. }
                | Self::Settlement { .. }
                | Self::Removal
                | Self::HandedOver(_)
                | Self::Withdrawal(_)
                | Self::Correction { .. }
        )
    }

    /// Whether a change belongs to what has to be done. What is put beside a removal is put anew by itself: a full disk still takes the removal.
    const fn needs(&self, change: &Change) -> bool {
        let has_puts = matches!(
            self,
            Self::Told { .. } | Self::Settlement { .. } | Self::Correction { .. }
        );
        has_puts || change.put.is_none()
    }
}

impl Writes {
    /// How long after a failure a write is given again.
    const AGAIN: Duration = Duration::from_secs(2);

    /// Names a write. What has to be done is kept until it is.
    pub(super) fn begin(&mut self, purpose: Purpose, changes: &[Change]) -> WriteId {
        let write = WriteId::new(self.next);
        self.next += 1;
        let is_due = |change: &&Change| purpose.is_due() && purpose.needs(change);
        let kept = changes.iter().filter(is_due).cloned().collect();
        self.pending.insert(write, (purpose, kept));
        write
    }

    /// Ends a write; none, if it has ended before.
    pub(super) fn end(&mut self, write: WriteId) -> Option<(Purpose, Vec<Change>)> {
        self.pending.remove(&write)
    }

    /// Gives a write again after a while, if it has to be done.
    pub(super) fn postpone(&mut self, now: Instant, purpose: Purpose, changes: Vec<Change>) {
        if purpose.is_due() {
            self.failed.push((purpose, changes));
            self.again_at = self.again_at.or_else(|| now.checked_add(Self::AGAIN));
        }
    }

    /// The writes that are to be given again now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<(Purpose, Vec<Change>)> {
        if self.again_at.is_none_or(|at| at > now) {
            return Vec::new();
        }
        self.again_at = None;
        std::mem::take(&mut self.failed)
    }

    pub(super) const fn next_due(&self) -> Option<Instant> {
        self.again_at
    }

    /// The messages whose acceptance is being written.
    pub(super) fn acceptances(&self) -> impl Iterator<Item = JournalKey> {
        let purposes = self.pending.values().map(|(purpose, _)| purpose);
        purposes.filter_map(|purpose| match purpose {
            Purpose::Acceptance(key) => Some(*key),
            _ => None,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    /// How many have to be given again.
    pub(super) const fn failed(&self) -> usize {
        self.failed.len()
    }

    pub(super) fn are_done(&self) -> bool {
        self.pending.is_empty()
    }
}
