//! What is done with a request, before and besides its mapping.

use rialto_sdk::prelude::FailureReason;
use rialto_sip_codec::{HeaderName, Method, Request, StatusCode};

use crate::responses::Answer;

/// What to do with a request that is well-formed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// Begin a transaction and hand the message to the gateway.
    Deliver,
    /// Find the transaction that it names (RFC 3261 §9.2).
    Cancel,
    /// Answer without a transaction: the answer to a copy is the same.
    Answer(Answer),
    /// An ACK is never answered.
    Absorb,
}

/// Whether REGISTER is one of the methods.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Registrations {
    Taken,
    Refused,
}

/// Decides in the order of RFC 3261 §8.2.
pub(crate) fn verdict(request: &Request<'_, '_>, registrations: Registrations) -> Verdict {
    match request.method() {
        Method::Register if registrations == Registrations::Taken => deliverable(request),
        Method::Message | Method::Publish => outside_of_dialogs(request),
        // What is known of dialogs decides later.
        Method::Subscribe | Method::Notify => deliverable(request),
        Method::Ack => Verdict::Absorb,
        Method::Cancel => Verdict::Cancel,
        Method::Options => match has_requirement(request) {
            true => Verdict::Answer(Answer::of(StatusCode::BAD_EXTENSION)),
            false => Verdict::Answer(Answer::OK),
        },
        Method::Other(_) => Verdict::Answer(Answer::of(StatusCode::NOT_IMPLEMENTED)),
        _ => Verdict::Answer(Answer::of(StatusCode::METHOD_NOT_ALLOWED)),
    }
}

fn outside_of_dialogs(request: &Request<'_, '_>) -> Verdict {
    match deliverable(request) {
        // It belongs to a dialog, and there is none of these here.
        Verdict::Deliver if request.to().tag().is_some() => {
            Verdict::Answer(Answer::of(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST))
        }
        verdict => verdict,
    }
}

fn deliverable(request: &Request<'_, '_>) -> Verdict {
    let answer = if has_requirement(request) {
        Answer::of(StatusCode::BAD_EXTENSION)
    } else if request.max_forwards() == Some(0) {
        Answer::of_reason(FailureReason::HopLimitReached)
    } else {
        return Verdict::Deliver;
    };
    Verdict::Answer(answer)
}

/// Whether it requires an extension: none is supported. A malformed list counts as one.
fn has_requirement(request: &Request<'_, '_>) -> bool {
    request
        .message()
        .tokens(HeaderName::Require)
        .next()
        .is_some()
}

#[cfg(test)]
mod tests {
    use rialto_sip_codec::{SipMessage, transaction::FinalAnswer as _};

    use super::*;

    fn of(method: &str, more: &str) -> Verdict {
        let text = format!(
            "{method} sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
             From: <sip:a@a.example>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: c\r\n\
             CSeq: 1 {method}\r\n{more}\r\n"
        );
        let message = SipMessage::parse(text.as_bytes()).unwrap();
        verdict(&Request::read(&message).unwrap(), Registrations::Refused)
    }

    fn status(method: &str, more: &str) -> u16 {
        match of(method, more) {
            Verdict::Answer(answer) => answer.status().code(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn rfc3261_8_2_1_other_methods_are_refused() {
        for method in ["INVITE", "BYE", "REGISTER", "INFO"] {
            assert_eq!(status(method, ""), 405, "{method}");
        }
        assert_eq!(status("FROBNICATE", ""), 501);
        assert_eq!(of("ACK", ""), Verdict::Absorb);
        assert_eq!(of("CANCEL", ""), Verdict::Cancel);
    }

    #[test]
    fn rfc3261_8_2_2_3_required_extension_is_refused() {
        assert_eq!(status("MESSAGE", "Require: 100rel\r\n"), 420);
        assert_eq!(status("OPTIONS", "Require: 100rel\r\n"), 420);
    }

    #[test]
    fn cpim_2_4_2_zero_forwards_is_failure() {
        assert_eq!(status("MESSAGE", "Max-Forwards: 0\r\n"), 483);
        assert_eq!(of("MESSAGE", "Max-Forwards: 1\r\n"), Verdict::Deliver);
    }

    #[test]
    fn rfc3261_11_options_without_forwards_is_answered() {
        assert_eq!(status("OPTIONS", "Max-Forwards: 0\r\n"), 200);
    }
}
