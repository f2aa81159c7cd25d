//! Random tables: networks, domains with and without routes, aliases of every kind.

use proptest::{collection::vec, option, prelude::*, sample::Index};
use rialto_model::{Domain, InstantInbox};
use rialto_router::{
    AccessRule, Adapter, AdapterId, AddressPattern, Alias, Route, RoutingTable,
    RoutingTableBuilder, RuleAction,
};

use super::domain;

pub(crate) const ADAPTERS: usize = 4;
/// Where users are; those without a route are foreign.
pub(crate) const HOMES: usize = 5;
/// The home that is below another, and so has its route if it has none of its own.
const BELOW: usize = 4;
/// Where only names are.
const SHOWN: usize = 3;
const USERS: [&str; 4] = ["ann", "ben", "a=b.example/c", "\u{fc} \"@"];

/// One random table, and what it was made of.
#[derive(Clone, Debug)]
pub(crate) struct Town {
    protocols: [usize; ADAPTERS],
    /// The adapter that each home is routed to, and whether it is a partner's.
    pub(crate) homes: [Option<(usize, bool)>; HOMES],
    /// Whether the last one is routed by the route of the first.
    inherits: bool,
    /// Which homes, names and relay domains each network reaches.
    reached: [[bool; HOMES + SHOWN + 2]; ADAPTERS],
    relays: usize,
    /// Whether DNS finds all networks.
    pub(crate) asks_dns: bool,
    aliases: Vec<Alias>,
    rules: Vec<AccessRule>,
}

pub(crate) fn adapter(number: usize) -> AdapterId {
    AdapterId::new(number as u16)
}

pub(crate) fn user(local: usize, domain: &Domain) -> InstantInbox {
    InstantInbox::new(USERS[local % USERS.len()], domain).unwrap()
}

pub(crate) fn home(number: usize) -> Domain {
    match number {
        BELOW => domain("below.home0.example"),
        _ => domain(&format!("home{number}.example")),
    }
}

fn shown(number: usize) -> Domain {
    domain(&format!("shown{number}.example"))
}

fn relay(number: usize) -> Domain {
    domain(&format!("relay{number}.example"))
}

/// Any domain of a town.
pub(crate) fn place(number: usize) -> Domain {
    match number {
        0..HOMES => home(number),
        _ if number < HOMES + SHOWN => shown(number - HOMES),
        _ => relay(number - HOMES - SHOWN),
    }
}

pub(crate) const PLACES: usize = HOMES + SHOWN + 2;

/// Tables without rules of the operator's.
pub(crate) fn towns() -> impl Strategy<Value = Town> {
    let relayed = prop_oneof![1 => Just(0_usize), 3 => 1..=2_usize];
    (
        [0..3_usize, 0..3, 0..3, 0..3],
        prop::array::uniform5(option::weighted(
            0.8,
            (0..ADAPTERS, prop::bool::weighted(0.2)),
        )),
        prop::array::uniform4(prop::array::uniform10(any::<bool>())),
        relayed,
        vec(aliases(), 0..12),
    )
        .prop_map(|(protocols, mut homes, reached, relays, aliases)| {
            let inherits = homes[BELOW].is_none();
            homes[BELOW] = homes[BELOW].or(homes[0]);
            let mut town = Town {
                protocols,
                homes,
                inherits,
                reached,
                relays,
                asks_dns: false,
                aliases: Vec::new(),
                rules: Vec::new(),
            };
            // An alias that does not go with those before is left out.
            for alias in aliases {
                town.aliases.push(alias);
                if town.builder().build().is_err() {
                    town.aliases.pop();
                }
            }
            town
        })
}

