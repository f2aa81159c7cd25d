//! What an operator may order.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What is to be done with an adapter.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// Let what it has been handed end, for a while, and stop it.
    Drain,
    /// Stop it.
    Stop,
    /// Start it, if it does not run.
    Start,
    /// Drain it, and start it.
    Restart,
    /// Put another version of its plugin in its place: the file that is named, or the one that is now where the old one was.
    Upgrade(Option<PathBuf>),
}
