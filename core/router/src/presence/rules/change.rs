//! Rules are changed one by one.

use super::{PrincipalRule, PrincipalRules, RulesError, Subject};
use crate::{AddressPattern, access::fold_pattern};

/// How rules change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever asks for a change has to say what it does"
)]
pub enum RulesChange {
    /// This rule comes before all others of its kind, and so decides.
    First(PrincipalRule),
    /// Nothing is said of these any more.
    Without(Subject),
    /// These are all the rules from now on.
    Replaced(PrincipalRules),
    /// All of these, one after the other, or none.
    Several(Vec<Self>),
}

impl RulesChange {
    /// The same, where addresses are meant as they are by the network that it comes from.
    pub(in crate::presence) fn with_addresses(
        self,
        meant: &impl Fn(AddressPattern) -> AddressPattern,
    ) -> Self {
        match self {
            Self::First(rule) => Self::First(rule.with_addresses(meant)),
            Self::Without(subject) => Self::Without(subject.with_addresses(meant)),
            Self::Replaced(PrincipalRules {
                watchers,
                senders,
                publishers,
            }) => {
                let watchers = watchers.into_iter();
                let senders = senders.into_iter();
                let publishers = publishers.into_iter();
                Self::Replaced(PrincipalRules {
                    watchers: watchers.map(|rule| rule.with_addresses(meant)).collect(),
                    senders: senders.map(|rule| rule.with_addresses(meant)).collect(),
                    publishers: publishers.map(|of| fold_pattern(meant(of))).collect(),
                })
            }
            Self::Several(changes) => {
                let changes = changes.into_iter();
                Self::Several(changes.map(|of| of.with_addresses(meant)).collect())
            }
        }
    }
}

impl PrincipalRule {
    fn with_addresses(self, meant: &impl Fn(AddressPattern) -> AddressPattern) -> Self {
        match self {
            Self::Watcher(rule) => Self::Watcher(rule.with_addresses(meant)),
            Self::Sender(rule) => Self::Sender(rule.with_addresses(meant)),
            Self::Publisher(publisher) => Self::Publisher(fold_pattern(meant(publisher))),
        }
    }
}

impl PrincipalRules {
    /// The rules after a change.
    pub fn changed(&self, change: RulesChange) -> Result<Self, RulesError> {
        match change {
            RulesChange::First(rule) => self.clone().with_first(rule),
            RulesChange::Without(subject) => Ok(self.clone().without(&subject.folded())),
            // Addresses may have become longer since they were read.
            RulesChange::Replaced(rules) => rules.checked(),
            RulesChange::Several(changes) => {
                let mut changes = changes.into_iter();
                changes.try_fold(self.clone(), |rules, change| rules.changed(change))
            }
        }
    }

    /// Puts a rule before all others of its kind; those that said something else of the same are gone.
    fn with_first(mut self, rule: PrincipalRule) -> Result<Self, RulesError> {
        match rule {
            PrincipalRule::Watcher(rule) => {
                self.watchers.retain(|old| !rule.takes_the_place_of(old));
                self.watchers.insert(0, rule);
            }
            PrincipalRule::Sender(rule) => {
                self.senders.retain(|old| old.subject() != rule.subject());
                self.senders.insert(0, rule);
            }
            PrincipalRule::Publisher(publisher) => {
                let publisher = fold_pattern(publisher);
                self.publishers.retain(|old| *old != publisher);
                self.publishers.insert(0, publisher);
            }
        }
        self.checked()
    }

    /// Takes back what is said of somebody. The subject is folded.
    fn without(mut self, subject: &Subject) -> Self {
        self.watchers.retain(|rule| rule.subject() != subject);
        self.senders.retain(|rule| rule.subject() != subject);
        if let Subject::Address(pattern) = subject {
            self.publishers.retain(|publisher| publisher != pattern);
        }
        self
    }
}
