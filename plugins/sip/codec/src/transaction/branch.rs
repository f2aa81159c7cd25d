//! Branches of own requests.

use std::fmt;

use crate::BRANCH_COOKIE;

/// The branch of an own request: the cookie and 128 random bits (RFC 3261 §8.1.1.7).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Branch(u128);

impl Branch {
    const DIGITS: usize = 32;

    /// Takes 128 random bits; a guessable branch lets strangers answer.
    #[must_use]
    pub const fn new(random: u128) -> Self {
        Self(random)
    }

    /// Reads an own branch back; `None` for one that was not made here.
    #[must_use]
    pub fn parse(branch: &str) -> Option<Self> {
        let digits = branch.strip_prefix(BRANCH_COOKIE)?;
        if digits.len() != Self::DIGITS {
            return None;
        }
        digits
            .bytes()
            .try_fold(0, |bits, byte| {
                let digit = match byte {
                    b'0'..=b'9' => byte - b'0',
                    b'a'..=b'f' => byte - b'a' + 10,
                    _ => return None,
                };
                Some(bits << 4 | u128::from(digit))
            })
            .map(Self)
    }

    pub(super) const fn bits(self) -> u128 {
        self.0
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{BRANCH_COOKIE}{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn branch_of_another_maker_is_none_of_ours() {
        for foreign in [
            "",
            "z9hG4bK",
            "z9hG4bK776asdhds",
            "z9hG4bK+0000000000000000000000000000000",
        ] {
            assert_eq!(Branch::parse(foreign), None, "{foreign}");
        }
    }

    proptest! {
        #[test]
        fn branch_round_trips(bits in any::<u128>()) {
            let branch = Branch::new(bits);
            prop_assert_eq!(Branch::parse(&branch.to_string()), Some(branch));
        }
    }
}
