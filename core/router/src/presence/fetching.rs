//! What is told once.

use std::time::Duration;

use rand::CryptoRng;
use rialto_model::{Failure, ResponseStatus, SubscribeOperation};

use super::{
    Aim, Caller, Index, PresenceService,
    admission::Admitted,
    rules::Handling,
    subscription::{LegStage, NEVER, Stage, Standing},
};
use crate::AdapterId;

impl<R: CryptoRng> PresenceService<R> {
    pub(super) fn fetch(
        &mut self,
        from: AdapterId,
        operation: &SubscribeOperation,
        admitted: &Admitted,
        caller: Caller,
    ) -> Result<(), Failure> {
        let index = self.insert(from, operation, admitted, Stage::Fetching, Duration::ZERO)?;
        self.statistics.fetched += 1;
        let live = admitted
            .existing
            .and_then(|live| self.subscriptions.get(live));
        let known = live.and_then(|live| {
            let is_true = live.stage == Stage::Live && live.in_contact;
            live.document.clone().filter(|_| is_true)
        });
        let is_known = known.is_some();
        if let Some(of) = self.subscriptions.get_mut(index).filter(|_| is_known) {
            of.document = known;
            of.in_contact = true;
            of.standing = Standing::Active;
        }
        self.wait_for(index, caller);
        let is_asked = self.has_leg(index) && !is_known;
        if self.is_hidden_fetch(index) {
            self.hide_fetch(index);
        } else if !is_asked {
            self.tell_fetched(index);
        }
        if is_asked {
            self.ask(index);
        }
        Ok(())
    }

    /// Goes on with a fetch, after the rules may have changed.
    pub(super) fn judge_fetch(&mut self, index: Index) {
        if self.flights.has(Aim::Notice(index)) {
            return; // what it is told was right when that left
        }
        if self.is_hidden_fetch(index) {
            self.hide_fetch(index);
        } else if !self.has_leg(index) {
            self.tell_fetched(index);
        }
    }

    /// Answers a fetch of one who blocks somebody politely: at once, and what is not open is told when the patience is over, whether the
    /// presentity's network is asked or not. So the time says nothing.
    fn hide_fetch(&mut self, index: Index) {
        self.answer(index, &ResponseStatus::Success, Some(Duration::ZERO));
        let due = self.now.plus(self.settings.limits().patience);
        if let Some(of) = self.subscriptions.get_mut(index)
            && !of.notice.is_due
        {
            of.notice.is_due = true;
            of.notice.due = due;
        }
        self.subscriptions.set_alarm(index);
    }

    /// Answers a fetch of which the service itself knows all that it is told.
    fn tell_fetched(&mut self, index: Index) {
        let of = self.subscriptions.get(index);
        let status = match of.map(|of| of.handling) {
            Some(Handling::Confirm) => ResponseStatus::Indeterminant,
            _ => ResponseStatus::Success,
        };
        self.answer(index, &status, Some(Duration::ZERO));
        self.want_notice(index);
    }

    /// Whether what is fetched is elsewhere, and not open, where no watcher may see whether it is blocked.
    fn is_hidden_fetch(&self, index: Index) -> bool {
        let of = self.subscriptions.get(index);
        let of = of.filter(|of| of.stage == Stage::Fetching);
        let presentity = of.and_then(|of| self.presentities.get(of.presentity));
        let is_polite = presentity
            .is_some_and(|known| known.is_polite() && !self.settings.hosts(known.address.domain()));
        is_polite && !self.shows_open(index)
    }

    /// What was fetched has come: the watcher is answered, and told.
    pub(super) fn fetched(&mut self, index: Index) {
        // What it is told is not so for a watcher that is being told, or that may not see when it was known.
        let waits = self.is_hidden_fetch(index) || self.flights.has(Aim::Notice(index));
        if let Some(of) = self.subscriptions.get_mut(index) {
            of.leg.stage = LegStage::Done;
            of.leg.due = NEVER;
            if !waits {
                of.notice.due = NEVER;
            }
        }
        self.answer(index, &ResponseStatus::Success, Some(Duration::ZERO));
        self.remember(index);
        self.want_notice(index);
    }

    /// The presentity's network will tell, once.
    pub(super) fn fetch_granted(&mut self, index: Index) {
        let due = self.now.plus(self.settings.limits().patience);
        if let Some(of) = self.subscriptions.get_mut(index) {
            of.leg.stage = LegStage::Held;
            of.leg.due = due;
        }
        self.answer(index, &ResponseStatus::Success, Some(Duration::ZERO));
    }

    /// What the presentity's network does not tell in time is answered from what is remembered.
    pub(super) fn fetch_in_vain(&mut self, index: Index) {
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        of.leg.stage = LegStage::Done;
        of.leg.due = NEVER;
        of.in_contact = false;
        of.standing = Standing::Active;
        let known = self.remembered(index);
        let status = if known.is_some() {
            ResponseStatus::Success
        } else {
            ResponseStatus::Indeterminant
        };
        if let Some(of) = self.subscriptions.get_mut(index) {
            of.document = known;
        }
        self.answer(index, &status, Some(Duration::ZERO));
        self.want_notice(index);
    }
}
