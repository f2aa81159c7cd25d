//! What state a store is in.

use std::{fmt, sync::Arc};

use crate::CommitError;

/// What state a store is in, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// Everything is taken.
    #[default]
    Good,
    /// There is no room: batches that only delete are taken, others once there is room again.
    Full(Reason),
    /// The folder can no longer be written.
    ReadOnly(Reason),
    /// The files are not what was written. Ends with the operator's help only.
    Corrupt(Reason),
    /// The disk fails, or does something that it should not; [`Store::tend`](crate::Store::tend) tries again.
    Failing(Reason),
}

/// Why, in words for the operator; what to do is part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(Arc<str>);

impl Health {
    /// Whether everything is taken.
    pub fn is_good(&self) -> bool {
        *self == Self::Good
    }

    /// The failure of a batch that cannot be taken in this state.
    pub(crate) fn refusal(&self) -> Option<CommitError> {
        Some(match self.clone() {
            Self::Good => return None,
            Self::Full(reason) => CommitError::Full(reason),
            Self::ReadOnly(reason) => CommitError::ReadOnly(reason),
            Self::Corrupt(reason) => CommitError::Corrupt(reason),
            Self::Failing(reason) => CommitError::Failing(reason),
        })
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good => f.write_str("good"),
            Self::Full(reason) => write!(f, "full: {reason}"),
            Self::ReadOnly(reason) => write!(f, "read-only: {reason}"),
            Self::Corrupt(reason) => write!(f, "corrupt: {reason}"),
            Self::Failing(reason) => write!(f, "failing: {reason}"),
        }
    }
}

impl Reason {
    pub(crate) fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string().into())
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
