//! The engine on a disk that fails.

mod disk;

use std::{
    io,
    sync::{Arc, Mutex, mpsc},
    time::UNIX_EPOCH,
};

use disk::{Disk, Fault};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::SmallRng};

use super::*;
use crate::{CommitError, KeyRange};

fn on(disk: &Disk) -> EmbeddedStore {
    // The fewer pages are remembered, the more is read.
    let limits = Limits::default().with_cache(0);
    EmbeddedStore::on(Box::new(disk.clone()), limits).unwrap()
}

fn answer(call: impl FnOnce(Done)) -> Result<(), CommitError> {
    let (sender, answer) = mpsc::channel();
    call(Done::call(move |result| sender.send(result).unwrap()));
    answer.recv().unwrap()
}

fn commit(store: &EmbeddedStore, batch: Batch) -> Result<(), CommitError> {
    answer(|done| store.commit(batch, done))
}

fn tend(store: &EmbeddedStore) -> Result<(), CommitError> {
    answer(|done| store.tend(UNIX_EPOCH, done))
}

fn health(store: &EmbeddedStore) -> Health {
    store.health().borrow().clone()
}

/// Puts a record into two tables, and removes those of an earlier number.
fn numbered(number: u64) -> Batch {
    let mut batch = Batch::new();
    let value = vec![number as u8; 700];
    for table in [Table::Operations, Table::Presence] {
        batch.put(table, number.to_be_bytes().to_vec(), value.clone());
        batch.delete(table, number.wrapping_sub(20).to_be_bytes().to_vec());
    }
    batch
}

/// The numbers that are there; the same in both tables.
fn numbers(store: &EmbeddedStore) -> Vec<u64> {
    let [one, other] = [Table::Operations, Table::Presence].map(|table| {
        let mut found = Vec::new();
        let scanned = store.scan(table, &KeyRange::all(), &mut |key, record| {
            let number = u64::from_be_bytes(key.try_into().unwrap());
            assert!(record.value().iter().all(|byte| *byte == number as u8));
            found.push(number);
            ControlFlow::Continue(())
        });
        scanned.unwrap();
        found
    });
    assert_eq!(one, other, "half a batch");
    one
}

