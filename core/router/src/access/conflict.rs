//! What can be wrong with access rules.

use rialto_model::ByteString;
use thiserror::Error;

use crate::AddressPattern;

/// Why a rule does not go with the rest of the table.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AccessRuleConflict {
    /// Its adapter is none.
    #[error("`{adapter}` is no adapter")]
    UnknownAdapter {
        /// The name that no adapter has.
        adapter: ByteString,
    },
    /// It names users as they are shown, and so would match nobody.
    #[error(
        "`{shown}` is how `{address}` is shown: rules look at addresses, so this matches nobody"
    )]
    Shown {
        /// What it names.
        shown: AddressPattern,
        /// Where those users are.
        address: AddressPattern,
    },
    /// A rule before it decides everything that it could decide.
    #[error("this rule is never asked: rule {} before it matches all that it would match{}", .by + 1, at(.place))]
    Unreachable {
        /// The number of the other rule, from 0.
        by: usize,
        /// Where that stands.
        place: Option<ByteString>,
    },
    /// There are more rules than are taken.
    #[error("there are {count} rules, at most {max} are taken")]
    TooMany {
        /// How many.
        count: usize,
        /// How many there may be.
        max: usize,
    },
}

impl AccessRuleConflict {
    /// What the operator can do.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::UnknownAdapter { .. } => "name an adapter that is configured",
            Self::Shown { .. } => "name users by their addresses, where they are",
            Self::Unreachable { .. } => "put it before the other rule, or leave it out",
            Self::TooMany { .. } => "write rules for whole domains",
        }
    }
}

fn at(place: &Option<ByteString>) -> String {
    place
        .as_ref()
        .map_or_else(String::new, |place| format!(" ({place})"))
}
