//! How far a subscription is.

use std::{fmt, time::Duration};

/// How far a subscription is. RFC 6665 §4.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubscriptionState {
    /// Nobody has decided yet whether the watcher may.
    Pending,
    /// Changes are told.
    Active,
    /// It has ended.
    Terminated {
        /// Why.
        reason: TerminationReason,
        /// When the watcher may subscribe again, where the reason leaves that open.
        retry_after: Option<Duration>,
    },
}

/// Why a subscription has ended. RFC 6665 §4.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TerminationReason {
    /// The watcher should subscribe again at once.
    Deactivated,
    /// The watcher may subscribe again later.
    Probation,
    /// Access rules forbid it, now or from now on.
    Rejected,
    /// It was not refreshed in time, or the watcher ended it.
    Timeout,
    /// Nobody decided whether the watcher may; he can try again.
    GiveUp,
    /// The presentity is no more.
    NoResource,
    /// The presence information will never change again.
    Invariant,
}

impl SubscriptionState {
    /// An end without a time to come back.
    pub const fn terminated(reason: TerminationReason) -> Self {
        Self::Terminated {
            reason,
            retry_after: None,
        }
    }

    /// Whether it has ended.
    pub const fn is_terminated(self) -> bool {
        matches!(self, Self::Terminated { .. })
    }
}

impl TerminationReason {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Deactivated,
        Self::Probation,
        Self::Rejected,
        Self::Timeout,
        Self::GiveUp,
        Self::NoResource,
        Self::Invariant,
    ];

    /// Its name in `Subscription-State`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deactivated => "deactivated",
            Self::Probation => "probation",
            Self::Rejected => "rejected",
            Self::Timeout => "timeout",
            Self::GiveUp => "giveup",
            Self::NoResource => "noresource",
            Self::Invariant => "invariant",
        }
    }

    /// The reason of this name.
    pub fn parse(name: &str) -> Option<Self> {
        let is_it = |reason: &Self| reason.as_str().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(is_it)
    }
}

impl fmt::Display for TerminationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_found_by_its_name() {
        for reason in TerminationReason::ALL {
            assert_eq!(TerminationReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(
            TerminationReason::parse("GiveUp"),
            Some(TerminationReason::GiveUp)
        );
        assert_eq!(TerminationReason::parse("bored"), None);
    }
}
