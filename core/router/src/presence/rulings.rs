//! Changes of rules, one after the other.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::FixedState;

use super::{presentities::PresentityId, rules::RulesChange};
use crate::CallerTicket;

/// Changes that wait for the one before: each changes what the one before has left.
#[derive(Debug, Default)]
pub(super) struct Rulings {
    waiting: HashMap<PresentityId, VecDeque<(RulesChange, CallerTicket)>, FixedState>,
}

impl Rulings {
    /// The most that wait for one presentity.
    const MOST: usize = 16;

    /// Lets a change wait; false: there is no room.
    pub(super) fn wait(
        &mut self,
        presentity: PresentityId,
        change: RulesChange,
        ticket: CallerTicket,
    ) -> bool {
        let waiting = self.waiting.entry(presentity).or_default();
        let has_room = waiting.len() < Self::MOST;
        if has_room {
            waiting.push_back((change, ticket));
        }
        has_room
    }

    /// The next change.
    pub(super) fn next(&mut self, presentity: PresentityId) -> Option<(RulesChange, CallerTicket)> {
        let waiting = self.waiting.get_mut(&presentity)?;
        let next = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&presentity);
        }
        next
    }
}
