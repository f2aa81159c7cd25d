//! What crosses to an adapter and back as the name of a delivery.

use rialto_router::PresenceAttempt;

/// A subscription or notification that is handed over, over all shards, as the one number that crosses to an adapter and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PresenceToken(pub(crate) u64);

impl PresenceToken {
    const SHARD_BITS: u32 = 8;

    /// Attempts are counted: none reaches the shard's bits in the life of a process.
    pub(super) const fn new(shard: u8, attempt: PresenceAttempt) -> Self {
        Self(attempt.number() << Self::SHARD_BITS | shard as u64)
    }

    /// The shard's number.
    pub(crate) const fn shard(self) -> u8 {
        self.0 as u8
    }

    /// The shard's own name for the delivery.
    pub(crate) const fn attempt(self) -> PresenceAttempt {
        PresenceAttempt::new(self.0 >> Self::SHARD_BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_holds_the_shard_and_the_attempt() {
        for shard in [0, 1, 63, 255] {
            for number in [1, 1 << 24, (1 << 56) - 1] {
                let attempt = PresenceAttempt::new(number);
                let token = PresenceToken::new(shard, attempt);
                assert_eq!((token.shard(), token.attempt()), (shard, attempt));
            }
        }
    }
}
