//! Names of operations.

use std::{fmt, str};

use rand::CryptoRng;
use thiserror::Error;

/// The name under which an operation and its response find each other.
///
/// Own ones are 128 random bits, so that they cannot be guessed (draft-ietf-impp-cpim-03 §2.4) and are unique among
/// all gateways; foreign ones are 1 to 40 bytes of visible ASCII, kept as they are, and unique only where they come
/// from. A plugin whose native identifiers are longer, or not unique, keeps those itself and uses an own one here.
///
/// Aligned, since it is copied so often: without an odd length the pieces of a copy do not overlap, and so can be copied
/// again at once.
#[derive(Clone, Copy, Eq, Hash)]
#[expect(
    clippy::derived_hash_with_manual_eq,
    reason = "both are of the same bytes"
)]
#[repr(align(8))]
pub struct TransactionId {
    len: u8,
    bytes: [u8; Self::MAX_LEN],
}

/// Why bytes are no transaction identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TransactionIdError {
    /// There is none.
    #[error("the transaction identifier is empty")]
    Empty,
    /// It is longer than [`TransactionId::MAX_LEN`].
    #[error("the transaction identifier has {len} bytes, at most {max} are taken", max = TransactionId::MAX_LEN)]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// A byte of it is not visible ASCII.
    #[error("byte {at} of the transaction identifier is not visible ASCII")]
    Unprintable {
        /// The offset of that byte.
        at: usize,
    },
}

impl TransactionId {
    /// The longest foreign identifier, in bytes.
    pub const MAX_LEN: usize = 40;

    const RANDOM_LEN: usize = 32;

    /// Makes an own identifier: 128 bits of `rng`, in hexadecimal.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut random = [0; Self::RANDOM_LEN / 2];
        rng.fill_bytes(&mut random);
        let mut bytes = [0; Self::MAX_LEN];
        for (pair, byte) in bytes.chunks_exact_mut(2).zip(random) {
            pair.copy_from_slice(&[
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ]);
        }
        Self {
            len: Self::RANDOM_LEN as u8,
            bytes,
        }
    }

    /// Takes a foreign identifier as it is.
    pub fn parse(id: &[u8]) -> Result<Self, TransactionIdError> {
        if id.is_empty() {
            return Err(TransactionIdError::Empty);
        }
        let mut bytes = [0; Self::MAX_LEN];
        bytes
            .get_mut(..id.len())
            .ok_or(TransactionIdError::TooLong { len: id.len() })?
            .copy_from_slice(id);
        // To the end, so that several are looked at together.
        let are_visible = id
            .iter()
            .fold(true, |are, byte| are & byte.is_ascii_graphic());
        if !are_visible {
            let at = id.iter().position(|byte| !byte.is_ascii_graphic());
            let at = at.unwrap_or_default();
            return Err(TransactionIdError::Unprintable { at });
        }
        Ok(Self {
            len: id.len() as u8,
            bytes,
        })
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default() // ASCII by construction
    }

    /// The identifier as it crosses.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// What follows the identifier is zero, so that all of the array can be compared: a call costs more than that.
impl PartialEq for TransactionId {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let bytes = self.bytes.iter().zip(&other.bytes);
        bytes.fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransactionId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_identifier_of_forty_bytes_is_kept_as_it_is() {
        let id = "a".repeat(40);
        assert_eq!(TransactionId::parse(id.as_bytes()).unwrap().as_str(), id);
    }

    #[test]
    fn foreign_identifier_that_cannot_be_kept_is_refused_with_the_reason() {
        assert_eq!(
            TransactionId::parse(&[b'a'; 41]),
            Err(TransactionIdError::TooLong { len: 41 })
        );
        assert_eq!(TransactionId::parse(b""), Err(TransactionIdError::Empty));
        assert_eq!(
            TransactionId::parse(b"a\r\n"),
            Err(TransactionIdError::Unprintable { at: 1 })
        );
    }

    #[test]
    fn cpim_2_4_transid_own_identifiers_are_128_random_bits() {
        let ids: std::collections::HashSet<_> = (0..1000)
            .map(|_| TransactionId::random(&mut rand::rng()))
            .collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            assert_eq!(id.as_str().len() * 4, 128);
            assert!(id.as_str().bytes().all(|digit| digit.is_ascii_hexdigit()));
        }
    }
}
