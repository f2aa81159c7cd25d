//! What was asked and decided, and for how long that holds.

use std::{fmt::Display, time::Duration};

use hickory_resolver::proto::rr::RData;

use crate::{
    Config,
    answer::{Answer, Question, Trouble, shown},
};

/// Keeps the time for which all that was heard holds; and lines for people, where somebody wants them.
#[derive(Clone, Debug)]
pub(crate) struct Journal<'a> {
    config: &'a Config,
    holds: Duration,
    lines: Option<Vec<String>>,
}

impl<'a> Journal<'a> {
    /// One that writes no lines.
    pub(crate) const fn silent(config: &'a Config) -> Self {
        Self {
            config,
            holds: config.max_ttl,
            lines: None,
        }
    }

    /// One that does.
    pub(crate) fn telling(config: &'a Config) -> Self {
        Self {
            lines: Some(Vec::new()),
            ..Self::silent(config)
        }
    }

    /// An empty one of the same kind, for what goes on at the same time.
    pub(crate) fn branch(&self) -> Self {
        match self.lines {
            Some(_) => Self::telling(self.config),
            None => Self::silent(self.config),
        }
    }

    /// Takes in what went on at the same time.
    pub(crate) fn join(&mut self, other: Self) {
        self.holds = self.holds.min(other.holds);
        if let (Some(lines), Some(more)) = (&mut self.lines, other.lines) {
            lines.extend(more);
        }
    }

    /// Notes what DNS said.
    pub(crate) fn heard(&mut self, question: &Question, answer: &Result<Answer, Trouble>) {
        self.holds = self.holds.min(self.holding(answer));
        self.note(|| match answer {
            Ok(answer) => format!("{question}: {}", said(answer)),
            Err(trouble) => format!("{question}: {trouble}"),
        });
    }

    /// Notes what follows from it.
    pub(crate) fn note<T: Display>(&mut self, line: impl FnOnce() -> T) {
        if let Some(lines) = &mut self.lines {
            lines.push(line().to_string());
        }
    }

    /// For how long all of it holds, and the lines.
    pub(crate) fn close(self) -> (Duration, Vec<String>) {
        (self.holds, self.lines.unwrap_or_default())
    }

    /// For how long one answer holds, within the configured bounds.
    fn holding(&self, answer: &Result<Answer, Trouble>) -> Duration {
        let Config {
            min_ttl,
            max_ttl,
            max_negative_ttl,
            ..
        } = self.config;
        let answer = match answer {
            Ok(answer) => answer,
            Err(Trouble::NoAnswer(_)) => return Config::TEMPORARY,
            Err(_) => return *max_negative_ttl,
        };
        let stated = answer.ttl.map(|ttl| Duration::from_secs(ttl.into()));
        let upto = if answer.records.is_empty() {
            max_negative_ttl
        } else {
            max_ttl
        };
        let bounded = stated.unwrap_or(Config::TEMPORARY).max(*min_ttl);
        bounded.min(*upto)
    }
}

fn said(answer: &Answer) -> String {
    let mut text = String::new();
    if let Some(alias) = &answer.alias {
        text += &format!("alias of {}, ", shown(alias));
    }
    text += &match (answer.records.is_empty(), answer.no_such_name) {
        (false, _) => listed(&answer.records),
        (true, false) => "none".into(),
        (true, true) => "no such name".into(),
    };
    if let Some(ttl) = answer.ttl {
        text += &format!(" (for {ttl} s)");
    }
    text
}

fn listed(records: &[RData]) -> String {
    let some: Vec<_> = records.iter().take(SHOWN).map(record).collect();
    match records.len().saturating_sub(SHOWN) {
        0 => some.join("; "),
        more => format!("{}; and {more} more", some.join("; ")),
    }
}

/// How many records of one answer a line shows.
const SHOWN: usize = 8;

fn record(data: &RData) -> String {
    match data {
        RData::CNAME(target) => shown(&target.0),
        RData::MX(record) => format!("{} {}", record.preference, shown(&record.exchange)),
        RData::SRV(record) => {
            let (priority, weight, port) = (record.priority, record.weight, record.port);
            format!("{priority} {weight} {port} {}", shown(&record.target))
        }
        other => other.to_string(),
    }
}
