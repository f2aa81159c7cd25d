//! Non-INVITE client transactions.

use std::{collections::HashMap, hash::BuildHasherDefault, time::Instant};

use bytes::Bytes;

use super::{Branch, Reliability, Timers, due::Due, key::Passed};
use crate::StatusCode;

/// Requests of ours that wait for their final response.
///
/// `T` is what the caller keeps for each: where it went, and who waits for the outcome.
/// RFC 3261 §17.1.2.
#[derive(Debug)]
pub struct ClientTransactions<T> {
    timers: Timers,
    limit: usize,
    transactions: HashMap<u128, Transaction<T>, BuildHasherDefault<Passed>>,
    /// Timer E, one queue for each of its durations: T1, doubled up to T2.
    retransmissions: Vec<Due<Branch>>,
    /// Timer F; only for those that live longer than T1, which most do not.
    expiry: Due<Branch>,
    /// Timer K.
    completed: Due<Branch>,
}

/// How a request goes out.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "RFC 3261 §17 knows these two")]
pub enum Sending {
    /// Once.
    Reliably,
    /// Again and again until an answer comes: these bytes, shared.
    Unreliably(Bytes),
}

/// What a response is to us.
#[derive(Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the caller must do something about each"
)]
pub enum Received<T> {
    /// The transaction goes on.
    Provisional,
    /// The final response.
    Final(T),
    /// A copy of the final response.
    Absorbed,
    /// Nothing here waits for it: late, or somebody else's.
    Stray,
}

/// What time brings.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the caller must do something about each"
)]
pub enum ClientEvent<'a, T> {
    /// Timer E: send these bytes again.
    Retransmit(&'a T, &'a Bytes),
    /// Timer F: no final response came in time.
    TimedOut(T),
}

impl<T> ClientTransactions<T> {
    /// Makes a table of at most `limit` transactions.
    #[must_use]
    pub fn new(timers: Timers, limit: usize) -> Self {
        Self {
            timers,
            limit,
            transactions: HashMap::default(),
            retransmissions: (0..=timers.steps()).map(|_| Due::new()).collect(),
            expiry: Due::new(),
            completed: Due::new(),
        }
    }

    /// Takes a request that the caller sends now.
    ///
    /// # Errors
    ///
    /// Gives `kept` back: there are as many transactions as may be, or the branch is taken.
    pub fn start(
        &mut self,
        now: Instant,
        branch: Branch,
        sending: Sending,
        kept: T,
    ) -> Result<(), T> {
        if self.transactions.len() >= self.limit {
            // What only absorbs copies may go early: a copy is then a stray, and as harmless.
            match self.completed.pop_first() {
                Some((_, oldest)) => drop(self.transactions.remove(&oldest.bits())),
                None => return Err(kept),
            }
        }
        if self.transactions.contains_key(&branch.bits()) {
            return Err(kept);
        }
        let pending = Pending {
            started: now,
            sending,
            retransmitted: 0,
            proceeding: false,
            kept,
        };
        self.transactions
            .insert(branch.bits(), Transaction::Pending(pending));
        if let Some(first) = self.retransmissions.first_mut() {
            first.push(now + self.timers.e(0), branch);
        }
        Ok(())
    }

    /// Takes the status of a response with this branch.
    ///
    /// The caller has seen that the method of its CSeq is the request's (RFC 3261 §17.1.3).
    pub fn receive(&mut self, now: Instant, branch: Branch, status: StatusCode) -> Received<T> {
        match self.transactions.get_mut(&branch.bits()) {
            None => Received::Stray,
            Some(Transaction::Completed) => Received::Absorbed,
            Some(Transaction::Pending(pending)) if status.is_provisional() => {
                pending.proceeding = true;
                Received::Provisional
            }
            Some(Transaction::Pending(_)) => self
                .complete(now, branch)
                .map_or(Received::Stray, Received::Final),
        }
    }

    /// Ends the transaction of a request that could not be sent (RFC 3261 §17.1.4).
    pub fn fail(&mut self, branch: Branch) -> Option<T> {
        if matches!(
            self.transactions.get(&branch.bits())?,
            Transaction::Completed
        ) {
            return None;
        }
        self.transactions
            .remove(&branch.bits())
            .and_then(Transaction::into_kept)
    }

