//! The way to the destination.

use rialto_model::{Failure, FailureReason, InstantInbox, SourceRoute, SourceRouteError};

use super::{
    Hop,
    trace::{Step, Trace},
};
use crate::{
    AdapterId, RoutingTable,
    table::{Found, Way},
};

/// How often a source route of ours may hold another of ours.
const MAX_NESTED: usize = 4;

/// The way on from here.
pub(super) enum Onward {
    Known(Hop),
    /// DNS names the next hops, of one adapter only where a source route wants it.
    Dns {
        only: Option<AdapterId>,
    },
}

/// Unwraps source routes of ours, then asks the static routes, then leaves it to DNS.
///
/// With the way comes the destination, when it is another than the one that was given.
pub(super) fn find(
    table: &RoutingTable,
    destination: &InstantInbox,
    trace: &mut impl Trace,
) -> Result<(Onward, Option<InstantInbox>), Failure> {
    let mut unwrapped: Option<SourceRoute> = None;
    for _ in 0..=MAX_NESTED {
        let inbox = unwrapped.as_ref().map_or(destination, SourceRoute::inbox);
        let found = table.find(inbox.domain());
        if matches!(found, Found::Relay) {
            unwrapped = Some(unwrap(inbox, trace)?);
            continue;
        }
        let Some(route) = unwrapped else {
            return Ok((by_table(table, found, destination, trace)?, None));
        };
        let onward = by_source_route(table, found, &route, trace)?;
        return Ok((onward, Some(route.into_parts().1)));
    }
    let detail = format!("the destination has more than {MAX_NESTED} source routes in one another");
    Err(Failure::new(FailureReason::InvalidDestination).with_detail(detail))
}

fn unwrap(inbox: &InstantInbox, trace: &mut impl Trace) -> Result<SourceRoute, Failure> {
    let relay = inbox.domain();
    let route = SourceRoute::parse(&inbox.local_part()).map_err(|error| match error {
        SourceRouteError::Address(_) => Failure::new(FailureReason::InvalidDestination)
            .with_detail(format!(
                "the source route at the relay domain {relay} holds no valid inbox"
            )),
        _ => Failure::new(FailureReason::NoSuchInbox).with_detail(format!(
            "the relay domain {relay} has no such inbox, only source routes"
        )),
    })?;
    trace.step(Step::Unwrapped {
        relay,
        route: &route,
    });
    Ok(route)
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
