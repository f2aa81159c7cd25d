//! STATUS: open or closed.

use std::{fmt, str::FromStr};

use super::PresenceError;

/// Whether a communication address takes instant messages, or more generally can be used now: PIDF's `<basic>`.
///
/// RFC 2778 §2.4, RFC 3863 §4.1.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 2778 has these two")]
pub enum Status {
    /// It can be used.
    Open,
    /// It cannot.
    Closed,
}

impl Status {
    /// As written in a document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

impl FromStr for Status {
    type Err = PresenceError;

    fn from_str(text: &str) -> Result<Self, PresenceError> {
        match text {
            "open" => Ok(Self::Open),
            "closed" => Ok(Self::Closed),
            _ => Err(PresenceError::Status),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