    /// Ends all transactions of a kind: those of a connection that broke.
    pub fn fail_all(&mut self, mut broken: impl FnMut(&T) -> bool) -> Vec<T> {
        let is_broken = |_: &u128, transaction: &mut Transaction<T>| match transaction {
            Transaction::Pending(pending) => broken(&pending.kept),
            Transaction::Completed => false,
        };
        let ended = self.transactions.extract_if(is_broken);
        ended
            .filter_map(|(_, transaction)| transaction.into_kept())
            .collect()
    }

    /// Ends what is over and says what else is due; to be called until there is nothing.
    pub fn poll(&mut self, now: Instant) -> Option<ClientEvent<'_, T>> {
        while let Some((_, branch)) = self.completed.pop(now) {
            self.transactions.remove(&branch.bits());
        }
        if let Some(branch) = self.pop_retransmission(now) {
            return match self.transactions.get(&branch.bits())? {
                Transaction::Pending(Pending {
                    sending: Sending::Unreliably(bytes),
                    kept,
                    ..
                }) => Some(ClientEvent::Retransmit(kept, bytes)),
                _ => None,
            };
        }
        while let Some((_, branch)) = self.expiry.pop(now) {
            if let Some(kept) = self.fail(branch) {
                return Some(ClientEvent::TimedOut(kept));
            }
        }
        None
    }

    /// When [`ClientTransactions::poll`] may have something to do next.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let others = [&self.expiry, &self.completed];
        self.retransmissions
            .iter()
            .chain(others)
            .filter_map(Due::next)
            .min()
    }

    /// How many wait for their final response.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.transactions.len().saturating_sub(self.completed.len())
    }

    /// How many there are, those included that only absorb copies.
    #[must_use]
    pub fn len(&self) -> usize {
        self.transactions.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transactions.is_empty()
    }

    fn complete(&mut self, now: Instant, branch: Branch) -> Option<T> {
        let transaction = self.transactions.remove(&branch.bits())?;
        if transaction.reliability() == Reliability::Unreliable {
            self.transactions
                .insert(branch.bits(), Transaction::Completed);
            self.completed.push(now + self.timers.k(), branch);
        }
        transaction.into_kept()
    }

    /// Takes the first request that is to be sent again, and sets its Timer E anew.
    fn pop_retransmission(&mut self, now: Instant) -> Option<Branch> {
        let last = self.retransmissions.len().saturating_sub(1);
        for step in 0..=last {
            while let Some((at, branch)) = self.retransmissions.get_mut(step)?.pop(now) {
                let Some(Transaction::Pending(pending)) = self.transactions.get_mut(&branch.bits())
                else {
                    continue;
                };
                let give_up = pending.started + self.timers.f();
                if pending.retransmitted == 0 {
                    self.expiry.push(give_up, branch);
                }
                pending.retransmitted += 1;
                if matches!(pending.sending, Sending::Reliably) || now >= give_up {
                    continue;
                }
                let next = if pending.proceeding {
                    last
                } else {
                    (step + 1).min(last)
                };
                // From when it was due, so that late ticks do not stretch the schedule; after a
                // long stall from now, so that nothing comes in bursts.
                let interval = self.timers.e(next);
                let due = if at + interval > now {
                    at + interval
                } else {
                    now + interval
                };
                if due < give_up {
                    self.retransmissions.get_mut(next)?.push(due, branch);
                }
                return Some(branch);
            }
        }
        None
    }
}

#[derive(Debug)]
enum Transaction<T> {
    Pending(Pending<T>),
    Completed,
}

#[derive(Debug)]
struct Pending<T> {
    started: Instant,
    sending: Sending,
    retransmitted: u32,
    proceeding: bool,
    kept: T,
}

impl<T> Transaction<T> {
    fn into_kept(self) -> Option<T> {
        match self {
            Self::Pending(pending) => Some(pending.kept),
            Self::Completed => None,
        }
    }

    const fn reliability(&self) -> Reliability {
        match self {
            Self::Pending(Pending {
                sending: Sending::Unreliably(_),
                ..
            }) => Reliability::Unreliable,
            _ => Reliability::Reliable,
        }
    }
}

#[cfg(test)]
mod tests;
