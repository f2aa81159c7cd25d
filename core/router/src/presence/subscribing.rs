//! What watchers ask.

use std::time::{Duration, Instant};

use rand::CryptoRng;
use rialto_model::{Failure, FailureReason, Package, ResponseStatus, SubscribeOperation};

use super::{
    Caller, Index, PresenceService,
    admission::Admitted,
    rules::Handling,
    subscription::{Beginning, LegStage, NEVER, Stage, Standing, Subscription},
    writes::{Purpose, not_kept},
};
use crate::{
    AdapterId, Answer, CallerTicket, Change, JournalKey, JournalTable, StepKind, router::Owner,
};

impl<R: CryptoRng> PresenceService<R> {
    /// Takes what a watcher asks; `ticket` comes back with its response.
    ///
    /// Steps: valid addresses, whom they stand for, the operator's rules, the principal's rules, the subscription that is there already.
    /// draft-ietf-impp-cpim-03 §3.4.1, §3.4.3, §3.4.4.
    pub fn handle_subscribe(
        &mut self,
        now: Instant,
        from: AdapterId,
        operation: SubscribeOperation,
        ticket: CallerTicket,
    ) {
        self.begin(now);
        let id = *operation.transaction_id();
        let caller = Caller { ticket, id };
        let taken = self
            .admit(from, &operation)
            .and_then(|admitted| self.take(from, &operation, admitted, caller));
        if let Err(failure) = taken {
            let (owner, reason) = (Owner::Caller(ticket), failure.reason());
            self.chronicle.note_subscribe(owner, from, &operation);
            let answered = StepKind::Answered(Answer::Failure(reason));
            self.chronicle.note(owner, answered);
            self.refuse(ticket, id, failure);
        }
    }

    fn take(
        &mut self,
        from: AdapterId,
        operation: &SubscribeOperation,
        admitted: Admitted,
        caller: Caller,
    ) -> Result<(), Failure> {
        let is_known = |index: &Index| {
            let known = self.subscriptions.get(*index);
            known.is_some_and(|known| known.has_id(operation.subscription_id()))
        };
        let same = admitted.existing.filter(is_known);
        if same.is_none() && operation.is_of_known() {
            return Err(Failure::new(FailureReason::NoPresentity)
                .with_detail("there is no such subscription any more"));
        }
        match (same, operation.is_of_no_duration()) {
            (Some(index), true) => self.unsubscribe(index, operation, caller),
            (Some(index), false) => self.refresh(index, operation, admitted.handling, caller),
            (None, true) => self.fetch(from, operation, &admitted, caller),
            (None, false) if admitted.existing.is_some() => {
                // One that was forgotten by its watcher ends when it is told something, and leaves the place to the next try.
                let existing = admitted.existing.into_iter();
                existing.for_each(|index| self.want_notice(index));
                Err(FailureReason::AlreadySubscribed.into())
            }
            (None, false) => self.subscribe(from, operation, &admitted, caller),
        }
    }

    fn subscribe(
        &mut self,
        from: AdapterId,
        operation: &SubscribeOperation,
        admitted: &Admitted,
        caller: Caller,
    ) -> Result<(), Failure> {
        self.writes.check_room()?;
        let time = self.settings.limits().grant(operation.duration());
        let index = self.insert(from, operation, admitted, Stage::Accepting, time)?;
        self.subscriptions.link(index);
        self.subscriptions.set_alarm(index);
        self.wait_for(index, caller);
        let record = self.record(index);
        let key = self.key(index);
        let change = Change::put(JournalTable::Subscriptions, key, record);
        self.write(Purpose::Acceptance(key), vec![change]);
        if self.has_leg(index) {
            let patience = self.now.plus(self.settings.limits().patience);
            if let Some(of) = self.subscriptions.get_mut(index) {
                of.notice.due = patience;
            }
            self.ask(index);
        }
        Ok(())
    }

    fn refresh(
        &mut self,
        index: Index,
        operation: &SubscribeOperation,
        handling: Handling,
        caller: Caller,
    ) -> Result<(), Failure> {
        let time = self.settings.limits().grant(operation.duration());
        let now = self.now;
        let Some(of) = self.subscriptions.get_mut(index) else {
            return Ok(());
        };
        let has_other_names = of.set_names(operation.subscription_id(), operation.reference());
        of.authentication = operation.authentication();
        if of.stage == Stage::Live {
            of.accepted_at = now;
            of.expires_at = now.plus(time);
        }
        let is_live = of.stage == Stage::Live;
        let key = of.key;
        self.note(index, StepKind::Refreshed);
        self.wait_for(index, caller);
        if !is_live {
            if has_other_names {
                self.write_down(index); // behind its acceptance, which has the former ones
            }
            return Ok(());
        }
        self.statistics.refreshed += 1;
        self.handle_as(index, handling);
        self.subscriptions.set_alarm(index);
        let record = self.record(index);
        let change = Change::put(JournalTable::Subscriptions, key, record);
        self.write(Purpose::Refresh(key), vec![change]);
        Ok(())
    }

