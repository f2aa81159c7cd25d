//! What a shard has decided: deliveries, questions to DNS, changes of the journal.

use std::{sync::Arc, time::Instant};

use rialto_loader::Ticket;
use rialto_model::{
    DispositionOperation, Domain, Failure, FailureReason, MessageOperation, Origin,
};
use rialto_resolver::Service;
use rialto_router::{AdapterId, Change, JournalKey, Unread, Unwritten, WriteId};

use super::{
    Gateway, not_running, now,
    slot::{Holder, Slot},
};
use crate::{
    flow,
    shard::{Deliver, Handed, Surroundings, Token},
};

impl Deliver for Gateway {
    fn deliver(&self, adapter: AdapterId, token: Token, operation: MessageOperation) -> Handed {
        match self.slot(adapter).map(Slot::holder) {
            Some(Holder::Is(running)) => match &*running {
                Some(adapter) => Handed::Over(adapter.deliver_with(operation, token.0)),
                None => self.refuse(token),
            },
            Some(Holder::Awaited) => Handed::Parked(Box::new(operation)),
            Some(Holder::Nobody) | None => self.refuse(token),
        }
    }

    fn deliver_disposition(
        &self,
        adapter: AdapterId,
        token: Token,
        disposition: DispositionOperation,
    ) {
        flow::told(self.table(), adapter, &disposition);
        let place = self.slot(adapter).map(Slot::borrow);
        match place.as_ref().and_then(|place| (**place).as_ref()) {
            // It is never called off.
            Some(adapter) => drop(adapter.deliver_disposition_with(disposition, token.0)),
            None => self.told(token, not_running().into()),
        }
    }

    fn load(&self, shard: u8, key: JournalKey) {
        match self.journal.get() {
            Some(journal) => journal.load(shard, key),
            None => self.loaded(shard, vec![(key, Err(Unread::Unavailable))]),
        }
    }
}

impl Surroundings for Gateway {
    fn resolve(&self, shard: u8, domain: Domain) {
        let service = self.service_of(shard);
        let dns = self.dns.as_ref();
        match dns.and_then(|dns| dns.cached(service, &domain)) {
            Some(resolution) => self.resolved(shard, &domain, Ok(&resolution)),
            None => match (self.this.upgrade(), self.runtime.get()) {
                (Some(this), Some(runtime)) => {
                    runtime.spawn(Question::new(this, shard, service, domain).ask());
                }
                _ => self.resolved(shard, &domain, Err(&fault_of_ours())),
            },
        }
    }

    fn write(&self, shard: u8, write: WriteId, changes: Vec<Change>) {
        match self.journal.get() {
            Some(journal) => journal.write(shard, write, changes),
            None => self.written(shard, || vec![(write, Err(Unwritten))]),
        }
    }

    fn is_awaited(&self, adapter: AdapterId) -> bool {
        self.slot(adapter).is_some_and(Slot::is_awaited)
    }

    fn cancel(&self, adapter: AdapterId, ticket: Ticket) {
        let Some(slot) = self.slot(adapter) else {
            return;
        };
        let (running, leaving) = (slot.running(), slot.leaving());
        let mut waited = false;
        for adapter in running.iter().chain(&leaving) {
            // Whichever of the two has it; to the other the ticket is one that it has never seen.
            match waited {
                false => waited = adapter.cancel(ticket),
                true => adapter.tell_cancelled(ticket),
            }
        }
    }

    fn wake_timer(&self) {
        self.timer.notify_one();
    }

    fn now(&self) -> Instant {
        now()
    }
}

impl Gateway {
    fn refuse(&self, token: Token) -> Handed {
        self.answered(now(), token, not_running().into());
        Handed::Answered
    }
}

/// What a shard wants to know of DNS. Who waits for it is told something, also when it is dropped or panics.
struct Question {
    gateway: Arc<Gateway>,
    shard: u8,
    service: Service,
    domain: Domain,
    answered: bool,
}

impl Question {
    const fn new(gateway: Arc<Gateway>, shard: u8, service: Service, domain: Domain) -> Self {
        Self {
            gateway,
            shard,
            service,
            domain,
            answered: false,
        }
    }

    async fn ask(mut self) {
        if let Some(dns) = self.gateway.dns() {
            let resolution = dns.resolve(self.service, &self.domain).await;
            self.answered = true;
            self.gateway
                .resolved(self.shard, &self.domain, Ok(&resolution));
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        if !self.answered {
            let failure = fault_of_ours();
            self.gateway
                .resolved(self.shard, &self.domain, Err(&failure));
        }
    }
}

fn fault_of_ours() -> Failure {
    Failure::new(FailureReason::Internal)
        .with_origin(Origin::Host)
        .with_detail("a fault of the gateway ended the search for the next hop")
}
