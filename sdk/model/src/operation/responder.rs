//! The duty to answer an operation.

use crate::{Response, ResponseStatus, TransactionId};

/// The right, and the duty, to answer one operation once.
///
/// The only maker of a [`Response`], so that every response carries the identifier of its operation
/// (draft-ietf-impp-cpim-03 §2.4.1). Split off with
/// [`MessageOperation::into_forward`](crate::MessageOperation::into_forward) by whoever hands the operation on.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an operation that is not answered leaves its sender in the dark"]
pub struct Responder {
    transaction_id: TransactionId,
}

impl Responder {
    pub(crate) const fn new(transaction_id: TransactionId) -> Self {
        Self { transaction_id }
    }

    /// Takes up the duty to answer an operation whose other parts are elsewhere, as on the plugin boundary.
    pub const fn resume(transaction_id: TransactionId) -> Self {
        Self::new(transaction_id)
    }

    /// Answers the operation.
    pub fn respond(self, status: ResponseStatus) -> Response {
        Response::new(self.transaction_id, status)
    }

    /// The operation that waits for the answer.
    pub const fn transaction_id(&self) -> &TransactionId {
        &self.transaction_id
    }
}
