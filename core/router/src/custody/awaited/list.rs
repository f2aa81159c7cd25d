//! Messages on which a word is waited for, the oldest of which go first.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use foldhash::fast::FixedState;
use rialto_model::TransactionId;

use super::Awaiting;
use crate::custody::JournalKey;

/// Messages, by the identifier under which they were handed on.
#[derive(Debug)]
pub(super) struct List {
    /// Our own random names: a fixed hash will do.
    messages: HashMap<TransactionId, Box<Awaiting>, FixedState>,
    /// In the order in which they came, those that ended among them.
    order: VecDeque<(Instant, TransactionId)>,
    most: usize,
}

impl List {
    pub(super) fn new(most: usize) -> Self {
        Self {
            messages: HashMap::default(),
            order: VecDeque::new(),
            most,
        }
    }

    /// Adds a message. Yields the records of those that are forgotten for it, if there are too many.
    pub(super) fn insert(
        &mut self,
        now: Instant,
        onward: TransactionId,
        awaiting: Awaiting,
    ) -> Option<JournalKey> {
        self.expire(now);
        self.order.push_back((awaiting.expires_at, onward));
        self.messages.insert(onward, Box::new(awaiting));
        if self.order.len() >= 2 * self.messages.len() + 64 {
            let messages = &self.messages;
            self.order.retain(|place| is_of(messages, place));
        }
        let mut forgotten = None;
        while self.messages.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            if is_of(&self.messages, &oldest) {
                forgotten = self.remove(&oldest.1).and_then(|awaiting| awaiting.record);
            }
        }
        forgotten
    }

    pub(super) fn get(&self, onward: &TransactionId) -> Option<&Awaiting> {
        self.messages.get(onward).map(|awaiting| &**awaiting)
    }

    pub(super) fn get_mut(&mut self, onward: &TransactionId) -> Option<&mut Awaiting> {
        self.messages
            .get_mut(onward)
            .map(|awaiting| &mut **awaiting)
    }

    pub(super) fn remove(&mut self, onward: &TransactionId) -> Option<Awaiting> {
        self.messages.remove(onward).map(|awaiting| *awaiting)
    }

    /// Forgets those whose time is over; the store does that for its own part.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(place) = self.order.pop_front_if(|(until, _)| *until <= now) {
            if is_of(&self.messages, &place) {
                self.messages.remove(&place.1);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }
}

/// Whether a place in the order is that of a message that is waited for. One that came again under the name that it had has another place now.
fn is_of(
    messages: &HashMap<TransactionId, Box<Awaiting>, FixedState>,
    (until, onward): &(Instant, TransactionId),
) -> bool {
    let known = messages.get(onward);
    known.is_some_and(|awaiting| awaiting.expires_at == *until)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rialto_model::{InstantInbox, InstantMessage, MessageOperation};

    use super::{super::Asked, *};
    use crate::{AdapterId, custody::clock::Millis};

    const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

    fn await_word(list: &mut List, now: Instant, name: &str) {
        let inbox = |address: &str| InstantInbox::parse(address).unwrap();
        let operation = MessageOperation::new(
            id("t1"),
            inbox("im:a@a.example"),
            inbox("im:b@b.example"),
            InstantMessage::text("hello"),
        );
        let awaiting = Awaiting::new(
            AdapterId::new(0),
            &operation,
            Asked::default(),
            Millis(0),
            now + WEEK,
        );
        list.insert(now, id(name), awaiting);
    }

    fn id(name: &str) -> TransactionId {
        TransactionId::parse(name.as_bytes()).unwrap()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "an instant cannot be had otherwise"
    )]
    fn now() -> Instant {
        Instant::now()
    }

    #[test]
    fn message_that_fails_again_and_again_under_one_name_leaves_nothing_behind() {
        let (mut list, mut at) = (List::new(8), now());
        for _ in 0..10_000 {
            at += Duration::from_millis(1);
            await_word(&mut list, at, "same");
            list.remove(&id("same"));
        }
        assert!(list.order.len() <= 128, "{}", list.order.len());
    }

    #[test]
    fn message_that_came_again_is_waited_for_all_its_time_and_in_its_new_place() {
        let (mut list, begin) = (List::new(2), now());
        let later = begin + Duration::from_secs(60);
        await_word(&mut list, begin, "again");
        list.remove(&id("again"));
        await_word(&mut list, begin, "other");
        await_word(&mut list, later, "again");
        list.expire(begin + WEEK);
        assert!(list.get(&id("again")).is_some());
        assert!(list.get(&id("other")).is_none());
        await_word(&mut list, later, "third");
        await_word(&mut list, later, "fourth");
        assert!(list.get(&id("again")).is_none(), "the oldest goes first");
        assert_eq!(list.len(), 2);
    }
}
