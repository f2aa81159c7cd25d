//! The gateway: configuration, command line, wiring.

fn main() {}
