//! How often a principal is answered.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use foldhash::quality::RandomState;
use rialto_model::{Failure, FailureReason, Presentity, Retry};

use crate::presence::addresses::compact;

/// What the inbox remembers of those who wrote to it lately: enough to end every circle of answers.
#[derive(Debug, Default)]
pub(super) struct Restraint {
    recent: HashMap<Presentity, Heard, RandomState>,
    /// Those who were recent when there were too many, and may be again.
    before: HashMap<Presentity, Heard, RandomState>,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    /// From when on all of the messages that may come at once may come again.
    rested_at: Instant,
    /// Whether the last message was no command.
    was_puzzled: bool,
}

impl Restraint {
    /// The most principals that are remembered, twice.
    const MOST: usize = 4_096;
    /// How many messages may come at once.
    const AT_ONCE: u32 = 20;
    /// How often, after that.
    const PACE: Duration = Duration::from_secs(3);

    /// Counts a message; fails if there are too many.
    pub(super) fn hear(&mut self, now: Instant, principal: &Presentity) -> Result<(), Failure> {
        let heard = self.of(now, principal);
        let rested_at = heard.rested_at.max(now) + Self::PACE;
        let wait = rested_at.saturating_duration_since(now + Self::PACE * Self::AT_ONCE);
        if !wait.is_zero() {
            return Err(Failure::new(FailureReason::Overloaded)
                .with_retry(Retry::After(wait))
                .with_detail("you write faster than the gateway answers"));
        }
        heard.rested_at = rested_at;
        Ok(())
    }

    /// Whether to answer: a command always, anything else unless what came before was none either.
    pub(super) fn may_answer(&mut self, principal: &Presentity, is_command: bool) -> bool {
        self.recent.get_mut(principal).is_none_or(|heard| {
            let was_puzzled = std::mem::replace(&mut heard.was_puzzled, !is_command);
            is_command || !was_puzzled
        })
    }

    fn of(&mut self, now: Instant, principal: &Presentity) -> &mut Heard {
        let mut before = None;
        if !self.recent.contains_key(principal) {
            before = self.before.remove(principal);
            if self.recent.len() >= Self::MOST {
                self.before = std::mem::take(&mut self.recent);
            }
        }
        let new = Heard {
            rested_at: now,
            was_puzzled: false,
        };
        let heard = self.recent.entry(compact(principal));
        heard.or_insert_with(|| before.unwrap_or(new))
    }
}
