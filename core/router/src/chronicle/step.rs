//! One thing that happened to an operation.

use std::{
    num::NonZeroU64,
    time::{Duration, Instant},
};

use rialto_model::{Authentication, Disposition, FailureReason, ResponseStatus};

use super::{Digest, OnwardId};
use crate::{AdapterId, JournalKey};

/// One thing that happened to an operation, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// When; as exact as the time that was handed in with what caused it.
    pub at: Instant,
    /// What.
    pub what: StepKind,
}

/// What can happen to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepKind {
    /// It came in.
    #[non_exhaustive]
    Received {
        /// From whom.
        from: AdapterId,
        /// Its sender's transaction identifier.
        transaction: Mark,
        /// What its network calls the message, if it names it.
        identity: Mark,
    },
    /// It was kept before, and its delivery is tried now.
    #[non_exhaustive]
    Tried {
        /// Its sender's transaction identifier.
        transaction: Mark,
        /// What its network calls the message, if it names it.
        identity: Mark,
    },
    /// It was in the journal when the gateway started.
    #[non_exhaustive]
    Restored {
        /// Its sender's transaction identifier.
        transaction: Mark,
        /// What its network calls the message, if it names it.
        identity: Mark,
    },
    /// DNS is asked for its next hops.
    Resolving,
    /// An adapter got it.
    #[non_exhaustive]
    HandedOver {
        /// Which.
        adapter: AdapterId,
        /// The transaction identifier of the onward copy, unless somebody else made it.
        onward: Option<OnwardId>,
    },
    /// A next hop was given up for another.
    #[non_exhaustive]
    FailedOver {
        /// Why.
        reason: FailureReason,
    },
    /// A delivery ended, of which its sender is not told directly.
    Ended(Answer),
    /// It is kept from now on, so that the gateway can take responsibility for it.
    #[non_exhaustive]
    Kept {
        /// Under that name.
        key: JournalKey,
    },
    /// It is safe on the disk.
    Written,
    /// The gateway took responsibility for it.
    Accepted,
    /// It is tried again later.
    #[non_exhaustive]
    RetryPlanned {
        /// In how long, at the earliest.
        after: Duration,
        /// Why.
        reason: FailureReason,
    },
    /// Its sender was answered.
    Answered(Answer),
    /// The far side reported on it.
    DispositionReceived(Disposition),
    /// Its sender is to be told of a report, which is kept until he is.
    #[non_exhaustive]
    DispositionKept {
        /// What the report says.
        disposition: Disposition,
        /// Under that name.
        key: JournalKey,
    },
    /// Its sender was told of a report.
    DispositionTold(Disposition),
    /// The watcher of a subscription refreshed it, or asked for its end.
    Refreshed,
    /// The network of a subscription's presentity said how that is.
    #[non_exhaustive]
    Heard {
        /// Who said it.
        from: AdapterId,
        /// Whether somebody vouches that it comes from the presentity.
        authentication: Authentication,
        /// What was said, if anything was.
        document: Option<Digest>,
    },
    /// The watcher of a subscription is told how its presentity is.
    #[non_exhaustive]
    Told {
        /// Who tells it.
        adapter: AdapterId,
        /// The version of what it is told.
        version: u32,
        /// What it is told, if anything is known.
        document: Option<Digest>,
    },
    /// Its network has taken what it was told, or not.
    Taken(Answer),
    /// It was not delivered in its time.
    Expired,
    /// An operator dropped it.
    Dropped,
}

/// An answer, without what it says to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The far side acknowledged.
    Success,
    /// Nobody will ever know, or a later word says.
    Indeterminant,
    /// It failed.
    Failure(FailureReason),
}

/// A foreign identifier, if there was one, that is recognised but not kept: a keyed hash of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(pub(super) Option<NonZeroU64>);

impl From<&ResponseStatus> for Answer {
    fn from(status: &ResponseStatus) -> Self {
        match status {
            ResponseStatus::Success => Self::Success,
            ResponseStatus::Indeterminant => Self::Indeterminant,
            ResponseStatus::Failure(failure) => Self::Failure(failure.reason()),
        }
    }
}
