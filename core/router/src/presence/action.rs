//! What a presence service asks of its caller.

use rialto_model::{Domain, Failure, NotifyOperation, Response, SubscribeOperation};

use crate::{AdapterId, CallerTicket, Change, WriteId};

/// One thing to do; in the order in which they come out of [`PresenceService::poll_action`](crate::PresenceService::poll_action).
#[derive(Debug)]
#[non_exhaustive]
pub enum PresenceAction {
    /// Hand the operation to the presentity's adapter, and its answer to
    /// [`handle_response`](crate::PresenceService::handle_response).
    #[non_exhaustive]
    Subscribe {
        /// The name under which the answer comes back.
        attempt: PresenceAttempt,
        /// Who subscribes.
        adapter: AdapterId,
        /// The service's own subscription, for one watcher.
        operation: SubscribeOperation,
    },
    /// Hand the operation to the watcher's adapter, and its answer to
    /// [`handle_response`](crate::PresenceService::handle_response).
    #[non_exhaustive]
    Notify {
        /// The name under which the answer comes back.
        attempt: PresenceAttempt,
        /// Who tells the watcher.
        adapter: AdapterId,
        /// What it is told.
        operation: NotifyOperation,
    },
    /// Answer the caller; comes exactly once for each operation.
    #[non_exhaustive]
    Respond {
        /// The caller's own name for the operation.
        ticket: CallerTicket,
        /// The answer, with the operation's own transaction identifier.
        response: Response,
    },
    /// Tell who set rules whether they hold; comes exactly once each time.
    #[non_exhaustive]
    RulesSet {
        /// The caller's own name for it.
        ticket: CallerTicket,
        /// Whether they hold.
        result: Result<(), Failure>,
    },
    /// Ask DNS for the next hops of a domain, and give them to [`handle_resolved`](crate::PresenceService::handle_resolved).
    #[non_exhaustive]
    Resolve {
        /// The domain of a presentity.
        domain: Domain,
    },
    /// Call off a delivery whose answer is no longer waited for.
    #[non_exhaustive]
    Cancel {
        /// The delivery.
        attempt: PresenceAttempt,
    },
    /// Make changes durable, all of them or none, behind those asked for before; then say so to
    /// [`handle_written`](crate::PresenceService::handle_written).
    #[non_exhaustive]
    Write {
        /// The name under which the result comes back.
        write: WriteId,
        /// The changes.
        changes: Vec<Change>,
    },
}

/// The service's name for a delivery; never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PresenceAttempt(u64);

impl PresenceAttempt {
    /// The name with that number, as [`number`](Self::number) gave it.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The name as one number, for a boundary that knows only those.
    pub const fn number(self) -> u64 {
        self.0
    }
}