    /// A refresh is written, or not.
    pub(super) fn refreshed(&mut self, key: JournalKey, is_safe: bool) {
        let Some(index) = self.subscriptions.by_key(key) else {
            return;
        };
        if is_safe {
            self.answer_live(index);
            self.want_notice(index);
        } else {
            self.answer(index, &not_kept().into(), None);
        }
    }

    /// A subscription is written, or not.
    pub(super) fn accepted(&mut self, key: JournalKey, is_safe: bool) {
        let Some(index) = self.subscriptions.by_key(key) else {
            return;
        };
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        of.is_safe = is_safe;
        of.notice.reserved = Subscription::VERSIONS;
        let is_over = of.is_over();
        if is_safe {
            self.settle_acceptance(index);
        } else if !is_over {
            self.give_up(index, &not_kept());
        }
    }

    /// Answers the watcher, if enough is known, and tells it what there is.
    pub(super) fn settle_acceptance(&mut self, index: Index) {
        let is_patient = self.is_patient(index);
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        if of.stage != Stage::Accepting || !of.is_safe || is_patient {
            return;
        }
        of.stage = Stage::Live;
        of.notice.due = NEVER;
        let presentity = of.presentity;
        self.statistics.accepted += 1;
        self.answer_live(index);
        self.want_notice(index);
        self.tell_of_watchers(presentity);
        self.subscriptions.set_alarm(index);
    }

    /// Whether the presentity's network may still say whether the watcher may.
    fn is_patient(&self, index: Index) -> bool {
        let Some(of) = self.subscriptions.get(index) else {
            return false;
        };
        let is_asked = matches!(of.leg.stage, LegStage::Asking | LegStage::Resolving);
        // Without a time it has run out already.
        let has_patience = of.notice.due != NEVER && of.notice.due > self.now;
        is_asked && has_patience && !self.is_governed(of)
    }

    fn answer_live(&mut self, index: Index) {
        let Some(of) = self.subscriptions.get(index) else {
            return;
        };
        let status = match of.standing {
            Standing::Pending => ResponseStatus::Indeterminant,
            _ => ResponseStatus::Success,
        };
        let time = self.seconds_left(of.expires_at);
        self.answer(index, &status, Some(time));
    }

    pub(super) fn answer(
        &mut self,
        index: Index,
        status: &ResponseStatus,
        duration: Option<Duration>,
    ) {
        let callers = self.callers.take(index);
        if !callers.is_empty() {
            self.note(index, StepKind::Answered(Answer::from(status)));
        }
        for caller in callers {
            self.respond(caller, status.clone(), duration);
        }
    }

    pub(super) fn wait_for(&mut self, index: Index, caller: Caller) {
        if let Err(caller) = self.callers.add(index, caller) {
            let failure = Failure::new(FailureReason::Overloaded);
            self.respond(caller, failure.into(), None);
        }
    }

    pub(super) fn insert(
        &mut self,
        from: AdapterId,
        operation: &SubscribeOperation,
        admitted: &Admitted,
        stage: Stage,
        time: Duration,
    ) -> Result<Index, Failure> {
        let watcher = admitted.watching.watcher_of(operation.package())?;
        self.check_room(&watcher, &admitted.watching.presentity)?;
        let shown_target = self.addresses.intern(operation.target());
        let presentity = self.presentities.learn(&admitted.watching.presentity);
        let standing = match operation.package() {
            Package::Presence => self.standing(presentity, admitted.handling),
            _ => Standing::Active,
        };
        let subscription = Beginning {
            key: self.keys.next(),
            nonce: self.rng.next_u64(),
            watcher: self.addresses.intern(&watcher),
            shown_watcher: self.addresses.intern(operation.watcher()),
            shown_target,
            presentity,
            adapter: from,
            id: operation.subscription_id(),
            reference: operation.reference(),
            package: operation.package(),
            authentication: operation.authentication(),
            max_forwards: operation.max_forwards(),
            handling: admitted.handling,
            stage,
            standing,
            accepted_at: self.now,
            expires_at: self.now.plus(time),
        };
        let owner = Owner::Kept(subscription.key);
        self.chronicle.note_subscribe(owner, from, operation);
        Ok(self.place(subscription.into()))
    }

    /// Puts a subscription into the table, and among its presentity's.
    pub(super) fn place(&mut self, mut subscription: Subscription) -> Index {
        let presentity = subscription.presentity;
        let watchers = self
            .presentities
            .get(presentity)
            .map_or(0, |of| of.watchers.len());
        subscription.place = watchers as u32;
        let index = self.subscriptions.insert(subscription);
        if let Some(known) = self.presentities.get_mut(presentity) {
            known.watchers.push(index);
        }
        index
    }

    pub(super) fn key(&self, index: Index) -> JournalKey {
        let of = self.subscriptions.get(index);
        of.map_or(JournalKey::new(0), |of| of.key)
    }
}
