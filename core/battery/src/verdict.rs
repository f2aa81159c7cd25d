//! What came of trying a clause.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Clause;

/// What came of trying a clause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", content = "why", rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows verdicts must show each"
)]
pub enum Verdict {
    /// It holds, as far as it was tried.
    Pass,
    /// It does not hold; says what was seen.
    Fail(String),
    /// It could not be tried; says why.
    Skip(String),
}

/// A clause that was tried.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tried {
    /// Which.
    pub clause: &'static Clause,
    /// What came of it.
    pub verdict: Verdict,
    /// How long it took.
    pub time: Duration,
}

/// Ends a case before all of it was tried.
pub(crate) type Case = Result<(), Verdict>;

/// Fails a case.
pub(crate) fn fail<T>(why: impl Into<String>) -> Result<T, Verdict> {
    Err(Verdict::Fail(why.into()))
}

/// Leaves a case.
pub(crate) fn skip<T>(why: impl Into<String>) -> Result<T, Verdict> {
    Err(Verdict::Skip(why.into()))
}

/// What a case has come to.
pub(crate) fn case(run: impl FnOnce() -> Case) -> Verdict {
    run().err().unwrap_or(Verdict::Pass)
}
