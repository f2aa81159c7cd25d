//! Presentities whose next hops DNS names.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    time::Instant,
};

use foldhash::fast::FixedState;
use rand::CryptoRng;
use rialto_model::{Domain, Failure, FailureReason};

use super::{Index, PresenceAction, PresenceService, subscription::LegStage};
use crate::{AdapterId, Hop, Undecided};

/// Legs that wait for DNS, and the next hops of those that try one after the other.
#[derive(Debug, Default)]
pub(super) struct Resolving {
    waiting: HashMap<Domain, Vec<Index>, FixedState>,
    courses: HashMap<Index, Course, FixedState>,
}

/// The next hops of one leg.
#[derive(Debug)]
struct Course {
    undecided: Undecided,
    hops: VecDeque<Hop>,
}

impl Resolving {
    /// The most that wait or try: strangers choose the names.
    const MOST: usize = 16_384;
}

impl<R: CryptoRng> PresenceService<R> {
    /// Takes what DNS says of a domain (`_pres._<protocol>`, RFC 3861), and asks for all that waited for it.
    ///
    /// `hops` is asked anew for each, as in [`Router::handle_resolved`](crate::Router::handle_resolved).
    pub fn handle_resolved(
        &mut self,
        now: Instant,
        domain: &Domain,
        mut hops: impl FnMut(&mut R, Option<AdapterId>) -> Result<Vec<Hop>, Failure>,
    ) {
        self.begin(now);
        for index in self.resolving.waiting.remove(domain).unwrap_or_default() {
            let of = self.subscriptions.get(index);
            let waits = of.is_some_and(|of| of.leg.stage == LegStage::Resolving);
            let Some(course) = self.resolving.courses.get_mut(&index).filter(|_| waits) else {
                continue;
            };
            if course.undecided.domain() != domain {
                continue;
            }
            match hops(&mut self.rng, course.undecided.only()) {
                Ok(hops) if hops.is_empty() => {
                    let failure = Failure::new(FailureReason::Unresolvable)
                        .with_detail(format!("the domain {domain} has no presence service"));
                    self.leg_failed(index, &failure);
                }
                Ok(hops) => {
                    course.hops = hops.into();
                    if !self.next_hop(index) {
                        let failure = Failure::new(FailureReason::NotPermitted);
                        self.leg_failed(index, &failure);
                    }
                }
                Err(failure) => self.leg_failed(index, &failure),
            }
            self.subscriptions.set_alarm(index);
        }
    }

    /// Waits for DNS.
    pub(super) fn resolve(&mut self, index: Index, undecided: Undecided) {
        if self.resolving.courses.len() >= Resolving::MOST {
            return self.leg_failed(index, &FailureReason::Overloaded.into());
        }
        let due = self.now.plus(self.settings.limits().answer_time);
        if let Some(of) = self.subscriptions.get_mut(index) {
            of.leg.stage = LegStage::Resolving;
            of.leg.due = due;
        }
        let domain = undecided.domain().clone();
        let hops = VecDeque::new();
        self.resolving
            .courses
            .insert(index, Course { undecided, hops });
        match self.resolving.waiting.entry(domain.clone()) {
            Entry::Occupied(mut waiting) => waiting.get_mut().push(index),
            Entry::Vacant(place) => {
                place.insert(vec![index]);
                self.actions.push_back(PresenceAction::Resolve { domain });
            }
        }
    }

    /// Tries the next of several next hops, if there is one.
    pub(super) fn next_hop(&mut self, index: Index) -> bool {
        let Some(of) = self.subscriptions.get(index) else {
            return false;
        };
        let sides = [of.shown_watcher, of.shown_target].map(|of| self.addresses.get(of));
        let [Some(watcher), Some(target)] = sides else {
            return false;
        };
        while let Some(course) = self.resolving.courses.get_mut(&index) {
            let Some(hop) = course.hops.pop_front() else {
                self.resolving.courses.remove(&index);
                return false;
            };
            if let Ok(way) = self
                .table
                .settle_watching(&course.undecided, [&watcher, &target], hop)
            {
                self.hand_over(index, way);
                return true;
            }
        }
        false
    }

    pub(super) fn courses_forget(&mut self, index: Index) {
        let Some(course) = self.resolving.courses.remove(&index) else {
            return;
        };
        if let Some(waiting) = self.resolving.waiting.get_mut(course.undecided.domain()) {
            // The question stays: its answer is still to come.
            waiting.retain(|known| *known != index);
        }
    }
}
