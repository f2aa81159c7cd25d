//! What the table says of a message.

use rialto_model::{
    Authentication, ByteString, Domain, Failure, FailureReason, InstantInbox, MaxForwards,
    MessageOperation,
};

use crate::AdapterId;

/// What the table says of a message: all, or what has to be asked of DNS first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a verdict that is not applied delivers nothing"]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever asks has to do something for each"
)]
pub enum Verdict {
    /// Where it goes.
    Decided(Decision),
    /// DNS has to name the next hops: [`RoutingTable::settle`](crate::RoutingTable::settle) completes it.
    Undecided(Undecided),
}

/// An adapter, and where it shall send to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hop {
    pub(crate) adapter: AdapterId,
    pub(crate) next_hop: Option<ByteString>,
}

/// What is to be done with a message: which adapter, and what changes on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a decision that is not applied delivers nothing"]
pub struct Decision {
    pub(super) hop: Hop,
    pub(super) source: Option<InstantInbox>,
    pub(super) destination: Option<InstantInbox>,
    pub(super) max_forwards: MaxForwards,
}

/// What is known of a message before DNS has named its next hops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    pub(super) domain: Domain,
    pub(super) from: AdapterId,
    pub(super) only: Option<AdapterId>,
    pub(super) admission: Admission,
    pub(super) destination: Option<InstantInbox>,
    pub(super) max_forwards: MaxForwards,
}

/// What the access rules said before DNS was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// The message may pass, whatever adapter delivers.
    Settled,
    /// That hangs on the adapter: what to ask for each.
    ByAdapter {
        authentication: Authentication,
        destination: InstantInbox,
    },
}

impl Hop {
    /// A hop by an adapter that finds its own way.
    pub const fn new(adapter: AdapterId) -> Self {
        Self {
            adapter,
            next_hop: None,
        }
    }

    /// Says where the adapter shall send to, in the plugin's own words.
    pub fn with_next_hop(mut self, next_hop: impl Into<ByteString>) -> Self {
        self.next_hop = Some(next_hop.into());
        self
    }

    /// The adapter that delivers.
    pub const fn adapter(&self) -> AdapterId {
        self.adapter
    }

    /// Where the adapter sends to, when it is told.
    pub const fn next_hop(&self) -> Option<&ByteString> {
        self.next_hop.as_ref()
    }
}

impl Undecided {
    /// The domain that DNS is asked for.
    pub const fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The only adapter that may deliver, when a source route names its protocol.
    pub const fn only(&self) -> Option<AdapterId> {
        self.only
    }

    /// What it means that there are no next hops.
    pub(crate) fn nowhere(&self) -> Failure {
        let domain = &self.domain;
        Failure::new(FailureReason::Unresolvable)
            .with_detail(format!("the domain {domain} takes no instant messages"))
    }
}

impl Decision {
    /// The adapter that delivers.
    pub const fn adapter(&self) -> AdapterId {
        self.hop.adapter
    }

    /// Where the adapter sends to, when a route or DNS says so.
    pub const fn next_hop(&self) -> Option<&ByteString> {
        self.hop.next_hop.as_ref()
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
        match self.hop.next_hop {
            Some(next_hop) => operation.with_next_hop(next_hop),
            None => operation,
        }
    }
}
