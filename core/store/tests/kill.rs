//! A process that commits is killed at random instants; what it acknowledged must be there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    ops::ControlFlow,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use rand::{Rng, SeedableRng, rngs::SmallRng};
use rialto_store::{Acknowledge, Batch, CommitError, Done, KeyRange, Record, Store, Table};
use support::{child, folder, open};

mod support;

/// Rounds in the suite; more with `RIALTO_STORE_KILLS`.
const ROUNDS: usize = 12;

/// Batches that the writer has under way.
const WINDOW: u64 = 64;

/// Batches whose records are there at a time.
const KEPT: u64 = 500;

const TABLES: [Table; 3] = [Table::Operations, Table::Identities, Table::Presence];

/// So many records has a batch of this number.
fn size(batch: u64) -> u64 {
    1 + batch % 9
}

fn key(batch: u64, record: u64) -> Vec<u8> {
    [batch.to_be_bytes(), record.to_be_bytes()].concat()
}

fn content(batch: u64, record: u64) -> Vec<u8> {
    let length = 1 + (batch * 31 + record * 7) % 700;
    vec![batch as u8; length as usize]
}

/// The records of a batch, spread over the tables.
fn records(number: u64) -> impl Iterator<Item = (Table, u64)> {
    TABLES.into_iter().cycle().zip(0..size(number))
}

/// Brings its own records, and takes those of one that was long before.
fn numbered(number: u64) -> Batch {
    let mut batch = Batch::new();
    for (table, record) in records(number) {
        batch.put(table, key(number, record), content(number, record));
    }
    if let Some(old) = number.checked_sub(KEPT) {
        for (table, record) in records(old) {
            batch.delete(table, key(old, record));
        }
    }
    batch
}

/// Prints each number that is safe, as soon as it is, and lets the next go.
struct Printer {
    out: Mutex<std::io::Stdout>,
    next: mpsc::Sender<()>,
}

impl Acknowledge for Printer {
    fn acknowledge(&self, ticket: u64, result: Result<(), CommitError>) {
        let mut out = self.out.lock().unwrap();
        match result {
            Ok(()) => writeln!(out, "safe {ticket}").unwrap(),
            Err(error) => writeln!(out, "failed {error}").unwrap(),
        }
        out.flush().unwrap();
        self.next.send(()).unwrap();
    }
}

#[test]
#[ignore = "the writer, started and killed by the test below"]
fn writer() {
    let store = open(&folder()).unwrap();
    let (next, go) = mpsc::channel();
    let out = Mutex::new(std::io::stdout());
    let printer = Arc::new(Printer { out, next });
    let first = after_last(&store);
    for number in first.. {
        store.commit(
            numbered(number),
            Done::new(Arc::clone(&printer) as _, number),
        );
        if number - first >= WINDOW {
            go.recv().unwrap();
        }
    }
}

#[test]
fn killed_at_any_instant_nothing_acknowledged_is_missing_and_no_batch_is_torn() {
    let rounds = std::env::var("RIALTO_STORE_KILLS").map_or(ROUNDS, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut rng = SmallRng::seed_from_u64(3859);
    let mut before = 0;
    for round in 0..rounds {
        let acknowledged = run_and_kill(folder.path(), &mut rng);
        let store = open(folder.path()).unwrap();
        let there = after_last(&store);
        assert!(
            there >= before && acknowledged.is_none_or(|number| number < there),
            "round {round}: {acknowledged:?} was acknowledged, {before} were there before, and {there} are there"
        );
        whole(&store, there);
        before = there;
    }
    assert!(
        before > rounds as u64,
        "{before} batches in {rounds} rounds"
    );
}

/// Kills it some batches, and some moments, after its start; the last number that it printed.
fn run_and_kill(folder: &Path, rng: &mut SmallRng) -> Option<u64> {
    let mut writer = child("writer", folder)
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut last = None;
    let mut read = |line: &str| {
        assert!(!line.starts_with("failed"), "{line}");
        let number = line
            .strip_prefix("safe ")
            .map(|number| number.parse().unwrap());
        last = number.or(last);
    };
    let enough = rng.random_range(0..400);
    for line in lines.by_ref().take(enough) {
        read(&line.unwrap());
    }
    // Any instant will do; nothing is expected to have happened by then.
    for _ in 0..rng.random_range(0..2000) {
        thread::yield_now();
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    for line in lines.map_while(Result::ok) {
        // The last may be cut off; a number that is cut off is a smaller one.
        if line.len() > "safe ".len() {
            read(&line);
        }
    }
    last
}

/// The number after all of which something is there.
fn after_last(store: &dyn Store) -> u64 {
    keys(store).last().map_or(0, |(_, number, _)| number + 1)
}

/// That the last batches up to this number are there, whole, and nothing else.
fn whole(store: &dyn Store, next: u64) {
    let expected = (next.saturating_sub(KEPT)..next)
        .flat_map(|number| records(number).map(move |(table, record)| (table, number, record)));
    let expected: BTreeSet<_> = expected.collect();
    let found: BTreeSet<_> = keys(store).into_iter().collect();
    assert!(
        found == expected,
        "{:?}",
        found.symmetric_difference(&expected)
    );
}

/// Table, number and place of all records, each with the content that it should have; the last number last.
fn keys(store: &dyn Store) -> Vec<(Table, u64, u64)> {
    let mut keys = Vec::new();
    for table in Table::ALL {
        let visit = &mut |found: &[u8], value: Record| {
            let (number, record) = found.split_at(8);
            let [number, record] =
                [number, record].map(|n| u64::from_be_bytes(n.try_into().unwrap()));
            assert_eq!(*value.value(), content(number, record));
            keys.push((table, number, record));
            ControlFlow::Continue(())
        };
        store.scan(table, &KeyRange::all(), visit).unwrap();
    }
    keys.sort_by_key(|(_, number, _)| *number);
    keys
}
