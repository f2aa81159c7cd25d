//! The operator's rules: the first that matches decides.

use super::{
    AccessRule, AccessRuleConflict, Condition, Ground, Question, RuleAction, Ruling,
    buckets::Buckets, rule::Match,
};
use crate::AddressPattern;

/// The most rules taken.
const MAX_RULES: usize = 10_000;

/// Rules in their order, found by the addresses that they name: a message meets those few that may match it.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<(AccessRule, Condition)>,
    by_source: Buckets,
    by_destination: Buckets,
    /// Those that name no address.
    general: Vec<usize>,
    /// Whether any names the adapter that delivers.
    name_deliverers: bool,
}

/// Names every rule that could as well be left out, with its number.
pub(crate) fn check(rules: &[AccessRule]) -> Vec<(usize, AccessRuleConflict)> {
    if rules.len() > MAX_RULES {
        let (count, max) = (rules.len(), MAX_RULES);
        return vec![(MAX_RULES, AccessRuleConflict::TooMany { count, max })];
    }
    let unreachable = |(number, rule): (usize, &AccessRule)| {
        let mut before = rules.iter().take(number).enumerate();
        let later = rules.get(number + 1..).unwrap_or_default();
        let matters_outside = rule.matters_outside_the_network(later);
        let decides_there = |other: &AccessRule| other.may_lift_the_network() || !matters_outside;
        let (by, other) = before.find(|(_, other)| other.covers(rule) && decides_there(other))?;
        let place = other.place().cloned();
        Some((number, AccessRuleConflict::Unreachable { by, place }))
    };
    rules.iter().enumerate().filter_map(unreachable).collect()
}

impl Rules {
    pub(crate) fn new(rules: Vec<(AccessRule, Condition)>) -> Self {
        let mut index = Self::default();
        for (number, (_, condition)) in rules.iter().enumerate() {
            index.name_deliverers |= condition.to_adapter.is_some();
            let (from, to) = (condition.from.as_ref(), condition.to.as_ref());
            // By the narrower of the two, so that lists stay short.
            match (from, to) {
                (Some(from), to) if to.is_none_or(|to| breadth(from) <= breadth(to)) => {
                    index.by_source.add(from, number);
                }
                (_, Some(to)) => index.by_destination.add(to, number),
                _ => index.general.push(number),
            }
        }
        index.rules = rules;
        index
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    pub(super) fn rule(&self, number: usize) -> Option<&AccessRule> {
        self.rules.get(number).map(|(rule, _)| rule)
    }

    /// What the first rule that matches says; without one, what holds by default.
    pub(super) fn judge(&self, question: &Question<'_>, default: Ruling) -> Ruling {
        let may_lift = |rule: &AccessRule| {
            default != Ruling::Denied(Ground::NotItsNetwork) || rule.may_lift_the_network()
        };
        let first = self.first(question, |rule, found| {
            found == Match::Yes && may_lift(rule)
        });
        let ruling = first
            .and_then(|number| self.ruling(number))
            .unwrap_or(default);
        if question.to.is_some() || !self.name_deliverers {
            return ruling;
        }
        // A rule before that, which hangs on the adapter that delivers, matters if it would say otherwise.
        let permits = matches!(ruling, Ruling::Allowed(_));
        let otherwise = self.first(question, |rule, found| {
            let says_otherwise = (rule.action() == RuleAction::Allow) != permits;
            found == Match::Perhaps && says_otherwise && may_lift(rule)
        });
        match otherwise {
            Some(number) if first.is_none_or(|first| number < first) => Ruling::NeedsAdapter,
            _ => ruling,
        }
    }

    fn ruling(&self, number: usize) -> Option<Ruling> {
        let ground = Ground::Rule(number);
        Some(match self.rule(number)?.action() {
            RuleAction::Allow => Ruling::Allowed(ground),
            RuleAction::Deny => Ruling::Denied(ground),
        })
    }

    /// The first rule of which `is_wanted` is true.
    fn first(
        &self,
        question: &Question<'_>,
        is_wanted: impl Fn(&AccessRule, Match) -> bool,
    ) -> Option<usize> {
        let mut first = None;
        let mut look = |numbers: &[usize]| {
            let before = numbers
                .iter()
                .copied()
                .take_while(|number| first.is_none_or(|first| *number < first));
            for number in before {
                let Some((rule, condition)) = self.rules.get(number) else {
                    continue;
                };
                if is_wanted(rule, condition.matches(question)) {
                    first = Some(number);
                    return;
                }
            }
        };
        look(&self.general);
        self.by_source.visit(question.source.inbox, &mut look);
        self.by_destination
            .visit(question.destination.inbox, &mut look);
        first
    }
}

/// How much a pattern means, from narrow to wide.
const fn breadth(pattern: &AddressPattern) -> u8 {
    match pattern {
        AddressPattern::One(_) => 0,
        AddressPattern::At(_) => 1,
        AddressPattern::Below(_) => 2,
    }
}
