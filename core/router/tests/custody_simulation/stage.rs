//! Who writes to whom, and reports that say something else.

use std::sync::{Arc, OnceLock};

use rialto_model::{Disposition, DispositionOperation, InstantInbox, TransactionId};
use rialto_router::{AdapterId, RoutingTable};

use crate::support::{SIP, XMPP, builder_with_dns, inbox};

/// How many conversations there are.
pub(crate) const CONVERSATIONS: usize = 5;
/// The one whose next hops DNS names.
pub(crate) const BY_DNS: usize = 4;

pub(crate) fn table() -> &'static Arc<RoutingTable> {
    static TABLE: OnceLock<Arc<RoutingTable>> = OnceLock::new();
    TABLE.get_or_init(|| Arc::new(builder_with_dns().build().unwrap()))
}

pub(crate) fn conversation(number: usize) -> (AdapterId, InstantInbox, InstantInbox) {
    let (adapter, source, destination) = match number {
        0 => (SIP, "im:alice@voice.example", "im:bob@jabber.example"),
        1 => (SIP, "im:alice@voice.example", "im:dora@jabber.example"),
        2 => (SIP, "im:alice@voice.example", "im:carol@mail.example"),
        3 => (XMPP, "im:bob@jabber.example", "im:alice@voice.example"),
        BY_DNS => (SIP, "im:alice@voice.example", "im:fred@elsewhere.example"),
        _ => unreachable!(),
    };
    (adapter, inbox(source), inbox(destination))
}

/// The same report, under another name.
pub(crate) fn renamed(report: &DispositionOperation) -> DispositionOperation {
    let id = TransactionId::parse(b"another").unwrap();
    anew(id, report, report.disposition())
}

/// The same, but it says that the message was displayed.
pub(crate) fn displayed(report: &DispositionOperation) -> DispositionOperation {
    anew(*report.transaction_id(), report, Disposition::Displayed)
}

fn anew(
    id: TransactionId,
    report: &DispositionOperation,
    disposition: Disposition,
) -> DispositionOperation {
    DispositionOperation::new(
        id,
        *report.concerning(),
        report.source().clone(),
        report.destination().clone(),
        disposition,
    )
    .with_request(report.request())
}
