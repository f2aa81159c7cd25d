//! Operations of the presence service, taken from the other side.
#![expect(unsafe_code, reason = "reads what foreign pointers lead to")]

use std::time::Duration;

use bytestring::ByteString;
use rialto_abi as abi;
use rialto_model::{
    Authentication, MaxForwards, NotifyOperation, PresenceDocument, Presentity, PublishOperation,
    SubscribeOperation, SubscriptionId, TransactionId,
};

use super::{
    own::{authentication, max_forwards},
    payload,
    presence_numbers::{package, state},
    texts::Texts,
};
use crate::{
    durations::{duration, limit},
    read::{self, Malformed},
};

/// What the three operations have in common, checked.
struct Parts {
    transaction_id: TransactionId,
    subscription_id: SubscriptionId,
    source: Presentity,
    destination: Presentity,
    presence: abi::Presence,
    max_forwards: MaxForwards,
    authentication: Authentication,
    deadline: Option<Duration>,
    duration: Option<Duration>,
    next_hop: Option<ByteString>,
    reference: Option<ByteString>,
    document: Option<PresenceDocument>,
}

/// Takes a subscription; what only others have is passed over.
///
/// # Safety
/// `raw` follows the contract.
pub(super) unsafe fn subscribe(raw: &abi::Operation) -> Result<SubscribeOperation, Malformed> {
    // SAFETY: the caller's promise.
    let parts = unsafe { Parts::own(raw) }?;
    let (watcher, target) = (parts.source, parts.destination);
    let mut operation =
        SubscribeOperation::new(parts.transaction_id, parts.subscription_id, watcher, target)
            .with_package(package(parts.presence.package)?)
            .with_authentication(parts.authentication)
            .with_max_forwards(parts.max_forwards);
    if let Some(duration) = parts.duration {
        operation = operation.with_duration(duration);
    }
    if let Some(deadline) = parts.deadline {
        operation = operation.with_deadline(deadline);
    }
    if let Some(next_hop) = parts.next_hop {
        operation = operation.with_next_hop(next_hop);
    }
    if let Some(reference) = parts.reference {
        operation = operation.with_reference(reference);
    }
    if raw.flags & abi::FLAG_REPLACES != 0 {
        operation = operation.into_known();
    }
    Ok(operation)
}

/// Takes a notification; what only others have is passed over.
///
/// # Safety
/// As [`subscribe`].
pub(super) unsafe fn notify(raw: &abi::Operation) -> Result<NotifyOperation, Malformed> {
    // SAFETY: the caller's promise.
    let parts = unsafe { Parts::own(raw) }?;
    let (watcher, target) = (parts.destination, parts.source);
    let (id, subscription_id) = (parts.transaction_id, parts.subscription_id);
    let state = state(&parts.presence)?;
    let version = u32::try_from(parts.presence.version)
        .map_err(|_| Malformed::Version(parts.presence.version))?;
    let mut operation = NotifyOperation::new(id, subscription_id, watcher, target, state)
        .with_package(package(parts.presence.package)?)
        .with_version(version)
        .with_authentication(parts.authentication)
        .with_max_forwards(parts.max_forwards);
    if let Some(document) = parts.document {
        operation = operation.with_document(document);
    }
    if let Some(expires_in) = parts.duration {
        operation = operation.with_expires_in(expires_in);
    }
    if let Some(deadline) = parts.deadline {
        operation = operation.with_deadline(deadline);
    }
    if let Some(next_hop) = parts.next_hop {
        operation = operation.with_next_hop(next_hop);
    }
    if let Some(reference) = parts.reference {
        operation = operation.with_reference(reference);
    }
    Ok(operation)
}

/// Takes a publication; what only others have is passed over.
///
/// # Safety
/// As [`subscribe`].
pub(super) unsafe fn publish(raw: &abi::Operation) -> Result<PublishOperation, Malformed> {
    // SAFETY: the caller's promise.
    let parts = unsafe { Parts::own(raw) }?;
    let (publisher, presentity) = (parts.source, parts.destination);
    let (id, publication_id) = (parts.transaction_id, parts.subscription_id);
    let mut operation = PublishOperation::new(id, publication_id, presentity, publisher)
        .with_version(parts.presence.version)
        .with_authentication(parts.authentication);
    if raw.flags & abi::FLAG_REPLACES != 0 {
        operation = operation.with_expected_version(parts.presence.expected_version);
    }
    if let Some(document) = parts.document {
        operation = operation.with_document(document);
    }
    if let Some(duration) = parts.duration {
        operation = operation.with_duration(duration);
    }
    if let Some(deadline) = parts.deadline {
        operation = operation.with_deadline(deadline);
    }
    Ok(operation)
}

impl Parts {
    /// # Safety
    /// As [`subscribe`].
    unsafe fn own(raw: &abi::Operation) -> Result<Self, Malformed> {
        let mut texts = Texts::new();
        // SAFETY: the caller's promise, for all of these.
        unsafe {
            let presence = presence(raw)?;
            let id = read::bytes("the transaction identifier", raw.transaction_id)?;
            let name = read::bytes("the subscription's name", presence.subscription_id)?;
            Ok(Self {
                transaction_id: TransactionId::parse(id)?,
                subscription_id: SubscriptionId::parse(name).map_err(Malformed::Subscription)?,
                source: texts.presentity("source", raw.source)?,
                destination: texts.presentity("destination", raw.destination)?,
                presence,
                max_forwards: max_forwards(raw)?,
                authentication: authentication(raw),
                deadline: limit(raw.deadline_ms),
                duration: duration(presence.duration_ms),
                next_hop: texts.optional("the next hop", raw.next_hop)?,
                reference: texts.kept("the reference", raw.reference)?,
                document: document(raw, &mut texts)?,
            })
        }
    }
}

/// # Safety
/// As [`subscribe`].
unsafe fn presence(raw: &abi::Operation) -> Result<abi::Presence, Malformed> {
    if raw.presence.is_null() {
        return Err(Malformed::NoPresence);
    }
    // SAFETY: the caller's promise.
    unsafe { read::prefix(raw.presence) }
}

/// # Safety
/// As [`subscribe`].
unsafe fn document(
    raw: &abi::Operation,
    texts: &mut Texts,
) -> Result<Option<PresenceDocument>, Malformed> {
    // SAFETY: the caller's promise, for both.
    unsafe {
        let Some(content_type) = texts.optional("the content type", raw.content_type)? else {
            return Ok(None);
        };
        let payload = payload::own(raw)?;
        Ok(Some(PresenceDocument::new(content_type, payload.into())))
    }
}
