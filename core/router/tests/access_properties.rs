//! What the rules of random tables never let pass.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::{prelude::*, sample::Index};
use rialto_model::{Failure, FailureReason, InstantInbox, MessageOperation, SourceRoute};
use rialto_router::{AccessRule, AddressPattern, Alias, RoutingTable, RuleAction, Verdict};

use self::support::{
    operation,
    town::{ADAPTERS, HOMES, PLACES, Town, adapter, denials, home, place, towns, user},
    vouched,
};

fn decide(
    table: &RoutingTable,
    from: usize,
    message: &MessageOperation,
) -> Result<Verdict, Failure> {
    table.decide(adapter(from), message)
}

fn is_denied(table: &RoutingTable, from: usize, message: &MessageOperation) -> bool {
    decide(table, from, message)
        .is_err_and(|failure| failure.reason() == FailureReason::NotPermitted)
}

/// Any inbox of a town, plain or as a source route.
fn any_inbox(table: &RoutingTable, number: usize) -> InstantInbox {
    let plain = user(number, &place(number / 4 % PLACES));
    let labels = ["sip", "xmpp", "smtp", "a", "b", "c", "d"];
    match (table.relay_domains().first(), number / 4 / PLACES) {
        (_, 0) | (None, _) => plain,
        (Some(relay), form) => SourceRoute::new(labels[(form - 1) % labels.len()], plain)
            .to_inbox(relay)
            .unwrap(),
    }
}

const FORMS: usize = 4 * PLACES * 8;

/// Where an inbox is in the end, read off the explanation that the gateway gives; none: nowhere.
fn meant(table: &RoutingTable, from: usize, inbox: &InstantInbox) -> Option<InstantInbox> {
    // From the gateway all may pass, so the destination shows what any inbox stands for.
    let probe = table.explain(
        adapter(from),
        &vouched(operation(inbox.as_str(), inbox.as_str())),
    );
    let steps = probe.into_parts().0;
    let line = steps.iter().find(|line| line.starts_with("access: "))?;
    let (_, rest) = line.split_once(" to ")?;
    let (destination, _) = rest.split_once(", ")?;
    destination.parse().ok()
}

fn own_home(town: &Town, inbox: &InstantInbox) -> Option<usize> {
    let number = (0..HOMES).find(|number| inbox.domain() == home(*number).as_str())?;
    match town.homes[number] {
        Some((routed, false)) => Some(routed),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn cpim_4_1_no_table_relays_to_foreign_domains_but_for_own_users_who_are_vouched_for(
        town in towns(), rules in denials(), choices in proptest::collection::vec(any::<(Index, Index, bool)>(), 60)
    ) {
        let table = town.clone().with_rules(&rules).table();
        for (source, destination, vouch) in choices {
            let [source, destination] = [source, destination].map(|at| any_inbox(&table, at.index(FORMS)));
            for from in 0..ADAPTERS {
                let [Some(a), Some(b)] = [&source, &destination].map(|inbox| meant(&table, from, inbox)) else {
                    continue;
                };
                if own_home(&town, &a).is_some() && vouch || own_home(&town, &b).is_some() {
                    continue;
                }
                let message = operation(source.as_str(), destination.as_str());
                let message = if vouch { vouched(message) } else { message };
                prop_assert!(is_denied(&table, from, &message), "{} to {}", source, destination);
            }
        }
    }

    #[test]
    fn cpim_4_1_no_table_lets_an_own_user_be_spoken_for_from_another_network(
        town in towns(), rules in denials(), choices in proptest::collection::vec(any::<(Index, Index)>(), 60)
    ) {
        let table = town.clone().with_rules(&rules).table();
        for (source, destination) in choices {
            let [source, destination] = [source, destination].map(|at| any_inbox(&table, at.index(FORMS)));
            for from in 0..ADAPTERS {
                let Some(meant) = meant(&table, from, &source) else {
                    continue;
                };
                if own_home(&town, &meant).is_none_or(|home| home == from) {
                    continue;
                }
                let message = operation(source.as_str(), destination.as_str());
                prop_assert!(decide(&table, from, &message).is_err(), "{}", source);
            }
        }
    }

    #[test]
    fn rfc2779_2_1_4_rules_and_aliases_of_one_domain_change_nothing_for_others(
        town in towns(), changed in 0..HOMES,
        choices in proptest::collection::vec(any::<(Index, Index)>(), 60)
    ) {
        let before = town.table();
        let own = home(changed);
        let alias = Alias::new(
            AddressPattern::At(own.clone()),
            AddressPattern::At("new.example".parse().unwrap()),
        );
        let with_alias = town.builder().with_alias(alias);
        let builder = match with_alias.clone().build() {
            Ok(_) => with_alias,
            // This table cannot have such an alias: then the rules alone.
            Err(_) => town.builder(),
        };
        let after = builder
            .with_access_rule(AccessRule::new(RuleAction::Deny).from(AddressPattern::At(own.clone())))
            .with_access_rule(AccessRule::new(RuleAction::Deny).to(AddressPattern::At(own.clone())))
            .build();
        // Where another network's users are shown at this domain, it is nobody's address.
        let Ok(after) = after else {
            return Ok(());
        };
        for (source, destination) in choices {
            let [source, destination] = [source, destination].map(|at| any_inbox(&before, at.index(FORMS)));
            for from in 0..ADAPTERS {
                let concerned = [&source, &destination]
                    .into_iter()
                    .any(|inbox| meant(&before, from, inbox).is_none_or(|inbox| inbox.domain() == own.as_str()));
                if !concerned {
                    let message = operation(source.as_str(), destination.as_str());
                    prop_assert_eq!(decide(&before, from, &message), decide(&after, from, &message));
                }
            }
        }
    }
}
