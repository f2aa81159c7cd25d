//! Conversations over random tables: whoever is shown can be written to.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::cell::RefCell;

use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestCaseError, TestRunner},
};
use rialto_model::{Failure, FailureReason, InstantInbox, MessageOperation, SourceRoute};
use rialto_router::{AddressPattern, Decision, Hop, RoutingTable, Verdict};

use self::support::{
    operation,
    town::{ADAPTERS, HOMES, PLACES, Town, adapter, home, place, towns, user},
    vouched,
};

/// What the aliases of a town say, pair by pair: slowly, and in another way than the router.
struct Oracle {
    /// For each network, all pairs of an address and its name.
    views: [Vec<(InstantInbox, InstantInbox)>; ADAPTERS],
}

impl Oracle {
    fn new(town: &Town, table: &RoutingTable) -> Self {
        let view = |number| {
            let name = table.adapter(adapter(number)).unwrap().name();
            let known: Vec<_> = town
                .aliases()
                .iter()
                .filter(|alias| alias.adapters().is_none_or(|names| names.contains(name)))
                .map(|alias| (alias.address(), alias.shown()))
                .collect();
            let mut pairs = Vec::new();
            for pair in &known {
                if let (AddressPattern::One(address), AddressPattern::One(shown)) = pair {
                    pairs.push((address.clone(), shown.clone()));
                }
            }
            let singles: Vec<_> = pairs
                .iter()
                .flat_map(|(a, n)| [a.clone(), n.clone()])
                .collect();
            for pair in &known {
                if let (AddressPattern::At(from), AddressPattern::At(to)) = pair {
                    let of_pattern = (0..4).map(|n| (user(n, from), user(n, to)));
                    pairs.extend(of_pattern.filter(|(address, name)| {
                        !singles.contains(address) && !singles.contains(name)
                    }));
                }
            }
            pairs
        };
        Self {
            views: [0, 1, 2, 3].map(view),
        }
    }

    fn name(&self, network: usize, address: &InstantInbox) -> Option<&InstantInbox> {
        let mut pairs = self.views[network].iter();
        pairs
            .find(|(known, _)| known == address)
            .map(|(_, name)| name)
    }

    fn address(&self, network: usize, name: &InstantInbox) -> Option<&InstantInbox> {
        let mut pairs = self.views[network].iter();
        pairs
            .find(|(_, known)| known == name)
            .map(|(address, _)| address)
    }
}

/// The home of an address, if it is at one.
fn home_of(inbox: &InstantInbox) -> Option<usize> {
    (0..HOMES).find(|number| inbox.domain() == home(*number).as_str())
}

/// How often senders were shown in each way.
#[derive(Debug, Default)]
struct Seen {
    aliased: u32,
    plain: u32,
    hidden: u32,
    routes: u32,
    back_by_alias: u32,
    refused: u32,
    by_dns: u32,
}

struct Stage<'a> {
    town: &'a Town,
    table: &'a RoutingTable,
    oracle: Oracle,
}

