//! The way to the destination.

use rialto_model::{Failure, FailureReason, InstantInbox, SourceRoute};

use super::{
    Hop,
    canonical::Canonical,
    trace::{Step, Trace},
};
use crate::{
    AdapterId, RoutingTable,
    table::{Found, Way},
};

/// The way on from here.
pub(super) enum Onward {
    Known(Hop),
    /// DNS names the next hops, of one adapter only where a source route wants it.
    Dns {
        only: Option<AdapterId>,
    },
}

/// Asks the source route, if it was one, then the static routes, then leaves it to DNS.
pub(super) fn find(
    table: &RoutingTable,
    destination: &Canonical<'_>,
    trace: &mut impl Trace,
) -> Result<Onward, Failure> {
    match destination.route() {
        Some(route) => by_source_route(table, destination.found, route, trace),
        None => by_table(table, destination.found, destination.inbox(), trace),
    }
}

fn by_table(
    table: &RoutingTable,
    found: Found<'_>,
    destination: &InstantInbox,
    trace: &mut impl Trace,
) -> Result<Onward, Failure> {
    match found {
        Found::Way(way) => Ok(by_static_route(way, trace)),
        _ if table.asks_dns() => {
            trace.step(Step::Dns { only: None });
            Ok(Onward::Dns { only: None })
        }
        _ => Err(unresolvable(destination)),
    }
}

fn by_source_route(
    table: &RoutingTable,
    found: Found<'_>,
    route: &SourceRoute,
    trace: &mut impl Trace,
) -> Result<Onward, Failure> {
    let Some(adapter) = table.named(route, found) else {
        let protocol = route.protocol();
        return Err(
            Failure::new(FailureReason::Unresolvable).with_detail(format!(
                "no adapter speaks {protocol}, which the source route names"
            )),
        );
    };
    match found {
        Found::Way(way) if way.adapter == adapter => Ok(by_static_route(way, trace)),
        _ if table.is_found_by_dns(adapter) => {
            trace.step(Step::Dns {
                only: table.adapter(adapter),
            });
            Ok(Onward::Dns {
                only: Some(adapter),
            })
        }
        _ => {
            trace.step(Step::Named {
                adapter: table.adapter(adapter),
            });
            Ok(Onward::Known(Hop::new(adapter)))
        }
    }
}

fn by_static_route(way: &Way, trace: &mut impl Trace) -> Onward {
    trace.step(Step::Routed(&way.route));
    Onward::Known(Hop {
        adapter: way.adapter,
        next_hop: way.route.next_hop().cloned(),
    })
}

fn unresolvable(destination: &InstantInbox) -> Failure {
    let domain = destination.domain();
    Failure::new(FailureReason::Unresolvable)
        .with_detail(format!("no way to the domain {domain} is known"))
}
