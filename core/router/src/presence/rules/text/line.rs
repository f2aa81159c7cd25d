//! The words of a line.

use super::error::{RulesTextError, RulesTextProblem, quoted};
use crate::{AddressPattern, Subject};

/// What is left of a line.
#[derive(Clone, Debug)]
pub(in crate::presence) struct Line<'a> {
    rest: &'a str,
    /// The column of what is left, from 1.
    column: usize,
}

/// A word, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(in crate::presence) struct Word<'a> {
    text: &'a str,
    column: usize,
}

impl<'a> Line<'a> {
    pub(in crate::presence) const fn new(line: &'a str) -> Self {
        Self {
            rest: line,
            column: 1,
        }
    }

    /// The next word, if the line does not end, or a comment begin.
    pub(in crate::presence) fn next(&mut self) -> Option<Word<'a>> {
        let begin = self.rest.trim_start();
        let skipped = self.rest.len() - begin.len();
        let space = self.rest.get(..skipped).unwrap_or_default();
        self.column += space.chars().count();
        let end = begin.find(char::is_whitespace).unwrap_or(begin.len());
        let (text, rest) = begin.split_at_checked(end)?;
        if text.is_empty() || text.starts_with('#') {
            self.rest = "";
            return None;
        }
        let column = self.column;
        self.column += text.chars().count();
        self.rest = rest;
        Some(Word { text, column })
    }

    /// The next word, which has to be there.
    pub(in crate::presence) fn expect(
        &mut self,
        expected: &'static str,
    ) -> Result<Word<'a>, RulesTextError> {
        self.next().ok_or_else(|| self.incomplete(expected))
    }

    /// Passes a certain word.
    pub(in crate::presence) fn keyword(
        &mut self,
        keyword: &str,
        expected: &'static str,
    ) -> Result<(), RulesTextError> {
        let word = self.expect(expected)?;
        if word.lower() != keyword {
            return Err(word.unexpected(expected));
        }
        Ok(())
    }

    /// Whom a rule means.
    pub(in crate::presence) fn subject(&mut self) -> Result<Subject, RulesTextError> {
        let word = self.expect("an address, `anonymous`, `unauthenticated` or `anyone`")?;
        Ok(match &*word.lower() {
            "anonymous" => Subject::Anonymous,
            "unauthenticated" => Subject::Unauthenticated,
            "anyone" => Subject::Anyone,
            _ => Subject::Address(word.pattern()?).folded(),
        })
    }

    /// Asserts that nothing is left.
    pub(in crate::presence) fn end(&mut self) -> Result<(), RulesTextError> {
        self.next().map_or(Ok(()), |word| {
            let found = quoted(word.text);
            Err(word.error(RulesTextProblem::More { found }))
        })
    }

    pub(in crate::presence) const fn incomplete(&self, expected: &'static str) -> RulesTextError {
        let problem = RulesTextProblem::Incomplete { expected };
        RulesTextError::new(1, self.column, problem)
    }
}

impl Word<'_> {
    pub(in crate::presence) fn lower(self) -> String {
        self.text.to_ascii_lowercase()
    }

    /// The addresses that it means; `im:` or `pres:` may stand before them.
    pub(in crate::presence) fn pattern(self) -> Result<AddressPattern, RulesTextError> {
        let address = self.text.strip_prefix("pres:").unwrap_or(self.text);
        AddressPattern::parse(address).map_err(|reason| {
            let found = quoted(self.text);
            self.error(RulesTextProblem::Address { found, reason })
        })
    }

    pub(in crate::presence) fn is_no_rule(self) -> RulesTextError {
        let found = quoted(self.text);
        self.error(RulesTextProblem::NoRule { found })
    }

    pub(in crate::presence) fn unexpected(self, expected: &'static str) -> RulesTextError {
        let found = quoted(self.text);
        self.error(RulesTextProblem::Unexpected { found, expected })
    }

    const fn error(self, problem: RulesTextProblem) -> RulesTextError {
        RulesTextError::new(1, self.column, problem)
    }
}
