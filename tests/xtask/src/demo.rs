//! `cargo demo`: builds all, then hands over to the demo program.

use std::{os::unix::process::CommandExt, process::Command};

use crate::step;

/// Arguments go to the demo: `--once` ends it after the conversation.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    // Optimised, as an operator would run it; verify has a build of the other kind already.
    let (profile, folder) = match std::env::var_os("RIALTO_DEMO_PROFILE") {
        Some(profile) if profile == "dev" => ("dev", "debug"),
        _ => ("release", "release"),
    };
    let packages = [
        "-p",
        "rialto",
        "-p",
        "rialto-sip",
        "-p",
        "rialto-xmpp",
        "-p",
        "rialto-email",
        "-p",
        "rialto-demo",
    ];
    let mut build = step::cargo(&["build", "--locked", "--profile", profile]);
    build.args(packages);
    step::run(build)?;

    let built = step::target().join(folder);
    let mut demo = Command::new(built.join("rialto-demo"));
    demo.args(arguments)
        .env("RIALTO_BIN", built.join("rialto"))
        .env("RIALTO_PLUGINS", &built);
    // In our place, so that a signal for us is one for the demo.
    Err(format!(
        "`{}` cannot be started: {}",
        step::display(&demo),
        demo.exec()
    ))
}
