//! The gateway between its adapters: shards, and the adapters' view of them.

use std::{
    num::NonZeroUsize,
    sync::{Arc, OnceLock, Weak},
    time::Instant,
};

use rand::{SeedableRng, rngs::StdRng};
use rialto_loader::{self as loader, Adapter, Health, Measure, SubmissionId, SubmitAnswer, Ticket};
use rialto_model::{
    DispositionOperation, Domain, Failure, FailureReason, MessageOperation, Origin, Response,
    ResponseStatus,
};
use rialto_resolver::Resolution;
use rialto_router::{AdapterId, Limits, Router, RoutingTable, Shards};
use tokio::{
    runtime::Handle,
    sync::{Notify, oneshot},
};
use tracing::{info, warn};

use crate::{
    callers::Caller,
    dns::Dns,
    flow,
    measures::Measures,
    shard::{Deliver, Shard, Token},
};

/// Takes operations from adapters, has them decided, and hands them to other adapters.
pub(crate) struct Gateway {
    table: Arc<RoutingTable>,
    spread: Shards,
    shards: Vec<Shard>,
    /// By number; empty until the adapter has started, and for good if it could not.
    adapters: Vec<OnceLock<Adapter>>,
    pub(crate) measures: Measures,
    timer: Notify,
    dns: Option<Dns>,
    /// Where DNS is waited for; there while the gateway runs.
    runtime: OnceLock<Handle>,
    /// For what goes on when a call has returned.
    this: Weak<Self>,
}

impl Gateway {
    pub(crate) fn new(
        table: RoutingTable,
        shards: NonZeroUsize,
        limits: Limits,
        dns: Option<Dns>,
    ) -> Arc<Self> {
        let mut rng = StdRng::from_os_rng();
        let table = Arc::new(table);
        // As many again may wait for the refusal that the router has decided.
        let most_callers = limits.max_in_progress().saturating_mul(2);
        let shard = |number| {
            let router = Router::new(Arc::clone(&table), limits, StdRng::from_os_rng());
            Shard::new(number, router, most_callers)
        };
        let spread = Shards::new(shards, &mut rng);
        let shards = (0..shards.get())
            .map(|number| shard(number as u8))
            .collect();
        Arc::new_cyclic(|this| Self {
            spread,
            shards,
            adapters: table.adapters().map(|_| OnceLock::new()).collect(),
            measures: Measures::default(),
            timer: Notify::new(),
            dns,
            runtime: OnceLock::new(),
            this: Weak::clone(this),
            table,
        })
    }

    pub(crate) fn table(&self) -> &RoutingTable {
        &self.table
    }

    /// What finds next hops, where DNS is asked at all.
    pub(crate) const fn dns(&self) -> Option<&Dns> {
        self.dns.as_ref()
    }

    /// Names the runtime in which DNS is waited for.
    pub(crate) fn run_in(&self, runtime: Handle) {
        // Set once: a gateway runs once.
        self.runtime.get_or_init(|| runtime);
    }

    /// Lets operations reach an adapter.
    pub(crate) fn attach(&self, id: AdapterId, adapter: Adapter) {
        if let Some(place) = self.adapters.get(usize::from(id.number())) {
            // Set once: each adapter is started once.
            place.get_or_init(|| adapter);
        }
    }

    /// The adapters that run.
    pub(crate) fn adapters(&self) -> impl Iterator<Item = &Adapter> {
        self.adapters.iter().filter_map(OnceLock::get)
    }

    /// Sends an operator's own message.
    pub(crate) fn submit_own(&self, operation: MessageOperation) -> oneshot::Receiver<Response> {
        let (sender, receiver) = oneshot::channel();
        self.submit_from(AdapterId::GATEWAY, operation, Caller::Control(sender));
        receiver
    }

    /// Refuses operations from now on.
    pub(crate) fn begin_drain(&self) {
        for shard in &self.shards {
            shard.handle(self, |state| state.router.begin_drain());
        }
    }

