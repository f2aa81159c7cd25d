//! cargo demo and cargo verify.

fn main() {}
