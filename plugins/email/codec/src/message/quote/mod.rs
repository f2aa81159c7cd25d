//! Cuts what a chat does not want to see again: quotes of earlier mail, and signatures.

mod attribution;

use attribution::{is_attribution, is_separator};

use super::{ShownText, TextSource};

/// What is cut from a text. Nothing is, unless asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CutRule {
    /// What happens to signatures.
    pub signatures: SignatureRule,
    /// What happens to quotes.
    pub quotes: QuoteRule,
}

/// What happens to a signature: `-- ` and what follows it, up to a quote (RFC 3676 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SignatureRule {
    /// It stays.
    #[default]
    Keep,
    /// It goes.
    Cut,
}

/// What happens to quotes, with the line that says whose they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum QuoteRule {
    /// They stay.
    #[default]
    Keep,
    /// What follows the last word of one's own goes: the answer stands on top of all it answers.
    Trailing,
    /// All go, also where the answers stand below or between.
    All,
}

/// A text after the cut.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CutText {
    /// What is left.
    pub text: String,
    /// What went, in its order.
    pub cuts: Vec<Cut>,
}

/// A piece that was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cut {
    /// A signature.
    Signature(String),
    /// A quote, with its attribution.
    Quote(String),
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Own,
    Blank,
    Quote,
    Signature,
}

impl CutRule {
    /// A rule of the two.
    #[must_use]
    pub fn new(signatures: SignatureRule, quotes: QuoteRule) -> Self {
        Self { signatures, quotes }
    }

    /// Cuts a text. One of which nothing would be left stays whole.
    #[must_use]
    pub fn apply(self, shown: &ShownText) -> CutText {
        let lines: Vec<&str> = shown.text.lines().collect();
        let kinds = classify(&lines, shown.source);
        let trailing = kinds
            .iter()
            .rposition(|kind| *kind == Kind::Own)
            .map_or(0, |at| at + 1);
        let is_cut = |at: usize, kind: Kind| match kind {
            Kind::Signature => self.signatures == SignatureRule::Cut,
            Kind::Quote => match self.quotes {
                QuoteRule::Keep => false,
                QuoteRule::Trailing => at >= trailing,
                QuoteRule::All => true,
            },
            Kind::Own | Kind::Blank => false,
        };
        let mut text = String::new();
        let mut cuts = Vec::new();
        let mut last = None;
        for (at, (line, kind)) in lines.iter().zip(&kinds).enumerate() {
            if !is_cut(at, *kind) {
                push_line(&mut text, line);
                last = None;
                continue;
            }
            if last != Some(*kind) {
                cuts.push(match kind {
                    Kind::Signature => Cut::Signature(String::new()),
                    _ => Cut::Quote(String::new()),
                });
                last = Some(*kind);
            }
            if let Some(Cut::Signature(cut) | Cut::Quote(cut)) = cuts.last_mut() {
                push_line(cut, line);
            }
        }
        let kept = text.trim_matches('\n').trim_end();
        if kept.is_empty() {
            return CutText {
                text: shown.text.clone(),
                cuts: Vec::new(),
            };
        }
        CutText {
            text: kept.to_owned(),
            cuts,
        }
    }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn classify(lines: &[&str], source: TextSource) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = lines.iter().map(|line| kind_alone(line)).collect();
    mark_separators(lines, source, &mut kinds);
    mark_attributions(lines, &mut kinds);
    mark_signatures(lines, &mut kinds);
    mark_blanks_in_quotes(&mut kinds);
    kinds
}

fn kind_alone(line: &str) -> Kind {
    if line.starts_with('>') {
        Kind::Quote
    } else if line.trim().is_empty() {
        Kind::Blank
    } else {
        Kind::Own
    }
}

/// Everything below "Original Message" is quoted without a mark. So is, in the text of HTML, everything below an
/// attribution, since the marks were colours.
fn mark_separators(lines: &[&str], source: TextSource, kinds: &mut [Kind]) {
    let begins = |(at, line): (usize, &&str)| {
        let next = lines.get(at + 1).copied().unwrap_or_default();
        is_separator(line, next)
            || (source == TextSource::Html
                && is_attribution(line)
                && line.contains(char::is_numeric))
    };
    let start = lines.iter().enumerate().position(begins);
    if let Some(rest) = start.and_then(|start| kinds.get_mut(start..)) {
        rest.fill(Kind::Quote);
    }
}

/// An attribution is up to [`ATTRIBUTION_LINES`] lines before a quote, with or without an empty line between.
fn mark_attributions(lines: &[&str], kinds: &mut [Kind]) {
    for at in 1..kinds.len() {
        let begins = kinds.get(at) == Some(&Kind::Quote) && kinds.get(at - 1) != Some(&Kind::Quote);
        if !begins {
            continue;
        }
        let end = match kinds.get(at - 1) {
            Some(Kind::Blank) => at - 1,
            _ => at,
        };
        let starts = || {
            let starts = (end.saturating_sub(ATTRIBUTION_LINES)..end).rev();
            starts.take_while(|start| kinds.get(*start) == Some(&Kind::Own))
        };
        let joined = |start: usize| lines.get(start..end).unwrap_or_default().join(" ");
        // With a date or an address in it, it is whole; "wrote:" alone may be the end of one.
        let is_whole = |line: &str| {
            is_attribution(line) && line.contains(|char: char| char == '@' || char.is_numeric())
        };
        let found = starts()
            .find(|start| is_whole(&joined(*start)))
            .or_else(|| starts().find(|start| is_attribution(&joined(*start))));
        if let Some(attribution) = found.and_then(|start| kinds.get_mut(start..at)) {
            attribution.fill(Kind::Quote);
        }
    }
}

/// A signature goes on to a quote, or to the end.
fn mark_signatures(lines: &[&str], kinds: &mut [Kind]) {
    let mut inside = false;
    for (line, kind) in lines.iter().zip(kinds) {
        inside = *kind != Kind::Quote && (inside || matches!(*line, "-- " | "--"));
        if inside {
            *kind = Kind::Signature;
        }
    }
}

/// Empty lines behind a quote belong to it.
fn mark_blanks_in_quotes(kinds: &mut [Kind]) {
    let mut quoted = false;
    for kind in kinds {
        quoted = *kind == Kind::Quote || (quoted && *kind == Kind::Blank);
        if quoted {
            *kind = Kind::Quote;
        }
    }
}

/// Lines that an attribution has at most: mail programs break them for width.
const ATTRIBUTION_LINES: usize = 3;
