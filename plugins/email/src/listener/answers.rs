//! From what became of a message for each recipient to what its client is told.

use rialto_email_codec::{
    smtp::{Protocol, Reply},
    smtp_reply,
};
use rialto_sdk::model::{Failure, FailureClass, ResponseStatus};

use crate::failures::reply;

/// What a client is told, and what its sender must be told otherwise.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answers {
    /// One for SMTP, one for each recipient for LMTP.
    pub(super) replies: Vec<Reply>,
    /// The recipients, by their places, of whose failure the replies say nothing.
    pub(super) unsaid: Vec<usize>,
}

/// Weighs what became of a message for all its recipients.
///
/// LMTP has an answer for each (RFC 2033 §4.2). SMTP has one for all: "taken" if it was for some and never will be for the others, of which
/// the sender hears by a report; "later" if it may be, and then those who have it are passed over; a refusal only if nobody has it.
pub(super) fn weigh(protocol: Protocol, outcomes: &[ResponseStatus]) -> Answers {
    let replies = outcomes.iter().map(reply_to).collect();
    match protocol {
        Protocol::Lmtp => Answers {
            replies,
            unsaid: Vec::new(),
        },
        Protocol::Smtp => for_all(outcomes),
    }
}

fn for_all(outcomes: &[ResponseStatus]) -> Answers {
    let failures = || outcomes.iter().enumerate().filter_map(failed);
    let temporary = failures().find(|(_, failure)| is_temporary(failure));
    let some_have_it = failures().count() < outcomes.len();
    let first = temporary.or_else(|| failures().next());
    match first {
        None => Answers {
            replies: vec![taken()],
            unsaid: Vec::new(),
        },
        Some((_, failure)) if temporary.is_some() || !some_have_it => Answers {
            replies: vec![reply(failure)],
            unsaid: Vec::new(),
        },
        Some(_) => Answers {
            replies: vec![taken()],
            unsaid: failures().map(|(at, _)| at).collect(),
        },
    }
}

fn reply_to(outcome: &ResponseStatus) -> Reply {
    match outcome {
        ResponseStatus::Success | ResponseStatus::Indeterminant => taken(),
        ResponseStatus::Failure(failure) => reply(failure),
    }
}

/// The far side has it, or the gateway keeps it until it has.
pub(super) fn taken() -> Reply {
    smtp_reply!(250, 6, 0, "the message is taken")
}

fn failed((at, outcome): (usize, &ResponseStatus)) -> Option<(usize, &Failure)> {
    match outcome {
        ResponseStatus::Failure(failure) => Some((at, failure)),
        _ => None,
    }
}

fn is_temporary(failure: &Failure) -> bool {
    failure.reason().class() == FailureClass::Temporary
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rialto_sdk::model::FailureReason;

    use super::*;

    const TAKEN: ResponseStatus = ResponseStatus::Success;

    fn failed_for(reason: FailureReason) -> ResponseStatus {
        Failure::new(reason).into()
    }

    fn codes(protocol: Protocol, outcomes: &[ResponseStatus]) -> (Vec<u16>, Vec<usize>) {
        let answers = weigh(protocol, outcomes);
        let codes = answers.replies.iter().map(Reply::code).collect();
        (codes, answers.unsaid)
    }

    #[test]
    fn recipients_of_lmtp_each_get_their_own_answer() {
        let outcomes = [
            TAKEN,
            failed_for(FailureReason::NoSuchInbox),
            ResponseStatus::Indeterminant,
            failed_for(FailureReason::TimedOut),
        ];
        assert_eq!(
            codes(Protocol::Lmtp, &outcomes),
            (vec![250, 550, 250, 451], vec![])
        );
    }

    #[test]
    fn recipients_of_smtp_share_an_answer_that_is_true_for_all() {
        let no = || failed_for(FailureReason::NoSuchInbox);
        let later = || failed_for(FailureReason::Unreachable);
        for (outcomes, code, unsaid) in [
            (vec![TAKEN, TAKEN], 250, vec![]),
            (vec![no(), no()], 550, vec![]),
            (vec![later(), later()], 451, vec![]),
            (vec![TAKEN, later()], 451, vec![]),
            (vec![no(), later()], 451, vec![]),
            (vec![TAKEN, no(), later()], 451, vec![]),
            (vec![TAKEN, no(), TAKEN, no()], 250, vec![1, 3]),
        ] {
            let expected = (vec![code], unsaid);
            assert_eq!(codes(Protocol::Smtp, &outcomes), expected, "{outcomes:?}");
        }
    }

    proptest! {
        #[test]
        fn nobody_is_forgotten(kinds in prop::collection::vec(0u8..4, 1..8)) {
            let outcomes: Vec<_> = kinds.iter().map(|kind| match kind {
                0 => TAKEN,
                1 => ResponseStatus::Indeterminant,
                2 => failed_for(FailureReason::Refused),
                _ => failed_for(FailureReason::Internal),
            }).collect();
            let (codes, unsaid) = codes(Protocol::Smtp, &outcomes);
            for (at, kind) in kinds.iter().enumerate() {
                let is_told = match codes[0] / 100 {
                    2 => *kind < 2 || (*kind == 2 && unsaid.contains(&at)),
                    4 => true,
                    _ => *kind == 2,
                };
                prop_assert!(is_told, "{codes:?} {unsaid:?}");
            }
        }
    }
}
