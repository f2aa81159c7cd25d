//! What is kept, as far as it has to be in memory.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::Arc,
    time::Instant,
};

use foldhash::fast::FixedState;
use rialto_model::{
    DispositionOperation, Failure, FailureReason, InstantInbox, MessageOperation, TransactionId,
};

use super::{JournalKey, KeptKind, clock::Millis, held::Held, queue::QueueEntry};
use crate::{AdapterId, CallerTicket};

/// Something kept: all but its body, which is in the journal.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: KeptKind,
    /// Who brought the message.
    pub(super) adapter: AdapterId,
    /// Copies of their own: the inboxes may share the buffer in which the message came.
    pub(super) source: Box<str>,
    pub(super) destination: Box<str>,
    /// What has to be delivered one after the other.
    pub(super) conversation: u64,
    pub(super) target: Target,
    pub(super) accepted_at: Millis,
    pub(super) expires_at: Instant,
    pub(super) attempts: u16,
    pub(super) last_failure: Option<FailureReason>,
    pub(super) stage: Stage,
    /// Whether the journal has it; if not, the body stays here.
    pub(super) is_safe: bool,
    body: Option<Body>,
}

/// How far something kept has come.
#[derive(Debug)]
pub(super) enum Stage {
    /// It is being written, and its sender waits for that.
    Accepting(Box<Accepting>),
    /// It is being written, and nobody waits.
    Writing,
    /// It is in the queue.
    Queued,
    /// Its body is being read, to be delivered.
    Loading,
    /// An adapter has it, or DNS is asked.
    Trying,
    /// Its body is being read, for its sender to be told of the failure.
    Ending(Box<Failure>),
}

/// A message whose acceptance is not yet safe.
#[derive(Debug)]
pub(super) struct Accepting {
    pub(super) ticket: CallerTicket,
    pub(super) held: Held,
    /// How its first delivery stands.
    pub(super) first: First,
}

/// How the first delivery of a message stands while its acceptance is being written.
#[derive(Debug)]
pub(super) enum First {
    /// It waits for the write.
    Later,
    /// It is under way.
    UnderWay,
    /// It failed, and is to be tried again.
    Failed(Failure),
}

/// What is delivered.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Message(MessageOperation, TransactionId),
    Report(DispositionOperation),
}

/// Whom something kept is waiting for: all that is for the same one is tried again together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub(super) adapter: Option<AdapterId>,
    /// Of a message, the domain that it goes to; of a report, the inbox of whom it tells: each may be away for himself.
    pub(super) place: Arc<str>,
}

/// All that is kept, in the order in which it came.
#[derive(Debug, Default)]
pub(super) struct Entries {
    entries: BTreeMap<JournalKey, Entry>,
    /// How many messages of each conversation are kept. The hash is keyed, so a fixed one will do here.
    conversations: HashMap<u64, u32, FixedState>,
    /// Messages that have ended, but whose removal is not safe yet; and their conversations.
    ending: HashMap<JournalKey, u64, FixedState>,
    messages: usize,
    bodies: usize,
}

impl Entry {
    /// One that is being written.
    pub(super) fn new(
        kind: KeptKind,
        adapter: AdapterId,
        [source, destination]: [&InstantInbox; 2],
        conversation: u64,
        target: Target,
        times: (Millis, Instant),
    ) -> Self {
        let (accepted_at, expires_at) = times;
        Self {
            kind,
            adapter,
            source: source.as_str().into(),
            destination: destination.as_str().into(),
            conversation,
            target,
            accepted_at,
            expires_at,
            attempts: 0,
            last_failure: None,
            stage: Stage::Writing,
            is_safe: false,
            body: None,
        }
    }

    pub(super) const fn body(&self) -> Option<&Body> {
        self.body.as_ref()
    }

    /// As the queue is to know it.
    pub(super) fn queued(&self, key: JournalKey) -> QueueEntry<Target> {
        QueueEntry::new(key, self.conversation, self.target.clone(), self.expires_at)
    }
}

