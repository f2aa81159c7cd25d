//! `cargo verify`: everything that must hold, in the order in which it fails soonest.

use std::{process::Command, time::Instant};

use crate::step;

/// Seconds for each fuzz target.
const FUZZ_SECONDS: &str = "10";

pub(crate) fn run() -> Result<(), String> {
    let mut times = Vec::new();
    for (name, command) in steps() {
        println!("\n== {name}: {}", step::display(&command));
        #[expect(clippy::disallowed_methods, reason = "tells how long a step took")]
        let start = Instant::now();
        step::run(command)?;
        times.push((name, start.elapsed().as_secs()));
    }
    println!("\nverified:");
    for (name, seconds) in times {
        println!("  {seconds:>5} s  {name}");
    }
    Ok(())
}

fn steps() -> Vec<(&'static str, Command)> {
    vec![
        ("format", step::cargo(&["fmt", "--all", "--check"])),
        ("peers", script("tests/install-peers.sh", &[])),
        ("lints", lints()),
        ("fuzz targets' lints", fuzz_lints()),
        (
            "build",
            step::cargo(&["build", "--workspace", "--all-targets", "--locked"]),
        ),
        ("tests", tests()),
        (
            "documentation's examples",
            step::cargo(&["test", "--workspace", "--doc", "--locked"]),
        ),
        ("example's tests", example()),
        ("documentation", documentation()),
        ("demo", demo()),
        ("pointers, by Miri", script("tests/miri.sh", &[])),
        ("fuzzing", script("tests/fuzz/run.sh", &[FUZZ_SECONDS])),
    ]
}

fn lints() -> Command {
    step::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ])
}

/// The fuzz targets are no members of the workspace, and are run last: what no longer compiles is told before that.
fn fuzz_lints() -> Command {
    let mut clippy = apart("clippy", "tests/fuzz/Cargo.toml");
    clippy.args(["--", "-D", "warnings"]);
    clippy
}

/// The plugin to copy is no member of the workspace.
fn example() -> Command {
    let mut test = apart("test", "examples/echo-plugin/Cargo.toml");
    // As the tests have built it before.
    test.env("CARGO_PROFILE_DEV_DEBUG", "0");
    test
}

/// A verb for a crate that is no member, in the folder of this build, which has most of what it needs.
fn apart(verb: &str, manifest: &str) -> Command {
    let mut cargo = step::cargo(&[
        verb,
        "--locked",
        "--manifest-path",
        manifest,
        "--target-dir",
    ]);
    cargo.arg(step::target());
    cargo
}

/// nextest where it is installed: it runs the tests of all crates side by side.
fn tests() -> Command {
    let nextest = step::cargo(&["nextest", "--version"]).output();
    if nextest.is_ok_and(|output| output.status.success()) {
        step::cargo(&["nextest", "run", "--workspace", "--locked"])
    } else {
        step::cargo(&["test", "--workspace", "--locked", "--no-fail-fast"])
    }
}

fn documentation() -> Command {
    let mut doc = step::cargo(&[
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--locked",
    ]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    doc
}

fn demo() -> Command {
    let mut demo = step::cargo(&["demo", "--once"]);
    demo.env("RIALTO_DEMO_PROFILE", "dev");
    demo
}

fn script(path: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("bash");
    command
        .arg(step::root().join(path))
        .args(arguments)
        .current_dir(step::root());
    command
}
