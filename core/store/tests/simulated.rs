//! The simulated engine: the battery without faults, and what must hold with them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::sync::{Arc, Mutex};

use battery::{
    Rig, at, commit,
    model::{Change, Model, batch, changes},
    put, tend, value,
};
use proptest::prelude::*;
use rialto_store::{
    Acknowledge, CommitError, Done, Faults, Health, Limits, SimulatedStore, Store, Table,
};

mod battery;

struct Simulated(SimulatedStore);

fn make(limits: Limits) -> Simulated {
    Simulated(SimulatedStore::new(1, Faults::none(), limits))
}

impl Rig for Simulated {
    fn store(&self) -> &dyn Store {
        &self.0
    }

    fn has_a_thread(&self) -> bool {
        false
    }

    fn settle(&self) {
        self.0.settle();
    }

    fn restart(&mut self) {
        self.0.settle();
        self.0 = self.0.crash();
    }
}

battery::battery!(make);

/// Writes down which tickets were answered.
#[derive(Default)]
struct Answers(Mutex<Vec<(u64, Result<(), CommitError>)>>);

impl Acknowledge for Answers {
    fn acknowledge(&self, ticket: u64, result: Result<(), CommitError>) {
        self.0.lock().unwrap().push((ticket, result));
    }
}

fn answered(answers: &Answers) -> Vec<u64> {
    answers.0.lock().unwrap().iter().map(|(t, _)| *t).collect()
}

/// Whether a model is what the first so many batches leave, for one such number of at least this.
fn is_a_beginning(found: &Model, batches: &[Vec<Change>], at_least: usize) -> bool {
    let mut expected = Model::default();
    for (n, changes) in batches.iter().enumerate() {
        if n >= at_least && *found == expected {
            return true;
        }
        expected.apply(changes);
    }
    *found == expected
}

proptest! {
    #[test]
    fn crash_at_any_step_loses_nothing_that_was_acknowledged_and_tears_no_batch(
        seed: u64,
        batches in prop::collection::vec(changes(), 1..30),
        steps_between in prop::collection::vec(0..3_u8, 30),
    ) {
        let faults = Faults::none().with_delayed(30);
        let store = SimulatedStore::new(seed, faults, Limits::default());
        let answers = Arc::new(Answers::default());
        for (n, changes) in batches.iter().enumerate() {
            let done = Done::new(Arc::clone(&answers) as _, n as u64);
            store.commit(batch(changes), done);
            for _ in 0..steps_between[n] {
                store.step();
            }
        }
        let restarted = store.crash();
        let acknowledged = answered(&answers).len();
        prop_assert!(is_a_beginning(&Model::of(&restarted), &batches, acknowledged));
        drop(store);
        prop_assert_eq!(answered(&answers).len(), acknowledged, "the dead do not answer");
    }

    #[test]
    fn failed_write_leaves_a_beginning_of_its_group_and_is_healed_by_tending(
        seed: u64,
        batches in prop::collection::vec(changes(), 1..10),
    ) {
        let faults = Faults::none().with_write_errors(100);
        let store = SimulatedStore::new(seed, faults, Limits::default());
        let answers = Arc::new(Answers::default());
        for (n, changes) in batches.iter().enumerate() {
            store.commit(batch(changes), Done::new(Arc::clone(&answers) as _, n as u64));
        }
        store.settle();
        prop_assert_eq!(answered(&answers).len(), batches.len());
        prop_assert!(answers.0.lock().unwrap().iter().all(|(_, r)| r.is_err()));
        prop_assert!(matches!(*store.health().borrow(), Health::Failing(_)));
        prop_assert!(is_a_beginning(&Model::of(&store), &batches, 0));
        let rig = Simulated(store);
        prop_assert_eq!(tend(&rig, at(0)), Ok(()));
        prop_assert_eq!(rig.0.health().borrow().clone(), Health::Good);
    }

    #[test]
    fn same_seed_gives_the_same_course(seed: u64, batches in prop::collection::vec(changes(), 1..20)) {
        let course = || {
            let faults = Faults::none().with_delayed(40).with_doubled(20).with_write_errors(10);
            let store = SimulatedStore::new(seed, faults, Limits::default());
            let answers = Arc::new(Answers::default());
            for (n, changes) in batches.iter().enumerate() {
                store.commit(batch(changes), Done::new(Arc::clone(&answers) as _, n as u64));
                store.step();
            }
            let left = Model::of(&store.crash());
            (answers.0.lock().unwrap().clone(), left)
        };
        prop_assert_eq!(course(), course());
    }
}

#[test]
fn crash_finds_part_of_what_was_not_synchronised_sometimes_and_never_half_a_batch() {
    let mut found = [0; 3];
    for seed in 0..300 {
        let store = SimulatedStore::new(seed, Faults::none(), Limits::default());
        let mut batch = put(Table::Operations, "a", "one");
        batch.put(Table::Retries, "a", vec![0; 40]);
        store.commit(batch, Done::ignore());
        store.commit(put(Table::Rules, "a", vec![0; 40]), Done::ignore());
        store.step();
        let records = store.crash().usage().records;
        found[match records {
            0 => 0,
            2 => 1,
            3 => 2,
            other => panic!("half a batch: {other} records"),
        }] += 1;
    }
    assert!(found[0] > 50 && found[1] > 50 && found[2] > 0, "{found:?}");
}

#[test]
fn doubled_answer_comes_twice() {
    let faults = Faults::none().with_doubled(100);
    let rig = Simulated(SimulatedStore::new(1, faults, Limits::default()));
    let answers = Arc::new(Answers::default());
    rig.0.commit(
        put(Table::Rules, "a", ""),
        Done::new(Arc::clone(&answers) as _, 7),
    );
    rig.settle();
    assert_eq!(answered(&answers), [7, 7]);
}

#[test]
fn log_stays_in_proportion_to_what_is_in_it() {
    let rig = make(Limits::default());
    for n in 0..2000_u32 {
        commit(&rig, put(Table::Presence, "a", vec![n as u8; 10_000])).unwrap();
    }
    assert!(rig.0.usage().disk < 2 << 20, "{:?}", rig.0.usage());
    assert_eq!(value(&rig, Table::Presence, "a"), Some(vec![0xcf; 10_000]));
}
