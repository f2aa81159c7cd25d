//! Why a message failed, in XMPP's words and in the gateway's.
//!
//! The only place that knows both. RFC 7247 §7 has the SIP codes that lie between; where this
//! deviates, the reason stands beside the row.

use rialto_sdk::model::{Failure, FailureClass, FailureReason, Origin, Retry};
use rialto_xmpp_codec::{Condition, ErrorType, LangText, RefusalError, StanzaError};

/// What the sender on XMPP is told. The text is the gateway's own, never the far side's.
pub(crate) fn stanza_error(failure: &Failure) -> StanzaError {
    worded(failure.reason(), failure.reason().text())
}

/// What the sender of a stanza is told that is refused here, before anybody else has seen it: what to mend.
pub(crate) fn refusal(failure: &Failure) -> StanzaError {
    let detail = failure.detail();
    worded(
        failure.reason(),
        detail.strip_prefix(PREFIX).unwrap_or(detail),
    )
}

/// What details begin with that are about XMPP.
const PREFIX: &str = "xmpp: ";

fn worded(reason: FailureReason, text: &str) -> StanzaError {
    let condition = condition(reason);
    let type_ = match reason.class() {
        FailureClass::Temporary => ErrorType::Wait,
        _ => condition.usual_type(),
    };
    let text = LangText {
        lang: Some("en".into()),
        text: text.into(),
    };
    StanzaError::from(condition)
        .with_type(type_)
        .with_text(text)
}

/// What the sender of a stanza is told that was not read (RFC 6120 §8.3.3.12, §11.3).
pub(crate) fn unread(error: RefusalError) -> StanzaError {
    let (condition, text) = match error {
        RefusalError::Limit(_) => (
            Condition::PolicyViolation,
            "the stanza is beyond the limits of this gateway",
        ),
        _ => (
            Condition::NotAcceptable,
            "the stanza is not well-formed with respect to namespaces",
        ),
    };
    StanzaError::from(condition).with_text(LangText {
        lang: Some("en".into()),
        text: text.into(),
    })
}

fn condition(reason: FailureReason) -> Condition {
    use FailureReason as Reason;
    match reason {
        Reason::InvalidSource | Reason::InvalidDestination => Condition::JidMalformed,
        Reason::NoSuchInbox | Reason::NoPresentity => Condition::ItemNotFound,
        Reason::NotPermitted => Condition::Forbidden,
        Reason::AlreadySubscribed => Condition::Conflict,
        Reason::HopLimitReached | Reason::UnsupportedContent => Condition::NotAcceptable,
        Reason::Unresolvable => Condition::RemoteServerNotFound,
        Reason::Unreachable | Reason::TimedOut => Condition::RemoteServerTimeout,
        Reason::RecipientUnavailable => Condition::RecipientUnavailable,
        Reason::TooLarge => Condition::PolicyViolation,
        Reason::UnknownRequiredHeader | Reason::UnsupportedService => {
            Condition::FeatureNotImplemented
        }
        Reason::Overloaded => Condition::ResourceConstraint,
        Reason::Refused => Condition::NotAllowed,
        Reason::ShuttingDown | Reason::Internal => Condition::InternalServerError,
        // `Cancelled`, and what a later gateway adds: its class is all that is known.
        _ => match reason.class() {
            FailureClass::Temporary => Condition::InternalServerError,
            _ => Condition::UndefinedCondition,
        },
    }
}

