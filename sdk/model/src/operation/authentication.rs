//! Who vouches for a source.

use std::fmt;

/// Whether anybody vouches that an operation comes from the principal that its source names.
///
/// The plugin says it, as it alone knows what its network proves. Access rules ask for it. RFC 2779 §5.1.12 and §5.4.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Authentication {
    /// Nobody: the source is what the sender wrote.
    #[default]
    None,
    /// The sender's network: it has authenticated the sender and set the source itself, or has checked it, as an XMPP
    /// server does with `from` (RFC 6120 §8.1.2.1).
    Network,
}

impl Authentication {
    /// Whether somebody vouches for the source.
    pub const fn is_authenticated(self) -> bool {
        !matches!(self, Self::None)
    }
}

impl fmt::Display for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "not authenticated",
            Self::Network => "authenticated by its network",
        })
    }
}
