//! The *response* operation.

use std::time::Duration;

use crate::{Failure, TransactionId};

/// How an operation ended.
///
/// Made by [`Responder::respond`](crate::Responder::respond) only, so that it always carries the identifier of the
/// operation that it answers. RFC 3860 §3.4.2.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a response that is not handed on leaves the sender in the dark"]
pub struct Response {
    transaction_id: TransactionId,
    status: ResponseStatus,
    duration: Option<Duration>,
}

/// The three ways in which an operation can end; the spelling is RFC 3860's own.
///
/// Exhaustive on purpose: whoever answers a sender has to say something for each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the RFC has three, and every caller must handle each"
)]
pub enum ResponseStatus {
    /// The far side acknowledged the delivery.
    Success,
    /// The message was not delivered, and this gateway will not try again.
    Failure(Failure),
    /// Responsibility was handed to a system that will never tell the outcome.
    Indeterminant,
}

impl Response {
    pub(crate) const fn new(transaction_id: TransactionId, status: ResponseStatus) -> Self {
        Self {
            transaction_id,
            status,
            duration: None,
        }
    }

    /// Says how long a subscription or publication holds, to the second. RFC 3859 §3.1.
    pub const fn with_duration(mut self, duration: Duration) -> Self {
        self.duration = Some(duration);
        self
    }

    /// The operation that this answers.
    pub const fn transaction_id(&self) -> &TransactionId {
        &self.transaction_id
    }

    /// How it ended.
    pub const fn status(&self) -> &ResponseStatus {
        &self.status
    }

    /// How long a subscription or publication holds, if that is limited.
    pub const fn duration(&self) -> Option<Duration> {
        self.duration
    }

    /// How it ended, by value.
    pub fn into_status(self) -> ResponseStatus {
        self.status
    }
}

impl ResponseStatus {
    /// Whether the delivery was acknowledged.
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Success)
    }
}

impl From<Failure> for ResponseStatus {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}
