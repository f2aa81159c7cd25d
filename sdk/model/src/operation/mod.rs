//! The operations of the abstract services.
//!
//! RFC 3860 §3.4 and RFC 3859 §3.4; subscribe and notify come with the presence service.

mod authentication;
mod disposition_operation;
mod max_forwards;
mod message_operation;
mod responder;
mod transaction_id;

pub use authentication::Authentication;
pub use disposition_operation::DispositionOperation;
pub use max_forwards::{HopLimitReached, MaxForwards};
pub use message_operation::MessageOperation;
pub use responder::Responder;
pub use transaction_id::{TransactionId, TransactionIdError};