/// Why XMPP did not take a message; `None` if the error was only a warning.
pub(crate) fn failure(error: &StanzaError) -> Option<Failure> {
    use Condition as C;
    use FailureReason as Reason;
    let (reason, detail) = match &error.condition {
        _ if error.type_ == ErrorType::Continue => return None,
        C::JidMalformed => (Reason::InvalidDestination, "xmpp: jid-malformed"),
        C::ItemNotFound => (Reason::NoSuchInbox, "xmpp: item-not-found"),
        C::Gone(_) => (Reason::NoSuchInbox, "xmpp: gone"),
        C::Forbidden => (Reason::NotPermitted, "xmpp: forbidden"),
        C::NotAllowed => (Reason::NotPermitted, "xmpp: not-allowed"),
        C::NotAuthorized => (Reason::NotPermitted, "xmpp: not-authorized"),
        C::PolicyViolation => (Reason::NotPermitted, "xmpp: policy-violation"),
        C::RegistrationRequired => (Reason::NotPermitted, "xmpp: registration-required"),
        C::SubscriptionRequired => (Reason::NotPermitted, "xmpp: subscription-required"),
        // Servers say this for users that do not exist, so as not to tell; SIP 403, RFC 7247 §7.1
        // note 5.
        C::ServiceUnavailable => (Reason::NotPermitted, "xmpp: service-unavailable"),
        C::FeatureNotImplemented => (Reason::UnsupportedService, "xmpp: feature-not-implemented"),
        C::RecipientUnavailable => (Reason::RecipientUnavailable, "xmpp: recipient-unavailable"),
        C::RemoteServerNotFound => (Reason::Unresolvable, "xmpp: remote-server-not-found"),
        C::RemoteServerTimeout => (Reason::TimedOut, "xmpp: remote-server-timeout"),
        // Not `Overloaded`, which speaks of this gateway: SIP 500, RFC 7247 §7.1.
        C::ResourceConstraint => (Reason::Internal, "xmpp: resource-constraint"),
        C::InternalServerError => (Reason::Internal, "xmpp: internal-server-error"),
        C::BadRequest => (Reason::Refused, "xmpp: bad-request"),
        C::Conflict => (Reason::Refused, "xmpp: conflict"),
        C::NotAcceptable => (Reason::Refused, "xmpp: not-acceptable"),
        C::Redirect(_) => (Reason::Refused, "xmpp: redirect"),
        C::UnexpectedRequest => (Reason::Refused, "xmpp: unexpected-request"),
        _ => (Reason::Refused, "xmpp: undefined-condition"),
    };
    let failure = Failure::new(reason)
        .with_detail(detail)
        .with_origin(Origin::Peer);
    Some(match (error.type_, failure.retry()) {
        (ErrorType::Wait, Retry::Never) => failure.with_retry(Retry::Backoff),
        _ => failure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_condition_that_says_whether_to_wait() {
        for reason in FailureReason::ALL {
            let error = stanza_error(&Failure::new(*reason));
            let waits = error.type_ == ErrorType::Wait;
            assert_eq!(
                waits,
                reason.class() == FailureClass::Temporary,
                "{reason:?}"
            );
            assert_eq!(error.text.unwrap().text, reason.text());
        }
    }

    #[test]
    fn text_to_the_sender_never_repeats_the_far_side() {
        let failure = Failure::new(FailureReason::Refused).with_detail("203.0.113.7 said no");
        let text = stanza_error(&failure).text.unwrap().text;
        assert!(!text.contains("203.0.113.7"));
    }

    #[test]
    fn service_unavailable_is_never_taken_for_an_overloaded_gateway() {
        let failure = failure(&Condition::ServiceUnavailable.into()).unwrap();
        assert_eq!(failure.reason(), FailureReason::NotPermitted);
        assert_eq!(failure.origin(), Origin::Peer);
    }

    #[test]
    fn warning_is_no_failure() {
        let warning =
            StanzaError::from(Condition::UndefinedCondition).with_type(ErrorType::Continue);
        assert_eq!(failure(&warning), None);
    }

    #[test]
    fn error_that_says_wait_may_be_retried() {
        let later = StanzaError::from(Condition::ServiceUnavailable).with_type(ErrorType::Wait);
        assert_eq!(failure(&later).unwrap().retry(), Retry::Backoff);
        let never = StanzaError::from(Condition::ItemNotFound);
        assert_eq!(failure(&never).unwrap().retry(), Retry::Never);
    }
}
