//! What this process has, as the system sees it.

use std::{fs, thread, time::Duration};

/// How long what ends by itself is given to do so.
const PATIENCE: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_millis(10);
/// Linux has had this size on every machine with 64 bits that we run on; it only scales what is compared.
const PAGE: u64 = 4096;

/// How many threads there are.
pub(super) fn threads() -> usize {
    count("/proc/self/task")
}

/// How many files and sockets are open.
pub(super) fn descriptors() -> usize {
    count("/proc/self/fd")
}

/// How many bytes are in memory.
pub(super) fn memory() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_u64) * PAGE
}

fn count(folder: &str) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

/// Waits until something holds, if it ever does; says whether.
pub(super) fn soon(holds: impl Fn() -> bool) -> bool {
    let steps = PATIENCE.as_millis() / STEP.as_millis();
    (0..steps).any(|_| {
        let is_so = holds();
        if !is_so {
            thread::park_timeout(STEP);
        }
        is_so
    })
}

/// Gives what comes late the time to come.
pub(super) fn settle() {
    (0..20).for_each(|_| thread::park_timeout(STEP));
}
