//! Non-INVITE server transactions.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::BuildHasherDefault,
    time::Instant,
};

use super::{Reliability, Timers, TransactionKey, due::Due, key::Passed};
use crate::StatusCode;

/// Requests that were taken, so that each is handed on once and answered each time.
///
/// `A` is whatever its caller needs to write the same answer again from a retransmitted request: a
/// status, not a message. So a transaction costs about 0.1 kB. RFC 3261 §17.2.2, RFC 4320.
///
/// They stand by From tag, Call-ID and CSeq, and each knows its branch: so one look tells a copy, and
/// a request that has come by two ways, from a new one (RFC 3261 §8.2.2.2).
#[derive(Debug)]
pub struct ServerTransactions<A> {
    timers: Timers,
    limit: usize,
    transactions: HashMap<u64, Transaction<A>, BuildHasherDefault<Passed>>,
    /// Those that owe a 100 unless a final answer comes first.
    trying: Due<TransactionKey>,
    /// Those that sent a 100, until their client gives up.
    proceeding: Due<TransactionKey>,
    /// Timer J.
    completed: Due<TransactionKey>,
}

/// A final answer that can be written again.
pub trait FinalAnswer: Clone {
    /// Its status code.
    fn status(&self) -> StatusCode;
}

/// What to do with a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the caller must do something about each"
)]
pub enum Receipt<A> {
    /// It is new and now known: hand it on, then call [`ServerTransactions::respond`].
    New,
    /// A copy of one that is not answered yet: drop it.
    Absorbed,
    /// A copy of one that is not answered yet: send the 100 again.
    Proceeding,
    /// A copy of one that is answered: send this answer again.
    Completed(A),
    /// One with its From tag, Call-ID and CSeq came by another way and was not refused: answer 482
    /// and forget it.
    ///
    /// After a refusal it is new: nobody has the message, and a client that tries the next server
    /// changes the branch alone (RFC 3263 §4.3).
    Merged,
    /// It is new, and there are as many transactions as may be: answer 503 and forget it.
    Full,
}

/// What time brings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the caller must do something about each"
)]
pub enum ServerEvent {
    /// The final answer is late: send a 100 now (RFC 4320 §4.1).
    Trying(TransactionKey),
    /// The client has given up; no answer may be sent any more (RFC 4320 §4.2).
    Expired(TransactionKey),
}

/// The transaction is over or was answered: the response must not be sent (RFC 4320 §4.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the transaction takes no response any more")]
#[non_exhaustive]
pub struct LateResponse;

impl<A: FinalAnswer> ServerTransactions<A> {
    /// Makes a table of at most `limit` transactions.
    #[must_use]
    pub fn new(timers: Timers, limit: usize) -> Self {
        Self {
            timers,
            limit,
            transactions: HashMap::default(),
            trying: Due::new(),
            proceeding: Due::new(),
            completed: Due::new(),
        }
    }

    /// Takes a request other than ACK and INVITE.
    pub fn receive(
        &mut self,
        now: Instant,
        key: TransactionKey,
        reliability: Reliability,
    ) -> Receipt<A> {
        let is_full = self.transactions.len() >= self.limit;
        let due = now + self.timers.trying();
        let new = Transaction {
            branch: key.branch(),
            due,
            reliability,
            state: State::Trying,
        };
        match self.transactions.entry(key.origin()) {
            Entry::Occupied(mut known) => match known.get().receipt(key) {
                Some(receipt) => return receipt,
                None => drop(known.insert(new)),
            },
            Entry::Vacant(_) if is_full => return Receipt::Full,
            Entry::Vacant(place) => drop(place.insert(new)),
        }
        self.trying.push(due, key);
        Receipt::New
    }

    /// Notes the final answer that the caller sends next.
    ///
    /// # Errors
    ///
    /// It must not be sent: the client has given up, or was answered.
    pub fn respond(
        &mut self,
        now: Instant,
        key: TransactionKey,
        answer: A,
    ) -> Result<(), LateResponse> {
        let transaction = self.transactions.get_mut(&key.origin());
        let transaction = transaction.filter(|known| known.branch == key.branch());
        let transaction = transaction.ok_or(LateResponse)?;
        if transaction.give_up(&self.timers).is_none_or(|at| now >= at) {
            return Err(LateResponse);
        }
        match transaction.reliability {
            Reliability::Reliable => drop(self.transactions.remove(&key.origin())),
            Reliability::Unreliable => {
                transaction.state = State::Completed(answer);
                transaction.due = now + self.timers.j();
                self.completed.push(transaction.due, key);
            }
        }
        Ok(())
    }

    /// Ends what is over and says what else is due; to be called until there is nothing.
    pub fn poll(&mut self, now: Instant) -> Option<ServerEvent> {
        while let Some((at, key)) = self.completed.pop(now) {
            if self.is_due(key, at) {
                self.transactions.remove(&key.origin());
            }
        }
        while let Some((at, key)) = self.trying.pop(now) {
            if self.is_due(key, at)
                && let Some(transaction) = self.transactions.get_mut(&key.origin())
                && let Some(give_up) = transaction.give_up(&self.timers)
            {
                transaction.state = State::Proceeding;
                transaction.due = give_up;
                self.proceeding.push(give_up, key);
                if now < give_up {
                    return Some(ServerEvent::Trying(key));
                }
            }
        }
        while let Some((at, key)) = self.proceeding.pop(now) {
            if self.is_due(key, at) {
                self.transactions.remove(&key.origin());
                return Some(ServerEvent::Expired(key));
            }
        }
        None
    }

    /// When [`ServerTransactions::poll`] may have something to do next.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let queues = [&self.trying, &self.proceeding, &self.completed];
        queues.into_iter().filter_map(Due::next).min()
    }

    /// Whether a request of this key was taken and is not over.
    #[must_use]
    pub fn contains(&self, key: TransactionKey) -> bool {
        let known = self.transactions.get(&key.origin());
        known.is_some_and(|known| known.branch == key.branch())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.transactions.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transactions.is_empty()
    }

    /// Whether the transaction still waits for this moment, and is not a later one of its key.
    fn is_due(&self, key: TransactionKey, at: Instant) -> bool {
        let known = self.transactions.get(&key.origin());
        known.is_some_and(|known| known.branch == key.branch() && known.due == at)
    }
}

#[derive(Debug)]
struct Transaction<A> {
    /// What tells it from others of its origin.
    branch: u64,
    /// When its state ends by itself.
    due: Instant,
    reliability: Reliability,
    state: State<A>,
}

impl<A: FinalAnswer> Transaction<A> {
    /// What a request of the same origin is; `None` for a new one.
    fn receipt(&self, key: TransactionKey) -> Option<Receipt<A>> {
        let is_copy = self.branch == key.branch();
        match &self.state {
            State::Trying if is_copy => Some(Receipt::Absorbed),
            State::Proceeding if is_copy => Some(Receipt::Proceeding),
            State::Completed(answer) if is_copy => Some(Receipt::Completed(answer.clone())),
            State::Completed(answer) if !answer.status().is_success() => None,
            _ => Some(Receipt::Merged),
        }
    }

    /// When the client gives up; `None` once it is answered.
    fn give_up(&self, timers: &Timers) -> Option<Instant> {
        match self.state {
            State::Trying => Some(self.due + timers.f().saturating_sub(timers.trying())),
            State::Proceeding => Some(self.due),
            State::Completed(_) => None,
        }
    }
}

#[derive(Debug)]
enum State<A> {
    Trying,
    Proceeding,
    Completed(A),
}

#[cfg(test)]
mod tests;
