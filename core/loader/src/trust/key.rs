//! Who signs.

use std::{fmt, str::FromStr};

use ring::signature::{ED25519, UnparsedPublicKey};

use super::hex;

/// A public key of Ed25519 (RFC 8032), written `ed25519:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TrustedKey([u8; 32]);

impl TrustedKey {
    const PREFIX: &str = "ed25519:";
    /// The length of a signature.
    pub(super) const SIGNATURE: usize = 64;

    /// Whether the owner of this key has signed exactly these bytes.
    pub(super) fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        key.verify(bytes, signature).is_ok()
    }
}

impl FromStr for TrustedKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix(Self::PREFIX);
        digits.and_then(hex::read).map(Self).ok_or_else(|| {
            "this is no key: write `ed25519:` and the 64 hexadecimal digits of a public key"
                .to_owned()
        })
    }
}

impl fmt::Display for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::PREFIX)?;
        hex::write(&self.0, f)
    }
}

impl fmt::Debug for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
