//! What is kept between a gateway, a store that does as it is told, and the next gateway.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use rialto_model::{
    Domain, FailureReason, InstantInbox, InstantMessage, MessageOperation, Response,
    ResponseStatus, TransactionId,
};
use rialto_router::{
    Adapter, AdapterId, CustodyPolicy, CustodySettings, Limits, Route, RoutingTable,
};
use rialto_store::{Faults, SimulatedStore};
use tokio::{runtime::Handle, sync::oneshot, task::yield_now};

use super::*;
use crate::{
    callers::Caller,
    control::{Entry, Page},
};

mod presence;

/// How long anything is waited for; far more than it takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway whose one adapter is not running, and which keeps each message first.
fn gateway(shards: usize, store: &Arc<SimulatedStore>) -> Arc<Gateway> {
    gateway_with("sip", shards, store)
}

fn gateway_with(adapter: &str, shards: usize, store: &Arc<SimulatedStore>) -> Arc<Gateway> {
    let table = RoutingTable::builder()
        .with_adapter(Adapter::new(adapter, "sip"))
        .with_route(Route::new(Domain::parse("voice.example").unwrap(), adapter))
        .build()
        .unwrap();
    let policy = CustodyPolicy::NEVER.with_patience(Duration::ZERO);
    let settings = CustodySettings::default().with_policy(AdapterId::new(0), policy);
    let shards = NonZeroUsize::new(shards).unwrap();
    let gateway = Gateway::new(table, shards, Limits::default(), &settings, None, None);
    gateway.run_in(Handle::current());
    let store: Arc<dyn Store> = Arc::clone(store) as _;
    gateway.keep_in(Journal::new(store, &gateway, &Handle::current()));
    gateway
}

fn store(faults: Faults) -> Arc<SimulatedStore> {
    Arc::new(SimulatedStore::new(
        7,
        faults,
        rialto_store::Limits::default(),
    ))
}

/// Sends the n-th message, each in a conversation of its own.
fn send(gateway: &Gateway, number: usize) -> oneshot::Receiver<Response> {
    let inbox = |user| InstantInbox::parse(&format!("im:{user}{number}@voice.example")).unwrap();
    let operation = MessageOperation::new(
        TransactionId::parse(format!("t{number}").as_bytes()).unwrap(),
        inbox("a"),
        inbox("b"),
        InstantMessage::text("hello"),
    );
    let operation = operation.with_identity(format!("call {number}"));
    let (sender, receiver) = oneshot::channel();
    gateway.submit_from(AdapterId::new(0), operation, Caller::Control(sender));
    receiver
}

fn kept(gateway: &Gateway) -> Vec<Entry> {
    let page = Page {
        limit: 1000,
        ..Page::default()
    };
    gateway.kept(&page).entries
}

async fn answer(waiting: oneshot::Receiver<Response>) -> ResponseStatus {
    let response = tokio::time::timeout(PATIENCE, waiting).await;
    response.unwrap().unwrap().into_status()
}

