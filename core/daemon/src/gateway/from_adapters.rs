//! What adapters bring: operations, responses, measurements.

use rialto_loader::{self as loader, Health, Measure, SubmissionId, SubmitAnswer};
use rialto_model::{
    DispositionOperation, MessageOperation, NotifyOperation, PublishOperation, Response,
    SubscribeOperation,
};
use rialto_router::{AdapterId, CallerTicket};
use tracing::{info, warn};

use super::{Gateway, generation, making_way, now, slot::Slot, to_router};
use crate::{
    callers::{Caller, Callers},
    flow,
    presence::PresenceToken,
    shard::Token,
};

impl loader::Gateway for Gateway {
    fn submit(
        &self,
        adapter: loader::AdapterId,
        operation: MessageOperation,
        answer: SubmitAnswer,
    ) {
        let from = to_router(adapter);
        let is_refused = |slot: &Slot| slot.is_closed_to(generation(adapter));
        if self.slot(from).is_some_and(is_refused) {
            answer.send(&making_way().into());
            return;
        }
        self.submit_from(from, operation, Caller::Adapter(adapter, answer));
    }

    fn submit_disposition(
        &self,
        adapter: loader::AdapterId,
        operation: DispositionOperation,
        answer: SubmitAnswer,
    ) {
        let from = to_router(adapter);
        flow::reported(self.table(), from, &operation);
        let concerning = operation.concerning();
        let mut shards = self.shards.iter();
        // Whom it is about, only the shard of the message knows; if none does, any refuses it.
        let knows = shards.find(|shard| shard.look(|custodian| custodian.awaits(concerning)));
        if let Some(shard) = knows.or_else(|| self.shards.first()) {
            let caller = Caller::Adapter(adapter, answer);
            shard.submit_disposition(self, now(), from, operation, caller);
        }
    }

    fn submit_subscribe(
        &self,
        adapter: loader::AdapterId,
        operation: SubscribeOperation,
        answer: SubmitAnswer,
    ) {
        self.take_subscribe(adapter, operation, answer);
    }

    fn submit_notify(
        &self,
        adapter: loader::AdapterId,
        operation: NotifyOperation,
        answer: SubmitAnswer,
    ) {
        self.take_notify(adapter, operation, answer);
    }

    fn submit_publish(
        &self,
        adapter: loader::AdapterId,
        operation: PublishOperation,
        answer: SubmitAnswer,
    ) {
        self.take_publish(adapter, operation, answer);
    }

    /// What was asked about presence goes on: its answer is harmless.
    fn cancelled(&self, adapter: loader::AdapterId, submission: SubmissionId) {
        let now = now();
        for shard in &self.shards {
            shard.handle(self, |state| {
                if let Some(ticket) = state.callers.ticket(adapter, submission) {
                    state.custodian.handle_cancel(now, ticket);
                }
            });
        }
    }

    /// As above; but messages go on, and what fails of those that may be kept is told to the adapter's next process.
    fn died(&self, adapter: loader::AdapterId, submissions: &[SubmissionId]) {
        self.gone(|callers| {
            let ticket = |submission: &SubmissionId| callers.ticket(adapter, *submission);
            submissions.iter().filter_map(ticket).collect()
        });
    }

    fn responded(&self, adapter: loader::AdapterId, token: u64, response: Response) {
        let (now, status) = (now(), response.into_status());
        if status.is_success() {
            self.note_event(to_router(adapter), now);
        }
        self.answered(now, Token(token), status);
    }

    fn disposition_responded(&self, _: loader::AdapterId, token: u64, response: Response) {
        self.told(Token(token), response.into_status());
    }

    fn subscribe_responded(&self, adapter: loader::AdapterId, token: u64, response: Response) {
        self.presence_responded(adapter, PresenceToken(token), response);
    }

    fn notify_responded(&self, adapter: loader::AdapterId, token: u64, response: Response) {
        self.presence_responded(adapter, PresenceToken(token), response);
    }

    fn measured(&self, adapter: loader::AdapterId, metric: &str, measure: Measure) {
        self.measures.add(to_router(adapter), metric, measure);
    }

    fn health(&self, adapter: loader::AdapterId, health: Health) {
        let id = to_router(adapter);
        let Some(slot) = self.slot(id) else {
            return;
        };
        let is_news = {
            let mut words = slot.words();
            words.are_news(generation(adapter), &health)
                && self.measures.set_health(id, health.clone())
        };
        if is_news {
            self.is_now(id, health);
        }
    }
}

impl Gateway {
    /// Listens to what an adapter says of its health, which has got its place: from its start on.
    pub(crate) fn hear(&self, adapter: loader::AdapterId) {
        let id = to_router(adapter);
        let Some(slot) = self.slot(id) else {
            return;
        };
        let news = {
            let mut words = slot.words();
            self.measures.forget_health(id);
            let said = words.turn_to(generation(adapter));
            said.filter(|health| self.measures.set_health(id, health.clone()))
        };
        if let Some(health) = news {
            self.is_now(id, health);
        }
    }

    /// An adapter has come to be like this.
    fn is_now(&self, id: AdapterId, health: Health) {
        let name = self.name(id);
        match health {
            Health::Up => {
                info!(adapter.name = name, "adapter is up");
                self.try_what_waits_for(id);
                self.presence_found(id);
            }
            Health::Degraded(why) | Health::Disabled(why) => {
                warn!(adapter.name = name, why, "adapter is degraded");
                self.presence_lost(id);
            }
            _ => {}
        }
    }

    /// Lets an adapter hear no more answers, which is about to be stopped: what it has brought goes on as if its process had died. That it calls its submissions
    /// off when it stops is no word of its network.
    pub(crate) fn leave_behind(&self, adapter: loader::AdapterId) {
        self.gone(|callers| callers.of(adapter).collect());
    }

    fn gone(&self, callers: impl Fn(&Callers) -> Vec<CallerTicket>) {
        let now = now();
        for shard in &self.shards {
            shard.handle(self, |state| {
                let gone = callers(&state.callers);
                state.custodian.handle_gone(now, &gone);
            });
        }
    }
}
