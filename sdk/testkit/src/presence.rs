//! Presence as tests need it.

use rialto_sdk::{
    model::presence::{ElementId, PresenceInformation, PresenceTuple, Status},
    prelude::*,
};

use crate::operations::transaction_id;

/// A presentity by the plain address of its user: `alice@example.org`.
#[track_caller]
pub fn presentity(address: &str) -> Presentity {
    Presentity::parse(&format!("pres:{address}"))
        .unwrap_or_else(|error| panic!("`{address}` is no address: {error}"))
}

/// A new subscription of one plain address to another.
#[track_caller]
pub fn subscription(watcher: &str, target: &str) -> SubscribeOperation {
    let name = SubscriptionId::random(&mut rand::rng());
    let (watcher, target) = (presentity(watcher), presentity(target));
    SubscribeOperation::new(transaction_id(), name, watcher, target)
}

/// What the watcher of a subscription is told: that its presentity is there, or is not.
pub fn notification(of: &SubscribeOperation, status: Status) -> NotifyOperation {
    NotifyOperation::new(
        transaction_id(),
        *of.subscription_id(),
        of.watcher().clone(),
        of.target().clone(),
        SubscriptionState::Active,
    )
    .with_document(document(of.target(), status))
}

/// The least that a document says of a presentity.
pub fn document(of: &Presentity, status: Status) -> PresenceDocument {
    let tuple = PresenceTuple::new(ElementId::from_text("test"), Some(status));
    let information = PresenceInformation::new(of.clone()).with_tuple(tuple);
    let xml = information.to_xml().expect("a document of one tuple");
    PresenceDocument::pidf(Bytes::from(xml))
}

/// What a notification says of its presentity: open if any of its tuples is. None, if it has no document or that says nothing.
#[track_caller]
pub fn status_of(notification: &NotifyOperation) -> Option<Status> {
    let document = notification.document()?;
    let reading = PresenceInformation::parse(document.payload().as_bytes())
        .unwrap_or_else(|error| panic!("the document is none: {error}"));
    let tuples = reading.information().tuples().iter();
    let statuses: Vec<_> = tuples.filter_map(PresenceTuple::status).collect();
    match statuses.contains(&Status::Open) {
        true => Some(Status::Open),
        false => statuses.first().copied(),
    }
}
