//! What a subscription costs the service: memory (the most that was allocated) and time, with a million others; and what a change costs that a thousand watchers are told.
#![expect(clippy::unwrap_used, reason = "fixed input")]

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use divan::{Bencher, counter::ItemsCount};
use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{
    Authentication, Bytes, Domain, NotifyOperation, PresenceDocument, Presentity, PublishOperation,
    ResponseStatus, SubscribeOperation, SubscriptionId, SubscriptionState, TransactionId,
};
use rialto_router::{
    Adapter, AdapterId, CallerTicket, JournalKeys, PresenceAction, PresenceLimits, PresenceService,
    PresenceSettings, Route, RoutingTable, WallClock,
};

const MILLION: usize = 1_000_000;
const SIP: AdapterId = AdapterId::new(0);
const XMPP: AdapterId = AdapterId::new(1);

/// As long as what a SIP dialog needs: Call-ID, tags, contact, sequence.
const REFERENCE: &str = "a84b4c76e66710@pc33.voice.example;314159;2890844527;sip:watcher@192.0.2.4:5060;transport=tcp;17";

/// Shows what each of them allocates.
#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

#[expect(clippy::disallowed_methods, reason = "one reading; time stands still")]
fn start() -> (Instant, SystemTime) {
    (Instant::now(), SystemTime::now())
}

struct Load {
    service: PresenceService<StdRng>,
    now: Instant,
    tickets: u64,
}

impl Load {
    fn new() -> Self {
        let domain = |name: &str| Domain::parse(name).unwrap();
        let table = RoutingTable::builder()
            .with_adapter(Adapter::new("sip", "sip").with_domains(&[domain("jabber.example")]))
            .with_adapter(Adapter::new("xmpp", "xmpp").with_domains(&[domain("voice.example")]))
            .with_route(Route::new(domain("voice.example"), "sip"))
            .with_route(Route::new(domain("jabber.example"), "xmpp"))
            .build()
            .unwrap();
        let (now, wall) = start();
        let limits = PresenceLimits::default()
            .with_max_subscriptions(2 * MILLION, 100_000, 100_000)
            .with_durations([60, 80_000, 86_400].map(Duration::from_secs));
        let settings = PresenceSettings::default()
            .with_hosted(domain("home.example"))
            .with_limits(limits);
        let (keys, clock) = (JournalKeys::default(), WallClock::new(now, wall));
        let rng = StdRng::seed_from_u64(1);
        Self {
            service: PresenceService::new(Arc::new(table), settings, keys, clock, rng),
            now,
            tickets: 0,
        }
    }

    fn ticket(&mut self) -> CallerTicket {
        self.tickets += 1;
        CallerTicket::new(self.tickets)
    }

    /// A watcher subscribes, is granted it by the far network, told the document, and takes that.
    fn subscribe(&mut self, watcher: usize, target: &str, id: usize) {
        let operation = SubscribeOperation::new(
            TransactionId::parse(b"t").unwrap(),
            SubscriptionId::parse(format!("a84b4c76e66710-{id:07}").as_bytes()).unwrap(),
            Presentity::parse(&format!("pres:watcher{watcher}@voice.example")).unwrap(),
            Presentity::parse(target).unwrap(),
        );
        let operation = operation
            .with_authentication(Authentication::Network)
            .with_reference(REFERENCE);
        let ticket = self.ticket();
        self.service
            .handle_subscribe(self.now, SIP, operation, ticket);
        self.settle();
    }

    /// Everybody answers what he is asked; yields how many notifications there were.
    fn settle(&mut self) -> usize {
        let mut told = 0;
        while let Some(action) = self.service.poll_action() {
            match action {
                PresenceAction::Write { write, .. } => {
                    self.service.handle_written(self.now, write, Ok(()));
                }
                PresenceAction::Subscribe {
                    attempt, operation, ..
                } => {
                    let time = Some(Duration::from_secs(80_000));
                    self.service
                        .handle_response(self.now, attempt, ResponseStatus::Success, time);
                    let target = operation.target().clone();
                    let notify = NotifyOperation::new(
                        *operation.transaction_id(),
                        *operation.subscription_id(),
                        operation.watcher().clone(),
                        target.clone(),
                        SubscriptionState::Active,
                    );
                    let notify = notify.with_document(document(&target, "here"));
                    let ticket = self.ticket();
                    self.service.handle_notify(self.now, XMPP, notify, ticket);
                }
                PresenceAction::Notify { attempt, .. } => {
                    told += 1;
                    self.service
                        .handle_response(self.now, attempt, ResponseStatus::Success, None);
                }
                _ => {}
            }
        }
        told
    }

    fn publish(&mut self, version: u64) -> usize {
        let helen = Presentity::parse("pres:helen@home.example").unwrap();
        let mut operation = PublishOperation::new(
            TransactionId::parse(b"t").unwrap(),
            SubscriptionId::parse(b"phone").unwrap(),
            helen.clone(),
            helen.clone(),
        )
        .with_document(document(&helen, &version.to_string()))
        .with_version(version)
        .with_authentication(Authentication::Network);
        if version > 1 {
            operation = operation.with_expected_version(version - 1);
        }
        let ticket = self.ticket();
        self.service
            .handle_publish(self.now, SIP, operation, ticket);
        self.settle()
    }
}

fn document(entity: &Presentity, note: &str) -> PresenceDocument {
    let xml = format!(
        "<?xml version='1.0' encoding='UTF-8'?><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='{entity}'>\
         <tuple id='desk'><status><basic>open</basic></status><note>{note}</note></tuple></presence>"
    );
    PresenceDocument::pidf(Bytes::from(xml))
}

/// So many presentities elsewhere, each watched by so many.
fn load(presentities: usize, watchers: usize) -> Load {
    let mut load = Load::new();
    for presentity in 0..presentities {
        let target = format!("pres:user{presentity}@jabber.example");
        for watcher in 0..watchers {
            load.subscribe(watcher, &target, presentity * watchers + watcher);
        }
    }
    load
}

/// "max alloc" divided by a million is the memory of a subscription, the far network's document among it.
#[divan::bench(args = [10, 1_000], sample_count = 1, sample_size = 1)]
fn a_million_subscriptions(bencher: Bencher<'_, '_>, watchers: usize) {
    bencher
        .counter(ItemsCount::new(MILLION))
        .bench_local(|| load(MILLION / watchers, watchers));
}

/// One change of a hosted presentity, written, put together, told to each of its watchers and taken by them.
#[divan::bench(args = [1, 1_000], sample_count = 100)]
fn change_is_told(bencher: Bencher<'_, '_>, watchers: usize) {
    let mut load = Load::new();
    for watcher in 0..watchers {
        load.subscribe(watcher, "pres:helen@home.example", watcher);
    }
    let mut version = 0;
    bencher.counter(ItemsCount::new(watchers)).bench_local(|| {
        version += 1;
        assert_eq!(load.publish(version), watchers);
    });
}
