//! The codec from outside: what goes in, what comes out.

#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "all of this is test; clippy knows only the functions that are marked so"
)]

mod corpora;
mod handshake;
mod hostile;
mod limits;
mod payloads;
mod round_trip;
mod stanzas;
mod support;
