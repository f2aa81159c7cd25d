//! Clauses as they are tried, for people.

use crate::{Tried, Verdict};

/// Lists clauses as they are tried; of those that were not, for the same reason one after the other, the first.
#[derive(Debug, Default)]
pub struct Listing {
    /// Why the last one was not tried, and how many more after it.
    untried: Option<(String, usize)>,
}

impl Listing {
    /// What there is to print of one that was tried.
    pub fn note(&mut self, tried: &Tried) -> String {
        if let (Some((reason, more)), Verdict::Skip(why)) = (&mut self.untried, &tried.verdict)
            && reason == why
        {
            *more += 1;
            return String::new();
        }
        let lines = self.end() + &format!("{tried}\n");
        if let Verdict::Skip(why) = &tried.verdict {
            self.untried = Some((why.clone(), 0));
        }
        lines
    }

    /// What there is to print when all were tried.
    pub fn end(&mut self) -> String {
        match self.untried.take() {
            Some((_, more @ 1..)) => format!("           so {more} more\n"),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::CLAUSES;

    fn listed(verdicts: &[Verdict]) -> Vec<String> {
        let mut listing = Listing::default();
        let tried = verdicts.iter().zip(CLAUSES).map(|(verdict, clause)| Tried {
            clause,
            verdict: verdict.clone(),
            time: Duration::ZERO,
        });
        let mut text: String = tried.map(|tried| listing.note(&tried)).collect();
        text += &listing.end();
        let words = |line: &str| {
            line.trim()
                .split(" M")
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        text.lines().map(words).collect()
    }

    #[test]
    fn clauses_that_were_not_tried_for_the_same_reason_are_listed_once() {
        let skip = |why: &str| Verdict::Skip(why.to_owned());
        let refused = Verdict::Fail("no library".to_owned());
        let listed = listed(&[
            refused,
            skip("a"),
            skip("a"),
            skip("a"),
            skip("b"),
            Verdict::Pass,
        ]);
        let of = |at: usize| CLAUSES[at].id();
        let expected = [
            format!("FAIL {}", of(0)),
            "no library".to_owned(),
            format!("SKIP {}", of(1)),
            "a".to_owned(),
            "so 2 more".to_owned(),
            format!("SKIP {}", of(4)),
            "b".to_owned(),
            format!("PASS {}", of(5)),
        ];
        for (line, expected) in listed.iter().zip(&expected) {
            assert!(line.starts_with(expected.as_str()), "{line}: {expected}");
        }
        assert_eq!(listed.len(), expected.len());
    }
}
