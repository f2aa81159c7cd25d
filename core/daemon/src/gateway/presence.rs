//! Who is told of whom: what adapters bring of it, and what is handed to them.

use std::sync::atomic::Ordering;

use rialto_loader::{self as loader, SubmitAnswer, Ticket};
use rialto_model::{
    Bytes, Failure, FailureReason, NotifyOperation, Origin, Presentity, PublishOperation, Response,
    SubscribeOperation,
};
use rialto_router::{AdapterId, InboxAnswer, InboxCommand, JournalKey, JournalTable, RestoreError};

use tokio::sync::oneshot;

use super::{Gateway, generation, making_way, not_running, now, slot::Slot, to_router};
use crate::{
    callers::Caller,
    flow,
    presence::{DeliveryAnswer, PresenceToken, Watch, Watching},
    shard::{Shard, Surroundings},
};

/// What becomes of a command of a principal's, and what it is to be told.
pub(super) enum Obeyed {
    /// Done.
    Now(String),
    /// Done when the rules are set.
    OnceSet {
        set: oneshot::Receiver<Result<(), Failure>>,
        said: String,
    },
}

impl Obeyed {
    /// What the principal is told, when it is true.
    pub(super) async fn said(self) -> Result<String, Failure> {
        match self {
            Self::Now(said) => Ok(said),
            Self::OnceSet { set, said } => {
                set.await.unwrap_or_else(|_| Err(unanswered()))?;
                Ok(said)
            }
        }
    }
}

impl Gateway {
    /// Takes what a watcher on an adapter's network wishes to know.
    pub(super) fn take_subscribe(
        &self,
        adapter: loader::AdapterId,
        operation: SubscribeOperation,
        answer: SubmitAnswer,
    ) {
        let from = to_router(adapter);
        match self.shard_for(adapter, operation.target()) {
            Ok(shard) => {
                flow::asked(self.table(), from, &operation);
                self.note_event(from, now());
                let caller = Caller::Adapter(adapter, answer);
                shard.submit_subscribe(self, now(), from, operation, caller);
            }
            Err(failure) => {
                answer.send(&failure.into());
            }
        }
    }

    /// Takes what an adapter's network says of a presentity.
    pub(super) fn take_notify(
        &self,
        adapter: loader::AdapterId,
        operation: NotifyOperation,
        answer: SubmitAnswer,
    ) {
        let from = to_router(adapter);
        let guess = match self.shard_for(adapter, operation.target()) {
            Ok(shard) => shard,
            Err(failure) => {
                answer.send(&failure.into());
                return;
            }
        };
        flow::heard(self.table(), from, &operation);
        self.note_event(from, now());
        // Its network may know the presentity by another name; the subscription's is ours.
        let id = operation.subscription_id();
        let knows = |shard: &&Shard<Watching>| shard.look(|service| service.has_leg_named(id));
        let shard = match knows(&guess) {
            true => guess,
            false => self.presence.iter().find(knows).unwrap_or(guess),
        };
        let caller = Caller::Adapter(adapter, answer);
        shard.submit_notify(self, now(), from, operation, caller);
    }

    /// Takes what a hosted presentity says of itself.
    pub(super) fn take_publish(
        &self,
        adapter: loader::AdapterId,
        operation: PublishOperation,
        answer: SubmitAnswer,
    ) {
        let from = to_router(adapter);
        match self.shard_for(adapter, operation.presentity()) {
            Ok(shard) => {
                self.note_event(from, now());
                let caller = Caller::Adapter(adapter, answer);
                shard.submit_publish(self, now(), from, operation, caller);
            }
            Err(failure) => {
                answer.send(&failure.into());
            }
        }
    }

    /// Takes an adapter's answer to a subscription or notification.
    pub(super) fn presence_responded(
        &self,
        adapter: loader::AdapterId,
        token: PresenceToken,
        response: Response,
    ) {
        if response.status().is_success() {
            self.note_event(to_router(adapter), now());
        }
        let duration = response.duration();
        let status = response.into_status();
        self.presence_answered(token, DeliveryAnswer { status, duration });
    }

    /// Says that another adapter has a place, which knows of no subscription.
    pub(super) fn presence_replaced(&self, adapter: AdapterId) {
        for shard in &self.presence {
            shard.handle(self, |state| state.service.handle_replaced(now(), adapter));
        }
    }

    /// Says that the network of an adapter cannot be reached.
    pub(crate) fn presence_lost(&self, adapter: AdapterId) {
        for shard in &self.presence {
            let service = |state: &mut Watching| state.service.handle_lost(now(), adapter, None);
            shard.handle(self, service);
        }
    }

    /// Says that the network of an adapter can be reached again.
    pub(super) fn presence_found(&self, adapter: AdapterId) {
        for shard in &self.presence {
            let service = |state: &mut Watching| state.service.handle_found(now(), adapter, None);
            shard.handle(self, service);
        }
    }

