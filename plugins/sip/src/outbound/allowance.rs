//! So many a minute, to each of many.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rialto_sdk::prelude::{Failure, FailureReason, Retry};
use tokio::time::Instant;

/// How many may be sent in a minute to one receiver, and how many were.
#[derive(Debug)]
pub(super) struct Allowance<K> {
    per_minute: u32,
    sent: Mutex<HashMap<K, Sent>>,
}

/// How many went to one receiver in a minute, and when that began.
#[derive(Clone, Copy, Debug)]
struct Sent {
    since: Instant,
    count: u32,
}

const MINUTE: Duration = Duration::from_secs(60);
/// The most receivers with a minute under way.
const MAX_RECEIVERS: usize = 10_000;

impl<K: Eq + Hash> Allowance<K> {
    pub(super) fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            sent: Mutex::default(),
        }
    }

    /// Takes one; a failure with a time when there is none left.
    pub(super) fn take(&self, receiver: K, now: Instant) -> Result<(), Failure> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if sent.len() >= MAX_RECEIVERS && !sent.contains_key(&receiver) {
            sent.retain(|_, sent| now < sent.since + MINUTE);
            if sent.len() >= MAX_RECEIVERS {
                return Err(too_many(MINUTE));
            }
        }
        let begun = Sent {
            since: now,
            count: 0,
        };
        let sent = sent.entry(receiver).or_insert(begun);
        if now >= sent.since + MINUTE {
            *sent = begun;
        }
        if sent.count >= self.per_minute {
            return Err(too_many(sent.since + MINUTE - now));
        }
        sent.count += 1;
        Ok(())
    }

    /// Gives one back: the receiver wants it.
    pub(super) fn give_back(&self, receiver: &K) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sent) = sent.get_mut(receiver) {
            sent.count = sent.count.saturating_sub(1);
        }
    }
}

fn too_many(wait: Duration) -> Failure {
    Failure::new(FailureReason::Overloaded)
        .with_retry(Retry::After(wait))
        .with_detail("the sender has been told as much as may be in a minute")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_receiver_is_sent_so_many_a_minute() {
        let allowance = Allowance::new(2);
        let now = Instant::now();
        assert!(allowance.take("romeo", now).is_ok());
        assert!(allowance.take("romeo", now).is_ok());
        let later = now + Duration::from_secs(20);
        let failure = allowance.take("romeo", later).unwrap_err();
        assert_eq!(failure.retry(), Retry::After(Duration::from_secs(40)));
        assert!(allowance.take("juliet", later).is_ok());
        assert!(allowance.take("romeo", now + MINUTE).is_ok());
    }

    #[test]
    fn receivers_are_bounded_and_old_ones_forgotten() {
        let allowance = Allowance::new(1);
        let now = Instant::now();
        for n in 0..MAX_RECEIVERS {
            assert!(allowance.take(n, now).is_ok());
        }
        assert!(allowance.take(MAX_RECEIVERS, now).is_err());
        assert!(allowance.take(MAX_RECEIVERS, now + MINUTE).is_ok());
    }
}
