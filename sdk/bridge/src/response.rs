//! Responses as borrowed C data, and back.
#![expect(unsafe_code, reason = "reads what foreign pointers lead to")]

use std::time::Duration;

use rialto_abi as abi;
use rialto_model::{
    Failure, FailureReason, Origin, Response, ResponseStatus, Retry, TransactionId,
};

use crate::{
    Outcome,
    durations::{duration, duration_ms},
    read::{self, Malformed},
};

pub use crate::durations::milliseconds;

/// The longest detail of a failure that crosses, in bytes; of a longer one its beginning does.
pub const MAX_DETAIL: usize = 1024;

/// A failure of the gateway's or a plugin's own making.
pub(crate) fn internal(origin: Origin, detail: impl Into<String>) -> ResponseStatus {
    Failure::new(FailureReason::Internal)
        .with_origin(origin)
        .with_detail(detail.into())
        .into()
}

/// What the other side is told when its answer is of no use.
pub fn malformed(error: &Malformed) -> ResponseStatus {
    internal(Origin::Plugin, format!("malformed response: {error}"))
}

/// Lends a status; valid as long as both arguments.
pub fn view(transaction_id: Option<&TransactionId>, status: &ResponseStatus) -> abi::Response {
    let mut response = abi::Response {
        size: size_of::<abi::Response>() as u32,
        status: abi::SUCCESS,
        reason: abi::REASON_NONE,
        origin: abi::ORIGIN_DEFAULT,
        retry: abi::RETRY_DEFAULT,
        reserved: 0,
        retry_after_ms: 0,
        transaction_id: transaction_id.map_or(read::NONE, |id| read::lend(id.as_bytes())),
        detail: read::NONE,
        duration_ms: abi::DURATION_NOT_SAID,
    };
    match status {
        ResponseStatus::Success => {}
        ResponseStatus::Indeterminant => response.status = abi::INDETERMINANT,
        ResponseStatus::Failure(failure) => fail(&mut response, failure),
    }
    response
}

/// Lends a response, with its identifier; valid as long as it.
pub fn response_view(response: &Response) -> abi::Response {
    abi::Response {
        duration_ms: duration_ms(response.duration()),
        ..view(Some(response.transaction_id()), response.status())
    }
}

/// Lends an outcome; valid as long as it.
pub fn outcome_view(outcome: &Outcome) -> abi::Response {
    abi::Response {
        duration_ms: duration_ms(outcome.duration),
        ..view(None, &outcome.status)
    }
}

/// Lends a failure that is a part of something else; valid as long as the argument.
pub(crate) fn failure_view(failure: &Failure) -> abi::Response {
    let mut response = view(None, &ResponseStatus::Success);
    fail(&mut response, failure);
    response
}

fn fail(response: &mut abi::Response, failure: &Failure) {
    response.status = abi::FAILURE;
    response.reason = failure.reason().code();
    response.origin = origin_number(failure.origin());
    (response.retry, response.retry_after_ms) = retry_numbers(failure.retry());
    response.detail = read::lend(failure.detail().as_bytes());
}

/// Takes a status from the other side, which must be for `expected`.
///
/// # Safety
/// As [`outcome`].
pub unsafe fn own(
    response: *const abi::Response,
    expected: Option<&TransactionId>,
) -> Result<ResponseStatus, Malformed> {
    // SAFETY: the caller's promise.
    unsafe { outcome(response, expected) }.map(|outcome| outcome.status)
}

/// Takes an outcome from the other side, which must be for `expected`.
///
/// # Safety
/// `response` follows the contract: null, or readable for its own size, as are its slices.
pub unsafe fn outcome(
    response: *const abi::Response,
    expected: Option<&TransactionId>,
) -> Result<Outcome, Malformed> {
    // SAFETY: the caller's promise.
    let (response, id) = unsafe {
        let response = read::prefix(response)?;
        (
            response,
            read::bytes("the transaction identifier", response.transaction_id)?,
        )
    };
    let same = |expected: &TransactionId| expected.as_bytes() == id;
    if !id.is_empty() && !expected.is_some_and(same) {
        return Err(Malformed::AnotherOperation);
    }
    let status = match response.status {
        abi::SUCCESS => ResponseStatus::Success,
        abi::INDETERMINANT => ResponseStatus::Indeterminant,
        // SAFETY: the caller's promise.
        abi::FAILURE => unsafe { failure(&response) }?.into(),
        number => {
            return Err(Malformed::Unknown {
                what: "the status",
                number,
            });
        }
    };
    Ok(Outcome {
        status,
        duration: duration(response.duration_ms),
    })
}

/// An unknown reason, origin or retry loses its detail only.
///
/// # Safety
/// As [`own`].
unsafe fn failure(response: &abi::Response) -> Result<Failure, Malformed> {
    // SAFETY: the caller's promise.
    let detail = unsafe { read::text("the detail", response.detail) }?;
    let mut failure = Failure::new(FailureReason::from_code(response.reason));
    if let Some(origin) = origin(response.origin) {
        failure = failure.with_origin(origin);
    }
    if let Some(retry) = retry(response.retry, response.retry_after_ms) {
        failure = failure.with_retry(retry);
    }
    if !detail.is_empty() && detail != failure.detail() {
        failure = failure.with_detail(line(detail, MAX_DETAIL));
    }
    Ok(failure)
}

/// A text of the other side as one line of at most `max` bytes: control characters become spaces, for it is shown to people.
pub fn line(text: &str, max: usize) -> String {
    let (shown, _) = text.split_at(text.floor_char_boundary(max));
    shown.replace(char::is_control, " ")
}

const fn origin_number(origin: Origin) -> u32 {
    match origin {
        Origin::Sender => abi::ORIGIN_SENDER,
        Origin::Peer => abi::ORIGIN_PEER,
        Origin::Plugin => abi::ORIGIN_PLUGIN,
        Origin::Host => abi::ORIGIN_HOST,
        Origin::Operator => abi::ORIGIN_OPERATOR,
        _ => abi::ORIGIN_DEFAULT,
    }
}

const fn origin(number: u32) -> Option<Origin> {
    match number {
        abi::ORIGIN_SENDER => Some(Origin::Sender),
        abi::ORIGIN_PEER => Some(Origin::Peer),
        abi::ORIGIN_PLUGIN => Some(Origin::Plugin),
        abi::ORIGIN_HOST => Some(Origin::Host),
        abi::ORIGIN_OPERATOR => Some(Origin::Operator),
        _ => None,
    }
}

fn retry_numbers(retry: Retry) -> (u32, u64) {
    match retry {
        Retry::Never => (abi::RETRY_NEVER, 0),
        Retry::After(wait) => (abi::RETRY_AFTER, milliseconds(wait)),
        Retry::Backoff => (abi::RETRY_BACKOFF, 0),
        _ => (abi::RETRY_DEFAULT, 0),
    }
}

const fn retry(number: u32, after_ms: u64) -> Option<Retry> {
    match number {
        abi::RETRY_NEVER => Some(Retry::Never),
        abi::RETRY_AFTER => Some(Retry::After(Duration::from_millis(after_ms))),
        abi::RETRY_BACKOFF => Some(Retry::Backoff),
        _ => None,
    }
}
