//! Builds tables.

use std::collections::{HashMap, hash_map::Entry};

use foldhash::fast::FixedState;
use rialto_model::{ByteString, Domain, InstantInbox, SourceRoute};

use super::{Adapter, AdapterId, Found, Route, RoutingConflict, RoutingTable, Rule, Way};
use crate::{
    AccessRule, AccessRuleConflict, AddressPattern, Alias,
    access::{self, Access, BlockList, Condition, Inboxes, Rules},
    aliases::{self, Surroundings, Views},
};

/// Collects what the operator says; [`build`](Self::build) checks it as a whole.
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until it is asked to build"]
pub struct RoutingTableBuilder {
    adapters: Vec<Adapter>,
    routes: Vec<Route>,
    relay_domains: Vec<Domain>,
    found_by_dns: Vec<ByteString>,
    aliases: Vec<Alias>,
    access_rules: Vec<AccessRule>,
    principals: Vec<(InstantInbox, Vec<AddressPattern>)>,
    is_without_messages: bool,
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

    /// Adds an alias.
    pub fn with_alias(mut self, alias: Alias) -> Self {
        self.aliases.push(alias);
        self
    }

    /// Adds an access rule after those added before.
    pub fn with_access_rule(mut self, rule: AccessRule) -> Self {
        self.access_rules.push(rule);
        self
    }

    /// Lets a principal's inbox take no messages of these senders, whatever the operator's rules allow.
    pub fn with_blocked(
        mut self,
        principal: InstantInbox,
        senders: impl IntoIterator<Item = AddressPattern>,
    ) -> Self {
        let senders = senders.into_iter().collect();
        self.principals.push((principal, senders));
        self
    }

    /// Gives no message service: messages of networks are refused, and presence is given alone. RFC 2779 §2.1.1.
    ///
    /// The gateway's own messages go their ways.
    pub const fn without_messages(mut self) -> Self {
        self.is_without_messages = true;
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
            views: Views::default(),
            access: Access::default(),
            inboxes: Inboxes::default(),
            gives_messages: !self.is_without_messages,
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
        conflicts.extend(table.alias_conflicts(&self.aliases, &self.adapters, &self.relay_domains));
        let unreachable = access::check(&self.access_rules).into_iter();
        conflicts.extend(
            unreachable.map(|(number, conflict)| RoutingConflict::AccessRule { number, conflict }),
        );
        table.views = Views::new(&self.aliases, &self.adapters);
        conflicts.extend(table.shown_in_rules(&self.access_rules));
        conflicts.extend(table.shown_in_block_lists(&self.principals));
        let rules = find_adapters(self.access_rules, &names, &mut conflicts);
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        table.access = Access::new(Rules::new(rules), block_lists(self.principals));
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

/// Each rule with the numbers of the adapters that it names.
fn find_adapters(
    rules: Vec<AccessRule>,
    names: &HashMap<Box<str>, AdapterId>,
    conflicts: &mut Vec<RoutingConflict>,
) -> Vec<(AccessRule, Condition)> {
    let mut find = |number, adapter: &Option<ByteString>| {
        let adapter = adapter.as_ref()?;
        let found = names.get(&**adapter).copied();
        if found.is_none() {
            let adapter = adapter.clone();
            let conflict = AccessRuleConflict::UnknownAdapter { adapter };
            conflicts.push(RoutingConflict::AccessRule { number, conflict });
        }
        found
    };
    let with_condition = |(number, rule): (usize, AccessRule)| {
        let condition = Condition {
            from_adapter: find(number, &rule.from_adapter),
            from: rule.from.clone().map(access::fold_pattern),
            to_adapter: find(number, &rule.to_adapter),
            to: rule.to.clone().map(access::fold_pattern),
            authenticated: rule.authenticated,
        };
        (rule, condition)
    };
    rules.into_iter().enumerate().map(with_condition).collect()
}

fn block_lists(
    principals: Vec<(InstantInbox, Vec<AddressPattern>)>,
) -> HashMap<InstantInbox, BlockList, FixedState> {
    let mut lists: HashMap<_, BlockList, _> = HashMap::default();
    for (principal, senders) in principals {
        let blocked = lists.entry(access::fold(&principal).into_owned());
        let blocked = blocked.or_default();
        for sender in senders {
            blocked.add(access::fold_pattern(sender));
        }
    }
    lists
}

impl RoutingTable {
    /// Rules that name users as they are shown: they would never match, and nobody would notice.
    fn shown_in_rules(&self, rules: &[AccessRule]) -> impl Iterator<Item = RoutingConflict> {
        rules.iter().enumerate().flat_map(|(number, rule)| {
            let sides = [&rule.from, &rule.to].into_iter().flatten();
            let shown = sides.filter_map(|side| self.shown_for_address(side));
            shown.map(move |conflict| RoutingConflict::AccessRule { number, conflict })
        })
    }

    fn shown_in_block_lists(
        &self,
        principals: &[(InstantInbox, Vec<AddressPattern>)],
    ) -> impl Iterator<Item = RoutingConflict> {
        principals.iter().flat_map(|(inbox, senders)| {
            let principal = AddressPattern::One(inbox.clone());
            let shown = std::iter::once(&principal).chain(senders);
            let shown: Vec<_> = shown
                .filter_map(|pattern| self.shown_for_address(pattern))
                .collect();
            shown
                .into_iter()
                .map(|conflict| RoutingConflict::Principal {
                    inbox: inbox.clone(),
                    conflict,
                })
        })
    }

    fn shown_for_address(&self, pattern: &AddressPattern) -> Option<AccessRuleConflict> {
        let (shown, address) = (pattern.clone(), self.address_shown_as(pattern)?);
        Some(AccessRuleConflict::Shown { shown, address })
    }

    fn alias_conflicts(
        &self,
        aliases: &[Alias],
        adapters: &[Adapter],
        relay_domains: &[Domain],
    ) -> impl Iterator<Item = RoutingConflict> + use<> {
        let is_routed = |domain: &str| matches!(self.rules.get(domain), Some(Rule::Way(_)));
        let is_reached =
            |domain: &str| self.asks_dns() || matches!(self.find(domain), Found::Way(_));
        let surroundings = Surroundings {
            adapters,
            relay_domains,
            is_routed: &is_routed,
            is_reached: &is_reached,
        };
        let found = aliases::check(aliases, &surroundings);
        let conflict = |(number, conflict)| RoutingConflict::Alias { number, conflict };
        found.into_iter().map(conflict)
    }

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
