//! Whether aliases are one to one, and hide nobody.

use std::collections::{BTreeMap, HashMap, HashSet};

use rialto_model::{Domain, SourceRoute};

use super::{Alias, AliasConflict};
use crate::{Adapter, AddressPattern};

/// What aliases have to go with.
pub(crate) struct Surroundings<'a> {
    pub(crate) adapters: &'a [Adapter],
    pub(crate) relay_domains: &'a [Domain],
    /// Whether a domain has a route of its own.
    pub(crate) is_routed: &'a dyn Fn(&str) -> bool,
    /// Whether there is a way to a domain, by the route of a parent or by DNS as well.
    pub(crate) is_reached: &'a dyn Fn(&str) -> bool,
}

/// The most aliases taken.
const MAX_ALIASES: usize = 100_000;

/// Names every conflict, each with the number of the alias that it is about.
pub(crate) fn check(
    aliases: &[Alias],
    surroundings: &Surroundings<'_>,
) -> Vec<(usize, AliasConflict)> {
    if aliases.len() > MAX_ALIASES {
        let (count, max) = (aliases.len(), MAX_ALIASES);
        return vec![(MAX_ALIASES, AliasConflict::TooMany { count, max })];
    }
    let mut found = Found::default();
    for (number, alias) in aliases.iter().enumerate() {
        for conflict in alone(alias, surroundings) {
            found.add(number, conflict);
        }
    }
    let networks = surroundings
        .adapters
        .iter()
        .map(|adapter| Some(&**adapter.name()));
    let mut views = HashSet::new();
    for network in networks.chain([None]) {
        let known: Vec<_> = (0..)
            .zip(aliases)
            .filter(|(_, alias)| alias.is_known_to(network))
            .collect();
        // Most networks know the same aliases.
        if views.insert(known.iter().map(|(number, _)| *number).collect::<Vec<_>>()) {
            among(&known, &mut found);
        }
    }
    found.in_order()
}

/// Conflicts by the number of their alias, each once: an alias may meet the same one on several networks.
#[derive(Default)]
struct Found(BTreeMap<usize, Vec<AliasConflict>>);

impl Found {
    fn add(&mut self, number: usize, conflict: AliasConflict) {
        let conflicts = self.0.entry(number).or_default();
        if !conflicts.contains(&conflict) {
            conflicts.push(conflict);
        }
    }

    fn in_order(self) -> Vec<(usize, AliasConflict)> {
        let each = |(number, conflicts): (usize, Vec<_>)| {
            conflicts
                .into_iter()
                .map(move |conflict| (number, conflict))
        };
        self.0.into_iter().flat_map(each).collect()
    }
}

/// What is wrong with an alias by itself.
fn alone(alias: &Alias, surroundings: &Surroundings<'_>) -> Vec<AliasConflict> {
    let Surroundings {
        adapters,
        relay_domains,
        is_routed,
        is_reached,
    } = surroundings;
    let mut conflicts = Vec::new();
    let named = alias.adapters().unwrap_or_default();
    for adapter in named {
        if adapters.iter().all(|known| known.name() != adapter) {
            let adapter = adapter.clone();
            conflicts.push(AliasConflict::UnknownAdapter { adapter });
        }
    }
    let (address, shown) = (alias.address(), alias.shown());
    let relay = |domain: &str| relay_domains.iter().find(|relay| relay.as_str() == domain);
    match (address, shown) {
        (AddressPattern::One(_), AddressPattern::One(_))
        | (AddressPattern::At(_), AddressPattern::At(_)) => {}
        _ => conflicts.push(AliasConflict::Kinds {
            address: address.clone(),
            shown: shown.clone(),
        }),
    }
    if address == shown {
        let address = address.clone();
        conflicts.push(AliasConflict::Itself { address });
    }
    if let Some(domain) = relay(address.domain()) {
        let (address, domain) = (address.clone(), domain.clone());
        conflicts.push(AliasConflict::AddressAtRelay { address, domain });
    } else if !is_reached(address.domain()) {
        let address = address.clone();
        conflicts.push(AliasConflict::AddressUnrouted { address });
    }
    if let Some(domain) = relay(shown.domain()).filter(|_| hides_source_routes(shown)) {
        let (shown, domain) = (shown.clone(), domain.clone());
        conflicts.push(AliasConflict::ShownAtRelay { shown, domain });
    }
    match shown {
        AddressPattern::At(domain) if is_routed(domain.as_str()) => {
            let (shown, domain) = (shown.clone(), domain.clone());
            conflicts.push(AliasConflict::ShownRouted { shown, domain });
        }
        _ => {}
    }
    conflicts
}

/// Whether a name at a relay domain could be a source route's.
fn hides_source_routes(shown: &AddressPattern) -> bool {
    match shown {
        AddressPattern::One(inbox) => SourceRoute::parse(&inbox.local_part()).is_ok(),
        _ => true,
    }
}

/// What is wrong with the aliases that one network knows.
fn among(known: &[(usize, &Alias)], found: &mut Found) {
    let (mut addresses, mut names) = (HashMap::new(), HashMap::new());
    // Domains at which single names are, with the first alias that has one there.
    let mut names_at = HashMap::new();
    for (number, alias) in known {
        let (address, shown) = (alias.address(), alias.shown());
        if let Some(other) = addresses.insert(address, *alias) {
            let (address, other) = (address.clone(), other.shown().clone());
            found.add(*number, AliasConflict::AddressTwice { address, other });
        }
        if let Some(other) = names.insert(shown, *alias) {
            let (shown, other) = (shown.clone(), other.address().clone());
            found.add(*number, AliasConflict::ShownTwice { shown, other });
        }
        if let AddressPattern::One(_) = shown {
            names_at.entry(shown.domain()).or_insert(*alias);
        }
    }
    for (number, alias) in known {
        let address = alias.address();
        let other = names.get(address).or_else(|| match address {
            AddressPattern::One(inbox) => {
                let domain = Domain::parse(inbox.domain()).ok()?;
                names.get(&AddressPattern::At(domain))
            }
            _ => names_at.get(address.domain()),
        });
        // Onto itself is its own conflict.
        if let Some(other) = other.filter(|other| other.address() != address) {
            let (address, other) = (address.clone(), other.address().clone());
            found.add(*number, AliasConflict::Chain { address, other });
        }
    }
}
