//! What is subscribed to.

use std::fmt;

/// What a subscription is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Package {
    /// The presence information of a presentity. RFC 3856.
    #[default]
    Presence,
    /// Who watches a presentity: for the presentity itself. RFC 3857.
    WatcherInformation,
}

impl Package {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Presence, Self::WatcherInformation];

    /// Its name, as SIP has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Presence => "presence",
            Self::WatcherInformation => "presence.winfo",
        }
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
