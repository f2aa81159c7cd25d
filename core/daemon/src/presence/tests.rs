//! What becomes of what is handed to adapters, whatever they do with it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::UNIX_EPOCH,
};

use rialto_model::{Authentication, Domain, Response, SubscriptionId};
use rialto_router::{
    Adapter, Change, JournalKeys, PresenceSettings, Route, RoutingTable, WallClock, WriteId,
};
use tokio::sync::oneshot::{self, Receiver};

use super::*;
use crate::gateway::now;

/// An adapter, as far as a shard knows one: what it does with a notification is given.
struct Fake<'a> {
    shard: Shard<Watching>,
    #[expect(clippy::type_complexity, reason = "it stands here once")]
    on_notify: Box<dyn Fn(&Self, PresenceToken) + Sync + 'a>,
    cancelled: Mutex<Vec<Ticket>>,
    tickets: AtomicU64,
    started: Instant,
}

impl<'a> Fake<'a> {
    fn new(on_notify: impl Fn(&Self, PresenceToken) + Sync + 'a) -> Self {
        Self::with(Shard::new, on_notify)
    }

    fn with(
        shard: impl FnOnce(u8, Watching) -> Shard<Watching>,
        on_notify: impl Fn(&Self, PresenceToken) + Sync + 'a,
    ) -> Self {
        let domain = |name| Domain::parse(name).unwrap();
        let table = RoutingTable::builder()
            .with_adapter(Adapter::new("sip", "sip"))
            .with_route(Route::new(domain("voice.example"), "sip"))
            .build()
            .unwrap();
        let settings = PresenceSettings::default().with_hosted(domain("home.example"));
        let started = now();
        let clock = WallClock::new(started, UNIX_EPOCH);
        let (keys, rng) = (JournalKeys::default(), StdRng::seed_from_u64(1));
        let service = PresenceService::new(Arc::new(table), settings, keys, clock, rng);
        Self {
            shard: shard(3, Watching::new(service, 9)),
            on_notify: Box::new(on_notify),
            cancelled: Mutex::default(),
            tickets: AtomicU64::new(1),
            started,
        }
    }

    fn subscribe(&self) -> Receiver<Response> {
        let presentity = |text| Presentity::parse(text).unwrap();
        let operation = SubscribeOperation::new(
            TransactionId::parse(b"t1").unwrap(),
            SubscriptionId::parse(b"s1").unwrap(),
            presentity("pres:alice@voice.example"),
            presentity("pres:helen@home.example"),
        )
        .with_authentication(Authentication::Network);
        let (sender, receiver) = oneshot::channel();
        let (from, caller) = (AdapterId::new(0), Caller::Control(sender));
        self.shard
            .submit_subscribe(self, self.started, from, operation, caller);
        receiver
    }

    fn answer(&self, token: PresenceToken) {
        assert_eq!(token.shard(), 3);
        self.shard.handle(self, |state| {
            let answer = ResponseStatus::Success.into();
            state.answered(self.started, token.attempt(), answer);
        });
    }

    fn failed(&self) -> u64 {
        self.shard
            .look(|service| service.statistics().notifications_failed)
    }
}

impl Watch for Fake<'_> {
    fn subscribe(
        &self,
        _: AdapterId,
        _: PresenceToken,
        operation: SubscribeOperation,
    ) -> Option<Ticket> {
        unreachable!("whom it hosts, it asks of nobody: {operation:?}");
    }

    fn notify(&self, _: AdapterId, token: PresenceToken, _: NotifyOperation) -> Option<Ticket> {
        let ticket = Ticket::from_number(self.tickets.fetch_add(1, Ordering::Relaxed));
        (self.on_notify)(self, token);
        Some(ticket)
    }
}

impl Surroundings for Fake<'_> {
    fn write(&self, _: u8, write: WriteId, _: Vec<Change>) {
        self.shard.handle(self, |state| {
            state.service.handle_written(self.started, write, Ok(()));
        });
    }

    fn resolve(&self, _: u8, domain: Domain) {
        unreachable!("no table here asks DNS for {domain}");
    }

    fn cancel(&self, _: AdapterId, ticket: Ticket) {
        self.cancelled.lock().unwrap().push(ticket);
    }

    fn is_awaited(&self, _: AdapterId) -> bool {
        false
    }

    fn wake_timer(&self) {}

    fn now(&self) -> Instant {
        self.started
    }
}

#[test]
fn answer_within_the_call_leaves_nothing_to_be_called_off() {
    let fake = Fake::new(|fake, token| fake.answer(token));
    let mut watcher = fake.subscribe();
    assert!(watcher.try_recv().unwrap().status().is_success());
    assert!(fake.shard.is_idle());
    assert!(fake.shard.see(|state| state.deliveries.is_empty()));
}

#[test]
fn notification_that_is_not_answered_in_time_is_called_off_and_told_again() {
    let fake = Fake::new(|_, _| {});
    drop(fake.subscribe());
    assert_eq!(fake.failed(), 0);
    let late = fake.started + Duration::from_secs(31);
    fake.shard.handle_timeout(&fake, late);
    assert_eq!(*fake.cancelled.lock().unwrap(), [Ticket::from_number(1)]);
    assert_eq!(fake.failed(), 1);
    fake.shard
        .handle_timeout(&fake, late + Duration::from_secs(2));
    assert_eq!(fake.tickets.load(Ordering::Relaxed), 3, "it was told twice");
}

#[test]
fn panic_while_a_watcher_is_told_ends_that_and_not_the_shard() {
    let fake = Fake::new(|fake, token| {
        assert!(fake.tickets.load(Ordering::Relaxed) > 2, "as intended");
        fake.answer(token);
    });
    drop(fake.subscribe());
    assert_eq!(fake.failed(), 1);
    assert!(fake.shard.is_idle(), "what is told later is in the journal");
    let later = fake.started + Duration::from_secs(2);
    fake.shard.handle_timeout(&fake, later);
    assert_eq!(
        (fake.failed(), fake.tickets.load(Ordering::Relaxed)),
        (1, 3)
    );
}

#[test]
fn nothing_is_told_before_the_shard_is_open() {
    let fake = Fake::with(Shard::closed, |fake, token| fake.answer(token));
    let mut watcher = fake.subscribe();
    assert!(watcher.try_recv().is_err() && !fake.shard.is_idle());
    fake.shard.open(&fake);
    assert!(watcher.try_recv().unwrap().status().is_success());
    assert!(fake.shard.is_idle());
}
