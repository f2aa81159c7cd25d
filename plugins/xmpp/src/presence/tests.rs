//! Both sides at work, against a server and a gateway in memory. The clock stands still.

use std::time::Duration;

use rialto_sdk::model::{
    Bytes, NotifyOperation, PidfReader, PresenceDocument, PresenceInformation, Presentity,
    Response, ResponseStatus, SubscribeOperation, SubscriptionId, SubscriptionState, TransactionId,
};
use rialto_xmpp_codec::{Presence, PresenceType};
use tokio::task::JoinHandle;

use crate::connection::fake::{FakeServer, Rig, Submitted, spawn};

mod properties;
mod rfc_8048;
mod telling;
mod watching;

const HOUR: Duration = Duration::from_secs(3600);

fn romeo() -> Presentity {
    Presentity::parse("pres:romeo@sip.example.com").unwrap()
}

fn juliet() -> Presentity {
    Presentity::parse("pres:juliet@example.com").unwrap()
}

fn id(name: &str) -> TransactionId {
    TransactionId::parse(name.as_bytes()).unwrap()
}

fn name(name: &str) -> SubscriptionId {
    SubscriptionId::parse(name.as_bytes()).unwrap()
}

/// A document of Romeo's: a tuple for each name that is open, one that is closed for each behind `-`.
fn document(tuples: &str) -> PresenceDocument {
    let tuples = tuples.split_whitespace().map(|tuple| {
        let (status, id) = match tuple.strip_prefix('-') {
            Some(id) => ("closed", id),
            None => ("open", tuple),
        };
        format!("<tuple id='{id}'><status><basic>{status}</basic></status></tuple>")
    });
    let tuples: String = tuples.collect();
    PresenceDocument::pidf(Bytes::from(format!(
        "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='pres:romeo@sip.example.com'>{tuples}</presence>"
    )))
}

fn information(operation: &NotifyOperation) -> PresenceInformation {
    let document = operation.document().expect("a document");
    let reading = PidfReader::new().read(document.payload().as_bytes());
    reading.unwrap().into_information()
}

/// What a stanza says in short: `romeo@sip.example.com/a unavailable`.
fn short(presence: &Presence) -> String {
    let type_ = match presence.type_ {
        PresenceType::Available => "available",
        PresenceType::Unavailable => "unavailable",
        PresenceType::Subscribe => "subscribe",
        PresenceType::Subscribed => "subscribed",
        PresenceType::Unsubscribe => "unsubscribe",
        PresenceType::Unsubscribed => "unsubscribed",
        PresenceType::Probe => "probe",
        PresenceType::Error => "error",
        _ => "odd",
    };
    let from = presence.from.as_deref().unwrap_or_default();
    format!("{from} {type_}")
}

impl Rig {
    /// What a user on XMPP asks next.
    async fn wish(&mut self) -> Submitted<SubscribeOperation, Response> {
        self.asked.recv().await.expect("a wish")
    }

    /// What the gateway is told next.
    async fn report(&mut self) -> NotifyOperation {
        let submitted = self.told.recv().await.expect("a report");
        drop(submitted.answer.send(ResponseStatus::Success));
        submitted.operation
    }

    /// The gateway tells a watcher on XMPP, in a task of its own.
    fn notify(&self, operation: NotifyOperation) -> JoinHandle<ResponseStatus> {
        let presences = self.presences.clone();
        spawn(async move { presences.notify(&operation).await })
    }

    /// The gateway asks for a contact on XMPP, in a task of its own.
    fn subscribe(&self, operation: SubscribeOperation) -> JoinHandle<Response> {
        let presences = self.presences.clone();
        spawn(async move { presences.subscribe(operation).await })
    }
}

impl Submitted<SubscribeOperation, Response> {
    /// Answers; gives back what the gateway keeps.
    fn grant(self, status: ResponseStatus) -> SubscribeOperation {
        let kept = self.operation.clone();
        let response = self.operation.respond(status).with_duration(HOUR);
        self.answer.send(response).expect("somebody who waits");
        kept
    }
}

/// What the gateway tells the watcher of a subscription.
fn notification(
    of: &SubscribeOperation,
    state: SubscriptionState,
    document: Option<PresenceDocument>,
) -> NotifyOperation {
    let operation = NotifyOperation::new(
        TransactionId::random(&mut rand::rng()),
        *of.subscription_id(),
        of.watcher().clone(),
        of.target().clone(),
        state,
    )
    .with_reference(of.reference().unwrap().clone())
    .with_expires_in(HOUR);
    match document {
        Some(document) => operation.with_document(document),
        None => operation,
    }
}

/// The next `count` stanzas in short, which are proven then.
async fn told(server: &mut FakeServer, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(short(&server.presence().await));
    }
    server.prove().await;
    all
}

/// Asks something that is answered at once: what comes first came before.
async fn nothing_else(server: &mut FakeServer) {
    server
        .send("<iq type='get' id='last' from='a@b.example' to='sip.example.com'><ping xmlns='urn:xmpp:ping'/></iq>")
        .await;
    assert_eq!(server.answer().await, "last");
}