    /// Whether every operation has its response, in the hands of whoever waited for it.
    pub(crate) fn is_idle(&self) -> bool {
        self.shards.iter().all(Shard::is_idle)
    }

    /// How many operations are in progress.
    pub(crate) fn in_progress(&self) -> u64 {
        self.shards
            .iter()
            .map(|shard| shard.look(|router| router.statistics().in_progress))
            .sum()
    }

    /// What the routers have done, by name.
    pub(crate) fn statistics(&self) -> Vec<(&'static str, u64)> {
        let all = self
            .shards
            .iter()
            .map(|shard| shard.look(Router::statistics));
        let mut sums: Vec<(&'static str, u64)> = Vec::new();
        for statistics in all {
            let named = [
                ("operations", statistics.operations),
                ("in_progress", statistics.in_progress),
                ("deliveries", statistics.deliveries),
                ("resolutions", statistics.resolutions),
                ("failovers", statistics.failovers),
                ("successes", statistics.successes),
                ("failures", statistics.failures),
                ("indeterminants", statistics.indeterminants),
                ("undeliverable", statistics.undeliverable),
                ("not_permitted", statistics.not_permitted),
                ("overloaded", statistics.overloaded),
                ("shutting_down", statistics.shutting_down),
                ("timed_out", statistics.timed_out),
                ("cancelled", statistics.cancelled),
                ("ignored_responses", statistics.ignored_responses),
            ];
            if sums.is_empty() {
                sums.extend(named);
            } else {
                sums.iter_mut()
                    .zip(named)
                    .for_each(|(sum, (_, value))| sum.1 += value);
            }
        }
        sums
    }

    /// Ends operations whose deadline has come, for as long as the gateway runs.
    pub(crate) async fn keep_time(self: Arc<Self>) {
        loop {
            let now = now();
            let due = self
                .shards
                .iter()
                .filter_map(|shard| shard.handle_timeout(&*self, now))
                .min();
            match due {
                Some(due) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(due.into()) => {}
                        () = self.timer.notified() => {}
                    }
                }
                None => self.timer.notified().await,
            }
        }
    }

    fn submit_from(&self, from: AdapterId, operation: MessageOperation, caller: Caller) {
        flow::received(&self.table, from, &operation);
        let shard = self.spread.of(operation.source(), operation.destination());
        if let Some(shard) = self.shards.get(shard) {
            shard.submit(self, now(), from, operation, caller);
        }
    }

    fn adapter(&self, id: AdapterId) -> Option<&Adapter> {
        self.adapters
            .get(usize::from(id.number()))
            .and_then(OnceLock::get)
    }

    fn answered(&self, token: Token, status: ResponseStatus) {
        if let Some(shard) = self.shards.get(token.shard()) {
            let now = now();
            shard.handle(self, |state| {
                state.router.handle_response(now, token.attempt(), status)
            });
        }
    }

    /// Gives a shard what DNS says of a domain.
    fn resolved(&self, shard: u8, domain: &Domain, found: Result<&Resolution, &Failure>) {
        let (Some(shard), Some(dns)) = (self.shards.get(usize::from(shard)), &self.dns) else {
            return;
        };
        flow::resolved(domain, found);
        let now = now();
        shard.handle(self, |state| {
            let hops = |rng: &mut StdRng, only| match found {
                Ok(resolution) => dns.hops(resolution, rng, only),
                Err(failure) => Err(failure.clone()),
            };
            state.router.handle_resolved(now, domain, hops);
        });
    }

    fn name(&self, adapter: AdapterId) -> &str {
        self.table
            .adapter(adapter)
            .map_or("gateway", |adapter| adapter.name())
    }
}

impl Deliver for Gateway {
    fn deliver(
        &self,
        adapter: AdapterId,
        token: Token,
        operation: MessageOperation,
    ) -> Option<Ticket> {
        match self.adapter(adapter) {
            Some(adapter) => Some(adapter.deliver_with(operation, token.0)),
            None => {
                self.answered(token, not_running().into());
                None
            }
        }
    }

