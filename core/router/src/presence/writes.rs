//! Writes whose result is not known.

use std::{collections::HashMap, time::Duration};

use foldhash::fast::FixedState;
use rialto_model::{Failure, FailureReason, Presentity, SubscriptionId};

use super::presentities::{PresentityId, Publication};
use crate::{
    CallerTicket, Change, JournalKey, WriteId, custody::clock::Millis, presence::PrincipalRules,
};

/// What waits for a write.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// A subscription's acceptance.
    Acceptance(JournalKey),
    /// Its refresh.
    Refresh(JournalKey),
    /// Its end, which its watcher asked for: that nothing of it is left.
    End(JournalKey),
    /// Its end, which its watcher did not ask for, and is told over a restart too.
    Termination(JournalKey),
    /// That no version up to this comes again.
    Versions(JournalKey, u32),
    /// A publication, which holds from then on.
    Publication(Box<Publishing>),
    /// Rules, which hold from then on.
    Rules(Box<Ruling>),
    /// Nothing, but it has to be done.
    Removal,
    /// Nothing; what holds when it is done has to be on the disk in place of what failed.
    Former(Former),
    /// Nothing; it does no harm if it fails.
    Note,
}

/// What a write that failed was to take the place of.
#[derive(Clone, Debug)]
pub(super) enum Former {
    /// The rules of a presentity.
    Rules(Presentity),
    /// A publication of a presentity; with the key that the new one had.
    Publication(Presentity, SubscriptionId, JournalKey),
}

/// A publication whose write is under way.
#[derive(Clone, Debug)]
pub(super) struct Publishing {
    pub(super) presentity: PresentityId,
    /// What it says from now on.
    pub(super) publication: Publication,
    /// Whether it is no more.
    pub(super) is_removal: bool,
    pub(super) caller: super::callers::Caller,
}

/// Rules whose write is under way.
#[derive(Clone, Debug)]
pub(super) struct Ruling {
    pub(super) presentity: PresentityId,
    pub(super) rules: Option<PrincipalRules>,
    pub(super) ticket: CallerTicket,
}

/// The writes that are under way, and those that failed and have to be done all the same.
#[derive(Debug, Default)]
pub(super) struct Writes {
    next: u64,
    pending: HashMap<WriteId, (Purpose, Vec<Change>), FixedState>,
    failed: Vec<(Purpose, Vec<Change>)>,
    again_at: Option<Millis>,
}

impl Purpose {
    /// Whether it is given again until it is done.
    const fn is_due(&self) -> bool {
        matches!(
            self,
            Self::End(_) | Self::Termination(_) | Self::Removal | Self::Former(_)
        )
    }
}

impl Writes {
    /// How long after a failure a write is given again.
    const AGAIN: Duration = Duration::from_secs(2);

    /// How many may have to be given again before nothing more is begun that would have to be undone.
    const MOST_OWED: usize = 10_000;

    /// Fails when the disk owes so much that nothing more may be begun.
    pub(super) fn check_room(&self) -> Result<(), Failure> {
        if self.failed.len() < Self::MOST_OWED {
            Ok(())
        } else {
            Err(not_kept())
        }
    }

    /// Names a write. What has to be done is kept until it is.
    pub(super) fn begin(&mut self, purpose: Purpose, changes: &[Change]) -> WriteId {
        let write = WriteId::new(self.next);
        self.next += 1;
        let kept = if purpose.is_due() {
            changes.to_vec()
        } else {
            Vec::new()
        };
        self.pending.insert(write, (purpose, kept));
        write
    }

    /// Ends a write; none, if it has ended before.
    pub(super) fn end(&mut self, write: WriteId) -> Option<(Purpose, Vec<Change>)> {
        self.pending.remove(&write)
    }

    /// Gives a write again after a while, if it has to be done.
    pub(super) fn postpone(&mut self, now: Millis, purpose: Purpose, changes: Vec<Change>) {
        if purpose.is_due() {
            self.failed.push((purpose, changes));
            self.again_at = self.again_at.or_else(|| Some(now.plus(Self::AGAIN)));
        }
    }

    /// The writes that are to be given again now.
    pub(super) fn due(&mut self, now: Millis) -> Vec<(Purpose, Vec<Change>)> {
        if self.again_at.is_none_or(|at| at > now) {
            return Vec::new();
        }
        self.again_at = None;
        std::mem::take(&mut self.failed)
    }

    pub(super) const fn next_due(&self) -> Option<Millis> {
        self.again_at
    }

    pub(super) fn are_done(&self) -> bool {
        self.pending.is_empty() && self.failed.is_empty()
    }
}

/// What a watcher or publisher is told when the disk is full.
pub(super) fn not_kept() -> Failure {
    Failure::new(FailureReason::Overloaded).with_detail("the gateway cannot write it down now")
}
