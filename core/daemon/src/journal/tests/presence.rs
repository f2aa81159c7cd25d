//! What is kept of subscriptions.

use rialto_model::{Authentication, Presentity, SubscribeOperation, SubscriptionId};
use rialto_router::{PresenceLimits, PresenceSettings};

use super::*;
use crate::control::{Subscription, Watched};

/// A gateway that hosts presentities, and grants what is asked for, however short.
fn hosting(adapter: &str, shards: usize, store: &Arc<SimulatedStore>) -> Arc<Gateway> {
    let domain = |name| Domain::parse(name).unwrap();
    let table = RoutingTable::builder()
        .with_adapter(Adapter::new(adapter, "sip"))
        .with_route(Route::new(domain("voice.example"), adapter))
        .build()
        .unwrap();
    let durations = [1, 3_600_000, 86_400_000].map(Duration::from_millis);
    let limits = PresenceLimits::default().with_durations(durations);
    let presence = PresenceSettings::default()
        .with_hosted(domain("home.example"))
        .with_limits(limits);
    let settings = CustodySettings::default();
    let shards = NonZeroUsize::new(shards).unwrap();
    let limits = Limits::default();
    let gateway = Gateway::new(table, shards, limits, &settings, Some(presence), None);
    gateway.run_in(Handle::current());
    let store: Arc<dyn Store> = Arc::clone(store) as _;
    gateway.keep_in(Journal::new(store, &gateway, &Handle::current()));
    gateway.begin_watching();
    gateway
}

/// Has the n-th watcher subscribe to the n-th presentity.
fn subscribe(gateway: &Gateway, number: usize, time: Duration) -> oneshot::Receiver<Response> {
    let presentity = |address: String| Presentity::parse(&address).unwrap();
    let target = presentity(format!("pres:p{number}@home.example"));
    let operation = SubscribeOperation::new(
        TransactionId::parse(format!("t{number}").as_bytes()).unwrap(),
        SubscriptionId::parse(format!("s{number}").as_bytes()).unwrap(),
        presentity(format!("pres:w{number}@voice.example")),
        target.clone(),
    )
    .with_authentication(Authentication::Network)
    .with_duration(time);
    let (sender, receiver) = oneshot::channel();
    let (shard, caller) = (
        gateway.shard_of_presentity(&target),
        Caller::Control(sender),
    );
    let now = crate::gateway::now();
    let from = AdapterId::new(0);
    let shard = shard.unwrap();
    shard.submit_subscribe(gateway, now, from, operation, caller);
    receiver
}

fn watched(gateway: &Gateway) -> Vec<Subscription> {
    let page = Watched {
        limit: 1000,
        ..Watched::default()
    };
    let mut entries = gateway.subscriptions(&page).entries;
    entries.sort_by_key(|entry| entry.id);
    entries
}

fn records(store: &SimulatedStore, table: Table) -> usize {
    let mut count = 0;
    let mut one_more = |_: &[u8], _| {
        count += 1;
        std::ops::ControlFlow::Continue(())
    };
    store
        .scan(table, &rialto_store::KeyRange::all(), &mut one_more)
        .unwrap();
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_find_their_shards_in_a_gateway_that_has_more_of_them() {
    let store = store(Faults::none());
    let before = hosting("sip", 1, &store);
    let hour = Duration::from_secs(3600);
    let waiting: Vec<_> = (0..50)
        .map(|number| subscribe(&before, number, hour))
        .collect();
    store.settle();
    for watcher in waiting {
        assert_eq!(answer(watcher).await, ResponseStatus::Success);
    }
    let names = |gateway: &Gateway| -> Vec<_> {
        let entries = watched(gateway).into_iter();
        entries
            .map(|of| (of.id, of.watcher, of.presentity))
            .collect()
    };
    assert_eq!(names(&before).len(), 50);

    let crashed = Arc::new(store.crash());
    let after = hosting("sip", 4, &crashed);
    restore(&after, &*crashed).unwrap();
    assert_eq!(names(&after), names(&before));
    let doubled = subscribe(&after, 7, hour);
    crashed.settle();
    assert_eq!(
        answer(doubled).await,
        ResponseStatus::Success,
        "a refresh, found where it is"
    );
    assert_eq!(names(&after).len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_of_an_adapter_that_is_gone_wait_for_it_until_they_are_over() {
    let store = store(Faults::none());
    let before = hosting("sip", 1, &store);
    let long = subscribe(&before, 1, Duration::from_secs(3600));
    let short = subscribe(&before, 2, Duration::from_millis(1));
    store.settle();
    answer(long).await;
    answer(short).await;
    let crashed = Arc::new(store.crash());
    assert_eq!(records(&crashed, Table::Subscriptions), 2);

    let other = hosting("other", 1, &crashed);
    come("time", || {
        restore(&other, &*crashed).unwrap();
        crashed.settle();
        records(&crashed, Table::Subscriptions) == 1
    })
    .await;
    assert_eq!(watched(&other), []);
    let back = hosting("sip", 1, &crashed);
    restore(&back, &*crashed).unwrap();
    assert_eq!(watched(&back).len(), 1);
}
