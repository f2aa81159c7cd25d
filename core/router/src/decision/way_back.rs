//! How the sender is shown, so that a plain reply comes home.

use rialto_model::{Domain, Failure, FailureReason, InstantInbox, SourceRoute};

use super::trace::{Shown, Step, Trace};
use crate::{Adapter, AdapterId, RoutingTable};

/// The source as the destination's network shall see it; none: as it is.
pub(super) fn find(
    table: &RoutingTable,
    from: AdapterId,
    source: &InstantInbox,
    to: AdapterId,
    trace: &mut impl Trace,
) -> Result<Option<InstantInbox>, Failure> {
    if let Some(inner) = unwrap(table, source, to) {
        trace.step(Step::SourceUnwrapped(&inner));
        return Ok(Some(inner));
    }
    let relay = match relay_to_show_at(table, from, source, to) {
        Ok(relay) => relay,
        Err(shown) => {
            trace.step(Step::SourceAsIs(shown));
            return Ok(None);
        }
    };
    let wrapped = label(table, from, relay.sender, source)
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

/// A relay domain that has to stand in for the source's own, and between whom.
struct Relay<'table> {
    sender: &'table Adapter,
    receiver: &'table Adapter,
    domain: &'table Domain,
}

fn relay_to_show_at<'table>(
    table: &'table RoutingTable,
    from: AdapterId,
    source: &InstantInbox,
    to: AdapterId,
) -> Result<Relay<'table>, Shown> {
    if from == to {
        return Err(Shown::SameNetwork);
    }
    let (Some(sender), Some(receiver)) = (table.adapter(from), table.adapter(to)) else {
        return Err(Shown::OwnMessage);
    };
    if receiver.reaches(source.domain()) {
        return Err(Shown::Reached);
    }
    if table.is_relay(source.domain()) {
        return Err(Shown::AtRelay);
    }
    let domain = receiver.shown_at().ok_or(Shown::NoRelay)?;
    Ok(Relay {
        sender,
        receiver,
        domain,
    })
}

/// A source route of ours that leads to the very network that the message goes to: its users have a plain name there.
fn unwrap(table: &RoutingTable, source: &InstantInbox, to: AdapterId) -> Option<InstantInbox> {
    if !table.is_relay(source.domain()) {
        return None;
    }
    let route = SourceRoute::parse(&source.local_part()).ok()?;
    let home = table.named(&route, table.find(route.inbox().domain()))?;
    (home == to).then(|| route.into_parts().1)
}

/// The route that leads back to the sender's adapter: by protocol, unless that would lead to another of its kind.
fn label(
    table: &RoutingTable,
    from: AdapterId,
    sender: &Adapter,
    source: &InstantInbox,
) -> SourceRoute {
    let by_protocol = SourceRoute::new(sender.protocol().clone(), source.clone());
    let found = table.find(source.domain());
    if table.named(&by_protocol, found) == Some(from) {
        return by_protocol;
    }
    let by_name = SourceRoute::new(sender.name().clone(), source.clone());
    if table.named(&by_name, found) == Some(from) {
        by_name
    } else {
        by_protocol
    }
}