    fn resolve(&self, shard: u8, domain: Domain) {
        match self.dns.as_ref().and_then(|dns| dns.cached(&domain)) {
            Some(resolution) => self.resolved(shard, &domain, Ok(&resolution)),
            None => match (self.this.upgrade(), self.runtime.get()) {
                (Some(this), Some(runtime)) => {
                    runtime.spawn(Question::new(this, shard, domain).ask());
                }
                _ => self.resolved(shard, &domain, Err(&fault_of_ours())),
            },
        }
    }

    fn cancel(&self, adapter: AdapterId, ticket: Ticket) {
        if let Some(adapter) = self.adapter(adapter) {
            adapter.cancel(ticket);
        }
    }

    fn wake_timer(&self) {
        self.timer.notify_one();
    }

    fn now(&self) -> Instant {
        now()
    }
}

impl loader::Gateway for Gateway {
    fn submit(
        &self,
        adapter: loader::AdapterId,
        operation: MessageOperation,
        answer: SubmitAnswer,
    ) {
        let from = to_router(adapter);
        self.submit_from(from, operation, Caller::Adapter(from, answer));
    }

    fn submit_disposition(
        &self,
        _: loader::AdapterId,
        _: DispositionOperation,
        answer: SubmitAnswer,
    ) {
        answer.send(&Failure::new(FailureReason::UnsupportedService).into());
    }

    fn cancelled(&self, adapter: loader::AdapterId, submission: SubmissionId) {
        for shard in &self.shards {
            shard.handle(self, |state| {
                if let Some(ticket) = state.callers.ticket(to_router(adapter), submission) {
                    state.router.handle_cancel(ticket);
                }
            });
        }
    }

    fn responded(&self, _: loader::AdapterId, token: u64, response: Response) {
        self.answered(Token(token), response.into_status());
    }

    /// No disposition is ever delivered.
    fn disposition_responded(&self, _: loader::AdapterId, _: u64, _: Response) {}

    fn measured(&self, adapter: loader::AdapterId, metric: &str, measure: Measure) {
        self.measures.add(to_router(adapter), metric, measure);
    }

    fn health(&self, adapter: loader::AdapterId, health: Health) {
        let id = to_router(adapter);
        if !self.measures.set_health(id, health.clone()) {
            return;
        }
        let name = self.name(id);
        match health {
            Health::Up => info!(adapter.name = name, "adapter is up"),
            Health::Degraded(why) => warn!(adapter.name = name, why, "adapter is degraded"),
            _ => {}
        }
    }
}

/// What a shard wants to know of DNS. Who waits for it is told something, also when it is dropped or panics.
struct Question {
    gateway: Arc<Gateway>,
    shard: u8,
    domain: Domain,
    answered: bool,
}

impl Question {
    const fn new(gateway: Arc<Gateway>, shard: u8, domain: Domain) -> Self {
        Self {
            gateway,
            shard,
            domain,
            answered: false,
        }
    }

    async fn ask(mut self) {
        if let Some(dns) = self.gateway.dns() {
            let resolution = dns.resolve(&self.domain).await;
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

/// The number that an adapter has on the other side of the boundary.
pub(crate) fn to_loader(adapter: AdapterId) -> loader::AdapterId {
    loader::AdapterId::new(adapter.number().into())
}

fn to_router(adapter: loader::AdapterId) -> AdapterId {
    // It came from `to_loader`.
    AdapterId::new(adapter.number() as u16)
}

fn fault_of_ours() -> Failure {
    Failure::new(FailureReason::Internal)
        .with_origin(Origin::Host)
        .with_detail("a fault of the gateway ended the search for the next hop")
}

fn not_running() -> Failure {
    Failure::new(FailureReason::Unreachable)
        .with_origin(Origin::Operator)
        .with_detail("the adapter for the destination's network is not running")
}

#[expect(clippy::disallowed_methods, reason = "here the router's clock begins")]
fn now() -> Instant {
    Instant::now()
}
