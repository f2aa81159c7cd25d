//! The plugin against a server that behaves, and one that does not. The clock stands still.

mod incoming;
mod limits;
mod outgoing;
mod replies;
mod server;
mod stop;

use rialto_sdk::model::{FailureReason, ResponseStatus};

const CHAT: &str = "<message type='chat' from='juliet@example.com/balcony' \
    to='romeo@sip.example.com' id='m1'><body>Art thou not Romeo?</body></message>";

fn reason(status: &ResponseStatus) -> FailureReason {
    match status {
        ResponseStatus::Failure(failure) => failure.reason(),
        other => panic!("no failure: {other:?}"),
    }
}