/// Denials of every kind, so that no table becomes an open relay by what its operator wrote.
pub(crate) fn denials() -> impl Strategy<Value = Vec<AccessRule>> {
    let rule = (
        option::of(0..ADAPTERS),
        option::of((0..3_u8, 0..PLACES, any::<Index>())),
        option::of(0..ADAPTERS),
        option::of((0..3_u8, 0..PLACES, any::<Index>())),
        option::of(any::<bool>()),
    )
        .prop_map(|(from_adapter, from, to_adapter, to, authenticated)| {
            let mut rule = AccessRule::new(RuleAction::Deny);
            if let Some(from_adapter) = from_adapter {
                rule = rule.from_adapter(name(from_adapter));
            }
            if let Some(from) = from {
                rule = rule.from(some_pattern(from));
            }
            if let Some(to_adapter) = to_adapter {
                rule = rule.to_adapter(name(to_adapter));
            }
            if let Some(to) = to {
                rule = rule.to(some_pattern(to));
            }
            match authenticated {
                Some(true) => rule.authenticated(),
                Some(false) => rule.unauthenticated(),
                None => rule,
            }
        });
    vec(rule, 0..6)
}

fn some_pattern((kind, place_number, local): (u8, usize, Index)) -> AddressPattern {
    let place = place(place_number);
    match kind {
        0 => AddressPattern::One(user(local.index(USERS.len()), &place)),
        1 => AddressPattern::At(place),
        _ => AddressPattern::Below(place),
    }
}

fn aliases() -> impl Strategy<Value = Alias> {
    // Half of them hide somebody who is there.
    let shown = prop_oneof![HOMES..PLACES, 0..HOMES];
    let adapters = option::of(prop::array::uniform4(any::<bool>()));
    let users = (0..USERS.len(), 0..USERS.len());
    (prop::bool::weighted(0.7), 0..HOMES, shown, users, adapters).prop_map(
        |(single, address, shown, users, adapters)| {
            let [address, shown] =
                [(place(address), users.0), (place(shown), users.1)].map(|(domain, local)| {
                    match single {
                        true => AddressPattern::One(user(local, &domain)),
                        false => AddressPattern::At(domain),
                    }
                });
            let alias = Alias::new(address, shown);
            match adapters {
                Some(known) => alias.with_adapters((0..ADAPTERS).filter(|n| known[*n]).map(name)),
                None => alias,
            }
        },
    )
}

fn name(adapter: usize) -> &'static str {
    ["a", "b", "c", "d"][adapter]
}

impl Town {
    /// The same, where DNS finds what no route leads to.
    pub(crate) fn with_dns(self, asks_dns: bool) -> Self {
        Self { asks_dns, ..self }
    }

    pub(crate) fn with_rules(mut self, rules: &[AccessRule]) -> Self {
        for rule in rules {
            self.rules.push(rule.clone());
            if self.builder().build().is_err() {
                self.rules.pop();
            }
        }
        self
    }

    pub(crate) fn aliases(&self) -> &[Alias] {
        &self.aliases
    }

    pub(crate) fn table(&self) -> RoutingTable {
        self.builder().build().unwrap()
    }

    pub(crate) fn builder(&self) -> RoutingTableBuilder {
        let protocols = ["sip", "xmpp", "smtp"];
        let mut builder = RoutingTable::builder();
        for number in 0..ADAPTERS {
            let reached: Vec<_> = (0..PLACES)
                .filter(|place| self.reached[number][*place])
                // What no route leads to cannot be written back to plainly.
                .filter(|place| *place >= HOMES || self.asks_dns || self.homes[*place].is_some())
                .map(place)
                .collect();
            let protocol = protocols[self.protocols[number]];
            builder =
                builder.with_adapter(Adapter::new(name(number), protocol).with_domains(&reached));
        }
        for (number, route) in self.homes.iter().enumerate() {
            let Some((to, is_partner)) = route else {
                continue;
            };
            if number == BELOW && self.inherits {
                continue;
            }
            let route = Route::new(home(number), name(*to));
            builder = builder.with_route(if *is_partner {
                route.of_a_partner()
            } else {
                route
            });
        }
        for number in 0..self.relays {
            builder = builder.with_relay_domain(relay(number));
        }
        let found = (0..ADAPTERS).filter(|_| self.asks_dns).map(name);
        let builder = found.fold(builder, RoutingTableBuilder::with_found_by_dns);
        let builder = self
            .aliases
            .iter()
            .fold(builder, |builder, alias| builder.with_alias(alias.clone()));
        let rules = self.rules.iter().cloned();
        rules.fold(builder, RoutingTableBuilder::with_access_rule)
    }
}
