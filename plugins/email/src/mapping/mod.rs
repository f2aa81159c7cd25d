//! Mail and messages of the common format, one for the other.

pub(crate) mod address;
pub(crate) mod content;
mod escape;
pub(crate) mod from_mail;
pub(crate) mod identity;
pub(crate) mod reference;
pub(crate) mod threads;
pub(crate) mod to_mail;

use rialto_sdk::model::{Failure, FailureReason};

/// A refusal of content, with the reason.
fn unsupported(detail: impl Into<std::borrow::Cow<'static, str>>) -> Failure {
    Failure::new(FailureReason::UnsupportedContent).with_detail(detail)
}
