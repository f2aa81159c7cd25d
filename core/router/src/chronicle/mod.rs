//! What happened to operations lately: the steps that `rialto trace` shows.

use std::{hash::BuildHasher, num::NonZeroU64, time::Instant};

use foldhash::fast::FixedState;
use rialto_model::{MessageOperation, SubscribeOperation, SubscriptionId, TransactionId};

mod digest;
mod life;
mod onward_id;
mod step;
#[cfg(test)]
mod tests;

pub use self::{
    digest::Digest,
    life::Life,
    onward_id::OnwardId,
    step::{Answer, Mark, Step, StepKind},
};
use crate::{AdapterId, CallerTicket, JournalKey, router::Owner};

/// The last steps of all operations of a router; each costs a few nanoseconds and 48 bytes, and nothing is allocated for it.
///
/// Holds no text of a message and no address: foreign identifiers are hashed, under a key, so that nobody outside can choose
/// some that are taken for each other.
#[derive(Debug)]
pub(crate) struct Chronicle {
    /// A ring, when it is full.
    records: Vec<Record>,
    capacity: usize,
    /// The place of the oldest in a full ring.
    oldest: usize,
    /// The time of what is going on.
    now: Option<Instant>,
    hasher: FixedState,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    step: Step,
    of: Subject,
}

/// Whose step it is: an operation in progress by its caller's ticket, a kept one by its key, or one that was handed over by its
/// onward identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Subject(u64);

impl Chronicle {
    /// Makes a chronicle of so many steps; of none, nothing is ever noted.
    pub(crate) fn new(capacity: usize, key: u64) -> Self {
        Self {
            records: Vec::with_capacity(capacity),
            capacity,
            oldest: 0,
            now: None,
            hasher: FixedState::with_seed(key),
        }
    }

    /// Takes the time at which happens what is noted from now on.
    pub(crate) const fn observe(&mut self, now: Instant) {
        self.now = Some(now);
    }

    /// Notes a step.
    pub(crate) fn note(&mut self, owner: Owner, what: StepKind) {
        self.record(owner.into(), what);
    }

    /// Notes a step of an operation that was handed over under that identifier, by whomever it was handed in.
    pub(crate) fn note_onward(&mut self, id: &TransactionId, what: StepKind) {
        if self.capacity > 0
            && let Some(id) = OnwardId::of(id)
        {
            self.record(Subject::onward(id), what);
        }
    }

    /// Notes that a kept operation was found in the journal.
    pub(crate) fn note_restored(&mut self, key: JournalKey, operation: &MessageOperation) {
        if let Some([transaction, identity]) = self.marks(operation) {
            let what = StepKind::Restored {
                transaction,
                identity,
            };
            self.note(Owner::Kept(key), what);
        }
    }

    /// Notes that an operation came in, or that it is tried again.
    pub(crate) fn note_operation(
        &mut self,
        owner: Owner,
        from: AdapterId,
        operation: &MessageOperation,
    ) {
        let Some([transaction, identity]) = self.marks(operation) else {
            return;
        };
        self.note(
            owner,
            match owner {
                Owner::Kept(_) => StepKind::Tried {
                    transaction,
                    identity,
                },
                Owner::Caller(_) | Owner::Held(_) => StepKind::Received {
                    from,
                    transaction,
                    identity,
                },
            },
        );
    }

    /// Notes that a watcher subscribes, or fetches.
    pub(crate) fn note_subscribe(
        &mut self,
        owner: Owner,
        from: AdapterId,
        operation: &SubscribeOperation,
    ) {
        if self.is_kept() {
            let transaction = self.mark(operation.transaction_id().as_bytes());
            let identity = self.mark(operation.subscription_id().as_bytes());
            let what = StepKind::Received {
                from,
                transaction,
                identity,
            };
            self.note(owner, what);
        }
    }

    /// Notes that a subscription was found in the journal.
    pub(crate) fn note_restored_subscription(&mut self, key: JournalKey, id: &SubscriptionId) {
        if self.is_kept() {
            let what = StepKind::Restored {
                transaction: Mark(None),
                identity: self.mark(id.as_bytes()),
            };
            self.note(Owner::Kept(key), what);
        }
    }

    /// Notes that an adapter gets a subscription of the service's own under that identifier.
    pub(crate) fn note_leg(&mut self, owner: Owner, adapter: AdapterId, id: &SubscriptionId) {
        if self.is_kept() {
            let onward = OnwardId::read(id.as_bytes());
            self.note(owner, StepKind::HandedOver { adapter, onward });
        }
    }

    /// Whether anything is remembered at all.
    pub(crate) const fn is_kept(&self) -> bool {
        self.capacity > 0
    }

    /// Notes that an adapter gets an operation under that identifier.
    pub(crate) fn note_delivery(&mut self, owner: Owner, adapter: AdapterId, id: &TransactionId) {
        if self.capacity > 0 {
            let onward = OnwardId::of(id);
            self.note(owner, StepKind::HandedOver { adapter, onward });
        }
    }

    fn record(&mut self, of: Subject, what: StepKind) {
        let Some(at) = self.now else {
            return;
        };
        let step = Step { at, what };
        let record = Record { step, of };
        if self.records.len() < self.capacity {
            self.records.push(record);
        } else if let Some(oldest) = self.records.get_mut(self.oldest) {
            *oldest = record;
            self.oldest += 1;
            if self.oldest == self.capacity {
                self.oldest = 0;
            }
        }
    }

    /// An operation's own identifiers, if anything is remembered at all.
    fn marks(&self, operation: &MessageOperation) -> Option<[Mark; 2]> {
        if self.capacity == 0 {
            return None;
        }
        let transaction = self.mark(operation.transaction_id().as_bytes());
        let identity = operation.identity();
        let identity = identity.map_or(Mark(None), |name| self.mark(name.as_bytes()));
        Some([transaction, identity])
    }

    fn mark(&self, identifier: &[u8]) -> Mark {
        Mark(NonZeroU64::new(self.hasher.hash_one(identifier) | 1))
    }
}

/// Numbers that differ in the bits that are lost are billions of operations apart.
impl Subject {
    const fn caller(ticket: CallerTicket) -> Self {
        Self(ticket.number() << 2)
    }

    const fn kept(key: JournalKey) -> Self {
        Self(key.number() << 2 | 1)
    }

    const fn onward(id: OnwardId) -> Self {
        Self(id.some_bits() << 2 | 2)
    }
}

impl From<Owner> for Subject {
    fn from(owner: Owner) -> Self {
        match owner {
            Owner::Caller(ticket) | Owner::Held(ticket) => Self::caller(ticket),
            Owner::Kept(key) => Self::kept(key),
        }
    }
}

const _: () = assert!(size_of::<Record>() <= 48, "a step has grown");
