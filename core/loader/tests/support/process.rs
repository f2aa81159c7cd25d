//! This program again, as the process of an adapter.

use rialto_loader::{Isolation, Program};

/// Runs an adapter in this program.
pub fn own_process() -> Isolation {
    let arguments = [
        "support::process::adapter",
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    Isolation::new(Program::own(arguments))
}

#[test]
#[ignore = "is started by other tests, as the process of an adapter"]
fn adapter() {
    if let Err(why) = rialto_loader::child::run() {
        eprintln!("{why}");
    }
}
