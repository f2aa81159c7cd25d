//! What waits to be written, in the order in which it came.

use std::collections::VecDeque;

use rialto_sdk::tokio::sync::OwnedSemaphorePermit;

/// Holds messages and replies, so that the replies can be taken alone.
#[derive(Debug, Default)]
pub(super) struct Queue {
    messages: VecDeque<Queued<u64>>,
    replies: VecDeque<Queued<OwnedSemaphorePermit>>,
    next: u64,
    message_bytes: usize,
}

#[derive(Debug)]
struct Queued<T> {
    /// Orders messages and replies among each other.
    turn: u64,
    bytes: Vec<u8>,
    what: T,
}

/// A stanza whose turn has come.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) bytes: Vec<u8>,
    /// The message's number; `None` if it is a reply.
    pub(super) message: Option<u64>,
}

impl Queue {
    pub(super) fn push_message(&mut self, number: u64, bytes: Vec<u8>) {
        self.message_bytes += bytes.len();
        let turn = self.turn();
        let what = number;
        self.messages.push_back(Queued { turn, bytes, what });
    }

    /// Queues a reply; `place` is given back when its turn has come.
    pub(super) fn push_reply(&mut self, place: OwnedSemaphorePermit, bytes: Vec<u8>) {
        let turn = self.turn();
        let what = place;
        self.replies.push_back(Queued { turn, bytes, what });
    }

    pub(super) fn pop(&mut self) -> Option<Next> {
        let message = self.messages.front().map(|queued| queued.turn);
        let reply = self.replies.front().map(|queued| queued.turn);
        match (message, reply) {
            (Some(message), Some(reply)) if reply < message => self.pop_reply(),
            (Some(_), _) => self.pop_message(),
            (None, _) => self.pop_reply(),
        }
    }

    pub(super) fn pop_reply(&mut self) -> Option<Next> {
        let Queued { bytes, .. } = self.replies.pop_front()?;
        let message = None;
        Some(Next { bytes, message })
    }

    /// Forgets the messages; replies outlive a stream.
    pub(super) fn clear_messages(&mut self) {
        self.messages.clear();
        self.message_bytes = 0;
    }

    pub(super) fn message_bytes(&self) -> usize {
        self.message_bytes
    }

    pub(super) fn has_replies(&self) -> bool {
        !self.replies.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.replies.is_empty()
    }

    fn pop_message(&mut self) -> Option<Next> {
        let Queued { bytes, what, .. } = self.messages.pop_front()?;
        self.message_bytes -= bytes.len();
        let message = Some(what);
        Some(Next { bytes, message })
    }

    fn turn(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rialto_sdk::tokio::sync::Semaphore;

    use super::Queue;

    #[test]
    fn messages_and_replies_come_in_order_and_replies_can_be_taken_alone() {
        let places = Arc::new(Semaphore::new(4));
        let place = || Arc::clone(&places).try_acquire_owned().unwrap();
        let mut queue = Queue::default();
        queue.push_reply(place(), b"r0".to_vec());
        queue.push_message(1, b"m1".to_vec());
        queue.push_message(2, b"m22".to_vec());
        queue.push_reply(place(), b"r3".to_vec());
        queue.push_reply(place(), b"r4".to_vec());
        queue.push_message(5, b"m5".to_vec());
        assert_eq!((queue.message_bytes(), places.available_permits()), (7, 1));

        let text = |bytes| String::from_utf8(bytes).unwrap();
        let mut next = || queue.pop().map(|next| (text(next.bytes), next.message));
        assert_eq!(next(), Some(("r0".to_owned(), None)));
        assert_eq!(next(), Some(("m1".to_owned(), Some(1))));
        assert_eq!(next(), Some(("m22".to_owned(), Some(2))));
        assert_eq!(next(), Some(("r3".to_owned(), None)));
        assert_eq!((queue.message_bytes(), places.available_permits()), (2, 3));

        let reply = queue.pop_reply().map(|next| text(next.bytes));
        assert_eq!(reply.as_deref(), Some("r4"));
        assert!(queue.pop_reply().is_none() && !queue.is_empty());
        queue.clear_messages();
        assert!(queue.is_empty() && queue.message_bytes() == 0);
    }
}
