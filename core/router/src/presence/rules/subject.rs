//! Whom a rule means.

use rialto_model::{Authentication, InstantInbox};

use crate::{AddressPattern, access::fold_pattern};

/// Which watchers or senders a rule means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// These. A rule that allows means only whom somebody vouches for: an address proves nothing.
    Address(AddressPattern),
    /// Those who say that they do not say who they are: anybody at `anonymous.invalid`. RFC 3323 §4.1.1.3.
    Anonymous,
    /// Those for whom nobody vouches, whoever they say that they are.
    Unauthenticated,
    /// All. A rule that allows means only whom somebody vouches for.
    Anyone,
}

/// What it takes to be who a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Somebody vouches: the rule gives what a stranger must not get by another's name.
    Voucher,
    /// To say so.
    OwnWord,
}

/// The domain of those who do not say who they are. RFC 3323 §4.1.1.3.
const ANONYMOUS: &str = "anonymous.invalid";

impl Subject {
    /// The same, as rules compare it.
    pub(super) fn folded(self) -> Self {
        match self {
            Self::Address(pattern) => Self::Address(fold_pattern(pattern)),
            other => other,
        }
    }

    /// The same, where its address is meant as it is by the network that the rule comes from.
    pub(super) fn with_addresses(self, meant: &impl Fn(AddressPattern) -> AddressPattern) -> Self {
        match self {
            Self::Address(pattern) => Self::Address(meant(pattern)).folded(),
            other => other,
        }
    }

    /// How long its address is, in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Address(pattern) => pattern.len(),
            Self::Anonymous | Self::Unauthenticated | Self::Anyone => 0,
        }
    }

    /// Whether a rule means somebody, whose address is folded.
    pub(super) fn means(
        &self,
        who: &InstantInbox,
        authentication: Authentication,
        needed: Proof,
    ) -> bool {
        let is_vouched_for = authentication.is_authenticated();
        let may_mean = is_vouched_for || needed == Proof::OwnWord;
        match self {
            Self::Address(pattern) => may_mean && pattern.matches(who),
            Self::Anonymous => who.domain() == ANONYMOUS,
            Self::Unauthenticated => !is_vouched_for,
            Self::Anyone => may_mean,
        }
    }
}
