//! Messages that come again: handed on once, and answered as the first was.
//!
//! ```text
//! first ─► under way ─► success, doubt ─► known for a while: what comes again is silent, as the first was
//!              │  └───► failure: forgotten, so that it can be tried again; also when it is told later
//!              └ what comes again meanwhile waits, and is answered with it
//! ```
//!
//! A client that does not know whether a message has left sends it again when it has a new stream, under the same origin id (XEP-0359). What the gateway
//! keeps it knows again by itself; this is for the rest, which is most. No I/O and no clock here: time is an argument.

use std::collections::{HashMap, VecDeque};
use std::hash::Hasher;
use std::time::Duration;

use rialto_sdk::model::{MessageOperation, ResponseStatus, TransactionId};
use rialto_sdk::tokio::time::Instant;
use rialto_xmpp_codec::Message;
use siphasher::sip128::{Hasher128, SipHasher24};

/// How many messages are known again; beyond, the oldest are forgotten.
const MOST: usize = 32_768;

/// How long a message is known again.
const LASTING: Duration = Duration::from_secs(3600);

/// How many of one message wait for the first one's answer.
const MOST_AGAIN: usize = 4;

/// Remembers messages by who sent what to whom.
#[derive(Debug)]
pub(crate) struct Repeats {
    /// Nobody outside can find two messages of the same name.
    key: (u64, u64),
    known: HashMap<Name, Stage>,
    /// Those that were taken, and when, the oldest first; some may have failed since.
    taken: VecDeque<(Instant, TransactionId)>,
    /// What the gateway calls those that were taken.
    names: HashMap<TransactionId, Name>,
}

/// What tells messages apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name(u128);

#[derive(Debug)]
enum Stage {
    /// The first one, which the gateway knows by this, has no answer yet; these came again.
    UnderWay(TransactionId, Vec<Message>),
    /// The first one was taken.
    Taken,
}

/// What to do with a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// Hand it on; what becomes of it must be told under this name, if it has one.
    First(Option<Name>),
    /// It is known already: it has the first one's answer, when that comes.
    Again,
    /// Too many of it wait already.
    TooOften,
}

impl Repeats {
    /// None are known.
    pub(crate) fn new(key: (u64, u64)) -> Self {
        Self {
            key,
            known: HashMap::new(),
            taken: VecDeque::new(),
            names: HashMap::new(),
        }
    }

