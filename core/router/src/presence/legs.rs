//! The presentity's side: the service's own subscriptions, one for each watcher.

use std::time::Duration;

use rand::CryptoRng;
use rialto_model::{
    Failure, FailureClass, FailureReason, MaxForwards, Package, ResponseStatus, SubscribeOperation,
    TerminationReason, TransactionId,
};

use super::{
    Aim, Index, PresenceAction, PresenceService,
    partings::Parting,
    rules::{Handling, View},
    subscription::{Leg, LegStage, NEVER, Stage, Standing, Subscription},
    timed_out,
    writes::Purpose,
};
use crate::{
    AdapterId, Answer, Change, Hop, JournalTable, StepKind,
    decision::presence::{Onward, Way},
    router::Owner,
};

impl<R: CryptoRng> PresenceService<R> {
    /// Whether what a watcher is told comes from elsewhere.
    pub(super) fn has_leg(&self, index: Index) -> bool {
        let Some(of) = self.subscriptions.get(index) else {
            return false;
        };
        let shows = matches!(of.handling, Handling::Allow(View::All | View::StatusOnly));
        let shows = shows && of.package == Package::Presence;
        let presentity = self.presentities.get(of.presentity);
        shows && presentity.is_some_and(|known| !self.settings.hosts(known.address.domain()))
    }

    /// Asks the presentity's network, again or for the first time.
    pub(super) fn ask(&mut self, index: Index) {
        let Some((from, operation)) = self.leg_operation(index) else {
            return;
        };
        match self.table.way_to_presentity(from, &operation) {
            Ok(Onward::Known(way)) => self.hand_over(index, way),
            Ok(Onward::Dns(undecided)) => self.resolve(index, undecided),
            Err(failure) => self.leg_failed(index, &failure),
        }
        self.subscriptions.set_alarm(index);
    }

    /// Hands the service's own subscription to the adapter that serves it.
    pub(super) fn hand_over(&mut self, index: Index, way: Way) {
        let Some((_, operation)) = self.leg_operation(index) else {
            return;
        };
        let adapter = way.hop.adapter();
        let owner = Owner::Kept(self.key(index));
        self.chronicle
            .note_leg(owner, adapter, operation.subscription_id());
        let operation = onward(operation, way);
        let attempt = self.flights.begin(Aim::Leg(index));
        let due = self.now.plus(self.settings.limits().answer_time);
        let now = self.now;
        if let Some(of) = self.subscriptions.get_mut(index) {
            of.leg.stage = LegStage::Asking;
            of.leg.adapter = adapter;
            // What is known is not true for longer than it was granted.
            of.leg.due = if of.in_contact && of.leg.until > now {
                due.min(of.leg.until)
            } else {
                due
            };
        }
        self.subscriptions.set_alarm(index);
        self.actions.push_back(PresenceAction::Subscribe {
            attempt,
            adapter,
            operation,
        });
    }

    /// What the watcher asked, as if it asked again.
    fn leg_operation(&mut self, index: Index) -> Option<(AdapterId, SubscribeOperation)> {
        let id = TransactionId::random(&mut self.rng);
        let of = self.subscriptions.get(index)?;
        let watcher = self.addresses.get(of.shown_watcher)?;
        let target = self.addresses.get(of.shown_target)?;
        let duration = if of.stage == Stage::Fetching {
            Duration::ZERO
        } else {
            self.settings.limits().default_duration
        };
        let operation = SubscribeOperation::new(id, of.leg_id()?, watcher, target)
            .with_package(of.package)
            .with_duration(duration)
            .with_authentication(of.authentication)
            .with_max_forwards(of.max_forwards)
            .with_deadline(self.settings.limits().answer_time);
        Some((of.adapter, operation))
    }

    /// Takes the answer of the presentity's adapter.
    pub(super) fn leg_answered(
        &mut self,
        index: Index,
        status: ResponseStatus,
        duration: Option<Duration>,
    ) {
        self.note(index, StepKind::Ended(Answer::from(&status)));
        let is_fetch = of_fetch(self.subscriptions.get(index));
        match status {
            ResponseStatus::Failure(failure) => self.leg_failed(index, &failure),
            _ if is_fetch => self.fetch_granted(index),
            status => self.leg_held(index, status.is_success(), duration),
        }
        self.subscriptions.set_alarm(index);
    }

    fn leg_held(&mut self, index: Index, is_active: bool, duration: Option<Duration>) {
        self.courses_forget(index);
        let time = duration.unwrap_or_else(|| self.settings.limits().default_duration);
        let refresh_at = self.now.plus(self.refresh_after(time));
        let until = self.now.plus(time);
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        of.leg.stage = LegStage::Held;
        of.leg.is_proven = true;
        of.leg.tries = 0;
        of.leg.until = until;
        of.leg.due = refresh_at;
        let was_lost = !of.in_contact;
        of.in_contact = true;
        let becomes_active = is_active && of.standing == Standing::Pending;
        if becomes_active {
            of.standing = Standing::Active;
        }
        let has_news = becomes_active || was_lost && of.document.is_some();
        let (stage, presentity) = (of.stage, of.presentity);
        if becomes_active {
            self.write_down(index);
            self.tell_of_watchers(presentity);
        }
        if stage == Stage::Accepting {
            self.settle_acceptance(index);
        } else if has_news {
            self.want_changed_notice(index);
        }
    }

    /// Writes a subscription down anew, where it does no harm if that fails.
    pub(super) fn write_down(&mut self, index: Index) {
        let record = self.record(index);
        let change = Change::put(JournalTable::Subscriptions, self.key(index), record);
        self.write(Purpose::Note, vec![change]);
    }

