//! Both sides of the contract: owned data, calls that are answered once, lent buffers.
//!
//! | module | for whom | what |
//! |---|---|---|
//! | [`operation`], [`response`] | both | the model's types as borrowed C data, and back, checked |
//! | [`calls`] | the caller | tickets: a call waits until it is answered, cancelled or too old |
//! | [`answer`] | the callee | the duty to answer once, whatever happens |
//! | [`Legacy`] | both | a connection that one version of an adapter leaves to the next |
//! | [`read`] | both | slices and structs of the other side |
//!
//! All that trusts a foreign pointer is in [`read`], [`operation`], [`response`] and [`Legacy`].

#![warn(missing_docs)]

pub mod answer;
pub mod calls;
pub mod durations;
mod legacy;
pub mod operation;
mod outcome;
pub mod read;
pub mod response;

pub use answer::{Answer, Receipt};
pub use calls::{Pending, Ticket};
pub use legacy::Legacy;
pub use outcome::Outcome;
pub use read::Malformed;
