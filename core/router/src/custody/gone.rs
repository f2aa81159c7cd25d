//! Callers who hear no answer any more, though the senders behind them may wait for one.

use std::{collections::HashSet, time::Instant};

use foldhash::fast::FixedState;
use rand::CryptoRng;

use super::{Custodian, entries::Stage};
use crate::{CallerTicket, router::Owner};

impl<R: CryptoRng> Custodian<R> {
    /// Takes note that nobody hears the answers to these operations any more: the adapter that brought them has died, and the next one knows nothing of them.
    ///
    /// What may be kept is kept now, as if its sender's network had no patience left; so it is handed over, or ends in a disposition `Failed`, which the next one is
    /// told. So is that of what could not be written, when the disk takes so much again. All else ends as with [`handle_cancel`](Self::handle_cancel). The responses come all the same.
    pub fn handle_gone(&mut self, now: Instant, callers: &[CallerTicket]) {
        self.begin(now);
        // In the order in which they came, whatever that of the callers is: so they are written.
        let mut in_order = callers.to_vec();
        in_order.sort_by_key(|ticket| self.holding.get(*ticket).map(|held| held.key));
        for ticket in &in_order {
            if self.is_to_be_kept(*ticket) {
                self.run_out_of_patience(*ticket);
            } else if self.holding.contains(*ticket) {
                self.router.call_off(Owner::Held(*ticket));
            } else {
                self.router.handle_cancel(now, *ticket);
            }
        }
        let gone: HashSet<_, FixedState> = callers.iter().copied().collect();
        for key in self.writes.acceptances() {
            if let Some(Stage::Accepting(accepting)) = self.entries.stage_mut(key) {
                accepting.held.is_gone |= gone.contains(&accepting.ticket);
            }
        }
        self.work();
    }

    /// Whether a message that is passed through is one that its policy lets keep.
    fn is_to_be_kept(&mut self, ticket: CallerTicket) -> bool {
        let Some(held) = self.holding.get_mut(ticket) else {
            return false;
        };
        let policy = self.settings.policy(held.adapter);
        let may_be_kept = policy.keeps() && !held.operation.is_ephemeral();
        held.is_gone = may_be_kept;
        may_be_kept
    }
}
