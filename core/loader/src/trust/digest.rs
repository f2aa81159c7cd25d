//! What a file is, in 32 bytes.

use std::{fmt, path::Path, str::FromStr};

use ring::digest::{SHA256, digest};

use super::hex;
use crate::LoadError;

/// The SHA-256 digest of a file, written `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    const PREFIX: &str = "sha256:";

    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut value = [0; 32];
        for (to, from) in value.iter_mut().zip(digest(&SHA256, bytes).as_ref()) {
            *to = *from;
        }
        Self(value)
    }

    /// The digest of a file, of which nothing is executed.
    pub fn of_file(path: &Path) -> Result<Self, LoadError> {
        let bytes = super::read(path).map_err(super::unreadable(path))?;
        Ok(Self::of(&bytes))
    }
}

impl FromStr for Digest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix(Self::PREFIX);
        digits.and_then(hex::read).map(Self).ok_or_else(|| {
            "this is no digest: write `sha256:` and 64 hexadecimal digits, as `rialto plugins digest` prints them".to_owned()
        })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::PREFIX)?;
        hex::write(&self.0, f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
