//! What one network knows of others.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use rialto_model::{Domain, InstantInbox};

use super::Alias;
use crate::{Adapter, AdapterId, AddressPattern};

/// The views of all networks, by adapter.
#[derive(Debug, Default)]
pub(crate) struct Views {
    adapters: Box<[View]>,
    gateway: View,
}

/// The pairs of address and name of one network.
///
/// Most addresses have no pair: one look at their domain says so. Keys are the operator's, so a fixed hash will do.
#[derive(Debug, Default)]
pub(crate) struct View {
    domains: HashMap<Box<str>, Names, FixedState>,
    /// From the address of one user to the name, and back.
    names: HashMap<InstantInbox, InstantInbox, FixedState>,
    addresses: HashMap<InstantInbox, InstantInbox, FixedState>,
}

/// What aliases say of a domain.
#[derive(Debug, Default)]
struct Names {
    /// All users at this domain are shown at that one.
    shown_at: Option<Domain>,
    /// All names at this domain stand for users at that one.
    stands_for: Option<Domain>,
    /// Whether there are aliases for single users here, in either direction.
    has_single: bool,
}

impl Views {
    /// Sorts aliases that [`check`](super::check()) has found good by the networks that know them.
    pub(crate) fn new(aliases: &[Alias], adapters: &[Adapter]) -> Self {
        let view = |name: Option<&str>| {
            let known = aliases.iter().filter(|alias| alias.is_known_to(name));
            View::new(known)
        };
        Self {
            adapters: adapters
                .iter()
                .map(|adapter| view(Some(adapter.name())))
                .collect(),
            gateway: view(None),
        }
    }

    /// What is known behind an adapter; an operator's own message knows what all know.
    pub(crate) fn of(&self, adapter: AdapterId) -> &View {
        let view = self.adapters.get(usize::from(adapter.number()));
        view.unwrap_or(&self.gateway)
    }
}

impl View {
    pub(super) fn new<'a>(aliases: impl Iterator<Item = &'a Alias>) -> Self {
        let mut view = Self::default();
        for alias in aliases {
            match (alias.address(), alias.shown()) {
                (AddressPattern::One(address), AddressPattern::One(shown)) => {
                    view.names.insert(address.clone(), shown.clone());
                    view.addresses.insert(shown.clone(), address.clone());
                    view.domain(address.domain()).has_single = true;
                    view.domain(shown.domain()).has_single = true;
                }
                (AddressPattern::At(address), AddressPattern::At(shown)) => {
                    view.domain(address.as_str()).shown_at = Some(shown.clone());
                    view.domain(shown.as_str()).stands_for = Some(address.clone());
                }
                // Found by `check`: they are not of one kind.
                _ => {}
            }
        }
        view
    }

    fn domain(&mut self, name: &str) -> &mut Names {
        self.domains.entry(name.into()).or_default()
    }

    /// The name that an address has here, if it has one.
    pub(crate) fn name_of(&self, address: &InstantInbox) -> Option<InstantInbox> {
        let names = self.domains.get(address.domain())?;
        if names.has_single {
            if let Some(name) = self.names.get(address) {
                return Some(name.clone());
            }
            if self.addresses.contains_key(address) {
                return None;
            }
        }
        let name = address.with_domain(names.shown_at.as_ref()?).ok()?;
        (!self.is_single(&name)).then_some(name)
    }

    /// The address that a name stands for here, if it stands for one.
    pub(crate) fn address_of(&self, name: &InstantInbox) -> Option<InstantInbox> {
        let names = self.domains.get(name.domain())?;
        if names.has_single {
            if let Some(address) = self.addresses.get(name) {
                return Some(address.clone());
            }
            if self.names.contains_key(name) {
                return None;
            }
        }
        let address = name.with_domain(names.stands_for.as_ref()?).ok()?;
        (!self.is_single(&address)).then_some(address)
    }

    /// The domain whose users are known here at that one, if there is such.
    pub(crate) fn domain_behind(&self, shown: &Domain) -> Option<&Domain> {
        self.domains.get(shown.as_str())?.stands_for.as_ref()
    }

    /// Whether an address cannot be shown as it is, since it means another here.
    pub(crate) fn is_hidden(&self, address: &InstantInbox) -> bool {
        self.address_of(address).is_some()
    }

    /// Whether an alias for one user has an inbox on either side.
    fn is_single(&self, inbox: &InstantInbox) -> bool {
        self.domains.get(inbox.domain()).is_some_and(|names| {
            names.has_single
                && (self.names.contains_key(inbox) || self.addresses.contains_key(inbox))
        })
    }
}
