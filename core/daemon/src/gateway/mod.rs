//! The gateway between its adapters: shards, and the adapters' view of them.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Instant, SystemTime},
};

use rand::{SeedableRng, rngs::StdRng};
use rialto_loader as loader;
use rialto_model::{Failure, FailureReason, InstantInbox, MessageOperation, Origin, Response};
use rialto_router::{
    AdapterId, Custodian, CustodySettings, JournalKeys, Limits, NamingKey, PresenceService,
    PresenceSettings, Router, RoutingTable, Shards, WallClock,
};
use rialto_store::Store;
use tokio::{
    runtime::Handle,
    sync::{Notify, oneshot},
};

use slot::Slot;

use crate::{
    callers::Caller,
    dns::Dns,
    flow,
    journal::Journal,
    measures::Measures,
    presence::Watching,
    shard::{Messages, Shard},
};

mod carry_out;
mod from_adapters;
mod inbox;
mod kept;
mod places;
mod presence;
mod results;
mod slot;
mod statistics;
mod subscriptions;
mod trace;

/// Takes operations from adapters, has them decided, and hands them to other adapters.
pub(crate) struct Gateway {
    table: Arc<RoutingTable>,
    spread: Shards,
    shards: Vec<Shard<Messages>>,
    /// Where presentities are watched; as many as the others and numbered behind them, or none where no presence service is given.
    presence: Vec<Shard<Watching>>,
    presence_settings: PresenceSettings,
    inbox: inbox::Inbox,
    /// Whether what the presence service has to do without being asked is done.
    watches: AtomicBool,
    /// By number.
    adapters: Vec<Slot>,
    begun: Instant,
    pub(crate) measures: Measures,
    timer: Notify,
    dns: Option<Dns>,
    clock: WallClock,
    /// Where DNS is waited for; there while the gateway runs.
    runtime: OnceLock<Handle>,
    /// What survives a restart; there while the gateway runs, if it is wanted.
    journal: OnceLock<Journal>,
    /// For what goes on when a call has returned.
    this: Weak<Self>,
}

