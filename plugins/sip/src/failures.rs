//! What a failure is called on each side: the one table.

use std::time::Duration;

use rialto_sdk::{
    model::FailureClass,
    prelude::{Failure, FailureReason, Origin, Retry},
};
use rialto_sip_codec::StatusCode;

/// The status that tells a SIP sender of a failure.
///
/// RFC 7247 §7.1 by way of the reasons. A time-out is 504: RFC 4320 §4.2 forbids 408 here.
pub(crate) const fn status_of(reason: FailureReason) -> StatusCode {
    match reason {
        FailureReason::InvalidSource
        | FailureReason::InvalidDestination
        | FailureReason::AlreadySubscribed => StatusCode::BAD_REQUEST,
        FailureReason::NoSuchInbox | FailureReason::NoPresentity | FailureReason::Unresolvable => {
            StatusCode::NOT_FOUND
        }
        FailureReason::NotPermitted | FailureReason::Refused => StatusCode::FORBIDDEN,
        FailureReason::HopLimitReached => StatusCode::TOO_MANY_HOPS,
        FailureReason::Unreachable | FailureReason::TimedOut => StatusCode::SERVER_TIMEOUT,
        FailureReason::RecipientUnavailable => StatusCode::TEMPORARILY_UNAVAILABLE,
        FailureReason::TooLarge => StatusCode::REQUEST_ENTITY_TOO_LARGE,
        // What a message/cpim requires is a matter of content (RFC 3261 §8.2.3). 420 would speak of
        // an option tag in the request's own Require, which was seen to before.
        FailureReason::UnsupportedContent | FailureReason::UnknownRequiredHeader => {
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        }
        FailureReason::Overloaded | FailureReason::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
        FailureReason::UnsupportedService => StatusCode::NOT_IMPLEMENTED,
        FailureReason::Cancelled => StatusCode::REQUEST_TERMINATED,
        FailureReason::Internal => StatusCode::SERVER_INTERNAL_ERROR,
        other => match other.class() {
            FailureClass::Permanent => StatusCode::BAD_REQUEST,
            _ => StatusCode::SERVER_INTERNAL_ERROR,
        },
    }
}

/// The same for a failure of which more is known.
///
/// 503 speaks of the whole server that sends it: one of the far side's is not ours (RFC 3261 §16.7).
pub(crate) fn status_of_failure(failure: &Failure) -> StatusCode {
    match status_of(failure.reason()) {
        StatusCode::SERVICE_UNAVAILABLE if failure.origin() == Origin::Peer => {
            StatusCode::SERVER_INTERNAL_ERROR
        }
        status => status,
    }
}

/// What a final response other than 2xx means to the gateway.
///
/// RFC 7247 §7.2 by way of the reasons. A redirection is not followed, so it is a refusal.
pub(crate) fn failure_of(status: StatusCode, retry_after: Option<Duration>) -> Failure {
    let reason = reason_of(status);
    let failure = Failure::new(reason)
        .with_origin(Origin::Peer)
        .with_detail(format!(
            "the SIP side answered {status} {}",
            status.reason_phrase()
        ));
    match (retry_after, reason.class()) {
        (Some(after), _) => failure.with_retry(Retry::After(after)),
        // 6xx: no other way to the same user will do better (RFC 3261 §21.6).
        (None, FailureClass::Temporary) if status.class() == 6 => failure.with_retry(Retry::Never),
        (None, FailureClass::Temporary) => failure.with_retry(Retry::Backoff),
        (None, _) => failure,
    }
}

const fn reason_of(status: StatusCode) -> FailureReason {
    match status.code() {
        401 | 402 | 403 | 407 => FailureReason::NotPermitted,
        404 | 410 | 481 | 484 | 485 | 604 => FailureReason::NoSuchInbox,
        405 | 439 | 489 | 501 => FailureReason::UnsupportedService,
        406 | 415 | 416 | 488 | 493 | 606 => FailureReason::UnsupportedContent,
        408 | 504 => FailureReason::TimedOut,
        413 | 414 | 513 => FailureReason::TooLarge,
        420 => FailureReason::UnknownRequiredHeader,
        430 | 480 | 486 | 487 | 491 | 600 | 603 => FailureReason::RecipientUnavailable,
        482 | 483 => FailureReason::HopLimitReached,
        502 => FailureReason::Unreachable,
        503 => FailureReason::Overloaded,
        _ => match status.class() {
            5 => FailureReason::Internal,
            6 => FailureReason::RecipientUnavailable,
            _ => FailureReason::Refused,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc4320_4_2_no_failure_is_a_408() {
        for reason in FailureReason::ALL {
            let status = status_of(*reason);
            assert_ne!(status, StatusCode::REQUEST_TIMEOUT, "{reason:?}");
            assert!(status.code() >= 400, "{reason:?}");
        }
    }

    #[test]
    fn rfc3261_16_7_503_of_the_far_side_is_not_one_of_the_gateway() {
        let theirs = failure_of(StatusCode::SERVICE_UNAVAILABLE, None);
        assert_eq!(
            status_of_failure(&theirs),
            StatusCode::SERVER_INTERNAL_ERROR
        );
        let ours = Failure::new(FailureReason::Overloaded);
        assert_eq!(status_of_failure(&ours), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[test]
    fn failure_that_passes_by_itself_is_answered_so_that_its_sender_may_retry() {
        for reason in FailureReason::ALL
            .iter()
            .filter(|r| r.class() == FailureClass::Temporary)
        {
            let code = status_of(*reason).code();
            assert!(
                code >= 500 || code == 480 || code == 487,
                "{reason:?} is {code}"
            );
        }
    }

    #[test]
    fn every_final_status_but_2xx_is_a_failure_of_the_peer() {
        for status in (300..700).filter_map(StatusCode::new) {
            assert_eq!(failure_of(status, None).origin(), Origin::Peer);
        }
    }

    #[test]
    fn reasons_that_come_back_as_their_own_status_are_the_same_reason() {
        for reason in [
            FailureReason::NoSuchInbox,
            FailureReason::NotPermitted,
            FailureReason::HopLimitReached,
            FailureReason::RecipientUnavailable,
            FailureReason::TooLarge,
            FailureReason::UnsupportedContent,
            FailureReason::Overloaded,
            FailureReason::UnsupportedService,
            FailureReason::TimedOut,
            FailureReason::Internal,
        ] {
            assert_eq!(failure_of(status_of(reason), None).reason(), reason);
        }
    }

    #[test]
    fn retry_after_of_the_peer_is_kept() {
        let after = Duration::from_secs(17);
        let failure = failure_of(StatusCode::SERVICE_UNAVAILABLE, Some(after));
        assert_eq!(failure.retry(), Retry::After(after));
        assert_eq!(
            failure_of(StatusCode::NOT_FOUND, None).retry(),
            Retry::Never
        );
    }
}
