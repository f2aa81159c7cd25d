//! Where a message goes, and how its sender is shown there.

use rialto_model::{
    ByteString, Failure, FailureReason, InstantInbox, MaxForwards, MessageOperation,
};

mod destination;
mod trace;
mod way_back;

pub use self::trace::Explanation;
use self::trace::{Silence, Step, Trace};
use crate::{AdapterId, RoutingTable};

/// What is to be done with a message: which adapter, and what changes on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a decision that is not applied delivers nothing"]
pub struct Decision {
    adapter: AdapterId,
    next_hop: Option<ByteString>,
    source: Option<InstantInbox>,
    destination: Option<InstantInbox>,
    max_forwards: MaxForwards,
}

impl RoutingTable {
    /// Decides where an operation goes that came from an adapter.
    ///
    /// Steps: valid inboxes (their types say so), hop count, destination (relay domain, else static route), way back.
    /// Allocates only to unwrap or wrap a source route, and for failures. RFC 3860 §3.4.1.
    pub fn decide(
        &self,
        from: AdapterId,
        operation: &MessageOperation,
    ) -> Result<Decision, Failure> {
        self.walk(from, operation, &mut Silence)
    }

    /// Decides in the same way, and says why.
    pub fn explain(&self, from: AdapterId, operation: &MessageOperation) -> Explanation {
        Explanation::record(|steps| self.walk(from, operation, steps))
    }

    fn walk(
        &self,
        from: AdapterId,
        operation: &MessageOperation,
        trace: &mut impl Trace,
    ) -> Result<Decision, Failure> {
        let (source, destination) = (operation.source(), operation.destination());
        trace.step(Step::Inboxes {
            source,
            destination,
        });
        let max_forwards = operation
            .max_forwards()
            .decrement()
            .map_err(|_| Failure::new(FailureReason::HopLimitReached))?;
        trace.step(Step::Hops(max_forwards));
        let onward = destination::find(self, destination, trace)?;
        let source = way_back::find(self, from, source, onward.adapter, trace)?;
        Ok(Decision {
            adapter: onward.adapter,
            next_hop: onward.next_hop,
            source,
            destination: onward.destination,
            max_forwards,
        })
    }
}

impl Decision {
    /// The adapter that delivers.
    pub const fn adapter(&self) -> AdapterId {
        self.adapter
    }

    /// Where the adapter sends to, when a route says so.
    pub const fn next_hop(&self) -> Option<&ByteString> {
        self.next_hop.as_ref()
    }

    /// How the sender is shown, when otherwise than in the operation.
    pub const fn source(&self) -> Option<&InstantInbox> {
        self.source.as_ref()
    }

    /// Who it is for, when otherwise than in the operation.
    pub const fn destination(&self) -> Option<&InstantInbox> {
        self.destination.as_ref()
    }

    /// The hop count of the onward copy.
    pub const fn max_forwards(&self) -> MaxForwards {
        self.max_forwards
    }

    /// Changes the operation into the one that is handed on.
    pub fn apply(self, operation: MessageOperation) -> MessageOperation {
        let mut operation = operation.with_max_forwards(self.max_forwards);
        if let Some(source) = self.source {
            operation = operation.with_source(source);
        }
        if let Some(destination) = self.destination {
            operation = operation.with_destination(destination);
        }
        match self.next_hop {
            Some(next_hop) => operation.with_next_hop(next_hop),
            None => operation,
        }
    }
}
