//! The ends of the service's own subscriptions, until the presentity's side knows of them.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::FixedState;
use rand::CryptoRng;
use rialto_model::{FailureClass, ResponseStatus, SubscribeOperation};

use super::{PresenceAction, PresenceAttempt, PresenceService};
use crate::{AdapterId, custody::clock::Millis};

/// A subscription of the service's own that is to end.
#[derive(Debug)]
pub(super) struct Parting {
    adapter: AdapterId,
    operation: SubscribeOperation,
    tries: u8,
    is_resting: bool,
    due: Millis,
}

/// All of them. They are not kept over a restart: what does not hear of its end is refused when it tells something.
#[derive(Debug, Default)]
pub(super) struct Partings {
    all: HashMap<PresenceAttempt, Parting, FixedState>,
    /// When an answer is not waited for any more, or it is told again.
    times: BTreeSet<(Millis, PresenceAttempt)>,
}

impl Parting {
    /// How often an end is told. What does not hear of it ends by itself when it is not refreshed.
    const MOST_TRIES: u8 = 4;

    pub(super) const fn new(adapter: AdapterId, operation: SubscribeOperation) -> Self {
        Self {
            adapter,
            operation,
            tries: 0,
            is_resting: false,
            due: Millis(0),
        }
    }
}

impl Partings {
    /// The most that there are; what is beyond ends by itself.
    const MOST: usize = 10_000;

    pub(super) fn have_room(&self) -> bool {
        self.all.len() < Self::MOST
    }

    pub(super) fn are_under_way(&self, attempt: PresenceAttempt) -> bool {
        self.all.get(&attempt).is_some_and(|of| !of.is_resting)
    }

    pub(super) fn next_due(&self) -> Option<Millis> {
        self.times.first().map(|(at, _)| *at)
    }

    /// Whether no answer is waited for; what is told again later ends by itself if there is no later.
    pub(super) fn are_at_rest(&self) -> bool {
        self.all.values().all(|of| of.is_resting)
    }

    fn insert(&mut self, attempt: PresenceAttempt, parting: Parting) {
        self.times.insert((parting.due, attempt));
        self.all.insert(attempt, parting);
    }

    fn remove(&mut self, attempt: PresenceAttempt) -> Option<Parting> {
        let parting = self.all.remove(&attempt)?;
        self.times.remove(&(parting.due, attempt));
        Some(parting)
    }

    fn take_due(&mut self, now: Millis) -> Option<Parting> {
        let (at, attempt) = *self.times.first()?;
        if at > now {
            return None;
        }
        self.remove(attempt)
    }
}

impl<R: CryptoRng> PresenceService<R> {
    /// Tells the presentity's side of an end.
    pub(super) fn part(&mut self, mut parting: Parting) {
        let attempt = self.flights.name();
        self.actions.push_back(PresenceAction::Subscribe {
            attempt,
            adapter: parting.adapter,
            operation: parting.operation.clone(),
        });
        parting.due = self.now.plus(self.settings.limits().answer_time);
        parting.is_resting = false;
        self.partings.insert(attempt, parting);
    }

    pub(super) fn parted(&mut self, attempt: PresenceAttempt, status: &ResponseStatus) {
        let Some(mut parting) = self.partings.remove(attempt) else {
            return;
        };
        let ResponseStatus::Failure(failure) = status else {
            return;
        };
        parting.tries += 1;
        let is_hopeless = failure.reason().class() == FailureClass::Permanent;
        if !is_hopeless && parting.tries < Parting::MOST_TRIES {
            let wait = self.wait(parting.tries, failure);
            parting.due = self.now.plus(wait);
            parting.is_resting = true;
            self.partings.insert(attempt, parting);
        }
    }

    /// Tells again what is due. One whose adapter never answers is not waited for.
    pub(super) fn part_again(&mut self) {
        while let Some(parting) = self.partings.take_due(self.now) {
            if parting.is_resting {
                self.part(parting);
            }
        }
    }
}