impl Stage<'_> {
    /// Where a network's user can be whom it shows as this, and who that is; none: nobody of that network.
    fn sender(&self, from: usize, source: &InstantInbox) -> Option<InstantInbox> {
        let address = self.oracle.address(from, source).unwrap_or(source);
        let home = home_of(address)?;
        match self.town.homes[home] {
            Some((routed, _)) => routed == from,
            None => true,
        }
        .then(|| address.clone())
    }

    fn is_own(&self, inbox: &InstantInbox) -> bool {
        home_of(inbox).is_some_and(|home| matches!(self.town.homes[home], Some((_, false))))
    }

    fn is_routed(&self, inbox: &InstantInbox) -> bool {
        home_of(inbox).is_some_and(|home| self.town.homes[home].is_some())
    }

    /// What users of a network can write to reach an address: its alias, itself, or a source route.
    fn written(&self, from: usize, to: usize, address: &InstantInbox) -> Option<InstantInbox> {
        if let Some(name) = self.oracle.name(from, address) {
            return Some(name.clone());
        }
        if self.oracle.address(from, address).is_none() {
            return Some(address.clone());
        }
        let relay = self.table.relay_domains().first()?;
        let network = self.table.adapter(adapter(to))?;
        // Of several that speak one protocol, the name alone tells which, where no route does.
        let label = match self.is_routed(address) {
            true => network.protocol().clone(),
            false => network.name().clone(),
        };
        SourceRoute::new(label, address.clone())
            .to_inbox(relay)
            .ok()
    }

    /// What is decided in the end, where DNS, if it may choose, names the network that the recipient is on.
    fn decide(
        &self,
        from: usize,
        message: &MessageOperation,
        recipient_at: usize,
        seen: &RefCell<Seen>,
    ) -> Result<Decision, Failure> {
        match self.table.decide(adapter(from), message)? {
            Verdict::Decided(decision) => Ok(decision),
            Verdict::Undecided(undecided) => {
                seen.borrow_mut().by_dns += 1;
                let hop = Hop::new(undecided.only().unwrap_or_else(|| adapter(recipient_at)));
                self.table.settle(&undecided, message.source(), hop)
            }
        }
    }

    /// One conversation; what its sender was shown as is counted.
    fn converse(
        &self,
        (from, source): (usize, &InstantInbox),
        (to, bob): (usize, &InstantInbox),
        seen: &RefCell<Seen>,
    ) -> Result<(), TestCaseError> {
        let Some(alice) = self.sender(from, source) else {
            return Ok(());
        };
        let is_there = (self.is_routed(bob) || self.town.asks_dns)
            && self.sender(to, bob).as_ref() == Some(bob);
        let permitted = self.is_own(&alice) || self.is_own(bob);
        // A foreign user's plain address leads back by DNS alone.
        let comes_back = self.town.asks_dns
            || self.is_routed(&alice)
            || from != to && !self.table.relay_domains().is_empty();
        let Some(written) = self.written(from, to, bob) else {
            return Ok(());
        };
        if !is_there || !permitted || !comes_back {
            return Ok(());
        }
        // To strangers, and among them, somebody has to vouch for the sender.
        let are_own = self.is_own(&alice) && self.is_own(bob);
        let operation = |from: &InstantInbox, to: &InstantInbox| {
            let operation = operation(from.as_str(), to.as_str());
            match are_own {
                true => operation,
                false => vouched(operation),
            }
        };
        let message = operation(source, &written);
        let is_hidden = self.oracle.address(to, &alice).is_some();
        let there = match self.decide(from, &message, to, seen) {
            Ok(there) => there,
            Err(failure) => {
                let nowhere = is_hidden && self.table.relay_domains().is_empty();
                prop_assert!(nowhere, "{failure} for {source} to {written}");
                prop_assert_eq!(failure.reason(), FailureReason::InvalidSource);
                seen.borrow_mut().refused += 1;
                return Ok(());
            }
        };
        prop_assert_eq!(there.adapter(), adapter(to));
        prop_assert_eq!(there.destination().unwrap_or(&written), bob);

        let shown = there.source().unwrap_or(source);
        self.is_plain_where_it_can_be(&alice, to, from, shown, seen)?;
        let reply = operation(bob, shown);
        let back = self.decide(to, &reply, from, seen).unwrap();
        prop_assert_eq!(back.adapter(), adapter(from), "reply to {}", shown);
        prop_assert_eq!(back.destination().unwrap_or(shown), &alice);

        // And once more: what Alice sees of Bob leads to him.
        let shown = back.source().unwrap_or(bob);
        seen.borrow_mut().back_by_alias += u32::from(self.oracle.name(from, bob) == Some(shown));
        let again = operation(source, shown);
        let again = self.decide(from, &again, to, seen).unwrap();
        prop_assert_eq!(again.adapter(), adapter(to), "written to {}", shown);
        prop_assert_eq!(again.destination().unwrap_or(shown), bob);
        Ok(())
    }

    fn is_plain_where_it_can_be(
        &self,
        alice: &InstantInbox,
        to: usize,
        from: usize,
        shown: &InstantInbox,
        seen: &RefCell<Seen>,
    ) -> Result<(), TestCaseError> {
        let receiver = self.table.adapter(adapter(to)).unwrap();
        let name = self.oracle.name(to, alice);
        let is_hidden = self.oracle.address(to, alice).is_some();
        let mut seen = seen.borrow_mut();
        if let Some(name) = name.filter(|name| receiver.reaches(name.domain())) {
            prop_assert_eq!(shown, name);
            seen.aliased += 1;
        } else if is_hidden {
            prop_assert!(self.table.is_relay(shown.domain()), "{}", shown);
            seen.hidden += 1;
        } else if receiver.reaches(alice.domain()) || from == to {
            prop_assert_eq!(shown, alice);
            seen.plain += 1;
        } else if !self.table.relay_domains().is_empty() {
            prop_assert!(self.table.is_relay(shown.domain()), "{}", shown);
            seen.routes += 1;
        }
        Ok(())
    }
}

#[test]
fn cpim_e_2_hide_reply_to_any_shown_address_reaches_its_sender_over_every_pair_of_networks() {
    let seen = RefCell::new(Seen::default());
    let mut runner = TestRunner::new(Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    });
    let recipients = proptest::array::uniform4(any::<Index>());
    runner
        .run(
            &(towns(), any::<bool>(), recipients),
            |(town, dns, recipients)| {
                let town = town.with_dns(dns);
                let table = town.table();
                let oracle = Oracle::new(&town, &table);
                let (town, table) = (&town, &table);
                let stage = Stage {
                    town,
                    table,
                    oracle,
                };
                for from in 0..ADAPTERS {
                    for (to, recipient) in recipients.iter().enumerate() {
                        let there = |home: &usize| {
                            town.homes[*home].map_or(town.asks_dns, |(at, _)| at == to)
                        };
                        let users: Vec<_> = (0..HOMES).filter(there).flat_map(|n| [n; 4]).collect();
                        if users.is_empty() {
                            continue;
                        }
                        let bob = recipient.index(users.len());
                        let bob = user(bob % 4, &home(users[bob]));
                        for number in 0..PLACES * 4 {
                            let source = user(number % 4, &place(number / 4));
                            stage.converse((from, &source), (to, &bob), &seen)?;
                        }
                    }
                }
                Ok(())
            },
        )
        .unwrap();
    let seen = seen.into_inner();
    let enough = [
        (seen.aliased, 500),
        (seen.plain, 500),
        (seen.hidden, 25),
        (seen.routes, 500),
        (seen.back_by_alias, 500),
        (seen.refused, 2),
        (seen.by_dns, 500),
    ];
    assert!(
        enough.iter().all(|(count, least)| count >= least),
        "too idle to show anything: {seen:?}"
    );
}
