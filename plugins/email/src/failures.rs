//! Why a message failed, in the words of SMTP and in the gateway's: the one table (RFC 5321 §4.2, RFC 3463).

use rialto_email_codec::smtp::{
    CannotCarry, EnhancedStatus, Permanence, Reply, ReplyCode, StatusClass, StatusSubject,
};
use rialto_sdk::model::{Failure, FailureClass, FailureReason, Origin, Retry};

/// What a client is told of a failure: what to mend, if that is about email, and else why, in words that are nobody else's.
pub(crate) fn reply(failure: &Failure) -> Reply {
    let own = failure.detail().strip_prefix(PREFIX);
    let text = own.unwrap_or_else(|| failure.reason().text());
    Reply::with(code_of(failure.reason()), text)
}

/// What details begin with that are about email.
const PREFIX: &str = "email: ";

/// The status of a failure, for a report of it; a failure that is reported is final (RFC 3464 §2.3.4).
pub(crate) fn status(reason: FailureReason) -> EnhancedStatus {
    let unknown = const { EnhancedStatus::new(StatusClass::Permanent, 0, 0) };
    let status = code_of(reason).status();
    status.map_or(unknown, |status| status.with_class(StatusClass::Permanent))
}

/// A failure that may pass has a 4yz code, any other a 5yz.
fn code_of(reason: FailureReason) -> ReplyCode {
    use FailureReason as Reason;
    macro_rules! code {
        ($code:literal, $subject:literal, $detail:literal) => {
            const { ReplyCode::of($code, $subject, $detail) }
        };
    }
    match reason {
        Reason::InvalidSource => code!(553, 1, 7),
        Reason::InvalidDestination => code!(553, 1, 3),
        Reason::NoSuchInbox => code!(550, 1, 1),
        Reason::NotPermitted => code!(550, 7, 1),
        Reason::HopLimitReached => code!(554, 4, 6),
        Reason::Unresolvable => code!(550, 1, 2),
        Reason::Unreachable => code!(451, 4, 1),
        Reason::TimedOut => code!(451, 4, 7),
        Reason::RecipientUnavailable => code!(450, 2, 1),
        Reason::TooLarge => code!(552, 3, 4),
        Reason::UnsupportedContent => code!(554, 6, 1),
        Reason::UnknownRequiredHeader => code!(554, 6, 0),
        Reason::UnsupportedService => code!(554, 3, 3),
        Reason::Overloaded | Reason::ShuttingDown => code!(451, 3, 2),
        Reason::Refused => code!(554, 0, 0),
        // `Internal`, `Cancelled`, and what a later gateway adds: its class is all that is known.
        other => match other.class() {
            FailureClass::Permanent => code!(554, 0, 0),
            _ => code!(451, 3, 0),
        },
    }
}

/// Why a server did not take a message.
///
/// The code decides between later and never. What is about the server or the way to it will hold for other
/// recipients too, and is `Unreachable`; what is about this recipient or this message is told apart from that.
pub(crate) fn failure(reply: &Reply) -> Failure {
    let meaning = reply.classification();
    let detail_number = meaning.status.map_or(0, EnhancedStatus::detail);
    let reason = match meaning.permanence {
        Permanence::Temporary => temporary(meaning.subject),
        _ => permanent(meaning.subject, detail_number),
    };
    let said = match reply.status() {
        Some(status) => format!("email: the next server answered {} {status}", reply.code()),
        None => format!("email: the next server answered {}", reply.code()),
    };
    Failure::new(reason)
        .with_origin(Origin::Peer)
        .with_detail(said)
}

fn temporary(subject: StatusSubject) -> FailureReason {
    match subject {
        StatusSubject::Addressing
        | StatusSubject::Mailbox
        | StatusSubject::MessageContent
        // Greylisting: the same to another recipient is another matter.
        | StatusSubject::SecurityOrPolicy => FailureReason::RecipientUnavailable,
        _ => FailureReason::Unreachable,
    }
}

