//! All clauses, one after the other.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::{Map, Value};

use crate::{
    CLAUSES, Clause, Report,
    child::Task,
    process::{LIMIT, Program},
    verdict::{Tried, Verdict},
};

/// After so many clauses over which the plugin hangs, the others are not tried: each would take as long, for the same reason.
const MOST_HANGS: usize = 5;

/// What is to be tried, and by which program.
#[derive(Clone, Debug)]
pub struct Battery {
    program: Program,
    library: PathBuf,
    config: Map<String, Value>,
}

impl Battery {
    /// A battery for a library, with a configuration with which it can run.
    pub fn new(program: Program, library: impl Into<PathBuf>, config: Map<String, Value>) -> Self {
        Self {
            program,
            library: library.into(),
            config,
        }
    }

    /// Tries every clause, unless the plugin hangs over too many; `tried` hears of each as it is done.
    pub fn run(&self, tried: impl FnMut(&Tried)) -> Report {
        let all = try_all(|clause| self.try_clause(clause), tried);
        Report::new(self.library.clone(), all)
    }

    /// Tries one clause.
    #[expect(clippy::disallowed_methods, reason = "tells how long a clause took")]
    pub fn try_clause(&self, clause: &'static Clause) -> Tried {
        let task = Task {
            library: self.library.clone(),
            config: self.config.clone(),
            clause: clause.id().to_owned(),
        };
        let began = Instant::now();
        Tried {
            clause,
            verdict: self.program.try_clause(&task),
            time: began.elapsed(),
        }
    }
}

fn try_all(
    try_clause: impl Fn(&'static Clause) -> Tried,
    mut tried: impl FnMut(&Tried),
) -> Vec<Tried> {
    let mut all = Vec::with_capacity(CLAUSES.len());
    let mut hangs = 0;
    for clause in CLAUSES {
        let one = match hangs < MOST_HANGS {
            true => try_clause(clause),
            false => Tried {
                clause,
                verdict: Verdict::Skip(format!("it hung over {hangs} others; mend those first")),
                time: Duration::ZERO,
            },
        };
        hangs += usize::from(one.time >= LIMIT);
        tried(&one);
        all.push(one);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugin_that_hangs_over_many_clauses_is_not_tried_for_the_rest_of_the_day() {
        let hangs = |clause| Tried {
            clause,
            verdict: Verdict::Fail("it hangs".to_owned()),
            time: LIMIT,
        };
        let mut heard = 0;
        let all = try_all(hangs, |_| heard += 1);
        assert_eq!((all.len(), heard), (CLAUSES.len(), CLAUSES.len()));
        let failed = |tried: &&Tried| matches!(tried.verdict, Verdict::Fail(_));
        assert_eq!(all.iter().filter(failed).count(), MOST_HANGS);
    }
}
