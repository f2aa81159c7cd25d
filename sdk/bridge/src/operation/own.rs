//! An operation, taken from the other side.
#![expect(unsafe_code, reason = "reads what foreign pointers lead to")]

use std::time::Duration;

use rialto_abi as abi;
use rialto_model::{InstantMessage, MaxForwards, MessageOperation, TransactionId};

use super::texts::Texts;
use crate::read::{self, Malformed};

/// Takes an operation from the other side: checked, its texts in one piece of memory, a large payload where it is.
///
/// # Safety
/// `operation` follows the contract: null, or readable for its own size, as are its slices and lists.
pub unsafe fn own(operation: *const abi::Operation) -> Result<MessageOperation, Malformed> {
    // SAFETY: the caller's promise.
    let raw = unsafe { read::prefix(operation) }?;
    if raw.kind != abi::KIND_MESSAGE {
        return Err(Malformed::Unknown {
            what: "the kind of operation",
            number: raw.kind,
        });
    }
    let max_forwards =
        u8::try_from(raw.max_forwards).map_err(|_| Malformed::MaxForwards(raw.max_forwards))?;
    // SAFETY: the caller's promise, for all of these.
    let (id, headers, content_headers) = unsafe {
        (
            read::bytes("the transaction identifier", raw.transaction_id)?,
            read::list("the list of headers", raw.headers, raw.headers_len)?,
            read::list(
                "the list of content headers",
                raw.content_headers,
                raw.content_headers_len,
            )?,
        )
    };
    // SAFETY: the caller's promise.
    let (mut texts, payload) = unsafe { Texts::copy(&raw, headers, content_headers) }?;
    let source = texts.address("source", raw.source)?;
    let destination = texts.address("destination", raw.destination)?;
    let source_instance = texts.optional(raw.source_instance)?;
    let destination_instance = texts.optional(raw.destination_instance)?;
    let next_hop = texts.optional(raw.next_hop)?;
    let thread = texts.optional(raw.thread)?;
    let mut message = InstantMessage::new(texts.content_type(raw.content_type)?, payload);
    if let Some(thread) = thread {
        message = message.with_thread(thread);
    }
    if !headers.is_empty() {
        message = message.with_headers(texts.headers(headers)?);
    }
    if !content_headers.is_empty() {
        message = message.with_content_headers(texts.content_headers(content_headers)?);
    }
    let mut operation =
        MessageOperation::new(TransactionId::parse(id)?, source, destination, message)
            .with_max_forwards(MaxForwards::new(max_forwards));
    if raw.deadline_ms != 0 {
        operation = operation.with_deadline(Duration::from_millis(raw.deadline_ms));
    }
    if let Some(instance) = source_instance {
        operation = operation.with_source_instance(instance);
    }
    if let Some(instance) = destination_instance {
        operation = operation.with_destination_instance(instance);
    }
    if let Some(next_hop) = next_hop {
        operation = operation.with_next_hop(next_hop);
    }
    Ok(operation)
}
