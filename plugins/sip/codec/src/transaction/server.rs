//! Non-INVITE server transactions.

use std::{collections::HashMap, hash::BuildHasherDefault, time::Instant};

use super::{Reliability, Timers, TransactionKey, due::Due, key::Passed};

/// Requests that were taken, so that each is handed on once and answered each time.
///
/// `A` is whatever its caller needs to write the same answer again from a retransmitted request: a
/// status, not a message. So a transaction costs about 0.1 kB. RFC 3261 §17.2.2, RFC 4320.
#[derive(Debug)]
pub struct ServerTransactions<A> {
    timers: Timers,
    limit: usize,
    transactions: HashMap<TransactionKey, Transaction<A>, BuildHasherDefault<Passed>>,
    /// Those that owe a 100 unless a final answer comes first.
    trying: Due<TransactionKey>,
    /// Those that sent a 100, until their client gives up.
    proceeding: Due<TransactionKey>,
    /// Timer J.
    completed: Due<TransactionKey>,
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

impl<A: Clone> ServerTransactions<A> {
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
        if let Some(transaction) = self.transactions.get(&key) {
            return match &transaction.state {
                State::Trying => Receipt::Absorbed,
                State::Proceeding => Receipt::Proceeding,
                State::Completed(answer) => Receipt::Completed(answer.clone()),
            };
        }
        if self.transactions.len() >= self.limit {
            return Receipt::Full;
        }
        let transaction = Transaction {
            received: now,
            reliability,
            state: State::Trying,
        };
        self.transactions.insert(key, transaction);
        self.trying.push(now + self.timers.trying(), key);
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
        let transaction = self.transactions.get_mut(&key).ok_or(LateResponse)?;
        let is_late = now >= transaction.received + self.timers.f();
        if is_late || matches!(transaction.state, State::Completed(_)) {
            return Err(LateResponse);
        }
        match transaction.reliability {
            Reliability::Reliable => drop(self.transactions.remove(&key)),
            Reliability::Unreliable => {
                transaction.state = State::Completed(answer);
                self.completed.push(now + self.timers.j(), key);
            }
        }
        Ok(())
    }

    /// Ends what is over and says what else is due; to be called until there is nothing.
    pub fn poll(&mut self, now: Instant) -> Option<ServerEvent> {
        while let Some((_, key)) = self.completed.pop(now) {
            self.transactions.remove(&key);
        }
        while let Some((at, key)) = self.trying.pop(now) {
            if let Some(transaction) = self.transactions.get_mut(&key)
                && transaction.received + self.timers.trying() == at
                && matches!(transaction.state, State::Trying)
            {
                transaction.state = State::Proceeding;
                let give_up = transaction.received + self.timers.f();
                self.proceeding.push(give_up, key);
                if now < give_up {
                    return Some(ServerEvent::Trying(key));
                }
            }
        }
        while let Some((at, key)) = self.proceeding.pop(now) {
            if self.is_proceeding_until(key, at) {
                self.transactions.remove(&key);
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
        self.transactions.contains_key(&key)
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

    /// Whether this is not a later transaction of the same key.
    fn is_proceeding_until(&self, key: TransactionKey, at: Instant) -> bool {
        self.transactions.get(&key).is_some_and(|transaction| {
            matches!(transaction.state, State::Proceeding)
                && transaction.received + self.timers.f() == at
        })
    }
}

#[derive(Debug)]
struct Transaction<A> {
    received: Instant,
    reliability: Reliability,
    state: State<A>,
}

#[derive(Debug)]
enum State<A> {
    Trying,
    Proceeding,
    Completed(A),
}

#[cfg(test)]
mod tests;
