//! What is said of a message that the server did not acknowledge: whether it may have arrived.

use rialto_sdk::model::{Failure, FailureReason, Retry};
use rialto_xmpp_codec::WriteError;

/// The connection was lost before the server had the message whole.
pub(super) fn lost_before() -> Failure {
    unsent("xmpp: the connection was lost before the message was sent")
}

/// The connection was lost when the message was on its way.
pub(super) fn lost_behind() -> Failure {
    in_doubt("xmpp: the connection was lost behind the message, which may have arrived")
}

/// Nobody waits any longer, and the message was not written.
pub(super) fn not_taken() -> Failure {
    unsent("xmpp: the server took no more in time; the message was not sent")
}

/// Nobody waits any longer, and the message was written.
pub(super) fn unproven() -> Failure {
    in_doubt("xmpp: the server proved nothing in time; the message may have arrived")
}

/// There is no stream.
pub(super) fn not_connected() -> Failure {
    unsent("xmpp: the server is not connected")
}

/// There is no room.
pub(super) fn full() -> Failure {
    Failure::new(FailureReason::Overloaded).with_detail("xmpp: the queue is full")
}

/// XML has no form for it.
pub(super) fn unsupported(error: WriteError) -> Failure {
    Failure::new(FailureReason::UnsupportedContent).with_detail(format!("xmpp: {error}"))
}

fn unsent(detail: &'static str) -> Failure {
    Failure::new(FailureReason::Unreachable).with_detail(detail)
}

/// Who tries it elsewhere, or without knowing of this try, may deliver it twice.
fn in_doubt(detail: &'static str) -> Failure {
    Failure::new(FailureReason::TimedOut)
        .with_retry(Retry::Never)
        .with_detail(detail)
}
