//! The life of each operation, as lines of the log.
//!
//! Under one target, `rialto::flow`, at debug level: `cargo demo` reads them, and so can an operator. Never a part of a message.

use rialto_model::{
    DispositionOperation, Domain, Failure, MessageOperation, NotifyOperation, Response,
    ResponseStatus, SubscribeOperation,
};
use rialto_resolver::Resolution;
use rialto_router::{AdapterId, RoutingTable};
use tracing::{Level, debug, enabled};

const TARGET: &str = "rialto::flow";

/// An operation came in; says also where it goes, and why.
pub(crate) fn received(table: &RoutingTable, from: AdapterId, operation: &MessageOperation) {
    if !enabled!(target: TARGET, Level::DEBUG) {
        return;
    }
    let id = operation.transaction_id();
    debug!(target: TARGET, {
        adapter = name(table, from),
        transaction.id = %id,
        operation.source = %operation.source(),
        operation.destination = %operation.destination()
        }, "operation received");
    let explanation = table.explain(from, operation);
    let steps = explanation.steps().join("; ");
    match explanation.decision() {
        Ok(Some(decision)) => debug!(target: TARGET, {
            transaction.id = %id,
            adapter = name(table, decision.adapter()),
            operation.source = %decision.source().unwrap_or_else(|| operation.source()),
            operation.destination = %decision.destination().unwrap_or_else(|| operation.destination()),
            route.steps = steps
        }, "route decided"),
        Ok(None) => debug!(target: TARGET, { transaction.id = %id, route.steps = steps
        }, "route left to DNS"),
        Err(_) => debug!(target: TARGET, { transaction.id = %id, route.steps = steps
        }, "no route found"),
    }
}

/// DNS has named the next hops of a domain, or has said why there are none.
pub(crate) fn resolved(domain: &Domain, found: Result<&Resolution, &Failure>) {
    match found.map(|resolution| resolution.failure()) {
        Ok(None) => debug!(target: TARGET, { %domain }, "domain resolved"),
        Ok(Some(failure)) | Err(failure) => debug!(target: TARGET, {
            %domain,
            failure.reason = ?failure.reason(),
            failure.detail = failure.detail()
        }, "domain not resolved"),
    }
}

/// An adapter's network says what became of a message.
pub(crate) fn reported(table: &RoutingTable, from: AdapterId, report: &DispositionOperation) {
    debug!(target: TARGET, {
        adapter = name(table, from),
        transaction.id = %report.concerning(),
        disposition = ?report.disposition()
    }, "disposition received");
}

/// An adapter is told what became of a message that it brought.
pub(crate) fn told(table: &RoutingTable, to: AdapterId, report: &DispositionOperation) {
    debug!(target: TARGET, {
        adapter = name(table, to),
        transaction.id = %report.concerning(),
        disposition = ?report.disposition()
    }, "disposition told");
}

/// A watcher asks for the presence of somebody.
pub(crate) fn asked(table: &RoutingTable, from: AdapterId, operation: &SubscribeOperation) {
    subscribe(table, from, operation, "subscribe received");
}

/// The network of a presentity is asked, in the name of a watcher.
pub(crate) fn subscribing(table: &RoutingTable, to: AdapterId, operation: &SubscribeOperation) {
    subscribe(table, to, operation, "subscribe handed on");
}

/// The network of a presentity says how it is.
pub(crate) fn heard(table: &RoutingTable, from: AdapterId, operation: &NotifyOperation) {
    notify(table, from, operation, "notification received");
}

/// A watcher is told.
pub(crate) fn notifying(table: &RoutingTable, to: AdapterId, operation: &NotifyOperation) {
    notify(table, to, operation, "notification handed on");
}

fn subscribe(table: &RoutingTable, adapter: AdapterId, of: &SubscribeOperation, what: &str) {
    debug!(target: TARGET, {
        adapter = name(table, adapter),
        transaction.id = %of.transaction_id(),
        subscription.id = %of.subscription_id(),
        watcher = %of.watcher(),
        presentity = %of.target(),
        duration = ?of.duration()
    }, "{what}");
}

fn notify(table: &RoutingTable, adapter: AdapterId, of: &NotifyOperation, what: &str) {
    debug!(target: TARGET, {
        adapter = name(table, adapter),
        transaction.id = %of.transaction_id(),
        subscription.id = %of.subscription_id(),
        watcher = %of.watcher(),
        presentity = %of.target(),
        state = ?of.state(),
        version = of.version()
    }, "{what}");
}

/// An operation has its response.
pub(crate) fn answered(response: &Response) {
    match response.status() {
        ResponseStatus::Failure(failure) => debug!(target: TARGET, {
            transaction.id = %response.transaction_id(),
            response.status = "failure",
            failure.reason = ?failure.reason(),
            failure.detail = failure.detail()
        }, "operation answered"),
        status => debug!(target: TARGET, {
            transaction.id = %response.transaction_id(),
            response.status = word(status)
        }, "operation answered"),
    }
}

/// The RFC's word for a status.
pub(crate) const fn word(status: &ResponseStatus) -> &'static str {
    match status {
        ResponseStatus::Success => "success",
        ResponseStatus::Failure(_) => "failure",
        ResponseStatus::Indeterminant => "indeterminant",
    }
}

fn name(table: &RoutingTable, adapter: AdapterId) -> &str {
    table
        .adapter(adapter)
        .map_or("gateway", |adapter| adapter.name())
}
