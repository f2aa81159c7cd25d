//! The project's own plugins keep the contract, as `rialto plugin test` tries it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rialto_tests::gateway;
use serde_json::Value;
use tempfile::TempDir;

/// Peers that are not there: what a plugin says of them must be as truthful as all else.
const SIP: [&str; 2] = [
    "listen=[\"udp:127.0.0.1:0\", \"tcp:127.0.0.1:0\"]",
    "outbound=[\"tcp:127.0.0.1:1\"]",
];
const XMPP: [&str; 4] = [
    "endpoint=127.0.0.1:1",
    "domain=relay.example",
    "secret=x",
    "server=xmpp.example",
];
const EMAIL: [&str; 4] = [
    "hostname=gateway.relay.example",
    "listen=[\"lmtp:127.0.0.1:0\"]",
    "domains=[\"relay.example\"]",
    "outgoing={ smart_host = \"127.0.0.1:1\" }",
];

const PAGER: [&str; 4] = [
    "endpoint=127.0.0.1:1",
    "domain=pager.example",
    "system=rialto",
    "secret=x",
];

#[test]
fn sip_plugin_keeps_the_contract() {
    keeps_the_contract(&gateway::plugins().join("librialto_sip.so"), &SIP);
}

#[test]
fn xmpp_plugin_keeps_the_contract() {
    keeps_the_contract(&gateway::plugins().join("librialto_xmpp.so"), &XMPP);
}

#[test]
fn email_plugin_keeps_the_contract() {
    keeps_the_contract(&gateway::plugins().join("librialto_email.so"), &EMAIL);
}

#[test]
fn plugin_in_c_to_copy_keeps_the_contract() {
    let folder = TempDir::new().unwrap();
    make("echo-plugin-c", &folder);
    keeps_the_contract(&folder.path().join("libecho_c.so"), &[]);
}

#[test]
fn plugin_of_a_vendor_keeps_the_contract() {
    let folder = TempDir::new().unwrap();
    make("pager-c", &folder);
    keeps_the_contract(&folder.path().join("libpager.so"), &PAGER);
}

#[test]
fn plugin_in_rust_to_copy_keeps_the_contract() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/echo-plugin");
    cargo("build", &folder);
    let library = target().join("debug/libecho_plugin.so");
    keeps_the_contract(&library, &["prefix=x"]);
}

#[test]
fn new_plugin_in_rust_passes_its_tests_and_keeps_the_contract() {
    let folder = TempDir::new().unwrap();
    let plugin = begun("config", "rust", &folder);
    cargo("test", &plugin);
    cargo("build", &plugin);
    let library = target().join("debug/librialto_config.so");
    keeps_the_contract(&library, &["prefix=x"]);
}

#[test]
fn new_plugin_in_c_keeps_the_contract() {
    let folder = TempDir::new().unwrap();
    let plugin = begun("my-net", "c", &folder);
    let mut make = Command::new("make");
    succeeds(
        make.arg("CFLAGS=-Wall -Wextra -Werror")
            .current_dir(&plugin),
    );
    keeps_the_contract(&plugin.join("librialto_my_net.so"), &[]);
}

#[test]
fn new_plugin_overwrites_nothing() {
    let folder = TempDir::new().unwrap();
    let plugin = begun("my-net", "c", &folder);
    fs::write(plugin.join("plugin.c"), "mine").unwrap();
    let mut again = Command::new(gateway::binary());
    again
        .args(["plugin", "new", "my-net"])
        .current_dir(folder.path());
    assert!(!again.output().unwrap().status.success());
    assert_eq!(fs::read_to_string(plugin.join("plugin.c")).unwrap(), "mine");
}

#[test]
fn info_says_all_that_a_plugin_says_of_itself() {
    let info = |more: &[&str]| {
        let mut rialto = Command::new(gateway::binary());
        rialto.args(["plugin", "info"]).args(more);
        let output = rialto
            .arg(gateway::plugins().join("librialto_email.so"))
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let text = info(&[]);
    for fact in [
        "MIT OR Apache-2.0",
        "mailto",
        "messages, dispositions",
        "mx 25",
        "Rust",
    ] {
        assert!(text.contains(fact), "{fact}: {text}");
    }
    let json: Value = serde_json::from_str(&info(&["--json"])).unwrap();
    assert_eq!(json["licence"], "MIT OR Apache-2.0");
    assert_eq!(json["schemes"][0], "mailto");
}

/// Builds an example in C into a folder.
fn make(example: &str, folder: &TempDir) {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let makefile = examples
        .join(example)
        .join("Makefile")
        .canonicalize()
        .unwrap();
    let mut make = Command::new("make");
    succeeds(make.current_dir(folder.path()).arg("-f").arg(makefile));
}

/// Begins a plugin in an empty folder.
fn begun(name: &str, language: &str, folder: &TempDir) -> PathBuf {
    let mut rialto = Command::new(gateway::binary());
    rialto.args(["plugin", "new", name, "--lang", language]);
    succeeds(rialto.current_dir(folder.path()));
    folder.path().join(name)
}

/// Without the network, and in the folder of this build, which has most of it already.
fn cargo(verb: &str, plugin: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(plugin)
        .args([verb, "--offline", "--quiet", "--target-dir"])
        .arg(target());
    // As all tests build plugins: otherwise they would build them by turns, one over the other.
    succeeds(cargo.env("CARGO_PROFILE_DEV_DEBUG", "0"));
}

fn target() -> PathBuf {
    gateway::built().with_file_name("")
}

fn succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {words}");
}

/// Tries it as an author would, and looks at both reports.
fn keeps_the_contract(library: &Path, settings: &[&str]) {
    let folder = TempDir::new().unwrap();
    let junit = folder.path().join("report.xml");
    let mut command = Command::new(gateway::binary());
    command
        .args(["plugin", "test", "--json", "--junit"])
        .arg(&junit)
        .arg(library);
    for setting in settings {
        command.args(["--set", setting]);
    }
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let failed: Vec<_> = report["clauses"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|clause| clause["verdict"] == "fail")
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(report["passed"], true);
    assert!(output.status.success());
    assert!(
        fs::read_to_string(junit)
            .unwrap()
            .contains("failures=\"0\"")
    );
}
