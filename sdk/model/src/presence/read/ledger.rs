//! What was forgiven.

use crate::presence::{Forgiven, Forgiveness, MAX_FORGIVEN};

/// Collects faults; lists so many, counts all.
#[derive(Debug, Default)]
pub(in crate::presence) struct Ledger {
    listed: Vec<Forgiven>,
    count: usize,
}

impl Ledger {
    pub(in crate::presence) fn forgive(&mut self, at: usize, what: Forgiveness) {
        self.count += 1;
        if self.listed.len() < MAX_FORGIVEN {
            self.listed.push(Forgiven { at, what });
        }
    }

    pub(super) fn finish(self) -> (Vec<Forgiven>, usize) {
        (self.listed, self.count)
    }
}