async fn come(what: &str, mut is_so: impl FnMut() -> bool) {
    let so = async {
        while !is_so() {
            yield_now().await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, so).await.is_ok(),
        "no {what}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_messages_find_their_shards_in_a_gateway_that_has_more_of_them() {
    let store = store(Faults::none());
    let before = gateway(1, &store);
    let waiting: Vec<_> = (0..50).map(|number| send(&before, number)).collect();
    store.settle();
    for sender in waiting {
        assert_eq!(answer(sender).await, ResponseStatus::Indeterminant);
    }
    let listed = kept(&before);
    assert_eq!(listed.len(), 50);

    let crashed = Arc::new(store.crash());
    let after = gateway(4, &crashed);
    restore(&after, &*crashed).unwrap();
    let names = |entries: &[Entry]| -> Vec<_> {
        let name = |entry: &Entry| (entry.id, entry.source.clone(), entry.destination.clone());
        entries.iter().map(name).collect()
    };
    assert_eq!(names(&kept(&after)), names(&listed));
    for entry in kept(&after) {
        let inbox = |text: &str| InstantInbox::parse(text).unwrap();
        let shard = after.shard_of(&inbox(&entry.source), &inbox(&entry.destination));
        let key = JournalKey::new(entry.id);
        let is_there = |custodian: &rialto_router::Custodian<_>| {
            custodian.kept(crate::gateway::now(), key).is_some()
        };
        assert!(shard.unwrap().look(is_there), "{entry:?}");
    }
}

#[test]
fn nothing_that_was_kept_is_tried_before_the_journal_is_open() {
    // One thread that may block: when it has done one thing, it has done all that was asked before.
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.max_blocking_threads(1).enable_all().build();
    runtime.unwrap().block_on(async {
        let store = store(Faults::none());
        let before = gateway(1, &store);
        let sender = send(&before, 1);
        store.settle();
        assert_eq!(answer(sender).await, ResponseStatus::Indeterminant);

        let crashed = Arc::new(store.crash());
        let after = gateway(1, &crashed);
        restore(&after, &*crashed).unwrap();
        let now = crate::gateway::now();
        for shard in after.shards() {
            shard.handle_timeout(&*after, now);
        }
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        assert_eq!(kept(&after)[0].last_failure, None);
        after.journal().unwrap().open();
        // Its adapter is not running.
        let reason = format!("{:?}", FailureReason::Unreachable);
        come("try", || {
            kept(&after)[0].last_failure.as_ref() == Some(&reason)
        })
        .await;
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn message_that_the_store_does_not_take_is_a_failure_for_its_sender() {
    let store = store(Faults::none().with_write_errors(100));
    let gateway = gateway(1, &store);
    let sender = send(&gateway, 1);
    store.settle();
    let ResponseStatus::Failure(failure) = answer(sender).await else {
        panic!("it is not safe");
    };
    assert_eq!(failure.reason(), FailureReason::Overloaded);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_a_store_that_says_everything_late_and_twice_are_taken_once() {
    let store = store(Faults::none().with_delayed(50).with_doubled(100));
    let gateway = gateway(3, &store);
    let waiting: Vec<_> = (0..50).map(|number| send(&gateway, number)).collect();
    store.settle();
    for sender in waiting {
        assert_eq!(answer(sender).await, ResponseStatus::Indeterminant);
    }
    assert_eq!(kept(&gateway).len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn message_of_an_adapter_that_is_gone_ends_the_start_and_its_name_alone_does_not() {
    let store = store(Faults::none());
    let before = gateway(1, &store);
    let sender = send(&before, 1);
    store.settle();
    assert_eq!(answer(sender).await, ResponseStatus::Indeterminant);
    let id = kept(&before)[0].id;

    let crashed = Arc::new(store.crash());
    let refused = restore(&gateway_with("other", 1, &crashed), &*crashed).unwrap_err();
    assert!(refused.to_string().contains("adapter `sip`"), "{refused}");

    let mut batch = rialto_store::Batch::new();
    batch.delete(Table::Operations, id.to_be_bytes().to_vec());
    crashed.commit(batch, Done::ignore());
    crashed.settle();
    let after = gateway_with("other", 1, &crashed);
    restore(&after, &*crashed).unwrap();
    assert_eq!(kept(&after), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn trace_names_each_step_of_a_message_that_was_kept_over_a_crash_and_given_up() {
    let store = store(Faults::none());
    let before = gateway(1, &store);
    let sender = send(&before, 1);
    store.settle();
    assert_eq!(answer(sender).await, ResponseStatus::Indeterminant);

    let crashed = Arc::new(store.crash());
    let after = gateway(1, &crashed);
    restore(&after, &*crashed).unwrap();
    after.journal().unwrap().open();
    assert!(after.drop_kept(kept(&after)[0].id));
    let steps = || -> Vec<_> {
        let lives = after.lives("t1").into_iter().flatten();
        lives.map(|step| step.step).collect()
    };
    come("word that the message was given up", || {
        crashed.settle();
        steps().iter().any(|step| step == "disposition kept")
    })
    .await;
    let (first, steps) = (steps()[0].clone(), steps());
    assert_eq!(first, "taken up again");
    assert!(!steps.iter().any(|step| step == "unknown"), "{steps:?}");
}