    /// The shard of a presentity, as the table knows it.
    pub(crate) fn shard_of_presentity(&self, presentity: &Presentity) -> Option<&Shard<Watching>> {
        self.presence.get(self.spread.of_presentity(presentity))
    }

    /// Does what a principal has written to the gateway's own inbox.
    ///
    /// What it changes stands in line when this returns: of two commands the first comes first.
    pub(super) fn obey(
        &self,
        principal: &Presentity,
        command: InboxCommand,
    ) -> Result<Obeyed, Failure> {
        let shard = self
            .shard_of_presentity(principal)
            .ok_or_else(no_presence)?;
        let command =
            |state: &mut Watching| state.service.handle_command(now(), principal, command);
        let (change, said) = match shard.handle(self, command) {
            InboxAnswer::Now(said) => return Ok(Obeyed::Now(said)),
            InboxAnswer::OnceChanged { change, said } => (change, said),
        };
        let (sender, set) = oneshot::channel();
        shard.change_rules(self, now(), principal, change, Caller::Rules(sender));
        Ok(Obeyed::OnceSet { set, said })
    }

    /// Takes up a record of presence. Where no service is given it stays as it is.
    pub(crate) fn restore_presence(
        &self,
        table: JournalTable,
        key: &[u8],
        record: &Bytes,
    ) -> Result<(), RestoreError> {
        let about =
            self.presence_settings
                .presentity_of_record(self.table(), table, key, record)?;
        let shard = match about {
            Some(presentity) => self.shard_of_presentity(&presentity),
            // It hangs on a subscription; one that nobody has is nobody's, and any removes it.
            None => {
                let key = JournalKey::from_bytes(key);
                let has = |shard: &&Shard<Watching>| {
                    key.is_some_and(|key| shard.look(|service| service.has(key)))
                };
                self.presence
                    .iter()
                    .find(has)
                    .or_else(|| self.presence.first())
            }
        };
        match shard {
            Some(shard) => shard.prepare(|state| state.service.restore(now(), table, key, record)),
            None => Ok(()),
        }
    }

    /// Lets watchers be told, and presentities be asked, of what was taken up; for when every adapter has started.
    pub(crate) fn begin_watching(&self) {
        for shard in &self.presence {
            shard.open(self);
        }
        self.watches.store(true, Ordering::Release);
        self.wake_timer();
    }

    /// The shard of whom an adapter's network means.
    fn shard_for(
        &self,
        adapter: loader::AdapterId,
        target: &Presentity,
    ) -> Result<&Shard<Watching>, Failure> {
        let from = to_router(adapter);
        let is_refused = |slot: &Slot| slot.is_closed_to(generation(adapter));
        if self.slot(from).is_some_and(is_refused) {
            return Err(making_way());
        }
        let presentity = self
            .presence_settings
            .presentity(self.table(), from, target)?;
        self.shard_of_presentity(&presentity)
            .ok_or_else(no_presence)
    }

    fn presence_answered(&self, token: PresenceToken, answer: DeliveryAnswer) {
        if let Some(super::results::Place::Watching(shard)) = self.place(token.shard()) {
            let now = now();
            shard.handle(self, |state| state.answered(now, token.attempt(), answer));
        }
    }
}

impl Watch for Gateway {
    fn subscribe(
        &self,
        adapter: AdapterId,
        token: PresenceToken,
        operation: SubscribeOperation,
    ) -> Option<Ticket> {
        flow::subscribing(self.table(), adapter, &operation);
        let place = self.slot(adapter).map(Slot::borrow);
        match place.as_ref().and_then(|place| (**place).as_ref()) {
            Some(adapter) => Some(adapter.subscribe_with(operation, token.0)),
            None => {
                self.presence_answered(token, not_running().into());
                None
            }
        }
    }

    fn notify(
        &self,
        adapter: AdapterId,
        token: PresenceToken,
        operation: NotifyOperation,
    ) -> Option<Ticket> {
        flow::notifying(self.table(), adapter, &operation);
        let place = self.slot(adapter).map(Slot::borrow);
        match place.as_ref().and_then(|place| (**place).as_ref()) {
            Some(adapter) => Some(adapter.notify_with(operation, token.0)),
            None => {
                self.presence_answered(token, not_running().into());
                None
            }
        }
    }
}

pub(super) fn no_presence() -> Failure {
    Failure::new(FailureReason::UnsupportedService)
        .with_detail("this gateway gives no presence service")
}

fn unanswered() -> Failure {
    Failure::new(FailureReason::Internal)
        .with_origin(Origin::Host)
        .with_detail("a fault of the gateway ended the change of the rules; it may hold")
}
