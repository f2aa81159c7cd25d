//! What adapters do and do wrong, in processes of their own: the same, word for word, and what only a process survives.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

#[path = "../battery/mod.rs"]
mod battery;
mod faults;
mod liars;
mod sandbox;
mod settling;
#[path = "../support/mod.rs"]
mod support;

/// Where this battery runs its adapters.
fn isolation() -> Option<rialto_loader::Isolation> {
    Some(support::own_process())
}
