//! Inboxes as the table knows them.

use rialto_model::{Failure, FailureReason, InstantInbox, SourceRoute, SourceRouteError};

use super::trace::{Silence, Step, Trace};
use crate::{
    AdapterId, RoutingTable,
    access::{Home, Party},
    table::Found,
};

/// How often a source route of ours may hold another of ours.
const MAX_NESTED: usize = 4;

/// An inbox with aliases and source routes of ours undone, and what the table says of its domain.
///
/// A name that a network knows is looked up in that network's view, once and first; what a source route holds is an
/// address already, and no name. So a route leads to whom it was made for, even if an alias hides that address.
#[derive(Debug)]
pub(super) struct Canonical<'a> {
    form: Form<'a>,
    /// `Relay` only if the gateway has no such inbox.
    pub(super) found: Found<'a>,
}

#[derive(Debug)]
enum Form<'a> {
    /// As it was given.
    Same(&'a InstantInbox),
    /// What an alias stood for.
    Alias(InstantInbox),
    /// What a source route of ours held, the innermost of several.
    Route(SourceRoute),
}

impl<'a> Canonical<'a> {
    /// Undoes what the network behind an adapter calls an inbox.
    ///
    /// Fails for what is at a relay domain and is no source route.
    pub(super) fn find(
        table: &'a RoutingTable,
        adapter: AdapterId,
        inbox: &'a InstantInbox,
        trace: &mut impl Trace,
    ) -> Result<Self, Failure> {
        if let Some(address) = table.views().of(adapter).address_of(inbox) {
            trace.step(Step::Alias {
                name: inbox,
                address: &address,
            });
            let found = table.find(address.domain());
            let form = Form::Alias(address);
            return Ok(Self { form, found });
        }
        let mut canonical = Self::as_given(table, inbox);
        for _ in 0..=MAX_NESTED {
            if !matches!(canonical.found, Found::Relay) {
                return Ok(canonical);
            }
            let route = unwrap(canonical.inbox(), trace)?;
            canonical.found = table.find(route.inbox().domain());
            canonical.form = Form::Route(route);
        }
        let detail = format!("the address has more than {MAX_NESTED} source routes in one another");
        Err(Failure::new(FailureReason::InvalidDestination).with_detail(detail))
    }

    /// Undoes the same of a source; one that the gateway has no inbox for is left to the access rules.
    pub(super) fn of_source(
        table: &'a RoutingTable,
        adapter: AdapterId,
        source: &'a InstantInbox,
    ) -> Self {
        Self::find(table, adapter, source, &mut Silence)
            .unwrap_or_else(|_| Self::as_given(table, source))
    }

    /// An inbox that is known to be an address.
    pub(super) fn as_given(table: &'a RoutingTable, inbox: &'a InstantInbox) -> Self {
        Self {
            form: Form::Same(inbox),
            found: table.find(inbox.domain()),
        }
    }

    pub(super) const fn inbox(&self) -> &InstantInbox {
        match &self.form {
            Form::Same(inbox) => inbox,
            Form::Alias(inbox) => inbox,
            Form::Route(route) => route.inbox(),
        }
    }

    /// The source route that it came as.
    pub(super) const fn route(&self) -> Option<&SourceRoute> {
        match &self.form {
            Form::Route(route) => Some(route),
            _ => None,
        }
    }

    /// The inbox, if it is another than the one that was given.
    pub(super) fn into_changed(self) -> Option<InstantInbox> {
        match self.form {
            Form::Same(_) => None,
            Form::Alias(inbox) => Some(inbox),
            Form::Route(route) => Some(route.into_parts().1),
        }
    }

    /// The adapter that leads there, as far as that is known without DNS.
    pub(super) fn adapter(&self, table: &RoutingTable) -> Option<AdapterId> {
        match (self.route(), self.found) {
            (Some(route), found) => table.named(route, found),
            (None, Found::Way(way)) => Some(way.adapter),
            _ => None,
        }
    }

    /// What access rules look at.
    pub(super) fn party(&self, table: &RoutingTable) -> Party<'_> {
        let own = match self.found {
            Found::Way(way) if way.route.is_own() => Some(way.adapter),
            _ => None,
        };
        let home = match (self.route(), own) {
            (Some(route), own) => match table.named(route, self.found) {
                // A route to one of ours by another network contradicts itself.
                Some(adapter) if own.is_none_or(|own| own == adapter) => Home::Behind(adapter),
                _ => Home::Nowhere,
            },
            (None, Some(own)) => Home::Behind(own),
            (None, None) if matches!(self.found, Found::Relay) => Home::Nowhere,
            (None, None) => Home::Anywhere,
        };
        Party {
            inbox: self.inbox(),
            is_own: own.is_some(),
            home,
        }
    }
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
