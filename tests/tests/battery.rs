//! The project's own plugins keep the contract, as `rialto plugin test` tries it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::{fs, path::Path, process::Command};

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
    let makefile = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/echo-plugin-c/Makefile");
    let mut make = Command::new("make");
    make.current_dir(folder.path())
        .arg("-f")
        .arg(makefile.canonicalize().unwrap());
    assert!(make.output().unwrap().status.success());
    keeps_the_contract(&folder.path().join("libecho_c.so"), &[]);
}

#[test]
fn plugin_in_rust_to_copy_keeps_the_contract() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/echo-plugin");
    // The folder of this build has most of it already.
    let target = gateway::built().with_file_name("");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(folder)
        .args(["build", "--offline", "--quiet", "--target-dir"])
        .arg(&target);
    let output = cargo.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    keeps_the_contract(&target.join("debug/libecho_plugin.so"), &["prefix=x"]);
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
