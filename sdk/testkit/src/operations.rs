//! Operations as tests need them.

use rialto_sdk::prelude::*;

/// An inbox by the plain address of its user: `alice@example.org`.
#[track_caller]
pub fn inbox(address: &str) -> InstantInbox {
    InstantInbox::parse(&format!("im:{address}"))
        .unwrap_or_else(|error| panic!("`{address}` is no address: {error}"))
}

/// A message of text between two plain addresses, under a new transaction identifier.
#[track_caller]
pub fn message(from: &str, to: &str, text: &str) -> MessageOperation {
    carrying(from, to, InstantMessage::text(text.to_owned()))
}

/// A message of any content, as [`message`].
#[track_caller]
pub fn carrying(from: &str, to: &str, message: InstantMessage) -> MessageOperation {
    MessageOperation::new(transaction_id(), inbox(from), inbox(to), message)
}

/// What became of a message, as it is told to who sent it.
pub fn disposition(of: &MessageOperation, disposition: Disposition) -> DispositionOperation {
    DispositionOperation::new(
        transaction_id(),
        *of.transaction_id(),
        of.destination().clone(),
        of.source().clone(),
        disposition,
    )
}

pub(crate) fn transaction_id() -> TransactionId {
    TransactionId::random(&mut rand::rng())
}
