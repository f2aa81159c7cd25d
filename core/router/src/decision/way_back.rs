//! How the sender is shown, so that a plain reply comes home.

use rialto_model::{Domain, Failure, FailureReason, InstantInbox, SourceRoute};

use super::{
    canonical::Canonical,
    trace::{Shown, Step, Trace},
};
use crate::{Adapter, AdapterId, RoutingTable, table::Found};

/// The source as the destination's network shall see it; none: as it came.
///
/// Under its alias, if that network knows one and reaches it; else under its own address, if that is reached and is
/// nobody else's name there; else as a source route.
pub(super) fn find(
    table: &RoutingTable,
    from: AdapterId,
    source: Canonical<'_>,
    to: AdapterId,
    trace: &mut impl Trace,
) -> Result<Option<InstantInbox>, Failure> {
    if let Some(name) = name(table, &source, to) {
        trace.step(Step::SourceNamed(&name));
        return Ok(Some(name));
    }
    let is_hidden = table.views().of(to).is_hidden(source.inbox());
    if source.route().is_some() {
        return Ok(unwrapped(table, source, to, is_hidden, trace));
    }
    let relay = match relay_to_show_at(table, from, &source, to, is_hidden) {
        Ok(relay) => relay,
        Err(Shown::NoRelay) if is_hidden => return Err(hidden()),
        Err(shown) => {
            trace.step(Step::SourceAsIs(shown));
            return Ok(source.into_changed());
        }
    };
    let wrapped = label(table, from, relay.sender, &source)
        .to_inbox(relay.domain)
        .map_err(|error| {
            Failure::new(FailureReason::InvalidSource).with_detail(format!(
                "the source cannot be shown on the destination's network: {error}"
            ))
        })?;
    trace.step(Step::SourceWrapped {
        receiver: relay.receiver,
        wrapped: &wrapped,
    });
    Ok(Some(wrapped))
}

/// The alias of a source, if the network that it is shown to can write to it.
fn name(table: &RoutingTable, source: &Canonical<'_>, to: AdapterId) -> Option<InstantInbox> {
    if source.route().is_some() && source.adapter(table) != Some(to) {
        // The route that the source came as leads to its network; an alias might not.
        return None;
    }
    let name = table.views().of(to).name_of(source.inbox())?;
    let receiver = table.adapter(to)?;
    receiver.reaches(name.domain()).then_some(name)
}

/// What a source that came as a source route of ours is shown as: plainly on the very network that it leads to.
fn unwrapped(
    table: &RoutingTable,
    source: Canonical<'_>,
    to: AdapterId,
    is_hidden: bool,
    trace: &mut impl Trace,
) -> Option<InstantInbox> {
    if source.adapter(table) != Some(to) || is_hidden {
        trace.step(Step::SourceAsIs(Shown::AtRelay));
        return None;
    }
    trace.step(Step::SourceUnwrapped(source.inbox()));
    source.into_changed()
}

fn hidden() -> Failure {
    Failure::new(FailureReason::InvalidSource)
        .with_detail("the source's address stands for another user on the destination's network")
}

/// A relay domain that has to stand in for the source's own, and between whom.
struct Relay<'table> {
    sender: &'table Adapter,
    receiver: &'table Adapter,
    domain: &'table Domain,
}

fn relay_to_show_at<'table>(
    table: &'table RoutingTable,
    from: AdapterId,
    source: &Canonical<'_>,
    to: AdapterId,
    is_hidden: bool,
) -> Result<Relay<'table>, Shown> {
    if from == to {
        return Err(Shown::SameNetwork);
    }
    let (Some(sender), Some(receiver)) = (table.adapter(from), table.adapter(to)) else {
        return Err(Shown::OwnMessage);
    };
    if !is_hidden {
        if receiver.reaches(source.inbox().domain()) {
            return Err(Shown::Reached);
        }
        if matches!(source.found, Found::Relay) {
            return Err(Shown::AtRelay);
        }
    }
    let domain = receiver.shown_at().ok_or(Shown::NoRelay)?;
    Ok(Relay {
        sender,
        receiver,
        domain,
    })
}

/// The route that leads back to the sender's adapter: by protocol, unless that would lead to another of its kind.
fn label(
    table: &RoutingTable,
    from: AdapterId,
    sender: &Adapter,
    source: &Canonical<'_>,
) -> SourceRoute {
    let (inbox, found) = (source.inbox(), source.found);
    let by_protocol = SourceRoute::new(sender.protocol().clone(), inbox.clone());
    if table.named(&by_protocol, found) == Some(from) {
        return by_protocol;
    }
    let by_name = SourceRoute::new(sender.name().clone(), inbox.clone());
    if table.named(&by_name, found) == Some(from) {
        by_name
    } else {
        by_protocol
    }
}
