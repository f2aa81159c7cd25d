//! Configurations that are damaged anywhere: taken, or refused with the places; never the end of who reads them.

use std::fs;

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::Folder;

const WHOLE: &str = include_str!("../../../../../examples/config/full.toml");
const DAMAGED: u64 = 3000;

/// Lines lost, doubled and swapped, values exchanged for others, bytes changed.
fn damaged(seed: u64) -> Vec<u8> {
    const VALUES: &[&str] = &[
        "-1",
        "0",
        "18446744073709551615",
        "1e400",
        "nan",
        "\"\"",
        "\"\u{1F4A3}\"",
        "\"9999999999999999d\"",
        "\"-1s\"",
        "\"im:\"",
        "[]",
        "[[]]",
        "[1, \"a\"]",
        "{}",
        "{ a = { a = 1 } }",
        "true",
        "1979-05-27",
        "\"/\"",
        "\"..\"",
    ];
    let mut random = StdRng::seed_from_u64(seed);
    let mut lines: Vec<String> = WHOLE.lines().map(str::to_owned).collect();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..lines.len());
        let other = random.random_range(0..lines.len());
        match random.random_range(0..4) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[other].clone()),
            2 => lines.swap(at, other),
            _ => {
                if let Some((key, _)) = lines[at].split_once('=') {
                    let value = VALUES.choose(&mut random).unwrap();
                    lines[at] = format!("{key}= {value}");
                }
            }
        }
    }
    let mut bytes = lines.join("\n").into_bytes();
    if random.random_range(0..4) == 0 {
        let at = random.random_range(0..bytes.len());
        bytes[at] = random.random();
    }
    bytes
}

#[test]
fn damaged_configuration_is_taken_or_refused_with_the_places() {
    let folder = Folder::with("");
    let mut taken = 0;
    for seed in 0..DAMAGED {
        fs::write(folder.file(), damaged(seed)).unwrap();
        match folder.read(&[]) {
            Ok(_) => taken += 1,
            Err(errors) => {
                assert!(!errors.0.is_empty(), "seed {seed}");
                for error in errors.0 {
                    assert!(error.place.is_some(), "seed {seed}: {error}");
                }
            }
        }
    }
    assert!(
        (100..DAMAGED - 100).contains(&taken),
        "{taken} were taken: the damage is of one kind only"
    );
}
