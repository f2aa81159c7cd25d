//! Libraries that are damaged where it hurts: the process that opens them may end, the gateway hears why, and others go on.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use rialto_loader::{AdapterId, ClaimTable, LoadError};

use crate::support::*;

/// Damaged libraries; `RIALTO_DAMAGED=10000` for more.
const DAMAGED: u64 = 300;
/// How many are tried at a time.
const AT_ONCE: u64 = 4;
/// How long one that is taken may take to start, and to answer.
const LIMIT: Duration = Duration::from_secs(2);

/// A plugin with something in each part that the gateway reads.
fn whole() -> PathBuf {
    let code = r#"
        #include "rialto.h"
        static inline void claims(RialtoBytes config, const RialtoClaimSink *sink, RialtoCompletion done) {
            RialtoClaim claim = { .size = sizeof claim, .kind = RIALTO_CLAIM_SCHEME, .value = RIALTO_TEXT("c") };
            RialtoResponse yes = { .size = sizeof yes };
            (void)config;
            sink->claim(sink->ctx, &claim);
            done.complete(done.ticket, &yes);
        }
        #define CLAIMS claims
        #define LOOKUPS "srv _c._tcp tcp:"
        #define CAPABILITIES "content */*,limit content 65536"
        #define SCHEMA "{\"type\":\"object\",\"additionalProperties\":false}"
        static const RialtoField fields[] = {
            { RIALTO_TEXT("Plugin"), RIALTO_TEXT("magic"), 0, 8 },
        };
        #define LAYOUT fields
        #define LAYOUT_LEN 1"#;
    c_plugin("damaged", code)
}

fn number(bytes: &[u8], at: usize, len: usize) -> usize {
    let mut number = [0; 8];
    number[..len].copy_from_slice(&bytes[at..at + len]);
    usize::from_le_bytes(number)
}

/// The parts of a library that the system's loader and the gateway go by: headers, tables, and what the plugin's table is made of.
fn parts(library: &[u8]) -> Vec<Range<usize>> {
    const NOTHING_IN_THE_FILE: usize = 8;
    let (at, size, count) = (
        number(library, 40, 8),
        number(library, 58, 2),
        number(library, 60, 2),
    );
    let segments = number(library, 32, 8);
    let segments = segments..segments + number(library, 54, 2) * number(library, 56, 2);
    let sections = (0..count).filter_map(|which| {
        let section = at + which * size;
        let (kind, flags) = (
            number(library, section + 4, 4),
            number(library, section + 8, 8),
        );
        let (start, len) = (
            number(library, section + 24, 8),
            number(library, section + 32, 8),
        );
        let is_loaded = flags & 2 != 0;
        let is_code = flags & 4 != 0;
        let is_read = is_loaded && !is_code && kind != NOTHING_IN_THE_FILE;
        (is_read && len > 0).then_some(start..start + len)
    });
    [0..64, segments].into_iter().chain(sections).collect()
}

/// Changes a few numbers or bits in one of its parts.
fn damaged(whole: &[u8], seed: u64) -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut bytes, parts) = (whole.to_vec(), parts(whole));
    let part = parts[seed as usize % parts.len()].clone();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(part.clone());
        match random.random_range(0..3) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = random.random(),
            _ => {
                let extremes = [
                    0,
                    1,
                    u64::MAX,
                    u64::from(u32::MAX),
                    i64::MAX as u64,
                    1 << 40,
                ];
                let at = at & !7;
                let extreme = extremes.choose(&mut random).unwrap().to_le_bytes();
                let len = extreme.len().min(bytes.len() - at);
                bytes[at..at + len].copy_from_slice(&extreme[..len]);
            }
        }
    }
    bytes
}

/// Loads it, and if that goes, starts it and delivers a message.
fn try_all(library: &Path) -> Result<(), LoadError> {
    let declared = declared("damaged", library.to_owned(), "{}");
    let loaded = declared.load(&ClaimTable::new())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let gateway = Recorder::new();
        let adapter = loaded
            .start(AdapterId::new(7), gateway, tracing::Level::INFO, LIMIT)
            .await?;
        let operation = operation("x").with_deadline(LIMIT);
        let _whatever = ended(adapter.deliver(operation)).await;
        Ok(())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_library_ends_its_own_process_at_most_and_is_refused_in_a_line() {
    let count = std::env::var("RIALTO_DAMAGED").map_or(DAMAGED, |count| count.parse().unwrap());
    let works = started(whole(), "{}", &Recorder::new()).await;
    let library = fs::read(whole()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let some = |first: u64| -> Vec<Result<(), LoadError>> {
        let seeds = (first..count).step_by(AT_ONCE as usize);
        let tried = seeds.map(|seed| {
            let path = folder.path().join(format!("lib{seed}.so"));
            fs::write(&path, damaged(&library, seed)).unwrap();
            try_all(&path)
        });
        tried.collect()
    };
    let tried: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|first| scope.spawn(move || some(first)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let (mut taken, mut crashed) = (0, 0);
    for tried in &tried {
        let Err(error) = tried else {
            taken += 1;
            continue;
        };
        let words = error.to_string();
        assert!(!words.contains('\n') && words.len() < 2000, "{words}");
        crashed += usize::from(matches!(error, LoadError::Crashes { .. }));
    }
    println!("{count} damaged: {taken} taken, {crashed} ended the process");
    let refused = tried.len() - taken;
    assert!(
        taken > 10 && crashed > 10 && refused > 50,
        "the damage is of one kind only"
    );
    assert!(delivered(&works, "x").await.is_success());
}
