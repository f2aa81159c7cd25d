//! What can be wrong with rules that people write.

use thiserror::Error;

use super::MAX_TEXT;
use crate::{AddressPatternError, RulesError};

/// Why a text is no rules, and where that shows.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct RulesTextError {
    line: usize,
    column: usize,
    problem: RulesTextProblem,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RulesTextProblem {
    /// No rule begins like this.
    #[error(
        "no rule begins with `{found}`: write allow, show, confirm, block, polite-block, accept, refuse or let"
    )]
    NoRule {
        /// What stands there.
        found: String,
    },
    /// No command begins like this.
    #[error("no command begins with `{found}`: write `help`")]
    NoCommand {
        /// What stands there.
        found: String,
    },
    /// There is another line.
    #[error(
        "beside other lines only rules and `forget` may stand: a message has one command, or several of these"
    )]
    Another,
    /// Something else has to stand here.
    #[error("`{found}` stands where {expected} is expected")]
    Unexpected {
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// The line ends too early.
    #[error("the line ends where {expected} is expected")]
    Incomplete {
        /// What is missing.
        expected: &'static str,
    },
    /// There is more behind the end of a rule.
    #[error("`{found}` stands behind the end of the rule: a line has one rule")]
    More {
        /// What stands there.
        found: String,
    },
    /// An address is none.
    #[error(
        "`{found}` means nobody: {reason}; write `user@domain`, `*@domain`, `*@*.domain`, anonymous, unauthenticated or anyone"
    )]
    Address {
        /// What stands there.
        found: String,
        /// Why it is none.
        reason: AddressPatternError,
    },
    /// The rules are too many, or too long.
    #[error("{0}")]
    TooMuch(RulesError),
    /// There is too much to read.
    #[error("the text has {len} bytes, at most {MAX_TEXT} are read")]
    TooLong {
        /// How long it is.
        len: usize,
    },
}

impl RulesTextError {
    pub(super) const fn new(line: usize, column: usize, problem: RulesTextProblem) -> Self {
        Self {
            line,
            column,
            problem,
        }
    }

    /// That there is another line than that of a command.
    pub(in crate::presence) const fn of_another(line: usize) -> Self {
        Self::new(line, 1, RulesTextProblem::Another)
    }

    /// The same about a command, of which a rule is one.
    pub(in crate::presence) fn of_a_command(self) -> Self {
        match self.problem {
            RulesTextProblem::NoRule { found } => Self {
                problem: RulesTextProblem::NoCommand { found },
                ..self
            },
            _ => self,
        }
    }

    /// The same in another line.
    pub(in crate::presence) fn in_line(self, line: usize) -> Self {
        Self { line, ..self }
    }

    /// The line, from 1.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The character of the line, from 1.
    pub const fn column(&self) -> usize {
        self.column
    }

    /// What is wrong there.
    pub const fn problem(&self) -> &RulesTextProblem {
        &self.problem
    }
}

/// A word as it is shown in an error: whoever wrote it may have written anything.
pub(super) fn quoted(word: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = word
        .chars()
        .take(MOST)
        .flat_map(char::escape_debug)
        .collect();
    if word.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}
