//! Tries whether a plugin keeps the contract, whatever it is written in.
//!
//! The contract is a list of numbered [`Clause`]s (`rialto_sdk::guide::contract` has it with reasons). [`Battery`] tries them one by one, each in a
//! process of its own, so that a plugin that crashes, hangs or ends the process fails a clause, and not the battery. [`Report`] says what came of it,
//! to people, as JSON, or as JUnit's XML.
//!
//! | module | where it runs | what |
//! |---|---|---|
//! | `battery`, `process` | in the program that tries | starts a process for each clause, with a limit |
//! | [`child`], `cases` | in that process | plays a gateway with the plugin's bare functions |
//!
//! A program that has a [`Battery`] must call [`child::run`] when it is started with the arguments that it gave it.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod battery;
mod cases;
pub mod child;
mod clause;
mod listing;
mod process;
mod report;
mod subject;
mod verdict;

pub use battery::Battery;
pub use clause::{CLAUSES, Clause, Level};
pub use listing::Listing;
pub use process::Program;
pub use report::Report;
pub use verdict::{Tried, Verdict};
