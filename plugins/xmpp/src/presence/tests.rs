//! Both sides at work, against a server and a gateway in memory. The clock stands still.

use std::time::Duration;

use rialto_sdk::model::{
    Bytes, NotifyOperation, PidfReader, PresenceDocument, PresenceInformation, PresenceTuple,
    Presentity, Response, ResponseStatus, Status, SubscribeOperation, SubscriptionId,
    SubscriptionState, TransactionId,
};
use rialto_xmpp_codec::{Presence, PresenceType};
use tokio::task::JoinHandle;

use crate::connection::fake::{FakeServer, Rig, Submitted, spawn};

mod addresses;
mod fetching;
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

fn wish(name_: &str, transaction: &str) -> SubscribeOperation {
    SubscribeOperation::new(id(transaction), name(name_), romeo(), juliet()).with_duration(HOUR)
}

fn word(type_: &str) -> String {
    format!("<presence from='juliet@example.com' to='romeo@sip.example.com' type='{type_}'/>")
}

fn here(resource: &str, content: &str) -> String {
    format!(
        "<presence from='juliet@example.com/{resource}' to='romeo@sip.example.com'>{content}</presence>"
    )
}

fn gone(resource: &str) -> String {
    format!(
        "<presence from='juliet@example.com/{resource}' to='romeo@sip.example.com' type='unavailable'/>"
    )
}

/// What the tuples say: `ID-balcony open`.
fn tuples(operation: &NotifyOperation) -> Vec<String> {
    let information = information(operation);
    assert_eq!(information.presentity(), operation.target());
    let tuple = |tuple: &PresenceTuple| {
        let status = match tuple.status() {
            Some(Status::Open) => "open",
            _ => "closed",
        };
        format!("{} {status}", tuple.id())
    };
    information.tuples().iter().map(tuple).collect()
}

/// Romeo's subscription, of which Juliet has not decided yet.
async fn pending(rig: &mut Rig, server: &mut FakeServer) {
    let done = rig.subscribe(wish("leg", "t1"));
    assert_eq!(told(server, 1).await, ["romeo@sip.example.com subscribe"]);
    let response = done.await.unwrap();
    assert_eq!(response.status(), &ResponseStatus::Indeterminant);
    assert_eq!(response.duration(), Some(HOUR));
}

/// Romeo's subscription, granted by Juliet, who has not said yet whether she is there.
async fn granted(rig: &mut Rig, server: &mut FakeServer) {
    pending(rig, server).await;
    server.send(&word("subscribed")).await;
    let told = rig.report().await;
    assert_eq!(told.state(), SubscriptionState::Active);
    assert_eq!(told.document(), None);
    assert_eq!(
        short(&server.presence().await),
        "romeo@sip.example.com probe"
    );
}
