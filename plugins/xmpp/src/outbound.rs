//! What the gateway delivers: mapped, sent, proven.

use std::time::Duration;

use rialto_sdk::model::{MessageOperation, ResponseStatus};

use crate::link::Link;
use crate::mapping::{OwnDomains, stanza_from_operation};

/// Delivers a message; returns once it is known what became of it.
pub(crate) async fn deliver(
    link: &Link,
    own: &OwnDomains,
    operation: &MessageOperation,
) -> ResponseStatus {
    match stanza_from_operation(operation, own) {
        Ok(message) => {
            let limit = operation.deadline().map(before);
            link.send(message, *operation.transaction_id(), limit).await
        }
        Err(failure) => failure.into(),
    }
}

/// A little before the deadline: only the outbox knows whether a message that is not proven was
/// sent at all.
fn before(deadline: Duration) -> Duration {
    const MARGIN: Duration = Duration::from_millis(500);
    deadline - MARGIN.min(deadline / 10)
}