impl Gateway {
    pub(crate) fn new(
        table: RoutingTable,
        shards: NonZeroUsize,
        limits: Limits,
        settings: &CustodySettings,
        presence: Option<PresenceSettings>,
        dns: Option<Dns>,
    ) -> Arc<Self> {
        let mut rng = StdRng::from_os_rng();
        let (table, keys) = (Arc::new(table), JournalKeys::default());
        let clock = WallClock::new(now(), wall_clock());
        // As many again may wait for the refusal that the router has decided.
        let most_callers = limits.max_in_progress().saturating_mul(2);
        let shard = |number| {
            let router = Router::new(Arc::clone(&table), limits, StdRng::from_os_rng());
            let custodian = Custodian::new(router, settings.clone(), keys.clone(), clock);
            Shard::new(number, Messages::new(custodian, most_callers))
        };
        let watching = |number, settings: &PresenceSettings| {
            let (table, rng) = (Arc::clone(&table), StdRng::from_os_rng());
            let service = PresenceService::new(table, settings.clone(), keys.clone(), clock, rng);
            let service = service.with_remembered_steps(limits.remembered_steps());
            Shard::closed(number, Watching::new(service, most_callers))
        };
        let spread = Shards::new(shards, &mut rng);
        let count = shards.get() as u8; // at most 64
        let shards = (0..count).map(shard).collect();
        let presence_shards = presence.iter().flat_map(|settings| {
            (count..count.saturating_mul(2)).map(move |number| watching(number, settings))
        });
        let presence_shards = presence_shards.collect();
        Arc::new_cyclic(|this| Self {
            spread,
            shards,
            presence: presence_shards,
            presence_settings: presence.unwrap_or_default(),
            inbox: inbox::Inbox::default(),
            watches: AtomicBool::new(false),
            adapters: table.adapters().map(|_| Slot::new()).collect(),
            begun: now(),
            measures: Measures::default(),
            timer: Notify::new(),
            dns,
            clock,
            runtime: OnceLock::new(),
            journal: OnceLock::new(),
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

    /// Names the journal in which messages are kept.
    pub(crate) fn keep_in(&self, journal: Journal) {
        // Set once: a gateway runs once.
        self.journal.get_or_init(|| journal);
    }

    /// Names messages by a secret that outlives this process.
    pub(crate) fn name_by(&self, key: &NamingKey) {
        for shard in &self.shards {
            shard.handle(self, |state| state.custodian.name_by(key.clone()));
        }
    }

    /// The journal, while the gateway runs with one.
    pub(crate) fn journal(&self) -> Option<&Journal> {
        self.journal.get()
    }

    /// The store of the journal.
    pub(crate) fn store(&self) -> Option<&dyn Store> {
        self.journal().map(Journal::store)
    }

    /// The wall clock of this run.
    pub(crate) const fn clock(&self) -> &WallClock {
        &self.clock
    }

    /// All shards of conversations.
    pub(crate) fn shards(&self) -> &[Shard<Messages>] {
        &self.shards
    }

    /// How many shards there are, of conversations and of presentities; they are numbered in that order.
    pub(crate) const fn count_of_shards(&self) -> usize {
        self.shards.len() + self.presence.len()
    }

    /// The shard of a conversation.
    pub(crate) fn shard_of(
        &self,
        source: &InstantInbox,
        destination: &InstantInbox,
    ) -> Option<&Shard<Messages>> {
        self.shards.get(self.spread.of(source, destination))
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
            shard.handle(self, |state| state.custodian.begin_drain());
        }
        for shard in &self.presence {
            shard.handle(self, |state| state.service.begin_drain());
        }
    }

    /// Whether every operation has its response, in the hands of whoever waited for it.
    pub(crate) fn is_idle(&self) -> bool {
        self.inbox.is_idle()
            && self.shards.iter().all(Shard::is_idle)
            && self.presence.iter().all(Shard::is_idle)
    }

    /// How many operations are in progress, besides what is kept.
    pub(crate) fn in_progress(&self) -> u64 {
        self.shards
            .iter()
            .map(|shard| shard.look(|custodian| custodian.router().statistics().in_progress))
            .sum()
    }

    /// How many operations of an adapter wait for their response.
    pub(crate) fn waiting_of(&self, adapter: loader::AdapterId) -> usize {
        let messages = self.shards.iter().map(|shard| shard.waiting_of(adapter));
        let presence = self.presence.iter().map(|shard| shard.waiting_of(adapter));
        messages.chain(presence).sum()
    }

    /// Ends operations whose deadline has come, for as long as the gateway runs.
    pub(crate) async fn keep_time(self: Arc<Self>) {
        loop {
            let now = now();
            let messages = self.shards.iter();
            let messages = messages.filter_map(|shard| shard.handle_timeout(&*self, now));
            let watches = self.watches.load(Ordering::Acquire);
            let presence = self.presence.iter().filter(|_| watches);
            let presence = presence.filter_map(|shard| shard.handle_timeout(&*self, now));
            let due = messages.chain(presence).min();
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

    /// Takes an operation; the caller hears how it ended.
    pub(crate) fn submit_from(&self, from: AdapterId, operation: MessageOperation, caller: Caller) {
        let now = now();
        flow::received(&self.table, from, &operation);
        self.note_event(from, now);
        if self.inbox.is_for(&operation) {
            return self.take_letter(from, operation, caller);
        }
        if let Some(shard) = self.shard_of(operation.source(), operation.destination()) {
            shard.submit_message(self, now, from, operation, caller);
        }
    }

    /// What an adapter is called.
    pub(crate) fn name(&self, adapter: AdapterId) -> &str {
        self.table
            .adapter(adapter)
            .map_or("gateway", |adapter| adapter.name())
    }
}

/// The number that an adapter has on the other side of the boundary; those that have its place one after the other have each
/// their own.
pub(crate) fn to_loader(adapter: AdapterId, generation: u16) -> loader::AdapterId {
    loader::AdapterId::new(u32::from(generation) << 16 | u32::from(adapter.number()))
}

/// Which of those that had its place an adapter is.
pub(crate) fn generation(adapter: loader::AdapterId) -> u16 {
    (adapter.number() >> 16) as u16
}

fn to_router(adapter: loader::AdapterId) -> AdapterId {
    // It came from `to_loader`, which puts the generation above.
    AdapterId::new(adapter.number() as u16)
}

fn making_way() -> Failure {
    Failure::new(FailureReason::ShuttingDown)
        .with_detail("the adapter is being stopped, or another takes its place")
}

fn not_running() -> Failure {
    Failure::new(FailureReason::Unreachable)
        .with_origin(Origin::Operator)
        .with_detail("the adapter for the destination's network is not running")
}

#[expect(clippy::disallowed_methods, reason = "here the router's clock begins")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "read once: a clock that jumps changes nothing while the gateway runs"
)]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}
