//! Own transaction identifiers, in half the room.

use std::fmt;

use rialto_model::TransactionId;

/// The 128 bits of an own transaction identifier, which the far network's names of the message derive from.
///
/// Prints as the identifier that it was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OnwardId([u32; 4]);

impl OnwardId {
    /// Reads 32 lower-case hexadecimal digits, as [`TransactionId::random`] writes them; nothing else is an own identifier.
    pub(super) fn read(id: &[u8]) -> Option<Self> {
        let digits: &[u8; 32] = id.try_into().ok()?;
        // To the end, so that all are looked at together.
        let are_digits = digits.iter().fold(true, |are, digit| {
            are & (digit.is_ascii_digit() | (b'a'..=b'f').contains(digit))
        });
        if !are_digits {
            return None;
        }
        let mut words = [0; 4];
        for (word, digits) in words.iter_mut().zip(digits.as_chunks().0) {
            *word = eight_digits(*digits);
        }
        Some(Self(words))
    }

    /// As many of the bits as a number holds; enough to tell any two from each other.
    pub(super) const fn some_bits(self) -> u64 {
        let [first, second, ..] = self.0;
        (first as u64) << 32 | second as u64
    }

    pub(super) fn of(id: &TransactionId) -> Option<Self> {
        Self::read(id.as_bytes())
    }
}

/// The number that eight digits stand for; all at once, since each delivery is noted.
const fn eight_digits(digits: [u8; 8]) -> u32 {
    let digits = u64::from_be_bytes(digits);
    // Of a letter, bit 6 is set, and the low half counts from 1 for `a`.
    let values = (digits & 0x0f0f_0f0f_0f0f_0f0f) + 9 * ((digits >> 6) & 0x0101_0101_0101_0101);
    let pairs = (values | values >> 4) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    (fours | fours >> 16) as u32
}

impl fmt::Display for OnwardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|word| write!(f, "{word:08x}"))
    }
}

impl fmt::Debug for OnwardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OnwardId({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    proptest! {
        #[test]
        fn own_identifiers_print_as_they_were(seed in any::<u64>()) {
            let id = TransactionId::random(&mut StdRng::seed_from_u64(seed));
            prop_assert_eq!(OnwardId::of(&id).unwrap().to_string(), id.as_str());
        }

        #[test]
        fn what_is_read_is_all_that_was_there(text in "[0-9a-fA-Fg/:@`]{31,33}|[0-9a-f]{32}") {
            let is_own = text.len() == 32
                && text.bytes().all(|digit| b"0123456789abcdef".contains(&digit));
            let printed = OnwardId::read(text.as_bytes()).map(|id| id.to_string());
            prop_assert_eq!(printed, is_own.then_some(text));
        }
    }
}
