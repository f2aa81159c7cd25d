//! What a kept message costs the queue: memory (the most that was allocated) and time, with a million others.
#![expect(clippy::unwrap_used, reason = "fixed input")]

use std::time::{Duration, Instant};

use divan::{Bencher, counter::ItemsCount};
use rand::{SeedableRng, rngs::SmallRng};
use rialto_router::{JournalKey, Outcome, QueueEntry, RetryLimits, RetryQueue};

const MILLION: u64 = 1_000_000;
const DESTINATIONS: u64 = 1_000;

/// Shows what each of them allocates.
#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

#[expect(clippy::disallowed_methods, reason = "one reading; time stands still")]
fn start() -> Instant {
    Instant::now()
}

/// So many entries, so many of them in each conversation, spread over a thousand destinations.
fn queue(now: Instant, entries: u64, per_conversation: u64) -> RetryQueue<u64> {
    let mut queue = RetryQueue::new(now, RetryLimits::default());
    for key in 0..entries {
        push(
            &mut queue,
            now,
            key,
            key % entries.div_ceil(per_conversation),
        );
    }
    queue
}

fn push(queue: &mut RetryQueue<u64>, now: Instant, key: u64, conversation: u64) {
    let expires_at = now + Duration::from_secs(3_600) + Duration::from_micros(key);
    let destination = conversation % DESTINATIONS;
    let entry = QueueEntry::new(JournalKey::new(key), conversation, destination, expires_at);
    assert!(queue.push(entry));
}

/// "max alloc" divided by a million is the memory of an entry.
#[divan::bench(args = [1, 10, 1_000], sample_count = 3, sample_size = 1)]
fn a_million_entries(bencher: Bencher<'_, '_>, per_conversation: u64) {
    let now = start();
    bencher
        .counter(ItemsCount::new(MILLION))
        .bench_local(|| queue(now, MILLION, per_conversation));
}

/// Pushed, handed out, delivered; with as many others that rest.
#[divan::bench(args = [0, MILLION], sample_count = 100, sample_size = 1_000)]
fn whole_life_of_an_entry(bencher: Bencher<'_, '_>, others: u64) {
    let (now, mut dice) = (start(), SmallRng::seed_from_u64(1));
    let mut queue = queue(now, others, 10);
    let down = Outcome::DestinationFailed { after: None };
    while let Some(key) = queue.next_ready(now) {
        queue.settled(now, key, down, &mut dice);
    }
    let mut key = others;
    bencher.bench_local(|| {
        key += 1;
        // A destination of its own, which works.
        let entry = QueueEntry::new(
            JournalKey::new(key),
            key,
            u64::MAX,
            now + Duration::from_secs(60),
        );
        queue.push(entry);
        let ready = queue.next_ready(now).unwrap();
        queue.settled(now, ready, Outcome::Done, &mut dice)
    });
}
