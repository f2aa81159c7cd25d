//! Adapters of a running gateway, as an operator stops, starts and replaces them: in the gateway's process, and in their own.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, path::Path, process::Command};

mod support;

use support::{CONFIG, Place, Running, UNAVAILABLE};

const SEND: [&str; 4] = [
    "send",
    "im:operator@relay.example",
    "im:bob@far.example",
    "hello",
];

/// Has a port to itself, which it does not open.
const CLAIMS: &str = r#"
    #include "rialto.h"
    static inline void claims(RialtoBytes config, const RialtoClaimSink *sink, RialtoCompletion done) {
        RialtoClaim claim = { .size = sizeof claim, .kind = RIALTO_CLAIM_UDP,
            .value = { (const uint8_t *)"127.0.0.1:5060", 14 } };
        RialtoResponse yes = { .size = sizeof yes };
        (void)config;
        sink->claim(sink->ctx, &claim);
        done.complete(done.ticket, &yes);
    }
    #define CLAIMS claims
"#;
/// And does not start.
const FAILS: &str = r#"
    static inline void *fails(const RialtoStart *start, RialtoCompletion done) {
        RialtoResponse no = { .size = sizeof no, .status = RIALTO_FAILURE, .reason = RIALTO_REASON_UNREACHABLE };
        (void)start;
        done.complete(done.ticket, &no);
        return 0;
    }
    #define START fails
"#;

/// A plugin that answers each message with success; replaces what is there by renaming.
fn build(folder: &Path, version: &str, code: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let base = root.join("core/loader/tests/c/base.h");
    let (source, building) = (folder.join("plugin.c"), folder.join("building.so"));
    fs::write(
        &source,
        format!("#define VERSION {version:?}\n{code}\n#include {base:?}\n"),
    )
    .unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-O1", "-shared", "-fPIC", "-I"]);
    cc.arg(root.join("sdk/include")).arg("-o").arg(&building);
    let output = cc.arg(&source).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    fs::rename(building, folder.join("libc.so")).unwrap();
}

fn place(isolation: &str, code: &str) -> Place {
    let place = Place::with("relay_domains = [\"relay.example\"]\n");
    build(place.folder(), "1", code);
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
    let place = place(isolation, "");
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

    build(place.folder(), "2", "");
    assert_eq!(place.run(&["plugins", "upgrade", "c"]).0, Some(0));
    is_up_with(&place, "2");
    let (code, _, problem) = place.run(&["plugins", "upgrade", "c", "/none"]);
    assert_eq!(code, Some(UNAVAILABLE));
    assert!(problem.contains("/none: cannot be read"), "{problem}");
    is_up_with(&place, "2");
    assert_eq!(running.terminate(), Some(0));
}

/// The new version comes to the old one's place, takes its port, and cannot start.
fn gives_way_again(isolation: &str) {
    let place = place(isolation, CLAIMS);
    let (mut running, _log) = Running::start(&place);
    is_up_with(&place, "1");
    build(place.folder(), "2", &format!("{CLAIMS}{FAILS}"));
    let (code, _, problem) = place.run(&["plugins", "upgrade", "c"]);
    assert_eq!(code, Some(UNAVAILABLE));
    assert!(problem.contains("the old version runs again"), "{problem}");
    is_up_with(&place, "1");
    assert_eq!(running.terminate(), Some(0));
}

#[test]
fn version_that_fails_gives_way_to_the_old_one_although_its_file_is_gone() {
    gives_way_again("none");
}

#[test]
fn version_that_fails_in_a_process_gives_way_to_the_old_one_although_its_file_is_gone() {
    gives_way_again("process");
}

#[test]
fn adapter_is_stopped_started_and_replaced_while_the_gateway_runs() {
    lives("none");
}

#[test]
fn adapter_in_a_process_of_its_own_is_stopped_started_and_replaced_too() {
    lives("process");
}

/// Two adapters, and a canary for the first.
fn check_of_canary(to: &str) -> (Option<i32>, String) {
    let place = place("none", "");
    let file = place.folder().join("rialto.toml");
    let library = place.folder().join("libc.so");
    let more = format!(
        "[adapters.c.watch]\ncanary_from = \"im:canary@relay.example\"\ncanary_to = \"{to}\"\n\
         [adapters.d]\nplugin = {library:?}\n[[routes]]\ndomain = \"other.example\"\nadapter = \"d\"\n"
    );
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, text + &more).unwrap();
    let (code, _, problem) = place.run(&["check"]);
    (code, problem)
}

#[test]
fn canary_that_could_never_tell_anything_of_its_adapter_is_found_by_check() {
    assert_eq!(check_of_canary("im:canary@far.example").0, Some(0));
    for (to, why) in [
        (
            "im:canary@other.example",
            "the canary goes by adapter d, and tells nothing of this one",
        ),
        ("im:canary@nowhere.example", "the canary never arrives"),
    ] {
        let (code, problem) = check_of_canary(to);
        assert_eq!(code, Some(CONFIG), "{problem}");
        let key = "`adapters.c.watch.canary_to`: ";
        assert!(problem.contains(&format!("{key}{why}")), "{problem}");
    }
}
