//! What receivers have refused to take.

use std::{hash::RandomState, time::Duration};

use quick_cache::{
    UnitWeighter,
    sync::{Cache, DefaultLifecycle},
};
use rialto_sdk::prelude::InstantInbox;
use tokio::time::Instant;

/// A kind of content that a receiver can do without.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Refused {
    /// message/cpim around a message.
    Cpim,
    /// What is worth something only now (RFC 3994).
    Ephemeral,
}

/// Who refused what, lately; forgotten when it is long ago, or when there are too many.
#[derive(Debug)]
pub(super) struct Refusals {
    since: Cache<(Refused, InstantInbox), Instant, UnitWeighter, RandomState>,
}

/// The most receivers remembered.
const MAX_REFUSALS: usize = 10_000;
/// After so long a receiver may have another client.
const REFUSED_FOR: Duration = Duration::from_secs(3600);

impl Refusals {
    pub(super) fn new() -> Self {
        let since = Cache::with(
            MAX_REFUSALS,
            MAX_REFUSALS as u64,
            UnitWeighter,
            RandomState::new(),
            DefaultLifecycle::default(),
        );
        Self { since }
    }

    pub(super) fn add(&self, what: Refused, by: &InstantInbox) {
        self.since.insert((what, by.clone()), Instant::now());
    }

    pub(super) fn contains(&self, what: Refused, by: &InstantInbox) -> bool {
        let since = self.since.get(&(what, by.clone()));
        since.is_some_and(|since| since.elapsed() < REFUSED_FOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn refusal_is_of_one_kind_and_one_receiver_and_forgotten_after_an_hour() {
        let refusals = Refusals::new();
        let inbox = |uri| InstantInbox::parse(uri).unwrap();
        let (romeo, juliet) = (
            inbox("im:romeo@sip.example"),
            inbox("im:juliet@sip.example"),
        );
        refusals.add(Refused::Cpim, &romeo);
        assert!(refusals.contains(Refused::Cpim, &romeo));
        assert!(!refusals.contains(Refused::Ephemeral, &romeo));
        assert!(!refusals.contains(Refused::Cpim, &juliet));
        tokio::time::advance(REFUSED_FOR).await;
        assert!(!refusals.contains(Refused::Cpim, &romeo));
    }
}
