//! What is told of presentities.

use std::{sync::Arc, time::Instant};

use rand::CryptoRng;
use rialto_model::{
    Failure, FailureReason, NotifyOperation, PresenceDocument, ResponseStatus, SubscriptionId,
    SubscriptionState, TerminationReason,
};

use super::{
    Aim, Caller, Index, PresenceService,
    document::shared,
    record::DocumentRecord,
    subscription::{Leg, LegStage, NEVER, Stage, Standing, Subscription},
    writes::Purpose,
};
use crate::{AdapterId, CallerTicket, Change, JournalTable, StepKind};

impl<R: CryptoRng> PresenceService<R> {
    /// Takes what an adapter says of a presentity; `ticket` comes back with its response.
    ///
    /// Believed only under the name of a subscription that was handed to that adapter, which answers for the presentity. RFC 2779 §5.2.4 and §5.3.2.
    pub fn handle_notify(
        &mut self,
        now: Instant,
        from: AdapterId,
        operation: NotifyOperation,
        ticket: CallerTicket,
    ) {
        self.begin(now);
        let caller = Caller {
            ticket,
            id: *operation.transaction_id(),
        };
        let Some(index) = self.leg_named(from, &operation) else {
            self.statistics.unsolicited += 1;
            let failure = Failure::new(FailureReason::NoPresentity)
                .with_detail("there is no such subscription on this adapter");
            return self.respond(caller, failure.into(), None);
        };
        let document = operation.document();
        let max = self.settings.limits().max_document;
        if document.is_some_and(|document| document.payload().len() > max) {
            let failure = Failure::new(FailureReason::TooLarge)
                .with_detail(format!("presence documents of up to {max} bytes are taken"));
            return self.respond(caller, failure.into(), None);
        }
        self.respond(caller, ResponseStatus::Success, None);
        self.hear(index, &operation);
        self.subscriptions.set_alarm(index);
    }

    /// Whether a presentity's network was given this name for a subscription of this service.
    pub fn has_leg_named(&self, id: &SubscriptionId) -> bool {
        Subscription::read_leg_id(id).is_some_and(|(key, nonce)| {
            let index = self.subscriptions.by_key(key);
            let of = index.and_then(|index| self.subscriptions.get(index));
            of.is_some_and(|of| of.nonce == nonce)
        })
    }

    fn leg_named(&self, from: AdapterId, operation: &NotifyOperation) -> Option<Index> {
        let (key, nonce) = Subscription::read_leg_id(operation.subscription_id())?;
        let index = self.subscriptions.by_key(key)?;
        let of = self.subscriptions.get(index)?;
        // After the last word that was asked for, nothing more was.
        let is_asked = !matches!(
            of.leg.stage,
            LegStage::None | LegStage::Resolving | LegStage::Done
        );
        let is_it =
            of.nonce == nonce && of.leg.adapter == from && of.package == operation.package();
        (is_it && is_asked && !of.is_over()).then_some(index)
    }

    fn hear(&mut self, index: Index, operation: &NotifyOperation) {
        let has_news = operation
            .document()
            .is_some_and(|document| self.learn(index, document.clone()));
        self.note_heard(index, operation);
        let until = operation.expires_in();
        let until = until.map(|time| self.now.plus(time.max(Leg::SHORTEST)));
        match operation.state() {
            SubscriptionState::Terminated {
                reason,
                retry_after,
            } => self.heard_end(index, reason, retry_after, has_news),
            state => {
                if let (Some(of), Some(until)) = (self.subscriptions.get_mut(index), until) {
                    of.leg.until = until;
                    let is_held = of.leg.stage == LegStage::Held && of.stage != Stage::Fetching;
                    if is_held {
                        of.leg.due = of.leg.due.min(until);
                    }
                }
                self.heard(index, state == SubscriptionState::Active, has_news);
            }
        }
    }

