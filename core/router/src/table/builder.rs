//! Builds tables.

use std::collections::{HashMap, hash_map::Entry};

use rialto_model::{ByteString, Domain, SourceRoute};

use super::{Adapter, AdapterId, Route, RoutingConflict, RoutingTable, Rule, Way};

/// Collects what the operator says; [`build`](Self::build) checks it as a whole.
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until it is asked to build"]
pub struct RoutingTableBuilder {
    adapters: Vec<Adapter>,
    routes: Vec<Route>,
    relay_domains: Vec<Domain>,
    found_by_dns: Vec<ByteString>,
}

impl RoutingTableBuilder {
    /// Adds an adapter; its number is how many were added before.
    pub fn with_adapter(mut self, adapter: Adapter) -> Self {
        self.adapters.push(adapter);
        self
    }

    /// Adds a static route.
    pub fn with_route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Adds a domain that the gateway answers for itself, where source routes live.
    pub fn with_relay_domain(mut self, domain: Domain) -> Self {
        self.relay_domains.push(domain);
        self
    }

    /// Lets DNS name next hops of that adapter, for domains without a static route; those named first are preferred.
    pub fn with_found_by_dns(mut self, adapter: impl Into<ByteString>) -> Self {
        self.found_by_dns.push(adapter.into());
        self
    }

    /// Builds the table, or names every conflict.
    pub fn build(mut self) -> Result<RoutingTable, Vec<RoutingConflict>> {
        let mut conflicts = Vec::new();
        let names = self.number_adapters(&mut conflicts);
        let mut table = RoutingTable {
            adapters: Vec::new(),
            ways: Vec::with_capacity(self.routes.len()),
            rules: HashMap::default(),
            relay_domains: Vec::new(),
            found_by_dns: Vec::new(),
        };
        for domain in &self.relay_domains {
            if table
                .rules
                .insert(domain.as_str().into(), Rule::Relay)
                .is_some()
            {
                conflicts.push(RoutingConflict::RelayTwice {
                    domain: domain.clone(),
                });
            }
        }
        for route in self.routes {
            let adapter = names.get(&**route.adapter()).copied();
            match table.add(route, adapter) {
                Ok(()) => {}
                Err(found) => conflicts.extend(found),
            }
        }
        for adapter in self.found_by_dns {
            match names.get(&*adapter).copied() {
                Some(id) if !table.found_by_dns.contains(&id) => table.found_by_dns.push(id),
                Some(_) => conflicts.push(RoutingConflict::FoundTwice { adapter }),
                None => conflicts.push(RoutingConflict::UnknownFound { adapter }),
            }
        }
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        for adapter in &mut self.adapters {
            adapter.settle(&self.relay_domains);
        }
        table.adapters = self.adapters;
        table.relay_domains = self.relay_domains;
        Ok(table)
    }

    fn number_adapters(
        &self,
        conflicts: &mut Vec<RoutingConflict>,
    ) -> HashMap<Box<str>, AdapterId> {
        let count = self.adapters.len();
        if count > usize::from(u16::MAX) {
            conflicts.push(RoutingConflict::TooManyAdapters { count });
        }
        let mut names = HashMap::with_capacity(count);
        for (number, adapter) in (0..u16::MAX).zip(&self.adapters) {
            let name = adapter.name();
            if names
                .insert(Box::from(&**name), AdapterId::new(number))
                .is_some()
            {
                conflicts.push(RoutingConflict::AdapterTwice { name: name.clone() });
            }
            if !can_stand_in_a_route(adapter.protocol()) {
                conflicts.push(RoutingConflict::Protocol {
                    adapter: name.clone(),
                    protocol: adapter.protocol().clone(),
                });
            }
            if !self.can_be_told_apart(adapter) {
                conflicts.push(RoutingConflict::AdapterName {
                    adapter: name.clone(),
                    protocol: adapter.protocol().clone(),
                });
            }
        }
        names
    }

    /// Whether a source route can lead to this adapter and to no other: by its protocol, else by its name.
    fn can_be_told_apart(&self, adapter: &Adapter) -> bool {
        let others = || {
            self.adapters
                .iter()
                .filter(|other| other.name() != adapter.name())
        };
        let (name, protocol) = (adapter.name(), adapter.protocol());
        others().all(|other| other.protocol() != protocol)
            || can_stand_in_a_route(name)
                && others().all(|other| other.protocol() != name || name == protocol)
    }
}

impl RoutingTable {
    fn add(
        &mut self,
        route: Route,
        adapter: Option<AdapterId>,
    ) -> Result<(), Vec<RoutingConflict>> {
        let mut conflicts = Vec::new();
        let domain = route.domain().clone();
        if adapter.is_none() {
            conflicts.push(RoutingConflict::UnknownAdapter {
                domain: domain.clone(),
                adapter: route.adapter().clone(),
            });
        }
        match self.rules.entry(domain.as_str().into()) {
            Entry::Vacant(entry) => {
                entry.insert(Rule::Way(self.ways.len()));
            }
            Entry::Occupied(entry) => conflicts.push(match entry.get() {
                Rule::Relay => RoutingConflict::RelayRouted { domain },
                Rule::Way(_) => RoutingConflict::RouteTwice { domain },
            }),
        }
        if let (Some(adapter), []) = (adapter, &*conflicts) {
            self.ways.push(Way { adapter, route });
            return Ok(());
        }
        Err(conflicts)
    }
}

/// Asks the one that knows the syntax, rather than having a second opinion.
fn can_stand_in_a_route(label: &str) -> bool {
    SourceRoute::parse(&format!("{label}=relay.example/fred"))
        .is_ok_and(|route| **route.protocol() == *label)
}
