//! A SUBSCRIBE as a subscribe operation (RFC 8048 §5.3, §7).

use std::time::Duration;

use rialto_sdk::{
    model::SubscribeOperation,
    prelude::{FailureReason, MessageOperation, TransactionId},
};
use rialto_sip_codec::{Dialog, DialogError, Request};

use super::{
    contact::{is_shared, routes, target},
    event::{check_accept, duration, package},
    watcher::Watcher,
};
use crate::mapping::{
    Arrival, Rejection,
    address::presentity,
    from_sip::{is_secured, max_forwards},
};

/// What a watcher asks, and what its answer must know.
#[derive(Debug)]
pub(crate) struct Watching {
    pub(crate) operation: SubscribeOperation,
    /// The device that asks, as its subscription's reference has it.
    pub(crate) device: Watcher,
    /// Whether others shared its subscription when it was told last.
    pub(crate) is_shared: bool,
    /// For how long, as asked: no more may be granted (RFC 6665 §4.2.1.1).
    pub(crate) asked: Option<Duration>,
}

/// Makes the operation; `local_tag` is our tag where the request begins a dialog.
pub(crate) fn watching_from_sip(
    request: &Request<'_, '_>,
    arrival: &Arrival<'_>,
    local_tag: &str,
    transaction_id: TransactionId,
) -> Result<Watching, Rejection> {
    if is_secured(&request.uri()) || is_secured(&request.to().uri()) {
        return Err(Rejection::Unsecured);
    }
    let package = package(request)?;
    let target = target(request, arrival.number_domain)?;
    let watcher = presentity(request.from().uri(), arrival.number_domain);
    let watcher = watcher.map_err(|_| FailureReason::InvalidSource)?;
    let asked = duration(request, arrival.least_duration)?;
    check_accept(request, package)?;
    let dialog = dialog(request, local_tag);
    let dialog = dialog.map_err(|error| Rejection::Status(error.reject()))?;
    let device = Watcher::new(arrival, event_id(request)?, dialog);
    let id = device.name().ok_or(FailureReason::Internal)?;
    let reference = device.to_string();
    if reference.len() > MessageOperation::MAX_KEPT {
        return Err(FailureReason::TooLarge.into());
    }
    let mut operation = SubscribeOperation::new(transaction_id, id, watcher, target)
        .with_package(package)
        .with_max_forwards(max_forwards(request))
        .with_reference(reference);
    if let Some(asked) = asked {
        operation = operation.with_duration(asked);
    }
    if request.to().tag().is_some() {
        operation = operation.into_known();
    }
    Ok(Watching {
        operation,
        device,
        is_shared: is_shared(request),
        asked,
    })
}

/// The watcher's dialog; its routes are those with which it began (RFC 3261 §12.2).
fn dialog(request: &Request<'_, '_>, local_tag: &str) -> Result<Dialog, DialogError> {
    let dialog = Dialog::of_server(request, local_tag)?;
    match routes(request) {
        Some(routes) => dialog.with_routes(routes),
        None => Ok(dialog),
    }
}

fn event_id<'a>(request: &Request<'_, 'a>) -> Result<Option<&'a str>, Rejection> {
    let event = request.message().event()?;
    Ok(event.and_then(|event| event.params().token("id")))
}
