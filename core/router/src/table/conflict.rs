//! What can be wrong with a table.

use rialto_model::{ByteString, Domain, InstantInbox};
use thiserror::Error;

use crate::{AccessRuleConflict, AliasConflict};

/// Why a table cannot be built; the builder names all of them at once.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RoutingConflict {
    /// Two adapters have one name.
    #[error("there are two adapters named `{name}`")]
    AdapterTwice {
        /// The name.
        name: ByteString,
    },
    /// There are more adapters than numbers for them.
    #[error("there are {count} adapters, at most {max} are taken", max = u16::MAX)]
    TooManyAdapters {
        /// How many.
        count: usize,
    },
    /// The name of a protocol cannot stand in a source route.
    #[error(
        "the protocol `{protocol}` of adapter `{adapter}` is not lower-case letters, digits and `-`"
    )]
    Protocol {
        /// The adapter.
        adapter: ByteString,
        /// Its protocol.
        protocol: ByteString,
    },
    /// The name of an adapter that shares its protocol cannot stand in a source route.
    #[error(
        "other adapters speak `{protocol}` too, so source routes have to name adapter `{adapter}` itself: \
         lower-case letters, digits and `-` only, and not the name of another's protocol"
    )]
    AdapterName {
        /// The adapter.
        adapter: ByteString,
        /// The protocol that it shares.
        protocol: ByteString,
    },
    /// A route leads to no adapter.
    #[error("the route for `{domain}` leads to `{adapter}`, which is no adapter")]
    UnknownAdapter {
        /// The domain.
        domain: Domain,
        /// The name that no adapter has.
        adapter: ByteString,
    },
    /// Two routes are for one domain.
    #[error("the domain `{domain}` has two routes")]
    RouteTwice {
        /// The domain.
        domain: Domain,
    },
    /// A relay domain is named twice.
    #[error("the relay domain `{domain}` is named twice")]
    RelayTwice {
        /// The domain.
        domain: Domain,
    },
    /// A route is for a relay domain, and so would never be taken.
    #[error(
        "the domain `{domain}` has a route, but is a relay domain: the gateway answers for it itself"
    )]
    RelayRouted {
        /// The domain.
        domain: Domain,
    },
    /// DNS shall find an adapter twice.
    #[error("the adapter `{adapter}` is named twice among those that DNS finds")]
    FoundTwice {
        /// The adapter.
        adapter: ByteString,
    },
    /// DNS shall find what is no adapter.
    #[error("`{adapter}`, which DNS shall find, is no adapter")]
    UnknownFound {
        /// The name that no adapter has.
        adapter: ByteString,
    },
    /// An alias does not go with the rest.
    #[error("{conflict}")]
    Alias {
        /// Its number, from 0.
        number: usize,
        /// What is wrong.
        conflict: AliasConflict,
    },
    /// A principal's own rules do not go with the rest.
    #[error("{conflict}")]
    Principal {
        /// The principal, as the operator named it.
        inbox: InstantInbox,
        /// What is wrong.
        conflict: AccessRuleConflict,
    },
    /// An access rule does not go with the rest.
    #[error("{conflict}")]
    AccessRule {
        /// Its number, from 0.
        number: usize,
        /// What is wrong.
        conflict: AccessRuleConflict,
    },
}

impl RoutingConflict {
    /// What the operator can do, where the conflict itself does not say it.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Alias { conflict, .. } => Some(conflict.hint()),
            Self::AccessRule { conflict, .. } | Self::Principal { conflict, .. } => {
                Some(conflict.hint())
            }
            _ => None,
        }
    }
}
