//! Users of this network who watch others: SUBSCRIBE in, NOTIFY out.

mod asking;
mod sharing;
mod told;

use std::time::Duration;

use rialto_sdk::prelude::{
    NotifyOperation, Response, ResponseStatus, SubscribeOperation, SubscriptionState, TransactionId,
};

use super::{Fake, Peer, peer::header, request, start};
use crate::adapter::Adapter;

const CONTACT: &str = "Contact: <sip:romeo@192.0.2.9:5080>\r\nEvent: presence\r\n";

fn subscribe(branch: &str, more: &str) -> String {
    request("SUBSCRIBE", branch, &format!("{CONTACT}{more}"), "")
}

/// A request of the dialog that an answer began.
fn within(first: &str, answer: &str, sequence: u32, more: &str) -> String {
    let contact = header(answer, "Contact").trim_matches(['<', '>']);
    first
        .replace(
            "SUBSCRIBE sip:juliet@xmpp.example",
            &format!("SUBSCRIBE {contact}"),
        )
        .replace("CSeq: 1", &format!("CSeq: {sequence}"))
        .replace("branch=z9hG4bK", &format!("branch=z9hG4bK{sequence}"))
        .replace(
            "To: <sip:juliet@xmpp.example>",
            &format!("To: {}", header(answer, "To")),
        )
        .replace(CONTACT, &format!("{CONTACT}{more}"))
}

/// What the service tells of a subscription.
fn notification(
    of: &SubscribeOperation,
    version: u32,
    state: SubscriptionState,
) -> NotifyOperation {
    let id = TransactionId::parse(b"0123456789abcdef0123456789abcdef").unwrap();
    let (watcher, target) = (of.watcher().clone(), of.target().clone());
    NotifyOperation::new(id, *of.subscription_id(), watcher, target, state)
        .with_package(of.package())
        .with_version(version)
        .with_deadline(Duration::from_secs(30))
        .with_reference(of.reference().unwrap().clone())
}

async fn tell(adapter: &Adapter, operation: NotifyOperation) -> ResponseStatus {
    let response: Response = adapter.outbound().notify(operation).await.unwrap();
    response.into_status()
}

/// A gateway that grants an hour, an adapter, and a watcher's phone.
async fn scene() -> (Fake, Adapter, Peer) {
    let fake = Fake::answering(ResponseStatus::Success);
    fake.grant(3600);
    let adapter = start(&fake);
    (fake, adapter, Peer::bind().await)
}
