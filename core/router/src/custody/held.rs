//! Messages whose outcome is not known and that are not kept.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use foldhash::fast::FixedState;
use rialto_model::{MessageOperation, TransactionId};

use super::{JournalKey, WallClock, clock::Millis, identities::Identity};
use crate::{AdapterId, CallerTicket};

/// A message on its way, and what is needed to keep it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) adapter: AdapterId,
    /// As it came.
    pub(super) operation: MessageOperation,
    /// Under which name it is handed on, each time.
    pub(super) onward: TransactionId,
    /// Its place among all that came: under this it is kept, if it is.
    pub(super) key: JournalKey,
    /// When it came.
    pub(super) since: Instant,
    pub(super) identity: Option<Identity>,
    /// Whether a record of it was asked for. No other is: of two, one might come back.
    pub(super) is_written: bool,
    /// Whether its caller hears no answer any more, so that a failure has to be told later.
    pub(super) is_gone: bool,
    /// Operations that brought the same message again, and are answered with it.
    pub(super) followers: Vec<(CallerTicket, TransactionId)>,
}

/// A message, as far as its sender may be told of it later.
#[derive(Debug)]
pub(super) struct Sent<'a> {
    /// Who brought it.
    pub(super) adapter: AdapterId,
    pub(super) operation: &'a MessageOperation,
    /// Under which name it is handed on.
    pub(super) onward: TransactionId,
    /// When it came.
    pub(super) sent_at: Millis,
}

/// All of them, and until when the senders' networks have patience.
#[derive(Debug, Default)]
pub(super) struct Holding {
    /// Keys are the caller's own numbers, so a fixed hash will do.
    held: HashMap<CallerTicket, Held, FixedState>,
    /// One line for each length of patience: within it, who came first is due first.
    lines: Vec<Line>,
    /// Copies that nobody needs, for a thread that brings messages to free: it is most often the one that made them.
    spent: Vec<MessageOperation>,
}

#[derive(Debug)]
struct Line {
    patience: Duration,
    /// Those that ended among them, until they are due or swept out.
    due: VecDeque<(Instant, CallerTicket)>,
}

impl Held {
    /// How many may follow one: beyond it, a sender that repeats itself is asked to wait.
    pub(super) const MAX_FOLLOWERS: usize = 16;

    pub(super) fn sent(&self, clock: &WallClock) -> Sent<'_> {
        Sent {
            adapter: self.adapter,
            operation: &self.operation,
            onward: self.onward,
            sent_at: clock.millis(self.since),
        }
    }
}

impl Holding {
    /// How many stale places in a line are not worth a sweep.
    const FEW: usize = 64;

    /// How many spent copies may wait, and how long their content may be.
    const MOST_SPENT: usize = 128;
    const SPENT_BYTES: usize = 4096;

    /// Ends a copy.
    ///
    /// Not on the spot: that is mostly on the thread of another adapter, which would fight with this one for the allocator at each message.
    pub(super) fn spend(&mut self, copy: MessageOperation) {
        let is_small = copy.message().payload().len() <= Self::SPENT_BYTES;
        if is_small && self.spent.len() < Self::MOST_SPENT {
            self.spent.push(copy);
        }
    }

    /// Frees what was spent.
    pub(super) fn sweep(&mut self) {
        self.spent.clear();
    }

    pub(super) fn insert(&mut self, ticket: CallerTicket, held: Held) {
        self.held.insert(ticket, held);
    }

    pub(super) fn remove(&mut self, ticket: CallerTicket) -> Option<Held> {
        self.held.remove(&ticket)
    }

    pub(super) fn get(&self, ticket: CallerTicket) -> Option<&Held> {
        self.held.get(&ticket)
    }

    pub(super) fn get_mut(&mut self, ticket: CallerTicket) -> Option<&mut Held> {
        self.held.get_mut(&ticket)
    }

    pub(super) fn contains(&self, ticket: CallerTicket) -> bool {
        self.held.contains_key(&ticket)
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Says from when on a message waits no longer; times of one length of patience rise.
    pub(super) fn set_patience(&mut self, now: Instant, patience: Duration, ticket: CallerTicket) {
        let Some(at) = now.checked_add(patience) else {
            return;
        };
        let line = match self.lines.iter().position(|line| line.patience == patience) {
            Some(place) => self.lines.get_mut(place),
            None => {
                self.lines.push(Line {
                    patience,
                    due: VecDeque::new(),
                });
                self.lines.last_mut()
            }
        };
        let Some(line) = line else { return };
        if line.due.len() >= 2 * self.held.len() + Self::FEW {
            line.due
                .retain(|(_, ticket)| self.held.contains_key(ticket));
        }
        line.due.push_back((at, ticket));
    }

    /// A message whose sender's network waits no longer.
    pub(super) fn impatient(&mut self, now: Instant) -> Option<CallerTicket> {
        for line in &mut self.lines {
            while let Some((at, ticket)) = line.due.front().copied() {
                let is_held = self.held.contains_key(&ticket);
                if is_held && at > now {
                    break;
                }
                line.due.pop_front();
                if is_held {
                    return Some(ticket);
                }
            }
        }
        None
    }

    /// When the next one's sender waits no longer.
    pub(super) fn next(&mut self) -> Option<Instant> {
        let held = &self.held;
        let first = |line: &mut Line| {
            while let Some((at, ticket)) = line.due.front() {
                if held.contains_key(ticket) {
                    return Some(*at);
                }
                line.due.pop_front();
            }
            None
        };
        self.lines.iter_mut().filter_map(first).min()
    }
}

#[cfg(test)]
mod tests {
    use rialto_model::{InstantInbox, InstantMessage};

    use super::*;

    fn copy(len: usize) -> MessageOperation {
        let inbox = InstantInbox::parse("im:alice@example.com").unwrap();
        let message = InstantMessage::text("x".repeat(len));
        MessageOperation::new(
            TransactionId::parse(b"1").unwrap(),
            inbox.clone(),
            inbox,
            message,
        )
    }

    #[test]
    fn few_and_small_spent_copies_wait_until_they_are_swept() {
        let mut holding = Holding::default();
        holding.spend(copy(Holding::SPENT_BYTES + 1));
        assert!(holding.spent.is_empty());
        (0..2 * Holding::MOST_SPENT).for_each(|_| holding.spend(copy(1)));
        assert_eq!(holding.spent.len(), Holding::MOST_SPENT);
        holding.sweep();
        assert!(holding.spent.is_empty());
    }
}
