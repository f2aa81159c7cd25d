//! What a router asks of its caller.

use rialto_model::{DispositionOperation, Domain, MessageOperation, Response};

use crate::{
    AdapterId,
    custody::{Change, JournalKey, ReportId, WriteId},
};

/// One thing to do; in the order in which they come out of [`Router::poll_action`](crate::Router::poll_action), or out of
/// [`Custodian::poll_action`](crate::Custodian::poll_action).
#[derive(Debug)]
#[non_exhaustive]
pub enum Action {
    /// Hand the operation to the adapter, and its answer to [`handle_response`](crate::Router::handle_response).
    #[non_exhaustive]
    Deliver {
        /// The name under which the answer comes back.
        attempt: AttemptId,
        /// Who delivers.
        adapter: AdapterId,
        /// The onward copy: own transaction identifier, one hop less, addresses of the destination's network, time left.
        operation: MessageOperation,
    },
    /// Ask DNS for the next hops of a domain, and give them to [`handle_resolved`](crate::Router::handle_resolved).
    ///
    /// Comes once for a domain until it is answered. An operation that waits for it ends at its deadline.
    #[non_exhaustive]
    Resolve {
        /// The domain of an instant inbox.
        domain: Domain,
    },
    /// Answer the caller; comes exactly once for each operation.
    #[non_exhaustive]
    Respond {
        /// The caller's own name for the operation.
        ticket: CallerTicket,
        /// The answer, with the operation's own transaction identifier.
        response: Response,
    },
    /// Call off a delivery whose answer is no longer waited for.
    #[non_exhaustive]
    Cancel {
        /// The delivery.
        attempt: AttemptId,
    },
    /// Make changes durable, all of them or none, behind those asked for before; then say so to
    /// [`handle_written`](crate::Custodian::handle_written). Of a [`Custodian`](crate::Custodian) only.
    #[non_exhaustive]
    Write {
        /// The name under which the result comes back.
        write: WriteId,
        /// The changes.
        changes: Vec<Change>,
    },
    /// Read a record of [`JournalTable::Operations`](crate::JournalTable::Operations), and give it to
    /// [`handle_loaded`](crate::Custodian::handle_loaded). Of a [`Custodian`](crate::Custodian) only.
    #[non_exhaustive]
    Load {
        /// Its key.
        key: JournalKey,
    },
    /// Tell an adapter what became of a message that it brought, and give its answer to
    /// [`handle_disposition_response`](crate::Custodian::handle_disposition_response). Of a [`Custodian`](crate::Custodian) only.
    #[non_exhaustive]
    DeliverDisposition {
        /// The name under which the answer comes back.
        report: ReportId,
        /// Who is told.
        adapter: AdapterId,
        /// What became of it.
        disposition: DispositionOperation,
    },
}

/// The caller's name for an operation; unique among those in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallerTicket(u64);

/// The router's name for a delivery; never given twice while anything may still answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AttemptId {
    pub(super) index: u32,
    pub(super) generation: u32,
}

impl CallerTicket {
    /// Takes the caller's number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The caller's number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl AttemptId {
    /// The name as one number, for a boundary that knows only those.
    pub const fn to_bits(self) -> u64 {
        (self.generation as u64) << 32 | self.index as u64
    }

    /// The name from [`to_bits`](Self::to_bits); any other number is a name that no delivery has.
    pub const fn from_bits(bits: u64) -> Self {
        Self {
            index: bits as u32,
            generation: (bits >> 32) as u32,
        }
    }
}
