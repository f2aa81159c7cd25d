//! Messages whose outcome is not known, by number and by id.

use std::collections::{HashMap, VecDeque};

use rialto_sdk::model::{ByteString, ResponseStatus, TransactionId};
use rialto_sdk::tokio::sync::oneshot;
use rialto_xmpp_codec::Message;

/// Numbers messages in the order in which they came, and holds those that wait for an answer.
#[derive(Debug, Default)]
pub(super) struct WaitingList {
    /// From `first` on, one for each message; those that are answered are `None`.
    entries: VecDeque<Option<Waiting>>,
    first: u64,
    by_id: HashMap<TransactionId, u64>,
    /// The newest chat state of each conversation that has one here.
    states: HashMap<Conversation, u64>,
}

/// A message whose outcome is not known.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: TransactionId,
    pub(super) to: Option<ByteString>,
    pub(super) answer: oneshot::Sender<ResponseStatus>,
    /// If it is a chat state; on the heap, as few messages are.
    pub(super) state: Option<Box<State>>,
}

/// What is known of a chat state.
#[derive(Debug)]
pub(super) struct State {
    conversation: Conversation,
    /// Those who wait for states that this one has replaced.
    replaced: Vec<oneshot::Sender<ResponseStatus>>,
}

/// Who writes to whom, device by device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Conversation {
    from: Option<ByteString>,
    to: Option<ByteString>,
}

impl WaitingList {
    /// Adds a message; returns its number.
    pub(super) fn push(&mut self, waiting: Waiting) -> u64 {
        let number = self.next();
        self.by_id.insert(waiting.id, number);
        if let Some(state) = &waiting.state {
            self.states.insert(state.conversation.clone(), number);
        }
        self.entries.push_back(Some(waiting));
        number
    }

    /// Takes the message out; whoever waits for it has to be answered.
    pub(super) fn take(&mut self, number: u64) -> Option<Waiting> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let waiting = self.entries.get_mut(index)?.take()?;
        if self.by_id.get(&waiting.id) == Some(&number) {
            self.by_id.remove(&waiting.id);
        }
        if let Some(state) = &waiting.state
            && self.states.get(&state.conversation) == Some(&number)
        {
            self.states.remove(&state.conversation);
        }
        self.trim();
        Some(waiting)
    }

    pub(super) fn answer(&mut self, number: u64, status: ResponseStatus) {
        if let Some(waiting) = self.take(number) {
            waiting.answer(status);
        }
    }

    pub(super) fn get(&self, number: u64) -> Option<&Waiting> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.entries.get(index)?.as_ref()
    }

    /// The message of that id.
    pub(super) fn find(&self, id: &TransactionId) -> Option<u64> {
        self.by_id.get(id).copied()
    }

    /// The chat state of that conversation.
    pub(super) fn state(&self, conversation: &Conversation) -> Option<u64> {
        self.states.get(conversation).copied()
    }

    /// The number of the oldest message that waits.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next message gets.
    pub(super) fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn trim(&mut self) {
        while let Some(None) = self.entries.front() {
            self.entries.pop_front();
            self.first += 1;
        }
    }
}

impl Waiting {
    fn answer(self, status: ResponseStatus) {
        // If nobody listens any more, nobody needs to know.
        for replaced in self.state.into_iter().flat_map(|state| state.replaced) {
            drop(replaced.send(status.clone()));
        }
        drop(self.answer.send(status));
    }
}

impl State {
    /// How many wait for the outcome of one state; beyond, a newer one is not taken.
    const MOST: usize = 16;

    pub(super) fn of(message: &Message) -> Self {
        Self {
            conversation: Conversation::of(message),
            replaced: Vec::new(),
        }
    }

    pub(super) fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// Whether as many wait for it as may.
    pub(super) fn is_awaited_enough(&self) -> bool {
        1 + self.replaced.len() >= Self::MOST
    }

    /// Answers those who wait for an older state as well.
    pub(super) fn replace(&mut self, older: Waiting) {
        let waiting = older.state.map(|state| state.replaced);
        self.replaced = waiting.unwrap_or_default();
        self.replaced.push(older.answer);
    }
}

impl Conversation {
    fn of(message: &Message) -> Self {
        Self {
            from: message.from.clone(),
            to: message.to.clone(),
        }
    }
}