    fn note_heard(&mut self, index: Index, operation: &NotifyOperation) {
        let Some(of) = self.subscriptions.get(index) else {
            return;
        };
        let said = operation.document().and(of.document.as_ref());
        let what = StepKind::Heard {
            from: of.leg.adapter,
            authentication: operation.authentication(),
            document: said
                .filter(|_| self.chronicle.is_kept())
                .map(|of| of.digest()),
        };
        self.note(index, what);
    }

    fn heard(&mut self, index: Index, is_active: bool, has_news: bool) {
        let is_governed = self
            .subscriptions
            .get(index)
            .is_some_and(|of| self.is_governed(of));
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        let was_in_contact = std::mem::replace(&mut of.in_contact, true);
        let standing = if is_active || is_governed {
            Standing::Active
        } else {
            Standing::Pending
        };
        let is_other = std::mem::replace(&mut of.standing, standing) != standing;
        let (stage, presentity) = (of.stage, of.presentity);
        if is_other && matches!(stage, Stage::Accepting | Stage::Live) {
            self.write_down(index);
            self.tell_of_watchers(presentity);
        }
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        match stage {
            Stage::Fetching if of.document.is_some() => self.fetched(index),
            Stage::Fetching | Stage::Closing | Stage::Ending => {}
            Stage::Accepting => {
                // It has said what it thinks of the watcher, before it answered.
                of.notice.due = NEVER;
                self.settle_acceptance(index);
            }
            Stage::Live if is_other || has_news || !was_in_contact => {
                self.want_changed_notice(index);
            }
            Stage::Live => self.statistics.unchanged += 1,
        }
    }

    /// The presentity's side has ended.
    fn heard_end(
        &mut self,
        index: Index,
        reason: TerminationReason,
        retry_after: Option<std::time::Duration>,
        has_news: bool,
    ) {
        let longest = self.settings.limits().longest_wait;
        let now = self.now;
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        if of.stage == Stage::Fetching {
            let is_no = matches!(
                reason,
                TerminationReason::Rejected | TerminationReason::NoResource
            );
            if is_no && of.document.is_none() {
                return self.terminate(index, reason);
            }
            of.in_contact = true;
            of.standing = Standing::Active;
            return self.fetched(index);
        }
        self.flights.forget(Aim::Leg(index));
        match reason {
            TerminationReason::Rejected | TerminationReason::NoResource => {
                self.forget_leg(index);
                self.terminate(index, reason);
            }
            TerminationReason::Invariant => {
                of.leg.stage = LegStage::Done;
                of.leg.due = NEVER;
                self.heard(index, true, has_news);
            }
            // It may be asked for again, at once or later; what is known stays true until its time is over.
            reason => {
                let wait = match reason {
                    TerminationReason::Deactivated | TerminationReason::Timeout => None,
                    _ => Some(retry_after.unwrap_or(longest).min(longest)),
                };
                let tries = of.leg.tries;
                of.leg.tries = tries.saturating_add(1);
                of.leg.stage = LegStage::Resting;
                let wait = wait.unwrap_or_else(|| {
                    let again = Failure::new(FailureReason::Unreachable);
                    self.wait(tries, &again)
                });
                if let Some(of) = self.subscriptions.get_mut(index) {
                    of.leg.due = now.plus(wait);
                }
                if has_news {
                    self.want_changed_notice(index);
                }
            }
        }
    }

    /// Keeps a document; whether it is another than before.
    fn learn(&mut self, index: Index, content: PresenceDocument) -> bool {
        let now = self.now;
        let Some(of) = self.subscriptions.get_mut(index) else {
            return false;
        };
        let known = of.document.as_ref();
        if known.is_some_and(|known| *known.content() == content) {
            return false;
        }
        let Some(presentity) = self.presentities.get_mut(of.presentity) else {
            return false;
        };
        let document = shared(presentity.last.as_ref(), content, now);
        presentity.last = Some(Arc::clone(&document));
        of.document = Some(Arc::clone(&document));
        if of.stage != Stage::Fetching {
            let key = of.key;
            let record = DocumentRecord::of(&document).write();
            let change = Change::put(JournalTable::Presence, key, record);
            self.write(Purpose::Note, vec![change]);
        }
        true
    }
}
