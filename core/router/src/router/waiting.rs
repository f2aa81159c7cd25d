//! Operations that wait for DNS.

use std::collections::{HashMap, hash_map::Entry};

use rialto_model::Domain;

use super::AttemptId;

/// Operations that wait for the next hops of a domain, in the order in which they came.
///
/// One question stands for all of a domain, so those of one conversation leave in their order. Hashed with a key of its
/// own: the names are strangers'.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    domains: HashMap<Domain, Vec<AttemptId>>,
    count: usize,
}

impl Waiting {
    /// Adds an operation; whether its domain has to be asked for.
    pub(super) fn push(&mut self, domain: Domain, attempt: AttemptId) -> bool {
        self.count += 1;
        match self.domains.entry(domain) {
            Entry::Occupied(mut entry) => {
                entry.get_mut().push(attempt);
                false
            }
            Entry::Vacant(entry) => {
                entry.insert(vec![attempt]);
                true
            }
        }
    }

    /// Takes out all that wait for a domain; some of them may have ended.
    pub(super) fn take(&mut self, domain: &Domain) -> Vec<AttemptId> {
        let attempts = self.domains.remove(domain).unwrap_or_default();
        self.count -= attempts.len();
        attempts
    }

    /// How many wait, those that ended meanwhile among them.
    pub(super) const fn len(&self) -> usize {
        self.count
    }
}
