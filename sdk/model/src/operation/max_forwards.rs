//! The hop count that ends loops.

use std::fmt;

use thiserror::Error;

/// How many more relays an operation may pass.
///
/// A relay that receives 0 answers with a failure; nothing but [`decrement`](Self::decrement) makes the value of
/// an onward copy. RFC 3860 §3.4.1 (`MaxForwards`), draft-ietf-impp-cpim-03 §2.4.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MaxForwards(u8);

/// An operation arrived that may pass no further relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the operation has passed as many relays as it may")]
#[non_exhaustive]
pub struct HopLimitReached;

impl MaxForwards {
    /// What an operation starts with when its native protocol has no hop count (RFC 3261 §8.1.1.6: 70).
    pub const DEFAULT: Self = Self(70);

    /// Takes a hop count from a native protocol, 0 to 255.
    pub const fn new(hops: u8) -> Self {
        Self(hops)
    }

    /// The value for the onward copy.
    pub const fn decrement(self) -> Result<Self, HopLimitReached> {
        match self.0.checked_sub(1) {
            Some(hops) => Ok(Self(hops)),
            None => Err(HopLimitReached),
        }
    }

    /// The number of hops left.
    pub const fn hops(self) -> u8 {
        self.0
    }
}

impl Default for MaxForwards {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for MaxForwards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpim_2_4_2_zero_forwards_cannot_be_decremented() {
        assert_eq!(MaxForwards::new(0).decrement(), Err(HopLimitReached));
        assert_eq!(MaxForwards::new(1).decrement(), Ok(MaxForwards::new(0)));
    }
}
