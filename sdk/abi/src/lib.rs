//! The contract between gateway and plugin: C data and C function tables, nothing else.
//!
//! * **Borrowed.** Every pointer handed to a call is valid until that call returns, no longer. The callee copies what
//!   it keeps, or retains a lent buffer ([`Operation::retain`]). Nobody frees what the other side allocated.
//! * **Answered once.** Whoever receives a [`Completion`] calls it exactly once: before returning (the fast path) or
//!   later, from any thread. A second call is harmless and returns [`STALE`].
//! * **Grown at the end.** Each struct starts with its size as its author knew it; a reader takes the common prefix
//!   and treats the rest as zero. Anything else is a new [`CONTRACT`].
//! * **Numbers.** Kinds are numbers, so that an unknown one can be refused instead of being undefined.
//! * **No unwinding.** No panic and no exception may leave a function of these tables.
//!
//! `sdk/include/rialto.h` is written from this source: `cargo run -p rialto-abi --example header`.

#![warn(missing_docs)]

mod data;
mod host;
mod layout;
mod numbers;
mod plugin;
pub mod rust;

pub use data::{Bytes, Completion, ContentHeader, Header, Operation, Presence, Response};
pub use host::{Host, LogField, LogRecord};
pub use layout::{Field, LAYOUT};
pub use numbers::*;
pub use plugin::{Claim, ClaimSink, Legacy, Plugin, Start, Stop};
