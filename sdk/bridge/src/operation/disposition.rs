//! A disposition, taken from the other side.
#![expect(unsafe_code, reason = "reads what foreign pointers lead to")]

use std::time::{Duration, UNIX_EPOCH};

use rialto_abi as abi;
use rialto_model::{DispositionOperation, Failure, MessageId, ResponseStatus, TransactionId};

use super::{numbers, texts::Texts};
use crate::{
    durations::limit,
    read::{self, Malformed},
    response,
};

/// Takes a disposition: checked, its texts copied. What only messages have is passed over.
///
/// # Safety
/// `raw` follows the contract.
pub(super) unsafe fn own(raw: &abi::Operation) -> Result<DispositionOperation, Malformed> {
    let mut texts = Texts::new();
    // SAFETY: the caller's promise, for all of these.
    unsafe {
        let id = read::bytes("the transaction identifier", raw.transaction_id)?;
        let concerning = read::bytes("what the disposition concerns", raw.concerning)?;
        let mut operation = DispositionOperation::new(
            TransactionId::parse(id)?,
            TransactionId::parse(concerning).map_err(Malformed::Concerning)?,
            texts.address("source", raw.source)?,
            texts.address("destination", raw.destination)?,
            numbers::disposition(raw.disposition)?,
        )
        .with_request(numbers::request(raw.asked));
        if let Some(deadline) = limit(raw.deadline_ms) {
            operation = operation.with_deadline(deadline);
        }
        if let Some(id) = texts.optional("the message's id", raw.message_id)? {
            operation = operation.with_message_id(MessageId::parse(id)?);
        }
        if let Some(reference) = texts.kept("the reference", raw.reference)? {
            operation = operation.with_reference(reference);
        }
        let sent_at = Duration::from_millis(raw.sent_at_ms);
        if let Some(sent_at) = UNIX_EPOCH.checked_add(sent_at)
            && sent_at != UNIX_EPOCH
        {
            operation = operation.with_sent_at(sent_at);
        }
        if let Some(failure) = failure(raw)? {
            operation = operation.with_failure(failure);
        }
        Ok(operation)
    }
}

/// # Safety
/// As [`own`].
unsafe fn failure(raw: &abi::Operation) -> Result<Option<Failure>, Malformed> {
    if raw.failure.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    match unsafe { response::own(raw.failure, None) }? {
        ResponseStatus::Failure(failure) => Ok(Some(failure)),
        ResponseStatus::Success | ResponseStatus::Indeterminant => Err(Malformed::NoFailure),
    }
}
