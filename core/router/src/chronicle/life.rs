//! Finding again what happened to one operation.

use std::collections::{HashMap, HashSet};

use super::{Chronicle, Mark, OnwardId, Record, Step, StepKind, Subject};

/// What happened to one operation, as far as it is remembered, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Life {
    /// The steps; the first is missing when so much happened since that it was forgotten.
    pub steps: Vec<Step>,
}

/// An identifier that somebody looks for, in the forms in which it may stand in a record.
struct Wanted {
    mark: Mark,
    onward: Option<OnwardId>,
}

impl Chronicle {
    /// The most lives that are given for one identifier; of more, those that began first are left out.
    pub(super) const MOST_LIVES: usize = 64;

    /// The lives of all operations that have this identifier: their sender's, the onward one, or their network's.
    ///
    /// Senders may well use the same identifier, and the same sender one twice; so there may be several, in the order in
    /// which they began.
    pub(crate) fn lives(&self, identifier: &[u8]) -> Vec<Life> {
        let wanted = Wanted {
            mark: self.mark(identifier),
            onward: OnwardId::read(identifier),
        };
        let subjects = self.subjects(&wanted);
        let mut lives: Vec<(Life, bool)> = Vec::new();
        // Where the life of each goes on; a ticket is used again by the next operation, and an operation gets further names.
        let mut current: HashMap<Subject, usize> = HashMap::new();
        for record in self
            .in_order()
            .filter(|record| subjects.contains(&record.of))
        {
            let begins = matches!(record.step.what, StepKind::Received { .. });
            let at = match current.get(&record.of) {
                Some(at) if !begins => *at,
                _ => {
                    lives.push((Life::default(), false));
                    lives.len() - 1
                }
            };
            current.insert(record.of, at);
            if let Some(other) = record.other_name() {
                current.insert(other, at);
            }
            if let Some((life, is_wanted)) = lives.get_mut(at) {
                life.steps.push(record.step);
                *is_wanted |= wanted.is_in(record);
            }
        }
        let found = lives.into_iter().filter(|(_, is_wanted)| *is_wanted);
        let mut found: Vec<Life> = found.map(|(life, _)| life).collect();
        found.drain(..found.len().saturating_sub(Self::MOST_LIVES));
        found
    }

    /// Under which names something happened to the operations that are wanted.
    fn subjects(&self, wanted: &Wanted) -> HashSet<Subject> {
        let found = self.in_order().filter(|record| wanted.is_in(record));
        let mut subjects: HashSet<Subject> = found.map(|record| record.of).collect();
        // From either name of an operation to the other.
        for record in self.in_order() {
            if let Some(other) = record.other_name()
                && (subjects.contains(&other) || subjects.contains(&record.of))
            {
                subjects.extend([other, record.of]);
            }
        }
        subjects
    }

    /// Oldest first.
    fn in_order(&self) -> impl Iterator<Item = &Record> {
        let (newer, older) = self
            .records
            .split_at_checked(self.oldest)
            .unwrap_or_default();
        older.iter().chain(newer)
    }
}

impl Record {
    /// Another name under which the operation goes on from here.
    const fn other_name(&self) -> Option<Subject> {
        match self.step.what {
            StepKind::Kept { key } | StepKind::DispositionKept { key, .. } => {
                Some(Subject::kept(key))
            }
            StepKind::HandedOver {
                onward: Some(id), ..
            } => Some(Subject::onward(id)),
            _ => None,
        }
    }
}

impl Wanted {
    fn is_in(&self, record: &Record) -> bool {
        if self
            .onward
            .is_some_and(|id| record.of == Subject::onward(id))
        {
            return true;
        }
        match record.step.what {
            StepKind::Received {
                transaction,
                identity,
                ..
            }
            | StepKind::Tried {
                transaction,
                identity,
            }
            | StepKind::Restored {
                transaction,
                identity,
            } => transaction == self.mark || identity == self.mark,
            StepKind::HandedOver { onward, .. } => onward.is_some() && onward == self.onward,
            _ => false,
        }
    }
}
