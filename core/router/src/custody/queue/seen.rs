//! What an operator can see.

use super::*;

impl<D: Clone + Eq + Hash> RetryQueue<D> {
    /// How many entries there are, those that have ended among them.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many deliveries are under way.
    pub const fn in_flight(&self) -> usize {
        self.in_flight as usize
    }

    /// One entry that has not ended.
    pub fn get(&self, key: JournalKey) -> Option<Queued<'_, D>> {
        let at = self.find(key)?;
        self.see(at, self.entries.get(at as usize)?)
    }

    /// All entries that have not ended, in no order.
    pub fn iter(&self) -> impl Iterator<Item = Queued<'_, D>> {
        let entries = self.entries.iter();
        entries.filter_map(|(at, entry)| self.see(at as u32, entry))
    }

    fn see(&self, at: u32, entry: &Entry) -> Option<Queued<'_, D>> {
        if entry.has_ended() {
            return None;
        }
        let conversation = self.conversations.get(entry.conversation as usize)?;
        let destination = self.destinations.get(conversation.destination as usize)?;
        let is_first = conversation.entries.first() == Some(at) && conversation.in_flight == 0;
        let state = if entry.stage == Stage::InFlight {
            QueueState::InFlight
        } else if !is_first {
            QueueState::Behind
        } else {
            match self.rest_of(entry.conversation, conversation.destination) {
                Some(until) => QueueState::Resting(until.to_instant(self.beginning)),
                None => QueueState::Ready,
            }
        };
        Some(Queued {
            key: entry.key,
            destination: &destination.name,
            state,
            expires_at: self.expiries.time(at).to_instant(self.beginning),
        })
    }

    /// Until when a conversation or its destination rests, whichever is later.
    pub(super) fn rest_of(&self, conversation: u32, destination: u32) -> Option<Moment> {
        let one = self.conversation_rests.set_time(conversation);
        one.max(self.destination_rests.set_time(destination))
    }
}
