//! Libraries that are damaged anywhere: refused in a line, or taken; never the end of who opens them.

use std::{fs, path::Path, process::Command};

use rand::{Rng, SeedableRng, rngs::StdRng};
use rialto_loader::Library;

use crate::support::*;

/// Damaged libraries for each part of the file.
const EACH: u64 = 150;

/// What is said when all were opened.
const ALL: &str = "all were opened";

/// Where the headers of a file are: its own, those of its segments, and the dynamic section with what it leads to.
const HEADERS: usize = 64 + 14 * 56;

fn damaged(whole: &[u8], seed: u64) -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut bytes = whole.to_vec();
    let within = match seed % 3 {
        0 => 16..HEADERS,              // what the system's loader maps
        1 => HEADERS..whole.len() / 2, // symbols, relocations
        _ => 0..whole.len(),
    };
    for _ in 0..random.random_range(1..4) {
        bytes[random.random_range(within.clone())] = random.random();
    }
    bytes
}

#[test]
fn library_with_bytes_changed_anywhere_never_ends_who_opens_it() {
    let program = std::env::current_exe().unwrap();
    let opened = Command::new(program)
        .args(["broken::opener", "--exact", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    // Whatever its end is: destructors of what is damaged run then.
    let words = String::from_utf8_lossy(&opened.stdout);
    let errors = String::from_utf8_lossy(&opened.stderr);
    assert!(words.contains(ALL), "{:?}: {words}{errors}", opened.status);
}

#[test]
#[ignore = "opens damaged libraries, started by the test above"]
fn opener() {
    let whole = fs::read(echo_c_plugin()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let refused = (0..EACH * 3).filter(|seed| {
        let path = folder.path().join(format!("lib{seed}.so"));
        fs::write(&path, damaged(&whole, *seed)).unwrap();
        is_refused_in_a_line(&path)
    });
    let refused = refused.count();
    assert!(
        refused > 50,
        "only {refused} were refused: nothing was damaged"
    );
    println!("{ALL}");
}

fn is_refused_in_a_line(path: &Path) -> bool {
    let Err(error) = Library::open(path) else {
        return false;
    };
    let words = error.to_string();
    assert!(!words.contains('\n') && words.len() < 2000, "{words}");
    true
}
