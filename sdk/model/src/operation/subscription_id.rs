//! Names of subscriptions.

use std::fmt;

use rand::CryptoRng;

use crate::{TransactionId, operation::TransactionIdError};

/// The name of a subscription, by which it is refreshed and ended.
///
/// 1 to 40 bytes of visible ASCII, as a [`TransactionId`] has; unique among the subscriptions of one watcher. RFC 3859 §3.1 (`SubscriptID`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SubscriptionId(TransactionId);

impl SubscriptionId {
    /// Makes an own one, that cannot be guessed.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(TransactionId::random(rng))
    }

    /// Takes a foreign one as it is.
    pub fn parse(id: &[u8]) -> Result<Self, TransactionIdError> {
        TransactionId::parse(id).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The name as it crosses.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubscriptionId({self})")
    }
}
