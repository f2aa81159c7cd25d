//! Deliveries that wait while one adapter makes way for the next.

use std::collections::{BTreeMap, HashMap, VecDeque};

use foldhash::fast::RandomState;
use rialto_model::MessageOperation;
use rialto_router::{AdapterId, AttemptId};

/// Deliveries that wait for an adapter to come; each is in progress in the router, which bounds how many there are.
#[derive(Default)]
pub(super) struct Parked {
    last: u64,
    /// In the router's order, also when they are due.
    deliveries: BTreeMap<u64, Delivery>,
    numbers: HashMap<AttemptId, u64, RandomState>,
    /// Those whose adapter has come, or comes no more; before all that the router decides from now on.
    due: VecDeque<u64>,
    /// Those for whom something was parked since their last release; few.
    awaited: Vec<AdapterId>,
}

/// What the router wants delivered.
pub(crate) struct Delivery {
    pub(super) adapter: AdapterId,
    pub(super) attempt: AttemptId,
    pub(super) operation: MessageOperation,
}

impl Parked {
    /// Keeps a delivery until its adapter has come; if it is not awaited any more, the delivery is due.
    pub(super) fn park(&mut self, delivery: Delivery, is_awaited: bool) {
        let adapter = delivery.adapter;
        self.last += 1;
        self.numbers.insert(delivery.attempt, self.last);
        self.deliveries.insert(self.last, delivery);
        if !is_awaited {
            self.due.push_back(self.last);
        } else if !self.is_behind_others(adapter) {
            self.awaited.push(adapter);
        }
    }

    /// Whether what is for an adapter would overtake what waits for it.
    pub(super) fn is_behind_others(&self, adapter: AdapterId) -> bool {
        self.awaited.contains(&adapter)
    }

    /// The adapter has come, or comes no more.
    pub(super) fn release(&mut self, adapter: AdapterId) {
        self.awaited.retain(|awaited| *awaited != adapter);
        // Those that are due already are taken out when their first turn comes.
        let is_for_it =
            |(number, parked): (&u64, &Delivery)| (parked.adapter == adapter).then_some(*number);
        self.due
            .extend(self.deliveries.iter().filter_map(is_for_it));
    }

    /// What can be delivered now.
    pub(super) fn next_due(&mut self) -> Option<Delivery> {
        loop {
            let number = self.due.pop_front()?;
            if let Some(delivery) = self.deliveries.remove(&number) {
                self.numbers.remove(&delivery.attempt);
                return Some(delivery);
            }
        }
    }

    /// Drops a delivery that nobody waits for any more.
    pub(super) fn forget(&mut self, attempt: AttemptId) {
        if let Some(number) = self.numbers.remove(&attempt) {
            self.deliveries.remove(&number);
        }
    }
}
