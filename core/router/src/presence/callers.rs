//! Those who wait for an answer.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use rialto_model::TransactionId;

use super::table::Index;
use crate::CallerTicket;

/// One who waits, and the operation that it handed in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) ticket: CallerTicket,
    pub(super) id: TransactionId,
}

/// Those who wait for a subscription; mostly one each.
#[derive(Debug, Default)]
pub(super) struct Callers(HashMap<Index, Vec<Caller>, FixedState>);

impl Callers {
    /// The most that wait for one subscription: a watcher that asks again and again.
    const MOST: usize = 8;

    /// Gives the caller back if there are too many.
    pub(super) fn add(&mut self, index: Index, caller: Caller) -> Result<(), Caller> {
        let waiting = self.0.entry(index).or_default();
        if waiting.len() >= Self::MOST {
            return Err(caller);
        }
        waiting.push(caller);
        Ok(())
    }

    pub(super) fn take(&mut self, index: Index) -> Vec<Caller> {
        self.0.remove(&index).unwrap_or_default()
    }

    pub(super) fn contains(&self, index: Index) -> bool {
        self.0.contains_key(&index)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
