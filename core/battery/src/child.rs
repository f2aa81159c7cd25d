//! In the process that tries a clause.

use std::{
    io::{self, Read, Write},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::{clause::Clause, subject::Subject, verdict::Verdict};

/// A text that stands in no log unless a plugin writes the text of messages there.
pub(crate) const TEXT: &str = "fuchsia-otter-telegram";
/// What the line begins with that says what came of it; plugins may write to the same stream.
pub(crate) const MARK: &str = "rialto-battery-verdict:";
/// The longest task that is read.
const MAX_TASK: u64 = 1 << 20;

/// What a process is to do, as its standard input says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) library: PathBuf,
    pub(crate) config: Map<String, Value>,
    pub(crate) clause: String,
}

/// Why a process of the battery can do nothing: it was not started by one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChildError {
    /// Its standard input is of no use.
    #[error("this verb is for the battery, which says what to try: {0}")]
    NoTask(io::Error),
    /// Nobody hears what came of it.
    #[error("the verdict cannot be said: {0}")]
    NoListener(io::Error),
}

/// Tries the clause that the standard input names, and says what came of it.
pub fn run() -> Result<(), ChildError> {
    let mut text = String::new();
    let read = io::stdin().lock().take(MAX_TASK).read_to_string(&mut text);
    read.map_err(ChildError::NoTask)?;
    let task: Task =
        serde_json::from_str(&text).map_err(|error| ChildError::NoTask(error.into()))?;
    let verdict = match Clause::find(&task.clause) {
        Some(clause) => (clause.case)(&Subject {
            path: task.library,
            config: task.config,
        }),
        None => Verdict::Skip("this program knows no such clause".into()),
    };
    say(&verdict).map_err(ChildError::NoListener)
}

fn say(verdict: &Verdict) -> io::Result<()> {
    let mut out = io::stdout().lock();
    // On a line of its own, whatever a plugin has left there.
    writeln!(out, "\n{MARK}{}", serde_json::to_string(verdict)?)?;
    out.flush()
}
