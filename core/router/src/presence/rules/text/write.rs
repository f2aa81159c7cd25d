//! Rules are written as they are read.

use std::fmt;

use super::PrincipalRule;
use crate::{Handling, PrincipalRules, Reception, SenderRule, Subject, View, WatcherRule, Way};

/// A rule to a line: those on watchers, those on senders, publishers.
impl fmt::Display for PrincipalRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rule in self.watchers() {
            writeln!(f, "{rule}")?;
        }
        for rule in self.senders() {
            writeln!(f, "{rule}")?;
        }
        for publisher in self.publishers() {
            writeln!(f, "let {publisher} publish")?;
        }
        Ok(())
    }
}

impl fmt::Display for PrincipalRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Watcher(rule) => rule.fmt(f),
            Self::Sender(rule) => rule.fmt(f),
            Self::Publisher(publisher) => write!(f, "let {publisher} publish"),
        }
    }
}

impl fmt::Display for WatcherRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.handling() {
            Handling::Allow(View::All) => "allow",
            Handling::Allow(View::StatusOnly) => "show status-only to",
            Handling::Allow(View::Nothing) => "show nothing to",
            Handling::Confirm => "confirm",
            Handling::Block => "block",
            Handling::PoliteBlock => "polite-block",
        };
        let when = match self.way() {
            None => "",
            Some(Way::Subscribe) => " when subscribing",
            Some(Way::Fetch) => " when fetching",
        };
        write!(f, "{words} {}{when}", self.subject())
    }
}

impl fmt::Display for SenderRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.reception() {
            Reception::Accept => "accept",
            Reception::Refuse => "refuse",
        };
        write!(f, "{verb} messages from {}", self.subject())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(pattern) => pattern.fmt(f),
            Self::Anonymous => f.write_str("anonymous"),
            Self::Unauthenticated => f.write_str("unauthenticated"),
            Self::Anyone => f.write_str("anyone"),
        }
    }
}
