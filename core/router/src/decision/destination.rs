//! The way to the destination.

use rialto_model::{
    ByteString, Failure, FailureReason, InstantInbox, SourceRoute, SourceRouteError,
};

use super::trace::{Step, Trace};
use crate::{
    AdapterId, RoutingTable,
    table::{Found, Way},
};

/// How often a source route of ours may hold another of ours.
const MAX_NESTED: usize = 4;

/// The way on from here.
pub(super) struct Onward {
    pub(super) adapter: AdapterId,
    pub(super) next_hop: Option<ByteString>,
    pub(super) destination: Option<InstantInbox>,
}

/// Unwraps source routes of ours, then asks the static routes.
pub(super) fn find(
    table: &RoutingTable,
    destination: &InstantInbox,
    trace: &mut impl Trace,
) -> Result<Onward, Failure> {
    let mut unwrapped: Option<SourceRoute> = None;
    for _ in 0..=MAX_NESTED {
        let inbox = unwrapped.as_ref().map_or(destination, SourceRoute::inbox);
        let found = table.find(inbox.domain());
        if matches!(found, Found::Relay) {
            unwrapped = Some(unwrap(inbox, trace)?);
            continue;
        }
        return match (found, unwrapped) {
            (_, Some(route)) => by_source_route(table, found, route, trace),
            (Found::Way(way), None) => Ok(by_static_route(way, None, trace)),
            _ => Err(unresolvable(destination)),
        };
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

fn by_source_route(
    table: &RoutingTable,
    found: Found<'_>,
    route: SourceRoute,
    trace: &mut impl Trace,
) -> Result<Onward, Failure> {
    let Some(adapter) = table.named(&route, found) else {
        let protocol = route.protocol();
        return Err(
            Failure::new(FailureReason::Unresolvable).with_detail(format!(
                "no adapter speaks {protocol}, which the source route names"
            )),
        );
    };
    let (_, destination) = route.into_parts();
    match found {
        Found::Way(way) if way.adapter == adapter => {
            Ok(by_static_route(way, Some(destination), trace))
        }
        _ => {
            trace.step(Step::Named {
                adapter: table.adapter(adapter),
            });
            Ok(Onward {
                adapter,
                next_hop: None,
                destination: Some(destination),
            })
        }
    }
}

fn by_static_route(way: &Way, destination: Option<InstantInbox>, trace: &mut impl Trace) -> Onward {
    trace.step(Step::Routed(&way.route));
    Onward {
        adapter: way.adapter,
        next_hop: way.route.next_hop().cloned(),
        destination,
    }
}

fn unresolvable(destination: &InstantInbox) -> Failure {
    let domain = destination.domain();
    Failure::new(FailureReason::Unresolvable)
        .with_detail(format!("no way to the domain {domain} is known"))
}
