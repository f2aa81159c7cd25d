//! An operation, taken from the other side.
#![expect(unsafe_code, reason = "reads what foreign pointers lead to")]

use std::time::Duration;

use rialto_abi as abi;
use rialto_model::{
    Authentication, DispositionOperation, InstantMessage, MaxForwards, MessageOperation,
    NotifyOperation, PublishOperation, SubscribeOperation, TransactionId,
};

use super::{DispositionView, PresenceView, View, disposition, payload, presence, texts::Texts};
use crate::{
    durations::limit,
    read::{self, Malformed},
};

/// An operation that came from the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever takes operations must say what becomes of each kind"
)]
pub enum Operation {
    /// A message, to be delivered.
    Message(MessageOperation),
    /// What became of a message, to be told.
    Disposition(DispositionOperation),
    /// A watcher's wish.
    Subscribe(SubscribeOperation),
    /// What a watcher is told.
    Notify(NotifyOperation),
    /// What a presentity says of itself.
    Publish(PublishOperation),
}

impl Operation {
    /// The name under which its response comes back.
    #[inline]
    pub fn transaction_id(&self) -> &TransactionId {
        match self {
            Self::Message(operation) => operation.transaction_id(),
            Self::Disposition(operation) => operation.transaction_id(),
            Self::Subscribe(operation) => operation.transaction_id(),
            Self::Notify(operation) => operation.transaction_id(),
            Self::Publish(operation) => operation.transaction_id(),
        }
    }

    /// How long the response is waited for.
    #[inline]
    pub fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Message(operation) => operation.deadline(),
            Self::Disposition(operation) => operation.deadline(),
            Self::Subscribe(operation) => operation.deadline(),
            Self::Notify(operation) => operation.deadline(),
            Self::Publish(operation) => operation.deadline(),
        }
    }

    /// Lends the operation for the time of a call, whatever its kind.
    pub fn lend<T>(&self, call: impl FnOnce(&abi::Operation) -> T) -> T {
        match self {
            Self::Message(operation) => call(View::of(operation).raw()),
            Self::Disposition(operation) => call(DispositionView::of(operation).raw()),
            Self::Subscribe(operation) => call(PresenceView::subscribe(operation).raw()),
            Self::Notify(operation) => call(PresenceView::notify(operation).raw()),
            Self::Publish(operation) => call(PresenceView::publish(operation).raw()),
        }
    }
}

/// Takes an operation from the other side: checked, its texts copied, a large payload kept where it is.
///
/// # Safety
/// `operation` follows the contract: null, or readable for its own size, as are its slices, lists and structs.
pub unsafe fn own(operation: *const abi::Operation) -> Result<Operation, Malformed> {
    let shorter;
    // SAFETY: the caller's promise.
    let raw = if let Some(raw) = unsafe { read::whole(operation) } {
        raw
    } else {
        // SAFETY: the caller's promise.
        shorter = unsafe { read::prefix(operation) }?;
        &shorter
    };
    match raw.kind {
        // SAFETY: the caller's promise.
        abi::KIND_MESSAGE => unsafe { message_operation(raw) }.map(Operation::Message),
        // SAFETY: the caller's promise.
        abi::KIND_DISPOSITION => unsafe { disposition::own(raw) }.map(Operation::Disposition),
        // SAFETY: the caller's promise.
        abi::KIND_SUBSCRIBE => unsafe { presence::subscribe(raw) }.map(Operation::Subscribe),
        // SAFETY: the caller's promise.
        abi::KIND_NOTIFY => unsafe { presence::notify(raw) }.map(Operation::Notify),
        // SAFETY: the caller's promise.
        abi::KIND_PUBLISH => unsafe { presence::publish(raw) }.map(Operation::Publish),
        number => Err(Malformed::Unknown {
            what: "the kind of operation",
            number,
        }),
    }
}

/// # Safety
/// As [`own`].
#[inline(always)]
unsafe fn message_operation(raw: &abi::Operation) -> Result<MessageOperation, Malformed> {
    let max_forwards = max_forwards(raw)?;
    let mut texts = Texts::new();
    // SAFETY: the caller's promise, for all of these.
    unsafe {
        let id = read::bytes("the transaction identifier", raw.transaction_id)?;
        let mut operation = MessageOperation::new(
            TransactionId::parse(id)?,
            texts.address("source", raw.source)?,
            texts.address("destination", raw.destination)?,
            message(raw, &mut texts)?,
        )
        .with_max_forwards(max_forwards)
        .with_authentication(authentication(raw));
        if raw.flags & abi::FLAG_EPHEMERAL != 0 {
            operation = operation.into_ephemeral();
        }
        if let Some(deadline) = limit(raw.deadline_ms) {
            operation = operation.with_deadline(deadline);
        }
        if let Some(instance) = texts.optional("the source's instance", raw.source_instance)? {
            operation = operation.with_source_instance(instance);
        }
        let instance = texts.optional("the destination's instance", raw.destination_instance)?;
        if let Some(instance) = instance {
            operation = operation.with_destination_instance(instance);
        }
        if let Some(next_hop) = texts.optional("the next hop", raw.next_hop)? {
            operation = operation.with_next_hop(next_hop);
        }
        if let Some(identity) = texts.kept("the identity", raw.identity)? {
            operation = operation.with_identity(identity);
        }
        if let Some(reference) = texts.kept("the reference", raw.reference)? {
            operation = operation.with_reference(reference);
        }
        if let Some(time_to_live) = limit(raw.time_to_live_ms) {
            operation = operation.with_time_to_live(time_to_live);
        }
        Ok(operation)
    }
}

/// Part of [`own`]: a message that is returned is written twice.
///
/// # Safety
/// As [`own`].
#[inline(always)]
unsafe fn message(raw: &abi::Operation, texts: &mut Texts) -> Result<InstantMessage, Malformed> {
    // SAFETY: the caller's promise, for all of these.
    unsafe {
        let content_type = texts.content_type(raw.content_type)?;
        let mut message = InstantMessage::new(content_type, payload::own(raw)?);
        if let Some(thread) = texts.optional("the thread", raw.thread)? {
            message = message.with_thread(thread);
        }
        let (first, len) = (raw.headers, raw.headers_len);
        if len > 0 {
            let headers = read::list("the list of headers", first, len)?;
            message = message.with_headers(texts.headers(headers)?);
        }
        let (first, len) = (raw.content_headers, raw.content_headers_len);
        if len > 0 {
            let headers = read::list("the list of content headers", first, len)?;
            message = message.with_content_headers(texts.content_headers(headers)?);
        }
        Ok(message)
    }
}

#[inline(always)]
pub(super) fn max_forwards(raw: &abi::Operation) -> Result<MaxForwards, Malformed> {
    let hops = u8::try_from(raw.max_forwards);
    let hops = hops.map_err(|_| Malformed::MaxForwards(raw.max_forwards))?;
    Ok(MaxForwards::new(hops))
}

#[inline(always)]
pub(super) const fn authentication(raw: &abi::Operation) -> Authentication {
    match raw.flags & abi::FLAG_AUTHENTICATED != 0 {
        true => Authentication::Network,
        false => Authentication::None,
    }
}
