//! What is needed to call a delivery off.

use rialto_loader::Ticket;
use rialto_router::{AdapterId, AttemptId};

/// What adapters call the deliveries, by the router's name; needed only to call one off.
///
/// An index: the router uses an attempt's place again when it has ended, so the list is as long as most operations were in
/// progress at once, and an entry that nobody took is overwritten.
#[derive(Default)]
pub(super) struct Deliveries(Vec<Option<(AttemptId, AdapterId, Ticket)>>);

impl Deliveries {
    pub(super) fn remember(
        &mut self,
        attempt: AttemptId,
        adapter: AdapterId,
        ticket: Option<Ticket>,
    ) {
        let index = attempt.to_bits() as u32 as usize;
        if self.0.len() <= index {
            self.0.resize(index + 1, None);
        }
        if let Some(entry) = self.0.get_mut(index) {
            *entry = ticket.map(|ticket| (attempt, adapter, ticket));
        }
    }

    pub(super) fn take(&mut self, attempt: AttemptId) -> Option<(AdapterId, Ticket)> {
        let entry = self.0.get_mut(attempt.to_bits() as u32 as usize)?;
        let (of, adapter, ticket) = (*entry)?;
        if of != attempt {
            return None;
        }
        *entry = None;
        Some((adapter, ticket))
    }
}
