//! What the gateway delivers, messages and reports: mapped, sent, proven.

use std::time::Duration;

use rialto_sdk::model::{DispositionOperation, MessageOperation, ResponseStatus};
use time::OffsetDateTime;

use crate::config::Config;
use crate::link::Link;
use crate::mapping::{OwnDomains, stanza_from_disposition, stanza_from_operation};
use crate::outbox::{Parcel, Worth};

/// Delivers a message; returns once it is known what became of it, as far as the server that was joined knows.
///
/// What it has taken for another server's user may still come back.
pub(crate) async fn deliver(
    link: &Link,
    config: &Config,
    operation: &MessageOperation,
) -> ResponseStatus {
    let own = config.domains();
    let message = match stanza_from_operation(operation, own, OffsetDateTime::now_utc) {
        Ok(message) => message,
        Err(failure) => return failure.into(),
    };
    let worth = match operation.is_ephemeral() {
        false => Worth::Lasting,
        true if message.bodies.is_empty() => Worth::State,
        true => Worth::Passing,
    };
    let limit = operation.deadline().map(before);
    let parcel = Parcel::Message(message);
    let status = link
        .send(parcel, *operation.transaction_id(), worth, limit)
        .await;
    match status {
        ResponseStatus::Success if !config.is_served(operation.destination().domain()) => {
            ResponseStatus::Indeterminant
        }
        status => status,
    }
}

/// Tells a sender what became of a message; returns once the server has taken it.
pub(crate) async fn deliver_disposition(
    link: &Link,
    own: &OwnDomains,
    operation: &DispositionOperation,
) -> ResponseStatus {
    let message = match stanza_from_disposition(operation, own) {
        Ok(message) => message,
        Err(failure) => return failure.into(),
    };
    let limit = operation.deadline().map(before);
    let parcel = Parcel::Message(message);
    link.send(parcel, *operation.transaction_id(), Worth::Lasting, limit)
        .await
}

/// A little before the deadline: only the outbox knows whether a message that is not proven was
/// sent at all.
pub(crate) fn before(deadline: Duration) -> Duration {
    const MARGIN: Duration = Duration::from_millis(500);
    deadline - MARGIN.min(deadline / 10)
}
