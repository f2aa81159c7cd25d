//! The project's own commands: `cargo demo` and `cargo verify`.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a command line tool"
)]

mod demo;
mod step;
mod verify;

use std::process::ExitCode;

const USAGE: &str = "\
cargo demo [--once]   builds all and shows one conversation between a SIP and an XMPP user
cargo verify          installs the real peers, builds, lints and runs every test
cargo bench           times the hot paths; tests/bench compares the gateway with Kamailio";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let verb = arguments.next();
    let rest: Vec<_> = arguments.collect();
    let result = match verb.as_deref() {
        Some("demo") => demo::run(&rest),
        Some("verify") if rest.is_empty() => verify::run(),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
