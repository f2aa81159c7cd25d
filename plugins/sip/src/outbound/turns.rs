//! One at a time in a conversation, for what only its newest matters of.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rialto_sdk::prelude::{FailureReason, InstantInbox, MessageOperation};
use tokio::sync::oneshot;

/// Conversations in which such a message is under way, and the one behind it.
///
/// Who types in front of a slow network has said much that is no longer true (RFC 3994 §3.3).
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<Conversation, Option<oneshot::Sender<Turn>>>>>);

/// The right to send; goes to who waits when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    conversation: Conversation,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Conversation {
    source: InstantInbox,
    destination: InstantInbox,
}

/// What a message finds.
enum Place {
    /// Nothing is under way.
    Free,
    /// It is the next.
    Behind(oneshot::Receiver<Turn>),
}

/// The most conversations with such a message under way.
const MAX_CONVERSATIONS: usize = 4096;

impl Turns {
    /// Waits for the turn; a newer message of the same conversation takes the place of one that still does.
    pub(super) async fn take(&self, operation: &MessageOperation) -> Result<Turn, FailureReason> {
        let conversation = Conversation {
            source: operation.source().clone(),
            destination: operation.destination().clone(),
        };
        let (place, replaced) = self.place(&conversation)?;
        // Who waited before hears of it by this, now that the lock is free.
        drop(replaced);
        match place {
            Place::Free => Ok(Turn {
                turns: self.clone(),
                conversation,
            }),
            Place::Behind(turn) => turn.await.map_err(|_| FailureReason::Cancelled),
        }
    }

    fn place(
        &self,
        conversation: &Conversation,
    ) -> Result<(Place, Option<oneshot::Sender<Turn>>), FailureReason> {
        let mut waiting = self.lock();
        let is_full = waiting.len() >= MAX_CONVERSATIONS;
        match waiting.entry(conversation.clone()) {
            Entry::Vacant(_) if is_full => Err(FailureReason::Overloaded),
            Entry::Vacant(vacant) => {
                vacant.insert(None);
                Ok((Place::Free, None))
            }
            Entry::Occupied(mut occupied) => {
                let (sender, turn) = oneshot::channel();
                let replaced = occupied.insert(Some(sender));
                Ok((Place::Behind(turn), replaced))
            }
        }
    }

    /// Who waits in a conversation; without one, nothing is under way there any more.
    fn next(&self, conversation: &Conversation) -> Option<oneshot::Sender<Turn>> {
        let mut waiting = self.lock();
        let next = waiting.get_mut(conversation).and_then(Option::take);
        if next.is_none() {
            waiting.remove(conversation);
        }
        next
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Conversation, Option<oneshot::Sender<Turn>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(next) = self.turns.next(&self.conversation) {
            let turn = Self {
                turns: self.turns.clone(),
                conversation: self.conversation.clone(),
            };
            // Comes back from who has stopped waiting, and is dropped again.
            drop(next.send(turn));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use rialto_sdk::prelude::{InstantMessage, TransactionId};

    use super::*;

    fn operation(destination: &str) -> MessageOperation {
        MessageOperation::new(
            TransactionId::parse(b"1").unwrap(),
            InstantInbox::parse("im:a@xmpp.example").unwrap(),
            InstantInbox::parse(destination).unwrap(),
            InstantMessage::text(""),
        )
    }

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn only_the_newest_that_waits_gets_the_turn() {
        let turns = Turns::default();
        let (bob, carol) = (
            operation("im:bob@sip.example"),
            operation("im:carol@sip.example"),
        );
        let mut first = pin!(turns.take(&bob));
        let Poll::Ready(Ok(turn)) = poll(first.as_mut()) else {
            panic!("nothing is under way");
        };
        let mut other = pin!(turns.take(&carol));
        assert!(poll(other.as_mut()).is_ready());
        let (mut second, mut third) = (pin!(turns.take(&bob)), pin!(turns.take(&bob)));
        assert!(poll(second.as_mut()).is_pending());
        assert!(poll(third.as_mut()).is_pending());
        let replaced = poll(second.as_mut());
        assert!(matches!(
            replaced,
            Poll::Ready(Err(FailureReason::Cancelled))
        ));
        drop(turn);
        assert!(matches!(poll(third.as_mut()), Poll::Ready(Ok(_))));
    }

    #[test]
    fn turn_that_nobody_waits_for_any_more_is_free_again() {
        let turns = Turns::default();
        let bob = operation("im:bob@sip.example");
        let turn = match poll(pin!(turns.take(&bob))) {
            Poll::Ready(Ok(turn)) => turn,
            other => panic!("{other:?}"),
        };
        {
            let mut waiting = pin!(turns.take(&bob));
            assert!(poll(waiting.as_mut()).is_pending());
        }
        drop(turn);
        assert!(turns.lock().is_empty());
        let again = poll(pin!(turns.take(&bob)));
        assert!(matches!(again, Poll::Ready(Ok(_))));
    }

    #[test]
    fn conversations_are_bounded() {
        let turns = Turns::default();
        let nth = |n: usize| operation(&format!("im:u{n}@sip.example"));
        let taken: Vec<_> = (0..=MAX_CONVERSATIONS)
            .map(|n| poll(pin!(turns.take(&nth(n)))))
            .collect();
        let refused = taken
            .iter()
            .filter(|place| matches!(place, Poll::Ready(Err(FailureReason::Overloaded))));
        assert_eq!(refused.count(), 1);
    }
}