impl Entries {
    pub(super) fn insert(&mut self, key: JournalKey, entry: Entry, body: Option<Body>) {
        if entry.kind == KeptKind::Message {
            self.messages += 1;
            *self.conversations.entry(entry.conversation).or_default() += 1;
        }
        self.entries.insert(key, entry);
        if let Some(body) = body {
            self.put_body(key, body);
        }
    }

    pub(super) fn remove(&mut self, key: JournalKey) -> Option<(Entry, Option<Body>)> {
        let taken = self.end(key);
        self.forget(key);
        taken
    }

    /// Takes something out that has ended; a message counts for its conversation until it is [forgotten](Self::forget).
    pub(super) fn end(&mut self, key: JournalKey) -> Option<(Entry, Option<Body>)> {
        let body = self.take_body(key);
        let entry = self.entries.remove(&key)?;
        if entry.kind == KeptKind::Message {
            self.messages -= 1;
            self.ending.insert(key, entry.conversation);
        }
        Some((entry, body))
    }

    /// Forgets a message that has ended; false, if there is none of that name.
    pub(super) fn forget(&mut self, key: JournalKey) -> bool {
        let Some(conversation) = self.ending.remove(&key) else {
            return false;
        };
        if let Some(count) = self.conversations.get_mut(&conversation) {
            *count -= 1;
            if *count == 0 {
                self.conversations.remove(&conversation);
            }
        }
        true
    }

    pub(super) fn get(&self, key: JournalKey) -> Option<&Entry> {
        self.entries.get(&key)
    }

    /// Takes what waits for a message's acceptance, and puts it into the queue's hands; none, if nothing waits.
    pub(super) fn accepting(&mut self, key: JournalKey) -> Option<(Box<Accepting>, &mut Entry)> {
        let entry = self.entries.get_mut(&key)?;
        match std::mem::replace(&mut entry.stage, Stage::Queued) {
            Stage::Accepting(accepting) => Some((accepting, entry)),
            other => {
                entry.stage = other;
                None
            }
        }
    }

    pub(super) fn stage_mut(&mut self, key: JournalKey) -> Option<&mut Stage> {
        self.entries.get_mut(&key).map(|entry| &mut entry.stage)
    }

    pub(super) fn get_mut(&mut self, key: JournalKey) -> Option<&mut Entry> {
        self.entries.get_mut(&key)
    }

    /// Gives an entry its body; nothing happens if there is none of that name.
    pub(super) fn put_body(&mut self, key: JournalKey, body: Body) {
        if let Some(entry) = self.entries.get_mut(&key)
            && entry.body.replace(body).is_none()
        {
            self.bodies += 1;
        }
    }

    pub(super) fn take_body(&mut self, key: JournalKey) -> Option<Body> {
        let body = self.entries.get_mut(&key)?.body.take()?;
        self.bodies -= 1;
        Some(body)
    }

    /// Forgets the body of what the journal has.
    pub(super) fn drop_body(&mut self, key: JournalKey) {
        if self.get(key).is_some_and(|entry| entry.is_safe) {
            self.take_body(key);
        }
    }

    /// Whether the journal has messages of a conversation, or is to have them: what comes after them has to wait for them.
    pub(super) fn has_conversation(&self, conversation: u64) -> bool {
        self.conversations.contains_key(&conversation)
    }

    /// Whether the journal has messages at all, or is to have them.
    pub(super) fn has_messages(&self) -> bool {
        !self.conversations.is_empty()
    }

    /// Those after a key; all, if none is named.
    pub(super) fn iter_after(
        &self,
        after: Option<JournalKey>,
    ) -> impl Iterator<Item = (JournalKey, &Entry)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let entries = self.entries.range((start, Bound::Unbounded));
        entries.map(|(key, entry)| (*key, entry))
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many of them are messages.
    pub(super) const fn messages(&self) -> usize {
        self.messages
    }

    /// How many bodies are in memory.
    pub(super) const fn bodies(&self) -> usize {
        self.bodies
    }
}
