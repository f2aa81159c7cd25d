//! What is asked of the rules.

use rialto_model::{Authentication, InstantInbox};

use crate::AdapterId;

/// A message, as far as rules look at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// The adapter that it came from.
    pub(crate) from: AdapterId,
    pub(crate) authentication: Authentication,
    pub(crate) source: Party<'a>,
    pub(crate) destination: Party<'a>,
    /// The adapter that delivers, once it is known.
    pub(crate) to: Option<AdapterId>,
}

/// A sender or a recipient, as the table knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Party<'a> {
    /// Aliases and source routes of ours undone.
    pub(crate) inbox: &'a InstantInbox,
    /// Whether it is at a domain of ours.
    pub(crate) is_own: bool,
    pub(crate) home: Home,
}

/// The network that an inbox is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// Foreign: whatever network it comes from.
    Anywhere,
    /// The one behind this adapter.
    Behind(AdapterId),
    /// None: it claims to be the gateway's own, or contradicts itself.
    Nowhere,
}
