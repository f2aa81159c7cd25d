//! Adapters of a running gateway, as an operator stops, starts and replaces them: in the gateway's process, and in their own.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, path::Path, process::Command};

mod support;

use support::{Place, Running, UNAVAILABLE};

const SEND: [&str; 4] = [
    "send",
    "im:operator@relay.example",
    "im:bob@far.example",
    "hello",
];

/// A plugin that answers each message with success; replaces what is there by renaming.
fn build(folder: &Path, version: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let base = root.join("core/loader/tests/c/base.h");
    let (source, building) = (folder.join("plugin.c"), folder.join("building.so"));
    fs::write(
        &source,
        format!("#define VERSION {version:?}\n#include {base:?}\n"),
    )
    .unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-O1", "-shared", "-fPIC", "-I"]);
    cc.arg(root.join("sdk/include")).arg("-o").arg(&building);
    let output = cc.arg(&source).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    fs::rename(building, folder.join("libc.so")).unwrap();
}

fn place(isolation: &str) -> Place {
    let place = Place::with("relay_domains = [\"relay.example\"]\n");
    build(place.folder(), "1");
    let library = place.folder().join("libc.so");
    let more = format!(
        "[adapters.c]\nplugin = {library:?}\nisolation = \"{isolation}\"\n\
         [[routes]]\ndomain = \"far.example\"\nadapter = \"c\"\n"
    );
    let file = place.folder().join("rialto.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, text + &more).unwrap();
    place
}

fn is_up_with(place: &Place, version: &str) {
    let (_, printed, _) = place.run(&["adapters"]);
    assert!(
        printed.starts_with(&format!("c: up\n  c {version}, ")),
        "{printed}"
    );
    assert_eq!(place.run(&SEND).0, Some(0));
}

fn lives(isolation: &str) {
    let place = place(isolation);
    let (mut running, _log) = Running::start(&place);
    is_up_with(&place, "1");

    assert_eq!(place.run(&["adapters", "drain", "c"]).0, Some(0));
    let (_, printed, _) = place.run(&["adapters", "--json"]);
    assert!(printed.contains(r#""state":"stopped""#), "{printed}");
    let (code, _, problem) = place.run(&SEND);
    assert_eq!(code, Some(1));
    assert!(problem.starts_with("Unreachable"), "{problem}");
    let (_, printed, _) = place.run(&["status"]);
    assert!(printed.contains("not ready: the adapter c"), "{printed}");

    assert_eq!(place.run(&["adapters", "start", "c"]).0, Some(0));
    is_up_with(&place, "1");
    assert_eq!(place.run(&["adapters", "restart", "c"]).0, Some(0));
    is_up_with(&place, "1");

    build(place.folder(), "2");
    assert_eq!(place.run(&["plugins", "upgrade", "c"]).0, Some(0));
    is_up_with(&place, "2");
    let (code, _, problem) = place.run(&["plugins", "upgrade", "c", "/none"]);
    assert_eq!(code, Some(UNAVAILABLE));
    assert!(problem.contains("/none: cannot be read"), "{problem}");
    is_up_with(&place, "2");
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn adapter_is_stopped_started_and_replaced_while_the_gateway_runs() {
    lives("none");
}

#[test]
fn adapter_in_a_process_of_its_own_is_stopped_started_and_replaced_too() {
    lives("process");
}
