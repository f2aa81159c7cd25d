//! What a commit costs, and a start.

use std::sync::mpsc;

use divan::{Bencher, counter::ItemsCount};
use rialto_store::{Batch, CommitError, Done, EmbeddedStore, Limits, Store, Table};
use tempfile::TempDir;

/// Batches that are given together, as many callers would.
const GROUPS: [u64; 4] = [1, 16, 256, 1024];

/// About what an operation takes.
const VALUE: usize = 400;

fn main() {
    divan::main();
}

/// A store in the folder that `TMPDIR` names, or else on the disk of the target folder: what is in memory says nothing about a disk.
fn store() -> (TempDir, EmbeddedStore) {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = Limits::default()
        .with_max_bytes(8 << 30)
        .with_max_disk(16 << 30);
    let store = EmbeddedStore::open(folder.path(), limits).expect("a store");
    (folder, store)
}

fn key(number: u64) -> Vec<u8> {
    // Spread over the whole table, as the keys of transactions are.
    number
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .to_be_bytes()
        .to_vec()
}

fn put(number: u64) -> Batch {
    let mut batch = Batch::new();
    batch.put(Table::Operations, key(number), vec![7; VALUE]);
    batch
}

/// Gives them all, and waits until they are safe.
fn commit(store: &EmbeddedStore, batches: impl Iterator<Item = Batch>) {
    let (sender, answers) = mpsc::channel::<Result<(), CommitError>>();
    let mut given = 0;
    for batch in batches {
        let sender = sender.clone();
        store.commit(batch, Done::call(move |result| drop(sender.send(result))));
        given += 1;
    }
    for answer in answers.iter().take(given) {
        answer.expect("a batch that is safe");
    }
}

/// Puts alone: the table grows.
#[divan::bench(args = GROUPS, max_time = 3)]
fn journal(bencher: Bencher<'_, '_>, group: u64) {
    let (_folder, store) = store();
    let mut next = 0;
    bencher.counter(ItemsCount::new(group)).bench_local(|| {
        commit(&store, (next..next + group).map(put));
        next += group;
    });
}

/// Each group ends the operations of the one before it, and begins its own.
#[divan::bench(args = GROUPS, max_time = 3)]
fn queue(bencher: Bencher<'_, '_>, group: u64) {
    let (_folder, store) = store();
    let mut next = group;
    bencher.counter(ItemsCount::new(group)).bench_local(|| {
        commit(
            &store,
            (next..next + group).map(|number| {
                let mut batch = put(number);
                batch.delete(Table::Operations, key(number - group));
                batch
            }),
        );
        next += group;
    });
}

/// What the caller of `commit` spends: a hundred batches are queued, one of them is waited for.
#[divan::bench(max_time = 3)]
fn call(bencher: Bencher<'_, '_>) {
    let (_folder, store) = store();
    let mut next = 0;
    bencher
        .counter(ItemsCount::new(100_u64))
        .with_inputs(|| {
            commit(&store, std::iter::once(Batch::new()));
            next += 100;
            (next..next + 100).map(put).collect::<Vec<_>>()
        })
        .bench_local_values(|batches| {
            for batch in batches {
                store.commit(batch, Done::ignore());
            }
        });
}

/// A start with a million records, every page of which is verified.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn reopen_a_million(bencher: Bencher<'_, '_>) {
    let (folder, store) = store();
    for start in (0..1_000_000).step_by(4000) {
        commit(
            &store,
            (start..start + 4000).map(|number| {
                let mut batch = Batch::new();
                batch.put(Table::Operations, key(number), vec![7; 130]);
                batch
            }),
        );
    }
    drop(store);
    bencher.bench_local(|| EmbeddedStore::open(folder.path(), Limits::default()).expect("a store"));
}