    /// Takes a message; `envelope` makes what an answer to it needs.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        operation: &MessageOperation,
        envelope: impl FnOnce() -> Message,
    ) -> Passage {
        let Some(name) = self.name(operation) else {
            return Passage::First(None);
        };
        self.forget_before(now);
        match self.known.get_mut(&name) {
            Some(Stage::Taken) => Passage::Again,
            Some(Stage::UnderWay(_, again)) if again.len() >= MOST_AGAIN => Passage::TooOften,
            Some(Stage::UnderWay(_, again)) => {
                again.push(envelope());
                Passage::Again
            }
            None => {
                let first = *operation.transaction_id();
                self.known.insert(name, Stage::UnderWay(first, Vec::new()));
                Passage::First(Some(name))
            }
        }
    }

    /// Takes what became of the first one; returns those that came again and have the same answer.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        name: Name,
        status: &ResponseStatus,
    ) -> Vec<Message> {
        let Some(Stage::UnderWay(first, again)) = self.known.remove(&name) else {
            return Vec::new();
        };
        if !matches!(status, ResponseStatus::Failure(_)) {
            self.known.insert(name, Stage::Taken);
            self.names.insert(first, name);
            self.taken.push_back((now, first));
            if self.taken.len() > MOST {
                self.forget_oldest();
            }
        }
        again
    }

    /// Takes that a message which was taken has failed after all: its sender is told, and may try it again.
    pub(crate) fn failed(&mut self, first: &TransactionId) {
        if let Some(name) = self.names.remove(first) {
            self.known.remove(&name);
        }
    }

    /// Who sent it, under what name, to whom, and what; `None` for what its client has not named.
    fn name(&self, operation: &MessageOperation) -> Option<Name> {
        let parts = [
            operation.identity()?.as_bytes(),
            operation.destination().uri().as_bytes(),
            operation.message().payload().as_bytes(),
        ];
        let (one, other) = self.key;
        let mut digest = SipHasher24::new_with_keys(one, other);
        for part in parts {
            digest.write_usize(part.len());
            digest.write(part);
        }
        Some(Name(digest.finish128().as_u128()))
    }

    fn forget_before(&mut self, now: Instant) {
        let is_old = |since: Instant| now.duration_since(since) >= LASTING;
        while self.taken.front().is_some_and(|(since, _)| is_old(*since)) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, first)) = self.taken.pop_front() {
            self.failed(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use rialto_sdk::model::{Failure, FailureReason, InstantInbox, InstantMessage};

    use super::*;

    fn message(identity: &str, to: &str, text: &str) -> MessageOperation {
        let inbox = |uri: &str| InstantInbox::parse(uri).unwrap();
        let id = TransactionId::random(&mut rand::rng());
        let instant = InstantMessage::text(text.to_owned());
        MessageOperation::new(id, inbox("im:juliet@example.com"), inbox(to), instant)
            .with_identity(identity.to_owned())
    }

    fn plain(identity: &str) -> MessageOperation {
        message(identity, "im:romeo@sip.example", "hi")
    }

    fn envelope(id: &'static str) -> Message {
        Message {
            id: Some(id.into()),
            ..Message::default()
        }
    }

    fn first(repeats: &mut Repeats, now: Instant, operation: &MessageOperation) -> Name {
        match repeats.take(now, operation, Message::default) {
            Passage::First(Some(name)) => name,
            other => panic!("not the first: {other:?}"),
        }
    }

    fn failure() -> ResponseStatus {
        Failure::new(FailureReason::NoSuchInbox).into()
    }

    #[test]
    fn message_that_comes_again_is_handed_on_once_for_as_long_as_it_is_known() {
        let (mut repeats, now) = (Repeats::new((1, 2)), Instant::now());
        for status in [ResponseStatus::Success, ResponseStatus::Indeterminant] {
            let operation = plain(&format!("{status:?}"));
            let name = first(&mut repeats, now, &operation);
            assert_eq!(repeats.answered(now, name, &status), []);
            let late = now + LASTING - Duration::from_secs(1);
            let again = repeats.take(late, &operation, Message::default);
            assert_eq!(again, Passage::Again);
        }
        first(&mut repeats, now + LASTING, &plain("Success"));
        first(&mut repeats, now + LASTING, &plain("Indeterminant"));
        assert!(repeats.taken.is_empty());
    }

    #[test]
    fn those_that_come_while_the_first_is_under_way_are_answered_with_it() {
        let (mut repeats, now) = (Repeats::new((1, 2)), Instant::now());
        let name = first(&mut repeats, now, &plain("a"));
        for id in ["1", "2", "3", "4"] {
            let again = repeats.take(now, &plain("a"), || envelope(id));
            assert_eq!(again, Passage::Again);
        }
        let beyond = repeats.take(now, &plain("a"), || envelope("5"));
        assert_eq!(beyond, Passage::TooOften);
        let answered = repeats.answered(now, name, &failure());
        let ids = answered.iter().filter_map(|message| message.id.as_deref());
        assert_eq!(ids.collect::<String>(), "1234");
    }

    #[test]
    fn message_that_has_failed_may_be_tried_again() {
        let (mut repeats, now) = (Repeats::new((1, 2)), Instant::now());
        let name = first(&mut repeats, now, &plain("a"));
        repeats.answered(now, name, &failure());
        let name = first(&mut repeats, now, &plain("a"));
        repeats.answered(now, name, &ResponseStatus::Success);
        let again = repeats.take(now, &plain("a"), Message::default);
        assert_eq!(again, Passage::Again);
    }

    #[test]
    fn message_that_fails_after_it_was_taken_may_be_tried_again_and_is_known_for_as_long_as_any() {
        let (mut repeats, now) = (Repeats::new((1, 2)), Instant::now());
        let operation = plain("a");
        let name = first(&mut repeats, now, &operation);
        repeats.answered(now, name, &ResponseStatus::Indeterminant);
        repeats.failed(operation.transaction_id());
        let later = now + LASTING / 2;
        let name = first(&mut repeats, later, &plain("a"));
        repeats.answered(later, name, &ResponseStatus::Success);
        repeats.failed(operation.transaction_id());
        let again = repeats.take(now + LASTING, &plain("a"), Message::default);
        assert_eq!(again, Passage::Again, "the first one's time is none of it");
        first(&mut repeats, later + LASTING, &plain("a"));
        assert!(repeats.names.is_empty() && repeats.taken.is_empty());
    }

    #[test]
    fn messages_of_other_names_receivers_or_texts_are_others() {
        let (mut repeats, now) = (Repeats::new((1, 2)), Instant::now());
        for (identity, to, text) in [
            ("a", "im:romeo@sip.example", "hi"),
            ("b", "im:romeo@sip.example", "hi"),
            ("a", "im:benvolio@sip.example", "hi"),
            ("a", "im:romeo@sip.example", "ho"),
        ] {
            let name = first(&mut repeats, now, &message(identity, to, text));
            repeats.answered(now, name, &ResponseStatus::Success);
        }
    }

    #[test]
    fn those_beyond_the_bound_are_forgotten_the_oldest_first() {
        let (mut repeats, now) = (Repeats::new((1, 2)), Instant::now());
        let under_way = first(&mut repeats, now, &plain("under way"));
        for number in 0..=MOST {
            let name = first(&mut repeats, now, &plain(&number.to_string()));
            repeats.answered(now, name, &ResponseStatus::Success);
        }
        assert_eq!((repeats.known.len(), repeats.names.len()), (MOST + 1, MOST));
        let again = repeats.take(now, &plain("1"), Message::default);
        assert_eq!(again, Passage::Again);
        first(&mut repeats, now, &plain("0"));
        let waits = repeats.take(now, &plain("under way"), || envelope("1"));
        assert_eq!(waits, Passage::Again, "it has no answer yet");
        let answered = repeats.answered(now, under_way, &ResponseStatus::Success);
        assert_eq!(answered, [envelope("1")]);
    }
}
