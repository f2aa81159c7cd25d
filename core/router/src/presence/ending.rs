//! How subscriptions end.

use std::time::Duration;

use rand::CryptoRng;
use rialto_model::{Failure, FailureReason, ResponseStatus, SubscribeOperation, TerminationReason};

use super::{
    Aim, Caller, Index, PresenceService,
    subscription::{NEVER, Stage, Standing, Subscription},
    writes::Purpose,
};
use crate::{Change, JournalKey, JournalTable, StepKind};

impl<R: CryptoRng> PresenceService<R> {
    /// Ends a subscription as its watcher asks. It is told nothing more of the presentity from now on but the last notification, which comes when the end is safe.
    pub(super) fn unsubscribe(
        &mut self,
        index: Index,
        operation: &SubscribeOperation,
        caller: Caller,
    ) -> Result<(), Failure> {
        let cancelled = Failure::new(FailureReason::Cancelled);
        self.answer(index, &cancelled.into(), None);
        self.note(index, StepKind::Refreshed);
        // So that the plugin knows, whatever it has forgotten by then, that the end was asked for.
        if let (Some(of), Some(reference)) =
            (self.subscriptions.get_mut(index), operation.reference())
        {
            of.set_names(operation.subscription_id(), Some(reference));
        }
        self.wait_for(index, caller);
        self.close(index, TerminationReason::Timeout);
        let key = self.key(index);
        self.write(Purpose::End(key), removal(key));
        Ok(())
    }

    /// The end that a watcher asked for is safe: the journal has nothing of it any more.
    pub(super) fn ended(&mut self, key: JournalKey) {
        let Some(index) = self.subscriptions.by_key(key) else {
            return;
        };
        if let Some(of) = self.subscriptions.get_mut(index) {
            of.is_safe = false;
        }
        self.answer(index, &ResponseStatus::Success, Some(Duration::ZERO));
        self.tell_end(key);
    }

    /// An end is safe: its watcher is told, as nothing can follow.
    pub(super) fn tell_end(&mut self, key: JournalKey) {
        let Some(index) = self.subscriptions.by_key(key) else {
            return;
        };
        if let Some(of) = self.subscriptions.get_mut(index) {
            of.stage = Stage::Ending;
        }
        self.want_notice(index);
    }

    /// A subscription was not refreshed in time: its watcher is told.
    pub(super) fn expire(&mut self, index: Index) {
        self.terminate(index, TerminationReason::Timeout);
    }

    /// Ends a subscription that its watcher did not end, and tells it so, over a restart too. RFC 2779 §5.1.9.
    pub(super) fn terminate(&mut self, index: Index, reason: TerminationReason) {
        let stage = self.subscriptions.get(index).map(|of| of.stage);
        match stage {
            None | Some(Stage::Closing | Stage::Ending) => {}
            Some(Stage::Fetching) if !self.callers.contains(index) => {
                // It was answered, and waits to be told.
                self.forget_leg(index);
                if let Some(of) = self.subscriptions.get_mut(index) {
                    of.standing = Standing::Ended(reason);
                }
                self.want_notice(index);
            }
            Some(Stage::Accepting | Stage::Fetching) => {
                self.give_up(index, &failure_of(reason));
            }
            Some(Stage::Live) => {
                // A refresh that waits for the disk comes too late.
                let failure = failure_of(reason);
                self.answer(index, &failure.into(), None);
                self.close(index, reason);
                let record = self.record(index);
                let key = self.key(index);
                let change = Change::put(JournalTable::Subscriptions, key, record);
                self.write(Purpose::Termination(key), vec![change]);
            }
        }
    }

    /// Ends what was not accepted yet, with a failure and nothing else.
    pub(super) fn give_up(&mut self, index: Index, failure: &Failure) {
        self.statistics.refused += 1;
        self.answer(index, &failure.clone().into(), None);
        self.end_leg(index);
        self.finish(index);
    }

    /// Ends the subscription of a watcher that is no more: there is nobody to be told.
    pub(super) fn watcher_gone(&mut self, index: Index) {
        let presentity = self.subscriptions.get(index).map(|of| of.presentity);
        self.end_leg(index);
        self.finish(index);
        presentity
            .into_iter()
            .for_each(|of| self.tell_of_watchers(of));
    }

    fn close(&mut self, index: Index, reason: TerminationReason) {
        self.end_leg(index);
        self.statistics.ended += 1;
        let is_told = self.flights.has(Aim::Notice(index));
        if let Some(of) = self.subscriptions.get_mut(index) {
            of.stage = Stage::Closing;
            of.standing = Standing::Ended(reason);
            of.notice.is_due = false;
            of.notice.tries = 0;
            if !is_told {
                of.notice.due = NEVER;
            }
        }
        self.subscriptions.set_alarm(index);
        let presentity = self.subscriptions.get(index).map(|of| of.presentity);
        presentity
            .into_iter()
            .for_each(|of| self.tell_of_watchers(of));
    }

    /// Forgets a subscription, here and on the disk.
    pub(super) fn finish(&mut self, index: Index) {
        let cancelled = Failure::new(FailureReason::Cancelled);
        self.answer(index, &cancelled.into(), None);
        self.forget_leg(index);
        let was_told = self.call_off(Aim::Notice(index));
        let Some(of) = self.subscriptions.remove(index) else {
            return;
        };
        if was_told {
            self.lines.arrived(of.adapter);
        }
        self.leave(&of);
        for address in [of.watcher, of.shown_watcher, of.shown_target] {
            self.addresses.release(address);
        }
        // What was asked to be written may be there, though nobody has said so.
        if of.is_safe || of.stage == Stage::Accepting {
            self.write(Purpose::Removal, removal(of.key));
        }
    }

    /// Takes a subscription out from among its presentity's.
    fn leave(&mut self, of: &Subscription) {
        let Some(known) = self.presentities.get_mut(of.presentity) else {
            return;
        };
        let place = of.place as usize;
        if place < known.watchers.len() {
            known.watchers.swap_remove(place);
        }
        let moved = known.watchers.get(place).copied();
        if let Some(moved) = moved.and_then(|moved| self.subscriptions.get_mut(moved)) {
            moved.place = of.place;
        }
        self.drop_composition(of.presentity, of.shown_target);
        self.presentities.forget(of.presentity);
    }
}

fn removal(key: JournalKey) -> Vec<Change> {
    vec![
        Change::delete(JournalTable::Subscriptions, key),
        Change::delete(JournalTable::Presence, key),
    ]
}

fn failure_of(reason: TerminationReason) -> Failure {
    Failure::new(match reason {
        TerminationReason::Rejected => FailureReason::NotPermitted,
        TerminationReason::NoResource => FailureReason::NoPresentity,
        _ => FailureReason::TimedOut,
    })
}
