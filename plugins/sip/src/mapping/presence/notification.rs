//! A NOTIFY as what it says of a subscription of ours (RFC 8048 §5.2, §6.3).

use std::time::Duration;

use rialto_sdk::model::{Package, PresenceDocument, SubscriptionState, TerminationReason};
use rialto_sip_codec::{Request, StatusCode};

use super::event::{document, package};
use crate::mapping::{Rejection, from_sip::is_secured};

/// What a notification says.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Word {
    pub(crate) package: Package,
    pub(crate) state: SubscriptionState,
    pub(crate) expires_in: Option<Duration>,
    pub(crate) document: Option<PresenceDocument>,
}

/// Reads a NOTIFY within a dialog.
pub(crate) fn word_from_sip(request: &Request<'_, '_>) -> Result<Word, Rejection> {
    if is_secured(&request.uri()) {
        return Err(Rejection::Unsecured);
    }
    let package = package(request)?;
    if request.to().tag().is_none() || request.from().tag().is_none() {
        return Err(Rejection::Status(
            StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST,
        ));
    }
    let said = request.message().subscription_state()?;
    let said = said.ok_or(Rejection::Status(StatusCode::BAD_REQUEST))?;
    let seconds = |seconds: Option<u32>| seconds.map(|seconds| Duration::from_secs(seconds.into()));
    let retry_after = seconds(said.retry_after());
    let state = if said.is("active") {
        SubscriptionState::Active
    } else if said.is("terminated") {
        SubscriptionState::Terminated {
            reason: reason(said.reason(), retry_after),
            retry_after,
        }
    } else {
        // What is not known yet, is not active (RFC 6665 §8.2.3).
        SubscriptionState::Pending
    };
    Ok(Word {
        package,
        state,
        expires_in: seconds(said.expires()),
        document: document(request, package)?,
    })
}

/// Why it ended; without a reason that is known, one may subscribe again, after the time that was said (RFC 6665 §4.1.3).
fn reason(said: Option<&str>, retry_after: Option<Duration>) -> TerminationReason {
    let known = said.and_then(TerminationReason::parse);
    known.unwrap_or(match retry_after {
        Some(_) => TerminationReason::Probation,
        None => TerminationReason::Timeout,
    })
}
