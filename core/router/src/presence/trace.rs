//! What is remembered of subscriptions, for `rialto trace`.

use rand::CryptoRng;

use super::{Index, PresenceService};
use crate::{Life, StepKind, chronicle::Chronicle, router::Owner};

impl<R: CryptoRng> PresenceService<R> {
    /// Remembers the last steps of subscriptions, so many.
    pub fn with_remembered_steps(mut self, steps: usize) -> Self {
        self.chronicle = Chronicle::new(steps, self.rng.next_u64());
        self
    }

    /// What happened to subscriptions that have this identifier: their watcher's, or that on the presentity's side; as
    /// [`Router::lives`](crate::Router::lives).
    pub fn lives(&self, identifier: &[u8]) -> Vec<Life> {
        self.chronicle.lives(identifier)
    }

    /// Notes what happens to a subscription.
    pub(super) fn note(&mut self, index: Index, what: StepKind) {
        if let Some(of) = self.subscriptions.get(index) {
            self.chronicle.note(Owner::Kept(of.key), what);
        }
    }
}
