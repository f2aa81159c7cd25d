//! Who owns which memory across the boundary, watched by valgrind.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may"
)]

mod lives;
mod pager;
mod planted;
#[path = "../support/mod.rs"]
mod support;

use std::{fs, path::Path, process::Command};

/// Where the tests here run their adapters: in the process that is watched.
fn isolation() -> Option<rialto_loader::Isolation> {
    None
}

/// What is never freed on purpose.
const SUPPRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/memory/kept.supp");

/// Runs tests of this program under valgrind: what it says, unless it is not there.
fn watched(tests: &[&str]) -> Option<String> {
    if !Path::new("/usr/bin/valgrind").exists() {
        let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(
            !ci,
            "valgrind is missing; tests/install-peers.sh installs it"
        );
        eprintln!("skipped: valgrind is not there");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let run = Command::new("valgrind")
        .args(["--leak-check=full", "--show-leak-kinds=definite"])
        .args(["--errors-for-leak-kinds=definite", "--num-callers=30"])
        .args(["--child-silent-after-fork=yes", "--fair-sched=yes"])
        .arg(format!("--suppressions={SUPPRESSIONS}"))
        .arg(format!("--log-file={}", log.display()))
        .arg(std::env::current_exe().unwrap())
        .args(tests)
        .arg("--test-threads=1")
        .output()
        .unwrap();
    let (words, found) = (
        String::from_utf8_lossy(&run.stdout),
        fs::read_to_string(log).unwrap(),
    );
    assert!(run.status.success(), "{words}\n{found}");
    assert!(!words.contains("running 0 tests"), "{words}");
    Some(found)
}

#[test]
fn adapters_in_rust_and_c_leak_nothing_and_touch_nothing_that_is_not_theirs() {
    if let Some(found) = watched(&["lives::", "pager::"]) {
        assert!(found.contains("ERROR SUMMARY: 0 errors"), "{found}");
    }
}

#[test]
fn plugin_that_leaks_and_reads_what_is_lent_too_late_is_found() {
    if let Some(found) = watched(&["planted::", "--ignored"]) {
        assert!(found.contains("definitely lost"), "{found}");
        assert!(found.contains("Invalid read"), "{found}");
        assert!(found.contains("planted_fault"), "{found}");
    }
}
