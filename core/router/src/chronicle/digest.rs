//! What a document is recognised by.

use std::fmt;

use ring::digest::{SHA256, digest};

/// The first 64 bits of a document's SHA-256, printed as its first 16 digits.
///
/// What crosses unchanged has the same before and behind the gateway, and whoever has a document can make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let whole = digest(&SHA256, bytes);
        let first = whole.as_ref().first_chunk();
        Self(u64::from_be_bytes(*first.unwrap_or(&[0; 8])))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_the_beginning_of_that_which_others_print() {
        // `printf abc | sha256sum`
        assert_eq!(Digest::of(b"abc").to_string(), "ba7816bf8f01cfea");
    }
}
