//! The operations of the abstract services.
//!
//! RFC 3860 §3.4 and RFC 3859 §3.4.

mod authentication;
mod disposition_operation;
mod max_forwards;
mod message_operation;
mod notify_operation;
mod package;
mod presence_document;
mod publish_operation;
mod responder;
mod subscribe_operation;
mod subscription_id;
mod subscription_state;
mod transaction_id;

pub use authentication::Authentication;
pub use disposition_operation::DispositionOperation;
pub use max_forwards::{HopLimitReached, MaxForwards};
pub use message_operation::MessageOperation;
pub use notify_operation::NotifyOperation;
pub use package::Package;
pub use presence_document::PresenceDocument;
pub use publish_operation::PublishOperation;
pub use responder::Responder;
pub use subscribe_operation::SubscribeOperation;
pub use subscription_id::SubscriptionId;
pub use subscription_state::{SubscriptionState, TerminationReason};
pub use transaction_id::{TransactionId, TransactionIdError};
