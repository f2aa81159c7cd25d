//! What adapters do and do wrong, in this process.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

#[path = "../battery/mod.rs"]
mod battery;
mod broken;
#[path = "../support/mod.rs"]
mod support;

use std::fs;

use rialto_loader::Library;
use support::*;

/// Where this battery runs its adapters.
fn isolation() -> Option<rialto_loader::Isolation> {
    None
}

#[test]
fn file_that_takes_the_place_of_an_open_library_is_refused_and_under_its_own_name_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("libc.so");
    fs::copy(c_plugin("first", ""), &path).unwrap();
    let first = Library::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let second = c_plugin("second", "#define LOOKUPS \"unaddressed\"");
    fs::copy(&second, &path).unwrap();
    let words = Library::open(&path).unwrap_err().to_string();
    assert!(
        words.ends_with(
            ": the file was replaced after it was opened, and what is open stays; restart the gateway, or \
             give the new file another name"
        ),
        "{words}"
    );
    let renamed = folder.path().join("libc2.so");
    fs::rename(&path, &renamed).unwrap();
    let second = Library::open(&renamed).unwrap();
    assert_ne!(first.manifest(), second.manifest());
}

#[tokio::test]
async fn plugin_that_answers_inside_the_call_has_answered_when_the_call_returns() {
    let gateway = Recorder::new();
    let adapter = faulty("none", &gateway).await;
    let _answered = adapter.deliver_with(operation("x"), 41);
    assert_eq!(gateway.seen().responded.len(), 1);
    assert_eq!(adapter.process(), None);
}