#[test]
fn batch_is_synchronised_with_the_disk_before_it_is_acknowledged() {
    let disk = Disk::default();
    let store = on(&disk);
    for number in 0..50 {
        let value = format!("{number:0>300}");
        assert!(!disk.keeps(value.as_bytes()));
        let mut batch = Batch::new();
        batch.put(Table::Rules, number.to_string(), value.clone());
        let (sender, answer) = mpsc::channel();
        let seen = disk.clone();
        let done = Done::call(move |result| {
            let kept = seen.keeps(value.as_bytes());
            sender.send((result, kept)).unwrap();
        });
        store.commit(batch, done);
        assert_eq!(answer.recv().unwrap(), (Ok(()), true));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn power_failure_at_any_instant_loses_nothing_that_was_acknowledged(seed: u64, after in 0..400_u64) {
        let disk = Disk::default();
        let store = on(&disk);
        disk.fail(Fault::After(disk.operations() + after, io::ErrorKind::Other));
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let mut given = 0;
        while health(&store).is_good() && given < 200 {
            let acknowledged = Arc::clone(&acknowledged);
            let number = given;
            store.commit(numbered(number), Done::call(move |result| {
                if result.is_ok() {
                    acknowledged.lock().unwrap().push(number);
                }
            }));
            given += 1;
            if given % 3 == 0 {
                drop(commit(&store, Batch::new()));
            }
        }
        drop(store);

        let disk = disk.after_power_failure(&mut SmallRng::seed_from_u64(seed));
        let found = numbers(&on(&disk));
        let acknowledged = acknowledged.lock().unwrap().clone();
        let next = acknowledged.last().map_or(0, |last| last + 1);
        prop_assert_eq!(&acknowledged, &(0..next).collect::<Vec<_>>());
        // What came of the group that was under way is there as a whole or not at all, and nothing is without what came before it.
        let last = found.last().map_or(0, |last| last + 1);
        prop_assert!(next <= last && last <= given, "{} {} {}", next, last, given);
        prop_assert_eq!(found, (last.saturating_sub(20)..last).collect::<Vec<_>>());
    }

    #[test]
    fn disk_that_fails_for_a_while_is_a_state_that_ends(after in 0..60_u64, full: bool) {
        let disk = Disk::default();
        let store = on(&disk);
        commit(&store, numbered(0)).unwrap();
        let kind = if full { io::ErrorKind::StorageFull } else { io::ErrorKind::Other };
        disk.fail(Fault::After(disk.operations() + after, kind));
        let mut number = 1;
        let error = loop {
            match commit(&store, numbered(number)) {
                Ok(()) => number += 1,
                Err(error) => break error,
            }
        };
        prop_assert!(error.is_temporary(), "{}", error);
        match health(&store) {
            Health::Full(_) => prop_assert!(full),
            Health::Failing(_) => prop_assert!(!full),
            other => prop_assert!(false, "{other}"),
        }
        prop_assert!(commit(&store, numbered(500)).is_err());
        prop_assert!(tend(&store).is_err());

        disk.heal();
        prop_assert_eq!(tend(&store), Ok(()));
        prop_assert_eq!(health(&store), Health::Good);
        // The batch that failed may be there: nobody said that it is not.
        let found = numbers(&store).last().copied();
        prop_assert!(found == Some(number - 1) || found == Some(number));
        prop_assert_eq!(commit(&store, numbered(number)), Ok(()));
        drop(store);
        prop_assert_eq!(numbers(&on(&disk)).last().copied(), Some(number));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn power_failure_after_a_write_or_synchronisation_that_failed_loses_nothing_either(
        seed: u64,
        after in 0..80_u64,
    ) {
        let disk = Disk::default();
        let store = on(&disk);
        disk.fail(Fault::Once(disk.operations() + after, io::ErrorKind::Other));
        let mut failures = 0;
        for number in 0..25 {
            while commit(&store, numbered(number)).is_err() {
                failures += 1;
                prop_assert_eq!(tend(&store), Ok(()));
            }
        }
        // What is written only to be faster is not missed.
        prop_assert!(failures <= 1);
        let disk = disk.after_power_failure(&mut SmallRng::seed_from_u64(seed));
        prop_assert_eq!(numbers(&on(&disk)), (5..25).collect::<Vec<_>>());
    }
}

#[test]
fn damage_after_a_power_failure_is_not_taken_for_a_commit_that_was_cut_off() {
    let disk = Disk::default();
    let store = on(&disk);
    for number in 0..10 {
        commit(&store, numbered(number)).unwrap();
    }
    let disk = disk.after_power_failure(&mut SmallRng::seed_from_u64(1));
    assert!(disk.flip(&[9; 700]) > 0);
    let refused = EmbeddedStore::on(Box::new(disk), Limits::default()).unwrap_err();
    assert!(matches!(refused, Trouble::Corrupt(_)), "{refused:?}");
}

#[test]
fn batches_that_wait_behind_a_failure_fail_and_are_not_written() {
    let disk = Disk::default();
    let store = on(&disk);
    let (release, released) = mpsc::channel::<()>();
    let hold = Done::call(move |_| assert!(released.recv().is_err()));
    store.commit(Batch::new(), hold);
    let (sender, answers) = mpsc::channel();
    let answer = |number: u64| {
        let sender = sender.clone();
        Done::call(move |result| sender.send((number, result)).unwrap())
    };
    // The wish to be tended keeps them apart, and would heal the store.
    disk.fail(Fault::Once(0, io::ErrorKind::Other));
    store.commit(numbered(0), answer(0));
    store.tend(UNIX_EPOCH, answer(1));
    store.commit(numbered(2), answer(2));
    drop(release);
    for number in 0..3 {
        let (of, result) = answers.recv().unwrap();
        assert_eq!(of, number);
        assert!(matches!(result, Err(CommitError::Failing(_))), "{result:?}");
    }
    assert_eq!(store.usage().waiting, 0);
    tend(&store).unwrap();
    assert!(numbers(&store).is_empty());
}

#[test]
fn writer_that_ends_against_all_expectation_leaves_nobody_waiting() {
    let disk = Disk::default();
    let limits = Limits::default();
    let engine = Engine::open(&disk, limits.cache, Upgrade::Permitted).unwrap();
    let queue = Queue::new(limits, Health::Good);
    let shared = Shared::new(queue, Box::new(disk), 0, engine);
    let (sender, answers) = mpsc::channel();
    let other = sender.clone();
    let before = Done::call(move |result| sender.send(result).unwrap());
    shared.queue.push(numbered(1), before);
    drop(shared.abandon_at_the_end());
    let after = Done::call(move |result| other.send(result).unwrap());
    shared.queue.push(numbered(2), after);
    assert_eq!(answers.recv(), Ok(Err(CommitError::Stopped)));
    assert_eq!(answers.recv(), Ok(Err(CommitError::Stopped)));
}

#[test]
fn full_disk_still_takes_what_deletes_and_is_good_again_with_room() {
    let disk = Disk::default();
    let store = on(&disk);
    let room = disk.reaches() + 500_000;
    disk.fail(Fault::Beyond(room, io::ErrorKind::StorageFull));
    let put = |number: u64| {
        let mut batch = Batch::new();
        batch.put(Table::Rules, number.to_be_bytes().to_vec(), vec![7; 5000]);
        batch
    };
    let full = (0..10_000).find(|number| commit(&store, put(*number)).is_err());
    let full = full.unwrap();
    assert!(matches!(health(&store), Health::Full(_)));
    let refused = commit(&store, put(full));
    assert!(matches!(refused, Err(CommitError::Full(_))), "{refused:?}");
    assert_eq!(store.usage().records, full);

    for number in 0..full / 2 {
        let mut batch = Batch::new();
        batch.delete(Table::Rules, number.to_be_bytes().to_vec());
        assert_eq!(commit(&store, batch), Ok(()), "{number} of {full}");
    }
    assert_eq!(tend(&store), Ok(()));
    assert_eq!(health(&store), Health::Good);
    assert_eq!(commit(&store, put(full)), Ok(()));
}

#[test]
fn disk_that_becomes_read_only_is_a_state_that_ends() {
    let disk = Disk::default();
    let store = on(&disk);
    commit(&store, numbered(1)).unwrap();
    disk.fail(Fault::After(0, io::ErrorKind::ReadOnlyFilesystem));
    let refused = commit(&store, numbered(2));
    assert!(
        matches!(refused, Err(CommitError::ReadOnly(_))),
        "{refused:?}"
    );
    assert!(matches!(health(&store), Health::ReadOnly(_)));
    disk.heal();
    tend(&store).unwrap();
    assert_eq!(numbers(&store), [1]);
}

#[test]
fn record_that_rots_while_the_store_is_open_is_not_believed() {
    let disk = Disk::default();
    let store = on(&disk);
    for number in 0..200 {
        let mut batch = Batch::new();
        let value = format!("{number:0>900}");
        batch.put(Table::Rules, number.to_string(), value);
        commit(&store, batch).unwrap();
    }
    assert!(disk.flip(format!("{:0>900}", 77).as_bytes()) > 0);
    let read = store.get(Table::Rules, b"77");
    assert!(read.is_err(), "{read:?}");
    assert!(store.get(Table::Rules, b"0").is_ok());
}
