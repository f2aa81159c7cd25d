//! All clauses, one after the other.

use std::{path::PathBuf, time::Instant};

use serde_json::{Map, Value};

use crate::{CLAUSES, Clause, Report, child::Task, process::Program, verdict::Tried};

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

    /// Tries every clause; `tried` hears of each as it is done.
    pub fn run(&self, mut tried: impl FnMut(&Tried)) -> Report {
        let mut all = Vec::with_capacity(CLAUSES.len());
        for clause in CLAUSES {
            let one = self.try_clause(clause);
            tried(&one);
            all.push(one);
        }
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
