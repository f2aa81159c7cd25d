//! Operations whose next hops DNS names: asked for, tried one after the other.

use std::time::Instant;

use rand::CryptoRng;
use rialto_model::{
    Domain, Failure, FailureReason, MessageOperation, ResponseStatus, TransactionId,
};

use super::{
    Action, AttemptId, Owner, Pending, Router, Stage,
    course::{Course, may_have_arrived, passes_on},
};
use crate::{AdapterId, Hop, StepKind, Undecided};

impl<R: CryptoRng> Router<R> {
    /// Takes what DNS says of a domain, and sends all on their way that waited for it, in the order in which they came.
    ///
    /// `hops` is asked anew for each, so that each draws its own order; it gets the randomness to do so, and the only
    /// adapter that may deliver, if a source route names one. No hops at all are the failure `Unresolvable`.
    pub fn handle_resolved(
        &mut self,
        now: Instant,
        domain: &Domain,
        mut hops: impl FnMut(&mut R, Option<AdapterId>) -> Result<Vec<Hop>, Failure>,
    ) {
        self.chronicle.observe(now);
        for attempt in self.waiting.take(domain) {
            let Some(pending) = self.in_progress.get_mut(attempt) else {
                continue;
            };
            let Some(course) = pending.course.as_deref_mut() else {
                continue;
            };
            match hops(&mut self.rng, course.undecided.only()) {
                Ok(hops) => {
                    course.set_hops(hops, &self.resting, now);
                    let nowhere = course.undecided.nowhere();
                    self.advance(now, attempt, nowhere);
                }
                Err(failure) => self.abandon(attempt, failure),
            }
        }
    }

    /// Keeps an operation until DNS has named its next hops.
    pub(super) fn resolve(
        &mut self,
        ends_at: Instant,
        undecided: Undecided,
        operation: MessageOperation,
        id: TransactionId,
        owner: Owner,
    ) {
        if self.waiting.len() >= self.limits.max_resolving() {
            self.statistics.overloaded += 1;
            let failure = Failure::new(FailureReason::Overloaded);
            return self.respond(owner, operation.respond(failure.into()));
        }
        let domain = undecided.domain().clone();
        let (operation, responder) = operation.into_forward(id);
        self.chronicle.note(owner, StepKind::Resolving);
        let attempt = self.keep(owner, responder, ends_at);
        if let Some(pending) = self.in_progress.get_mut(attempt) {
            pending.stage = Stage::Resolving;
            pending.course = Some(Box::new(Course::new(operation, undecided, ends_at)));
        }
        if self.waiting.push(domain.clone(), attempt) {
            self.statistics.resolutions += 1;
            self.actions.push_back(Action::Resolve { domain });
        }
    }

    /// Takes the answer of one of several next hops.
    pub(super) fn follow(&mut self, now: Instant, attempt: AttemptId, status: ResponseStatus) {
        let Some(Pending {
            course: Some(course),
            ..
        }) = self.in_progress.get_mut(attempt)
        else {
            return;
        };
        match status {
            ResponseStatus::Failure(failure) if passes_on(&failure) => {
                if let Some(hop) = course.current() {
                    self.resting.add(hop, &failure, now);
                }
                if failure.reason() == FailureReason::TimedOut && course.has_alternate() {
                    course.doubt(); // whoever says so, our deadline or the adapter's
                }
                self.advance(now, attempt, failure);
            }
            status => {
                if let Some(hop) = course.current() {
                    self.resting.remove(hop);
                }
                self.answer(attempt, status);
            }
        }
    }

    /// Whether only the time for one next hop has passed, and another is left.
    pub(super) fn is_attempt_only(&mut self, now: Instant, attempt: AttemptId) -> bool {
        let pending = self.in_progress.get_mut(attempt);
        pending.is_some_and(|pending| {
            let course = pending.course.as_deref();
            course.is_some_and(|course| course.ends_at > now && course.has_alternate())
        })
    }

    /// Gives up a next hop that says nothing.
    pub(super) fn give_up(&mut self, now: Instant, attempt: AttemptId) {
        let Some(Pending {
            course: Some(course),
            stage,
            ..
        }) = self.in_progress.get_mut(attempt)
        else {
            return;
        };
        if *stage != Stage::HandedOver {
            // Its turn has not come yet: that is no fault of the hop's, and no reason to lose the place in the queue.
            let until = now + course.time(now, self.limits.attempt_time());
            return self.deadlines.push(until, attempt, &self.in_progress);
        }
        let failure = may_have_arrived();
        course.doubt();
        if let Some(hop) = course.current() {
            self.resting.add(hop, &failure, now);
        }
        self.actions.push_back(Action::Cancel { attempt });
        self.advance(now, attempt, failure);
    }

    /// Tries the next hop that can be tried; without one, the operation ends with the failure that was the last.
    fn advance(&mut self, now: Instant, attempt: AttemptId, mut last: Failure) {
        let Some(Pending {
            course: Some(course),
            owner,
            stage,
            ..
        }) = self.in_progress.get_mut(attempt)
        else {
            return;
        };
        let failed_over = *stage != Stage::Resolving;
        while let Some(hop) = course.advance() {
            let adapter = hop.adapter();
            let source = course.operation.source();
            let decision = match self.table.settle(&course.undecided, source, hop) {
                Ok(decision) => decision,
                Err(failure) => {
                    last = failure;
                    continue;
                }
            };
            let time = course.time(now, self.limits.attempt_time());
            let operation = decision.apply(course.operation.clone()).with_deadline(time);
            *stage = Stage::Queued;
            let owner = *owner;
            let renamed = self.rename(attempt, owner);
            self.deadlines.push(now + time, renamed, &self.in_progress);
            if failed_over {
                self.statistics.failovers += 1;
                let reason = last.reason();
                self.chronicle.note(owner, StepKind::FailedOver { reason });
            }
            self.actions.push_back(Action::Deliver {
                attempt: renamed,
                adapter,
                operation,
            });
            return;
        }
        self.abandon(attempt, last);
    }

    /// Gives an operation the name of its next attempt: what is said of the former one counts no more.
    fn rename(&mut self, attempt: AttemptId, owner: Owner) -> AttemptId {
        let renamed = self.in_progress.rename(attempt);
        if let Some(named) = self.owners.get_mut(&owner)
            && *named == attempt
        {
            *named = renamed;
        }
        renamed
    }

    /// Ends an operation for which no next hop is left.
    fn abandon(&mut self, attempt: AttemptId, failure: Failure) {
        let Some(pending) = self.take(attempt) else {
            return;
        };
        if pending.stage == Stage::Resolving {
            self.statistics.count_refused(&failure);
        }
        self.fail(pending, failure);
    }
}