fn permanent(subject: StatusSubject, detail: u16) -> FailureReason {
    match (subject, detail) {
        (StatusSubject::Addressing, 2) => FailureReason::Unresolvable,
        (StatusSubject::Addressing, 3) => FailureReason::InvalidDestination,
        (StatusSubject::Addressing, 7 | 8) => FailureReason::InvalidSource,
        (StatusSubject::Addressing, _) | (StatusSubject::Mailbox, 0 | 1) => {
            FailureReason::NoSuchInbox
        }
        (StatusSubject::Mailbox | StatusSubject::MailSystem, 3 | 4) => FailureReason::TooLarge,
        (StatusSubject::NetworkAndRouting, 6) => FailureReason::HopLimitReached,
        (StatusSubject::MessageContent, _) => FailureReason::UnsupportedContent,
        (StatusSubject::SecurityOrPolicy, _) => FailureReason::NotPermitted,
        _ => FailureReason::Refused,
    }
}

/// What the status of a report means; a report of failure is final.
pub(crate) fn reason_of(status: Option<EnhancedStatus>) -> FailureReason {
    match status {
        Some(status) if status.class() == StatusClass::Permanent => {
            permanent(status.subject(), status.detail())
        }
        // What was tried in vain for long enough (RFC 3464 §2.3.4).
        Some(status) if status.class() == StatusClass::PersistentTransient => {
            FailureReason::TimedOut
        }
        _ => FailureReason::Refused,
    }
}

/// Why a server cannot take a message that it was not offered.
pub(crate) fn cannot_carry(why: CannotCarry) -> Failure {
    let reason = match why {
        CannotCarry::Size { .. } => FailureReason::TooLarge,
        _ => FailureReason::UnsupportedContent,
    };
    Failure::new(reason)
        .with_origin(Origin::Peer)
        .with_detail(format!("email: {why}"))
}

/// The message was written to the end, and nothing came back.
pub(crate) fn doubt() -> Failure {
    Failure::new(FailureReason::TimedOut)
        .with_retry(Retry::Never)
        .with_detail("email: the connection ended before the answer; the message may have arrived")
}

/// Nothing of the message can have arrived.
pub(crate) fn unreachable(why: &str) -> Failure {
    Failure::new(FailureReason::Unreachable).with_detail(format!("email: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_answered_by_a_code_of_its_own_class() {
        for reason in FailureReason::ALL {
            let reply = reply(&Failure::new(*reason));
            let is_temporary = reason.class() == FailureClass::Temporary;
            assert_eq!(reply.code() / 100 == 4, is_temporary, "{reason:?}");
            assert_ne!(reply.code(), 421, "{reason:?}: the session goes on");
        }
    }

    #[test]
    fn reply_of_a_server_is_told_apart_by_its_code_first() {
        for (reply, reason) in [
            ("550 5.1.1 who?", FailureReason::NoSuchInbox),
            ("550 no", FailureReason::NoSuchInbox),
            ("550 5.7.1 no", FailureReason::NotPermitted),
            ("552 5.3.4 no", FailureReason::TooLarge),
            ("554 5.4.6 loop", FailureReason::HopLimitReached),
            ("554 5.6.1 what?", FailureReason::UnsupportedContent),
            ("554 no", FailureReason::Refused),
            ("450 4.2.1 later", FailureReason::RecipientUnavailable),
            ("450 later", FailureReason::RecipientUnavailable),
            ("451 4.7.1 greylisted", FailureReason::RecipientUnavailable),
            ("421 4.3.2 down", FailureReason::Unreachable),
            ("451 4.3.0 no disk", FailureReason::Unreachable),
            // A status that contradicts its code counts for nothing.
            ("451 5.1.1 later", FailureReason::Unreachable),
        ] {
            let failure = failure(&Reply::parse(reply).unwrap());
            assert_eq!(failure.reason(), reason, "{reply}");
        }
    }

    #[test]
    fn detail_of_a_failure_has_the_servers_numbers_and_nothing_of_its_text() {
        for (reply, said) in [
            ("550 5.1.1 juliet is not here", "550 5.1.1"),
            ("552 juliet has too much", "552"),
        ] {
            let failure = failure(&Reply::parse(reply).unwrap());
            let detail = format!("email: the next server answered {said}");
            assert_eq!(failure.detail(), detail);
        }
    }
}
