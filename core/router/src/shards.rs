//! Which router a conversation belongs to, and which presence service a presentity.

use std::{
    hash::{BuildHasher, Hash, Hasher},
    num::NonZeroUsize,
};

use foldhash::quality::FixedState;
use rand::CryptoRng;
use rialto_model::{InstantInbox, Presentity};

/// Spreads conversations over routers, always the same one for the same conversation, and presentities over presence services.
///
/// Keyed, so that nobody outside can choose addresses that all meet in one router. Clones agree with each other.
#[derive(Clone, Debug)]
pub struct Shards {
    count: NonZeroUsize,
    state: FixedState,
}

impl Shards {
    /// Spreads over `count` routers, under a key drawn from `rng`.
    pub fn new(count: NonZeroUsize, rng: &mut impl CryptoRng) -> Self {
        Self {
            count,
            state: FixedState::with_seed(rng.next_u64()),
        }
    }

    /// The router of a conversation, less than [`count`](Self::count).
    pub fn of(&self, source: &InstantInbox, destination: &InstantInbox) -> usize {
        let mut hasher = self.state.build_hasher();
        source.as_str().hash(&mut hasher);
        destination.as_str().hash(&mut hasher);
        (hasher.finish() % self.count.get() as u64) as usize
    }

    /// The presence service of a presentity, as [`PresenceSettings::presentity`](crate::PresenceSettings::presentity) knows it; less
    /// than [`count`](Self::count).
    pub fn of_presentity(&self, presentity: &Presentity) -> usize {
        let hash = self.state.hash_one(presentity.as_str());
        (hash % self.count.get() as u64) as usize
    }

    /// How many routers there are.
    pub const fn count(&self) -> usize {
        self.count.get()
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn inbox(local: usize) -> InstantInbox {
        InstantInbox::parse(&format!("im:u{local}@example.com")).unwrap()
    }

    #[test]
    fn shards_keep_a_conversation_in_one_place_and_spread_the_rest() {
        let count = NonZeroUsize::new(4).unwrap();
        let shards = Shards::new(count, &mut StdRng::seed_from_u64(1));
        let mut seen = [0; 4];
        for n in 0..4_000 {
            let shard = shards.of(&inbox(n), &inbox(n + 1));
            assert_eq!(shards.clone().of(&inbox(n), &inbox(n + 1)), shard);
            seen[shard] += 1;
        }
        assert!(
            seen.iter().all(|hits| (850..1150).contains(hits)),
            "{seen:?}"
        );
    }

    #[test]
    fn shards_keep_a_presentity_in_one_place_and_spread_the_rest() {
        let count = NonZeroUsize::new(4).unwrap();
        let shards = Shards::new(count, &mut StdRng::seed_from_u64(1));
        let mut seen = [0; 4];
        for n in 0..4_000 {
            let presentity = Presentity::parse(&format!("pres:u{n}@example.com")).unwrap();
            let shard = shards.of_presentity(&presentity);
            assert_eq!(shards.clone().of_presentity(&presentity), shard);
            seen[shard] += 1;
        }
        assert!(
            seen.iter().all(|hits| (850..1150).contains(hits)),
            "{seen:?}"
        );
    }

    #[test]
    fn shards_differ_from_key_to_key() {
        let count = NonZeroUsize::new(64).unwrap();
        let [one, other] = [1, 2].map(|key| Shards::new(count, &mut StdRng::seed_from_u64(key)));
        let moved =
            (0..100).filter(|n| one.of(&inbox(*n), &inbox(0)) != other.of(&inbox(*n), &inbox(0)));
        assert!(moved.count() > 80);
    }
}
