//! What can be wrong with aliases.

use rialto_model::{ByteString, Domain};
use thiserror::Error;

use crate::AddressPattern;

/// Why an alias does not go with the rest of the table.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AliasConflict {
    /// Its adapter is none.
    #[error("`{adapter}` is no adapter")]
    UnknownAdapter {
        /// The name that no adapter has.
        adapter: ByteString,
    },
    /// One side is one user, the other is many; or it is a pattern for subdomains.
    #[error("`{address}` and `{shown}` are not of one kind")]
    Kinds {
        /// The address.
        address: AddressPattern,
        /// The name.
        shown: AddressPattern,
    },
    /// Both sides are the same.
    #[error("`{address}` is shown as itself")]
    Itself {
        /// The address.
        address: AddressPattern,
    },
    /// Another alias shows the same name on the same network.
    #[error("`{shown}` is shown for `{other}` already")]
    ShownTwice {
        /// The name.
        shown: AddressPattern,
        /// Whom the other alias shows under it.
        other: AddressPattern,
    },
    /// Another alias is for the same address on the same network.
    #[error("`{address}` is shown as `{other}` already")]
    AddressTwice {
        /// The address.
        address: AddressPattern,
        /// What the other alias shows it as.
        other: AddressPattern,
    },
    /// Its address is what another alias shows, on the same network: a chain or a loop.
    #[error("`{address}` is itself a name that an alias shows: it stands for `{other}`")]
    Chain {
        /// The address.
        address: AddressPattern,
        /// Where the other alias leads.
        other: AddressPattern,
    },
    /// Its address is at a relay domain, where nobody is.
    #[error("nobody is at `{address}`: the relay domain `{domain}` is the gateway's own")]
    AddressAtRelay {
        /// The address.
        address: AddressPattern,
        /// The relay domain.
        domain: Domain,
    },
    /// No route leads to its address, and DNS is not asked.
    #[error("no route leads to `{address}`, and DNS is not asked")]
    AddressUnrouted {
        /// The address.
        address: AddressPattern,
    },
    /// Its name would hide source routes.
    #[error("`{shown}` hides source routes at the relay domain `{domain}`")]
    ShownAtRelay {
        /// The name.
        shown: AddressPattern,
        /// The relay domain.
        domain: Domain,
    },
    /// Its name would hide all users of a domain that has a route.
    #[error("`{shown}` hides the users of `{domain}`, which has a route of its own")]
    ShownRouted {
        /// The name.
        shown: AddressPattern,
        /// The domain.
        domain: Domain,
    },
    /// There are more aliases than are taken.
    #[error("there are {count} aliases, at most {max} are taken")]
    TooMany {
        /// How many.
        count: usize,
        /// How many there may be.
        max: usize,
    },
}

impl AliasConflict {
    /// What the operator can do.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::UnknownAdapter { .. } => "name adapters that are configured",
            Self::Kinds { .. } => "write `user@domain` on both sides, or `*@domain` on both sides",
            Self::Itself { .. } => "leave the alias out: without it, the address is shown as it is",
            Self::ShownTwice { .. } => {
                "give each a name of its own, or name different adapters for them"
            }
            Self::AddressTwice { .. } => "keep one of the two, or name different adapters for them",
            Self::Chain { .. } => "write the address where the users are in the end",
            Self::AddressAtRelay { .. } => "write the address of the user's own network",
            Self::AddressUnrouted { .. } => "add a route for its domain",
            Self::ShownAtRelay { .. } => {
                "show single users there, under names that are no source routes"
            }
            Self::ShownRouted { .. } => {
                "take a domain without users, or write an alias for each single user"
            }
            Self::TooMany { .. } => "write an alias for a whole domain",
        }
    }
}
