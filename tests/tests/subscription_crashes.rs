//! Subscriptions of a gateway that is killed again and again while watchers come and go: none that was granted is lost, none that was ended comes
//! back, none is there twice. `RIALTO_CRASHES=100` for more rounds.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
};

use rialto_tests::{
    gateway::{Gateway, GatewayConfig},
    stage::Stage,
};

/// How many operations are under way when the gateway is killed.
const LOAD: usize = 150;

/// What the watchers know.
#[derive(Debug, Default)]
struct Ledger {
    /// By number: whether it was granted (true) or has ended (false).
    sure: BTreeMap<usize, bool>,
    /// Not answered when the gateway died.
    in_doubt: BTreeSet<usize>,
    next: usize,
}

/// A gateway between two networks.
struct World {
    gateway: Gateway,
    near: Stage,
    far: Stage,
}

impl World {
    fn start() -> Self {
        let (mut near, mut far) = (Stage::new(), Stage::new());
        let config = GatewayConfig::new();
        let config = near.add(config, "near", &["far.example"], &["quiet = true"]);
        let more = ["quiet = true", "open = true"];
        let config = far.add(config, "far", &["near.example"], &more);
        let gateway = Gateway::start(&config);
        near.take_connection();
        far.take_connection();
        Self { gateway, near, far }
    }

    fn subscribe(&mut self, number: usize, seconds: u64) -> u64 {
        let (watcher, target) = (watcher(number), target(number));
        let id = format!("s{number}");
        self.near.subscribe(&id, &watcher, &target, seconds)
    }

    /// Has watchers come and go, and kills the gateway when so many have been answered.
    fn crash(&mut self, ledger: &mut Ledger, answers: usize) {
        let granted: Vec<usize> = ledger.granted().step_by(2).take(LOAD).collect();
        let mut asked = BTreeMap::new();
        for number in granted {
            asked.insert(self.subscribe(number, 0), (number, false));
        }
        for _ in 0..LOAD {
            let number = ledger.next;
            ledger.next += 1;
            asked.insert(self.subscribe(number, 3600), (number, true));
        }
        for _ in 0..answers {
            let answer = self.near.next_of("answered");
            assert_eq!(answer["status"], "success", "{answer}");
            let known = answer["n"].as_u64().and_then(|n| asked.remove(&n));
            let (number, is_granted) = known.expect("an answer to what was asked");
            ledger.sure.insert(number, is_granted);
        }
        self.gateway.kill();
        for (number, _) in asked.into_values() {
            ledger.sure.remove(&number);
            ledger.in_doubt.insert(number);
        }
        self.gateway.start_again();
        self.near.take_connection();
        self.far.take_connection();
    }

    /// The numbers of the subscriptions that the gateway has.
    fn known(&self) -> Vec<usize> {
        let list = self.gateway.ask(&["subs", "list"]);
        let entries = list.as_array().expect("a list").iter();
        let numbers = entries.map(|entry| {
            let id = entry["subscription_id"].as_str().expect("a name");
            let number = id.trim_start_matches('s').parse().expect("a number");
            assert_eq!(entry["watcher"], watcher(number), "{entry}");
            assert_eq!(entry["presentity"], target(number), "{entry}");
            number
        });
        numbers.collect()
    }
}

impl Ledger {
    fn granted(&self) -> impl Iterator<Item = usize> {
        let granted = self.sure.iter().filter(|(_, is_granted)| **is_granted);
        granted.map(|(number, _)| *number)
    }

    /// Compares with what the gateway knows, which decides what was in doubt.
    fn check(&mut self, known: &[usize]) {
        let once: BTreeSet<usize> = known.iter().copied().collect();
        assert_eq!(once.len(), known.len(), "some are there twice");
        for (number, is_granted) in &self.sure {
            assert_eq!(once.contains(number), *is_granted, "subscription {number}");
        }
        for number in std::mem::take(&mut self.in_doubt) {
            self.sure.insert(number, once.contains(&number));
        }
    }
}

fn watcher(number: usize) -> String {
    format!("pres:w{number}@near.example")
}

fn target(number: usize) -> String {
    format!("pres:p{}@far.example", number % 7)
}

#[test]
fn cpim_3_4_persist_no_subscription_is_lost_doubled_or_revived_by_a_process_that_is_killed() {
    let rounds = env::var("RIALTO_CRASHES").map_or(3, |said| said.parse().expect("a number"));
    let (mut world, mut ledger) = (World::start(), Ledger::default());
    for round in 0..rounds {
        // At another moment each time, also before the first and after most.
        world.crash(&mut ledger, round * 53 % LOAD);
        ledger.check(&world.known());
    }
    assert!(
        ledger.granted().count() > 0,
        "a test that kept nothing shows nothing"
    );
}
