//! What must never happen.

use rialto_model::{Disposition, FailureReason};

/// What must never happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// It was accepted, and neither delivered nor was its sender told.
    Lost {
        message: u64,
    },
    /// A caller heard nothing, and the gateway did not crash.
    NoResponse {
        ticket: u64,
    },
    SecondResponse {
        ticket: u64,
    },
    ForeignTransactionId {
        ticket: u64,
    },
    /// Success, and it never arrived.
    LostButSuccess {
        message: u64,
    },
    /// A failure of which there was no doubt, and it arrived.
    RefusedButDelivered {
        message: u64,
        reason: FailureReason,
    },
    /// Under two names, so that the far side cannot tell.
    DeliveredTwice {
        message: u64,
    },
    /// It was first delivered after one of its conversation that came later.
    OutOfOrder {
        message: u64,
        after: u64,
    },
    /// Two of one conversation at once, though the first was accepted before the other came.
    Together {
        message: u64,
        with: u64,
    },
    /// What is worth something only now was kept.
    EphemeralKept {
        message: u64,
    },
    /// A word was taken from the far side, and the message's sender never heard it.
    Untold {
        message: u64,
        said: Disposition,
    },
    NotAsked {
        message: u64,
        told: Disposition,
    },
    ToldTwice {
        message: u64,
        told: Disposition,
    },
    /// A report that says nothing true of the message.
    Garbled {
        message: u64,
    },
    /// A report on what the sender was never told about being kept.
    UnknownMessage,
    NeverEnds,
}