    /// Somewhat before it ends, and not all at once.
    fn refresh_after(&mut self, time: Duration) -> Duration {
        let parts = 832 + (self.rng.next_u64() % 65) as u32;
        (time / 1024).saturating_mul(parts).max(Leg::SHORTEST)
    }

    /// The presentity's network cannot be asked, or says no.
    pub(super) fn leg_failed(&mut self, index: Index, failure: &Failure) {
        let Some(of) = self.subscriptions.get(index) else {
            return;
        };
        // Its watcher must not see what the presentity's network thinks of it: one who is blocked politely would not.
        let end = end_for(failure).filter(|_| !self.is_governed(of));
        if let Some(reason) = end {
            return match of.stage {
                Stage::Accepting | Stage::Fetching => {
                    self.forget_leg(index);
                    self.give_up(index, failure);
                }
                Stage::Live => {
                    self.forget_leg(index);
                    self.terminate(index, reason);
                }
                Stage::Closing | Stage::Ending => {}
            };
        }
        if self.next_hop(index) {
            return;
        }
        if of_fetch(self.subscriptions.get(index)) {
            return self.fetch_in_vain(index);
        }
        self.rest(index, failure);
    }

    /// Tries again later; the watcher waits no longer.
    fn rest(&mut self, index: Index, failure: &Failure) {
        let tries = self.subscriptions.get(index).map_or(0, |of| of.leg.tries);
        let wait = self.wait(tries, failure);
        let (now, due) = (self.now, self.now.plus(wait));
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        of.leg.stage = LegStage::Resting;
        of.leg.tries = tries.saturating_add(1);
        let is_cut_off = failure.reason() == FailureReason::Unreachable && of.leg.is_proven;
        let is_lost = of.in_contact && (is_cut_off || of.leg.until <= now);
        of.leg.due = if of.in_contact && !is_lost {
            due.min(of.leg.until)
        } else {
            due
        };
        if is_lost {
            self.lose_contact(index);
        }
        self.settle_acceptance(index);
    }

    /// The time for an answer, or for a refresh, has come.
    pub(super) fn leg_due(&mut self, index: Index) {
        let now = self.now;
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        of.leg.due = NEVER;
        if self.call_off(Aim::Leg(index)) {
            return self.leg_failed(index, &timed_out());
        }
        let Some(of) = self.subscriptions.get(index) else {
            return;
        };
        if of.stage == Stage::Fetching {
            return self.fetch_in_vain(index);
        }
        if of.leg.stage == LegStage::Resolving {
            self.courses_forget(index);
            return self.rest(index, &timed_out());
        }
        if of.in_contact && of.leg.until <= now {
            self.lose_contact(index);
        }
        self.ask(index);
    }

    /// Ends the service's own subscription, if there is one.
    pub(super) fn end_leg(&mut self, index: Index) {
        let leg = self.take_leg(index);
        let is_fetch = of_fetch(self.subscriptions.get(index));
        let may_hold = !is_fetch && leg.adapter != AdapterId::GATEWAY;
        if !may_hold || !self.partings.have_room() {
            return;
        }
        let Some((from, operation)) = self.leg_operation(index) else {
            return;
        };
        let hop = Hop::new(leg.adapter);
        let known = self.subscriptions.get(index).map(|of| of.presentity);
        let known = known.and_then(|id| self.presentities.get(id));
        let known = known.map(|of| of.address.clone());
        let way = match self.table.way_to_presentity(from, &operation) {
            Ok(Onward::Known(way)) => Ok(way),
            Ok(Onward::Dns(undecided)) => self.table.settle_watching(
                &undecided,
                [operation.watcher(), operation.target()],
                hop,
            ),
            // Its rules say no now, and it was asked when they said yes.
            Err(_) => Ok(Way {
                hop,
                watcher: operation.watcher().clone(),
                target: known.unwrap_or_else(|| operation.target().clone()),
                max_forwards: MaxForwards::DEFAULT,
            }),
        };
        let Ok(way) = way else {
            return;
        };
        let operation = onward(operation, way);
        self.part(Parting::new(
            leg.adapter,
            operation.with_duration(Duration::ZERO),
        ));
    }

    /// Has nothing more to do with the presentity's side, which knows that.
    pub(super) fn forget_leg(&mut self, index: Index) {
        self.take_leg(index);
    }

    /// Waits for nothing more of the presentity's side; how far it was.
    fn take_leg(&mut self, index: Index) -> Leg {
        self.courses_forget(index);
        let Some(of) = self.subscriptions.get_mut(index) else {
            return Leg::NONE;
        };
        let leg = std::mem::replace(&mut of.leg, Leg::NONE);
        self.call_off(Aim::Leg(index));
        leg
    }
}

/// The operation as the presentity's adapter gets it.
fn onward(operation: SubscribeOperation, way: Way) -> SubscribeOperation {
    let operation = operation
        .with_watcher(way.watcher)
        .with_target(way.target)
        .with_max_forwards(way.max_forwards);
    match way.hop.next_hop() {
        Some(next_hop) => operation.with_next_hop(next_hop.clone()),
        None => operation,
    }
}

fn of_fetch(of: Option<&Subscription>) -> bool {
    of.is_some_and(|of| of.stage == Stage::Fetching)
}

/// What a failure of the presentity's network means for the subscription; none: it may pass.
fn end_for(failure: &Failure) -> Option<TerminationReason> {
    match failure.reason() {
        FailureReason::NoSuchInbox
        | FailureReason::NoPresentity
        | FailureReason::InvalidDestination
        | FailureReason::Unresolvable
        | FailureReason::UnsupportedService
        | FailureReason::HopLimitReached => Some(TerminationReason::NoResource),
        reason if reason.class() == FailureClass::Permanent => Some(TerminationReason::Rejected),
        _ => None,
    }
}
