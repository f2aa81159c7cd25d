//! Random batches against a map.

use std::{collections::BTreeMap, time::SystemTime};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use rialto_store::{Batch, Done, KeyRange, Limits, Store, Table};

use super::{Make, all, at, commit, tend};

/// What a store should hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Model(pub(crate) BTreeMap<(Table, Vec<u8>), Content>);

/// A value, and when it expires.
type Content = (Vec<u8>, Option<SystemTime>);

/// A change, as the model sees it.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Put(Table, Vec<u8>, Vec<u8>),
    PutUntil(Table, Vec<u8>, Vec<u8>, u64),
    Delete(Table, Vec<u8>),
}

#[derive(Clone, Debug)]
enum Step {
    /// Given together; the answer of the last is waited for.
    Commit(Vec<Vec<Change>>),
    Tend(u64),
    Restart,
}

impl Model {
    pub(crate) fn apply(&mut self, changes: &[Change]) {
        for change in changes.iter().cloned() {
            match change {
                Change::Put(table, key, value) => {
                    self.0.insert((table, key), (value, None));
                }
                Change::PutUntil(table, key, value, seconds) => {
                    self.0.insert((table, key), (value, Some(at(seconds))));
                }
                Change::Delete(table, key) => {
                    self.0.remove(&(table, key));
                }
            }
        }
    }

    pub(crate) fn expire(&mut self, now: SystemTime) {
        self.0
            .retain(|_, (_, expires)| expires.is_none_or(|e| e > now));
    }

    /// What a store holds.
    pub(crate) fn of(store: &dyn Store) -> Self {
        let mut model = BTreeMap::new();
        for table in Table::ALL {
            for (key, record) in all(store, table, &KeyRange::all()) {
                let content = (record.value().to_vec(), record.expires());
                model.insert((table, key), content);
            }
        }
        Self(model)
    }
}

pub(crate) fn batch(changes: &[Change]) -> Batch {
    let mut batch = Batch::new();
    for change in changes.iter().cloned() {
        match change {
            Change::Put(table, key, value) => batch.put(table, key, value),
            Change::PutUntil(table, key, value, seconds) => {
                batch.put_until(table, key, value, at(seconds));
            }
            Change::Delete(table, key) => batch.delete(table, key),
        }
    }
    batch
}

/// Few keys, so that changes meet.
pub(crate) fn changes() -> impl Strategy<Value = Vec<Change>> {
    let table = || prop::sample::select(&Table::ALL[..3]);
    let key = || prop::collection::vec(0..3_u8, 0..3);
    let value = || prop::collection::vec(any::<u8>(), 0..50);
    let change = prop_oneof![
        3 => (table(), key(), value()).prop_map(|(t, k, v)| Change::Put(t, k, v)),
        2 => (table(), key(), value(), 1..100_u64)
            .prop_map(|(t, k, v, e)| Change::PutUntil(t, k, v, e)),
        2 => (table(), key()).prop_map(|(t, k)| Change::Delete(t, k)),
    ];
    prop::collection::vec(change, 0..6)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => prop::collection::vec(changes(), 1..5).prop_map(Step::Commit),
        1 => (1..100_u64).prop_map(Step::Tend),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..20)
}

pub(crate) fn agree(make: Make<'_>) {
    let config = Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    };
    let ran = TestRunner::new(config).run(&steps(), |steps| {
        let mut rig = make(Limits::default());
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Commit(batches) => {
                    for changes in &batches {
                        model.apply(changes);
                        rig.store().commit(batch(changes), Done::ignore());
                    }
                    prop_assert_eq!(commit(&*rig, Batch::new()), Ok(()));
                }
                Step::Tend(seconds) => {
                    model.expire(at(seconds));
                    prop_assert_eq!(tend(&*rig, at(seconds)), Ok(()));
                }
                Step::Restart => rig.restart(),
            }
            prop_assert_eq!(&Model::of(rig.store()), &model);
            prop_assert_eq!(rig.store().usage().records, model.0.len() as u64);
        }
        Ok(())
    });
    ran.unwrap();
}
