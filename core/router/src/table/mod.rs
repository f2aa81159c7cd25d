//! What the operator says about adapters, routes and relay domains.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use rialto_model::{Domain, InstantInbox, SourceRoute};

use crate::{
    access::{Access, AccessRule, Inboxes},
    aliases::Views,
};

mod adapter;
mod builder;
mod conflict;
mod route;

pub use adapter::{Adapter, AdapterId};
pub use builder::RoutingTableBuilder;
pub use conflict::RoutingConflict;
pub use route::Route;

/// Adapters, static routes, relay domains, aliases and access rules. Never changes once built, but for what principals say of their inboxes.
///
/// A look-up costs one hash for each label of a domain at most, however many routes there are, and allocates nothing.
#[derive(Debug)]
pub struct RoutingTable {
    adapters: Vec<Adapter>,
    ways: Vec<Way>,
    /// Keys are the operator's, so a fixed hash will do: strangers only look up.
    rules: HashMap<Box<str>, Rule, FixedState>,
    relay_domains: Vec<Domain>,
    /// In the order of preference.
    found_by_dns: Vec<AdapterId>,
    views: Views,
    access: Access,
    inboxes: Inboxes,
    gives_messages: bool,
}

/// What a domain stands for.
#[derive(Clone, Copy, Debug)]
enum Rule {
    Relay,
    Way(usize),
}

/// A static route that is known to lead to an adapter.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) adapter: AdapterId,
    pub(crate) route: Route,
}

/// What the table says about a domain.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<'table> {
    Relay,
    Way(&'table Way),
    Nothing,
}

impl RoutingTable {
    /// Starts a table.
    pub fn builder() -> RoutingTableBuilder {
        RoutingTableBuilder::default()
    }

    /// The adapter of that name.
    pub fn adapter_id(&self, name: &str) -> Option<AdapterId> {
        let index = self
            .adapters
            .iter()
            .position(|adapter| adapter.name() == name)?;
        u16::try_from(index).ok().map(AdapterId::new)
    }

    /// The adapter with that number; none for [`AdapterId::GATEWAY`].
    pub fn adapter(&self, id: AdapterId) -> Option<&Adapter> {
        self.adapters.get(usize::from(id.number()))
    }

    /// All adapters, in the order in which they were named.
    pub fn adapters(&self) -> impl Iterator<Item = (AdapterId, &Adapter)> {
        (0..).map(AdapterId::new).zip(&self.adapters)
    }

    /// The domains that the gateway answers for itself.
    pub fn relay_domains(&self) -> &[Domain] {
        &self.relay_domains
    }

    /// Whether the gateway itself answers for a domain, as [`Domain`] writes it.
    pub fn is_relay(&self, domain: &str) -> bool {
        matches!(self.rules.get(domain), Some(Rule::Relay))
    }

    /// The adapter that an inbox's domain has a static route to.
    pub fn home(&self, inbox: &InstantInbox) -> Option<AdapterId> {
        match self.find(inbox.domain()) {
            Found::Way(way) => Some(way.adapter),
            _ => None,
        }
    }

    /// The adapters whose next hops DNS names, those first that are preferred (draft-ietf-impp-cpim-03 §2.2.3).
    pub fn found_by_dns(&self) -> &[AdapterId] {
        &self.found_by_dns
    }

    /// The operator's access rule with that number, from 0.
    pub fn access_rule(&self, number: usize) -> Option<&AccessRule> {
        self.access.rule(number)
    }

    /// What each network knows others as.
    pub(crate) const fn views(&self) -> &Views {
        &self.views
    }

    pub(crate) const fn access(&self) -> &Access {
        &self.access
    }

    /// Whose messages inboxes take, as their principals say.
    pub(crate) const fn inboxes(&self) -> &Inboxes {
        &self.inboxes
    }

    /// Whether networks' messages are passed on at all.
    pub(crate) const fn gives_messages(&self) -> bool {
        self.gives_messages
    }

    pub(crate) const fn asks_dns(&self) -> bool {
        !self.found_by_dns.is_empty()
    }

    pub(crate) fn is_found_by_dns(&self, adapter: AdapterId) -> bool {
        self.found_by_dns.contains(&adapter)
    }

    /// The relay domain itself, else the route with the longest suffix of whole labels.
    pub(crate) fn find(&self, domain: &str) -> Found<'_> {
        match self.rules.get(domain) {
            Some(Rule::Relay) => return Found::Relay,
            Some(Rule::Way(index)) => return self.found(*index),
            None => {}
        }
        let mut rest = domain;
        while let Some((_, suffix)) = rest.split_once('.') {
            if let Some(Rule::Way(index)) = self.rules.get(suffix) {
                return self.found(*index);
            }
            rest = suffix;
        }
        Found::Nothing
    }

    fn found(&self, index: usize) -> Found<'_> {
        self.ways.get(index).map_or(Found::Nothing, Found::Way)
    }

    /// The adapter that a source route names, by its protocol or its own name.
    ///
    /// Among adapters of that protocol the static route for the domain decides, then the name, then the order in which
    /// they were named.
    pub(crate) fn named(&self, route: &SourceRoute, found: Found<'_>) -> Option<AdapterId> {
        let label: &str = route.protocol();
        let speaks = |id: &AdapterId| {
            self.adapter(*id)
                .is_some_and(|adapter| adapter.protocol() == label)
        };
        match found {
            Found::Way(way) if speaks(&way.adapter) => return Some(way.adapter),
            _ => {}
        }
        let namesake = self.adapter_id(label);
        namesake
            .filter(speaks)
            .or_else(|| self.adapters().map(|(id, _)| id).find(speaks))
            .or(namesake)
    }
}
