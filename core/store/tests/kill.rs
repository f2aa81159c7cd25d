//! A process that commits is killed at random instants; what it acknowledged must be there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use rand::{Rng, SeedableRng, rngs::SmallRng};
use rialto_store::{Acknowledge, Batch, CommitError, Done, KeyRange, Store, Table};
use support::{child, folder, open};

mod support;

/// Rounds in the suite; more with `RIALTO_STORE_KILLS`.
const ROUNDS: usize = 12;

/// Batches that the writer has under way.
const WINDOW: u64 = 64;

const TABLES: [Table; 3] = [Table::Operations, Table::Identities, Table::Presence];

/// So many records has a batch of this number, spread over the tables.
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

fn numbered(number: u64) -> Batch {
    let mut batch = Batch::new();
    for (record, table) in (0..size(number)).zip(TABLES.into_iter().cycle()) {
        batch.put(table, key(number, record), content(number, record));
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
        result.unwrap();
        let mut out = self.out.lock().unwrap();
        writeln!(out, "safe {ticket}").unwrap();
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
    let first = first_missing(&store);
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
        let there = first_missing(&store);
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
    let mut read = |line: String| {
        let number = line.strip_prefix("safe ").map(str::parse);
        last = number.transpose().unwrap().or(last);
    };
    let enough = rng.random_range(0..400);
    lines
        .by_ref()
        .take(enough)
        .for_each(|line| read(line.unwrap()));
    // Any instant will do; nothing is expected to have happened by then.
    for _ in 0..rng.random_range(0..2000) {
        thread::yield_now();
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    // The last line may be cut off.
    lines.map_while(Result::ok).for_each(|line| {
        if line.starts_with("safe ") {
            read(line);
        }
    });
    last
}

/// The first number of which no record is there.
fn first_missing(store: &dyn Store) -> u64 {
    let is_there = |number: u64| store.get(TABLES[0], &key(number, 0)).unwrap().is_some();
    (0..).find(|number| !is_there(*number)).unwrap()
}

/// That there are these batches, whole, and nothing else.
fn whole(store: &dyn Store, batches: u64) {
    let mut expected = 0;
    for number in 0..batches {
        for (record, table) in (0..size(number)).zip(TABLES.into_iter().cycle()) {
            let found = store.get(table, &key(number, record)).unwrap();
            let found = found.map(rialto_store::Record::into_value);
            let expected_value = content(number, record);
            assert_eq!(
                found.as_deref(),
                Some(&expected_value[..]),
                "{record} of {number}"
            );
            expected += 1;
        }
    }
    let mut found = 0;
    for table in Table::ALL {
        let count = &mut |_: &[u8], _| {
            found += 1;
            std::ops::ControlFlow::Continue(())
        };
        store.scan(table, &KeyRange::all(), count).unwrap();
    }
    assert_eq!(found, expected, "records of batches that are not whole");
}
