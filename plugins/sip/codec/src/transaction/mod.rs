//! Non-INVITE transactions, without sockets and without a clock (RFC 3261 §17, RFC 4320).
//!
//! `now` is an argument everywhere, so hours of retransmissions run in microseconds of a test. All
//! timers have constant durations, so each is a first-in first-out queue and nothing is sorted.
//!
//! | type | role | timers |
//! |---|---|---|
//! | [`ServerTransactions`] | absorbs retransmitted requests, repeats answers, finds merged requests | J, and RFC 4320's |
//! | [`ClientTransactions`] | retransmits requests, finds the request of a response | E, F, K |

mod branch;
mod client;
mod due;
mod key;
mod server;
mod timers;

pub use self::{
    branch::Branch,
    client::{ClientEvent, ClientTransactions, Received, Sending},
    key::{TransactionKey, TransactionKeys},
    server::{FinalAnswer, LateResponse, Receipt, ServerEvent, ServerTransactions},
    timers::{Timers, TimersError},
};

/// Says whether a transport retransmits by itself.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 3261 §17 knows these two")]
pub enum Reliability {
    /// TCP and all that runs over it.
    Reliable,
    /// UDP.
    Unreliable,
}
