//! From whom one principal takes no messages.

use std::collections::HashSet;

use foldhash::fast::FixedState;
use rialto_model::InstantInbox;

use crate::AddressPattern;

/// Patterns of senders; a look-up costs a hash for each label of a domain at most, however many there are.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlockList {
    inboxes: HashSet<InstantInbox, FixedState>,
    domains: HashSet<Box<str>, FixedState>,
    parents: HashSet<Box<str>, FixedState>,
}

impl BlockList {
    pub(crate) fn add(&mut self, pattern: AddressPattern) {
        match pattern {
            AddressPattern::One(inbox) => self.inboxes.insert(inbox),
            AddressPattern::At(domain) => self.domains.insert(domain.as_str().into()),
            AddressPattern::Below(domain) => self.parents.insert(domain.as_str().into()),
        };
    }

    pub(crate) fn contains(&self, sender: &InstantInbox) -> bool {
        self.inboxes.contains(sender)
            || self.domains.contains(sender.domain())
            || !self.parents.is_empty()
                && parents(sender.domain()).any(|parent| self.parents.contains(parent))
    }
}

/// The domains that a name is below, the nearest first.
pub(super) fn parents(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        (_, rest) = rest.split_once('.')?;
        Some(rest)
    })
}
