//! What crosses to an adapter and back as the name of a delivery.

use rialto_router::{AttemptId, ReportId};

/// A delivery, over all shards, as the one number that crosses to an adapter and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token(pub(crate) u64);

impl Token {
    /// An attempt's place in its router stays below this: the shard's number stands above it.
    pub(crate) const MAX_OPERATIONS: usize = 1 << Self::SHARD_AT;

    const SHARD_AT: u32 = 24;

    pub(super) const fn new(shard: u8, attempt: AttemptId) -> Self {
        Self(attempt.to_bits() | (shard as u64) << Self::SHARD_AT)
    }

    /// Of a disposition; it is handed over and comes back by other ways than a delivery, so both may have one number.
    pub(super) const fn of_report(shard: u8, report: ReportId) -> Self {
        Self(report.to_bits() | (shard as u64) << Self::SHARD_AT)
    }

    /// The shard's number.
    pub(crate) const fn shard(self) -> usize {
        (self.0 >> Self::SHARD_AT) as u8 as usize
    }

    /// The shard's own name for the delivery.
    pub(crate) const fn attempt(self) -> AttemptId {
        AttemptId::from_bits(self.bits())
    }

    /// The shard's own name for the disposition.
    pub(crate) const fn report(self) -> ReportId {
        ReportId::from_bits(self.bits())
    }

    const fn bits(self) -> u64 {
        self.0 & !(0xFF << Self::SHARD_AT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_holds_the_shard_and_the_attempt() {
        let place = Token::MAX_OPERATIONS as u64 - 1;
        let attempt = AttemptId::from_bits(0xFFFF_FFFF << 32 | place);
        for shard in [0, 1, 63, 255] {
            let token = Token::new(shard, attempt);
            assert_eq!(token.shard(), usize::from(shard));
            assert_eq!(token.attempt(), attempt);
            let report = ReportId::from_bits(attempt.to_bits());
            assert_eq!(Token::of_report(shard, report).report(), report);
        }
    }
}
