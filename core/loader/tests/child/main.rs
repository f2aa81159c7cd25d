//! What adapters do and do wrong, in processes of their own: the same, word for word, and what only a process survives.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

#[path = "../battery/mod.rs"]
mod battery;
mod damage;
mod faults;
mod liars;
mod libraries;
mod sandbox;
mod settling;
mod succession;
#[path = "../support/mod.rs"]
mod support;

/// Where this battery runs its adapters.
fn isolation() -> Option<rialto_loader::Isolation> {
    Some(support::own_process())
}

#[test]
fn operations_and_answers_that_the_fuzzer_begins_with_are_frames_as_they_are_now() {
    for seed in [
        "answers.frames",
        "disposition.frame",
        "message.frame",
        "presence.frames",
    ] {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz/corpus/child");
        let bytes = std::fs::read(std::path::Path::new(folder).join(seed)).unwrap();
        let read = rialto_loader::child::read_frames(&bytes);
        assert!(read > 0 && read == frames(&bytes), "{seed}");
    }
}

/// How many there are, by their lengths.
fn frames(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some((len, _)) = bytes.split_first_chunk() {
        bytes = &bytes[u32::from_le_bytes(*len) as usize..];
        count += 1;
    }
    count
}
