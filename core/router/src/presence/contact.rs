//! Presentities that cannot be reached any more, and those that can again.

use std::time::{Duration, Instant};

use rand::CryptoRng;
use rialto_model::{Domain, Failure, FailureReason};

use super::{
    Aim, Index, PresenceService,
    subscription::{LegStage, NEVER, Standing, Subscription},
};
use crate::{AdapterId, custody::clock::Millis};

/// How many are asked in a millisecond when there are many.
const PER_MILLISECOND: u64 = 5;

impl<R: CryptoRng> PresenceService<R> {
    /// Says that an adapter, or one domain behind it, is out of contact: its connection died, or it is stopped.
    ///
    /// Watchers of those presentities are told so, and they are asked again later. RFC 2779 §3.2.4 and §3.2.5.
    pub fn handle_lost(&mut self, now: Instant, adapter: AdapterId, domain: Option<&Domain>) {
        self.begin(now);
        for index in self.legs_by(adapter, domain, LegStage::Held) {
            let wait = self.wait(0, &FailureReason::Unreachable.into());
            let due = self.now.plus(wait);
            if let Some(of) = self.subscriptions.get_mut(index) {
                of.leg.stage = LegStage::Resting;
                of.leg.due = due;
            }
            self.lose_contact(index);
            self.subscriptions.set_alarm(index);
        }
        // Whatever they would still answer was true before.
        for index in self.legs_by(adapter, domain, LegStage::Asking) {
            if self.call_off(Aim::Leg(index)) {
                let failure = Failure::new(FailureReason::Unreachable);
                self.leg_answered(index, failure.into(), None);
            }
        }
    }

    /// Says that an adapter, or one domain behind it, can be reached again: those who wait are not kept waiting, neither presentities nor
    /// the adapter's watchers. Nor are all asked at once.
    pub fn handle_found(&mut self, now: Instant, adapter: AdapterId, domain: Option<&Domain>) {
        self.begin(now);
        let resting = self.legs_by(adapter, domain, LegStage::Resting);
        let count = resting.len();
        for index in resting {
            let due = self.soon(count);
            if let Some(of) = self.subscriptions.get_mut(index) {
                of.leg.tries = 0;
                of.leg.due = of.leg.due.min(due);
            }
            self.subscriptions.set_alarm(index);
        }
        if domain.is_none() {
            self.tell_again(adapter);
        }
    }

    /// Says that an adapter knows nothing of the subscriptions that it was handed: another has its place. They are asked for again, soon.
    pub fn handle_replaced(&mut self, now: Instant, adapter: AdapterId) {
        self.begin(now);
        let held = self.legs_by(adapter, None, LegStage::Held);
        let count = held.len();
        for index in held {
            let due = self.soon(count);
            if let Some(of) = self.subscriptions.get_mut(index) {
                of.leg.due = of.leg.due.min(due);
            }
            self.subscriptions.set_alarm(index);
        }
    }

    /// Tells the watchers of an adapter soon what they could not be told.
    fn tell_again(&mut self, adapter: AdapterId) {
        let mut untold = self.subscriptions.indices();
        untold.retain(|index| {
            let of = self.subscriptions.get(*index);
            let rests = |of: &Subscription| of.notice.is_due && of.notice.due != NEVER;
            of.is_some_and(|of| of.adapter == adapter && rests(of))
                && !self.flights.has(Aim::Notice(*index))
        });
        let count = untold.len();
        for index in untold {
            let due = self.soon(count);
            if let Some(of) = self.subscriptions.get_mut(index) {
                of.notice.tries = 0;
                of.notice.due = of.notice.due.min(due);
            }
            self.subscriptions.set_alarm(index);
        }
    }

    /// When one of so many is asked or told that could all be at once.
    pub(super) fn soon(&mut self, count: usize) -> Millis {
        let spread = 1 + count as u64 / PER_MILLISECOND;
        let wait = Duration::from_millis(self.rng.next_u64() % spread);
        self.now.plus(wait)
    }

    /// What is known is not true any more, as far as one can tell.
    pub(super) fn lose_contact(&mut self, index: Index) {
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        if !std::mem::replace(&mut of.in_contact, false) {
            return;
        }
        self.statistics.lost_contact += 1;
        if of.standing == Standing::Active {
            self.want_changed_notice(index);
        }
    }

    fn legs_by(&self, adapter: AdapterId, domain: Option<&Domain>, stage: LegStage) -> Vec<Index> {
        let is_there = |of: &Subscription| {
            let presentity = self.presentities.get(of.presentity);
            of.leg.adapter == adapter
                && of.leg.stage == stage
                && domain.is_none_or(|domain| {
                    presentity.is_some_and(|known| known.address.domain() == domain.as_str())
                })
        };
        let mut indices = self.subscriptions.indices();
        indices.retain(|index| self.subscriptions.get(*index).is_some_and(is_there));
        indices
    }
}
