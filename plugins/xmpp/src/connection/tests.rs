//! The plugin against a server that behaves, and one that does not. The clock stands still.

mod gathering;
mod incoming;
mod limits;
mod outgoing;
mod replies;
mod reports;
mod server;
mod stop;
mod succession;
mod typing;

use rialto_sdk::model::{FailureReason, ResponseStatus, Retry};

const CHAT: &str = "<message type='chat' from='juliet@example.com/balcony' \
    to='romeo@sip.example.com' id='m1'><body>Art thou not Romeo?</body></message>";

/// The message may have arrived: nobody may try it elsewhere as if it had not.
fn is_in_doubt(status: &ResponseStatus) -> bool {
    let retry = match status {
        ResponseStatus::Failure(failure) => failure.retry(),
        _ => return false,
    };
    reason(status) == FailureReason::TimedOut && retry == Retry::Never
}

/// The message was never sent.
fn is_unsent(status: &ResponseStatus) -> bool {
    reason(status) == FailureReason::Unreachable
}

fn reason(status: &ResponseStatus) -> FailureReason {
    match status {
        ResponseStatus::Failure(failure) => failure.reason(),
        other => panic!("no failure: {other:?}"),
    }
}
