//! What it costs to cross the boundary: `cargo bench -p rialto-loader`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench may")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    hint::black_box,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread::Thread,
};

use divan::Bencher;
use rialto_bridge::operation::{View, own};
use rialto_loader::{
    Adapter, AdapterId, ClaimTable, Declared, Gateway, Health, Isolation, Measure, Program,
    SubmissionId, SubmitAnswer,
};
use rialto_model::{
    DispositionOperation, InstantInbox, InstantMessage, MessageOperation, Response, ResponseStatus,
    TransactionId,
};
use tokio::runtime::{Builder, Runtime};

fn isolation() -> Option<Isolation> {
    None
}

/// What this program is started with to be the process of an adapter.
const ADAPTER: &str = "--as-an-adapter";

fn main() {
    if std::env::args().any(|argument| argument == ADAPTER) {
        rialto_loader::child::run().unwrap();
    } else {
        divan::main();
    }
}

/// The last token, how many responses came, at how many somebody is to be woken, and who; answers what is submitted.
#[derive(Default)]
struct Counter(
    AtomicU64,
    AtomicUsize,
    AtomicUsize,
    OnceLock<Thread>,
    /// Where the next message goes when one is answered, so often as the token says.
    OnceLock<(Adapter, Original)>,
);

impl Gateway for Counter {
    fn submit(&self, _: AdapterId, operation: MessageOperation, answer: SubmitAnswer) {
        let (message, responder) = operation.into_message();
        black_box(message);
        answer.respond(&responder.respond(ResponseStatus::Success));
    }
    fn submit_disposition(&self, _: AdapterId, operation: DispositionOperation, _: SubmitAnswer) {
        drop(black_box(operation));
    }
    fn cancelled(&self, _: AdapterId, _: SubmissionId) {}
    fn responded(&self, _: AdapterId, token: u64, response: Response) {
        drop(black_box(response));
        self.0.store(token, Ordering::Relaxed);
        if let (Some((adapter, original)), Some(left)) = (self.4.get(), token.checked_sub(1)) {
            adapter.deliver_with(original.operation(), left);
        }
        let answered = self.1.fetch_add(1, Ordering::SeqCst) + 1;
        if answered == self.2.load(Ordering::SeqCst)
            && let Some(waiting) = self.3.get()
        {
            waiting.unpark();
        }
    }
    fn disposition_responded(&self, _: AdapterId, _: u64, response: Response) {
        drop(black_box(response));
    }
    fn measured(&self, _: AdapterId, _: &str, _: Measure) {}
    fn health(&self, _: AdapterId, _: Health) {}
}

fn start(library: std::path::PathBuf, config: &str) -> (Runtime, Arc<Counter>, Adapter) {
    started(Declared::new("bench", library, config.to_owned()))
}

/// As `start`, in a process of its own.
fn start_child(library: std::path::PathBuf, config: &str) -> (Runtime, Arc<Counter>, Adapter) {
    let isolation = Isolation::new(Program::own([ADAPTER]));
    started(Declared::new("bench", library, config.to_owned()).isolated(isolation))
}

fn started(declared: Declared) -> (Runtime, Arc<Counter>, Adapter) {
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let counter = Arc::new(Counter::default());
    let loaded = declared.load(&ClaimTable::new()).unwrap();
    let starting = loaded.start(
        AdapterId::new(1),
        Arc::clone(&counter) as _,
        tracing::Level::INFO,
        support::SOON,
    );
    let adapter = runtime.block_on(starting).unwrap();
    (runtime, counter, adapter)
}

struct Original {
    id: TransactionId,
    source: InstantInbox,
    destination: InstantInbox,
    message: InstantMessage,
}

impl Original {
    fn new(payload: usize) -> Self {
        let message = InstantMessage::text("x".repeat(payload));
        Self {
            id: TransactionId::parse(b"0123456789abcdef0123").unwrap(),
            source: InstantInbox::parse("im:alice@example.org").unwrap(),
            destination: InstantInbox::parse("im:bob@example.net").unwrap(),
            message,
        }
    }

    /// As a plugin makes one of what it has received: shared.
    fn operation(&self) -> MessageOperation {
        MessageOperation::new(
            self.id,
            self.source.clone(),
            self.destination.clone(),
            self.message.clone(),
        )
    }
}

/// The baseline: making and dropping the message.
#[divan::bench(sample_size = 1000)]
fn build_message(bencher: Bencher<'_, '_>) {
    let original = Original::new(200);
    // Dropped at once, as messages are: what is kept for later needs ever new memory.
    bencher.bench_local(|| drop(black_box(original.operation())));
}

/// Lending and taking, without a call.
#[divan::bench(args = [200, 8192], sample_size = 1000)]
#[expect(unsafe_code, reason = "measures the two halves of a crossing")]
fn lend_and_take(bencher: Bencher<'_, '_>, payload: usize) {
    let original = Original::new(payload);
    bencher.bench_local(|| {
        let operation = original.operation();
        let view = View::of(&operation);
        // SAFETY: a view follows the contract.
        drop(black_box(unsafe { own(view.raw()) }));
    });
}

fn there_and_back(bencher: Bencher<'_, '_>, library: std::path::PathBuf, payload: usize) {
    let (_runtime, counter, adapter) = start(library, "{}");
    let original = Original::new(payload);
    let mut token = 0;
    bencher.bench_local(|| {
        token += 1;
        adapter.deliver_with(original.operation(), token);
        assert_eq!(
            counter.0.load(Ordering::Relaxed),
            token,
            "answered inside the call"
        );
    });
}

/// A message to a Rust plugin that answers inside the call, and its response.
#[divan::bench(args = [200, 8192], sample_size = 1000)]
fn rust_inline(bencher: Bencher<'_, '_>, payload: usize) {
    there_and_back(bencher, support::faulty_plugin(), payload);
}

/// A message to a C plugin that answers inside the call, and its response.
#[divan::bench(args = [200, 8192], sample_size = 1000)]
fn c_inline(bencher: Bencher<'_, '_>, payload: usize) {
    there_and_back(bencher, support::c_plugin("bench_c", ""), payload);
}

/// As `rust_inline`, through the future.
#[divan::bench(sample_size = 1000)]
fn rust_inline_future(bencher: Bencher<'_, '_>) {
    let (runtime, _counter, adapter) = start(support::faulty_plugin(), "{}");
    let original = Original::new(200);
    let _entered = runtime.enter();
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    bencher.bench_local(|| {
        let mut delivery = std::pin::pin!(adapter.deliver(original.operation()));
        assert!(delivery.as_mut().poll(&mut cx).is_ready());
    });
}

/// A message that waits in the plugin once: two hops between threads.
#[divan::bench(sample_size = 1000)]
fn rust_waits(bencher: Bencher<'_, '_>) {
    let (runtime, _counter, adapter) = start(support::faulty_plugin(), r#"{"fault": "waits"}"#);
    let original = Original::new(200);
    bencher.bench_local(|| runtime.block_on(adapter.deliver(original.operation())));
}

/// A thousand messages from a plugin to the gateway and their responses, measured around the call that makes it do so.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn rust_submits_thousand(bencher: Bencher<'_, '_>) {
    let (_runtime, _counter, adapter) = start(support::faulty_plugin(), r#"{"fault": "submits"}"#);
    let mut order = Original::new(0);
    order.message = InstantMessage::text("1000");
    bencher.bench_local(|| adapter.deliver_with(order.operation(), 1));
}

/// How many are on their way at once.
const IN_FLIGHT: [usize; 3] = [1, 64, 512];

impl Counter {
    /// Waits until so many responses have come.
    fn wait_for(&self, answered: usize) {
        self.3.get_or_init(std::thread::current);
        self.2.store(answered, Ordering::SeqCst);
        while self.1.load(Ordering::SeqCst) < answered {
            std::thread::park();
        }
    }
}

/// Messages to an adapter in a process of its own, and their responses, with so many on their way at once.
fn in_flight(bencher: Bencher<'_, '_>, library: std::path::PathBuf, at_once: usize) {
    let messages = 40 * at_once.max(50);
    let (_runtime, counter, adapter) = start_child(library, "{}");
    let original = Original::new(200);
    let mut sent = 0;
    bencher
        .counter(divan::counter::ItemsCount::new(messages))
        .bench_local(|| {
            let end = sent + messages;
            while sent < end {
                // Half of them come back before as many follow.
                for _ in 0..at_once.div_ceil(2) {
                    adapter.deliver_with(original.operation(), 0);
                    sent += 1;
                }
                counter.wait_for(sent.saturating_sub(at_once / 2).min(end));
            }
            counter.wait_for(sent);
        });
}

#[divan::bench(args = IN_FLIGHT, sample_count = 20, sample_size = 1)]
fn rust_child(bencher: Bencher<'_, '_>, at_once: usize) {
    in_flight(bencher, support::faulty_plugin(), at_once);
}

#[divan::bench(args = IN_FLIGHT, sample_count = 20, sample_size = 1)]
fn c_child(bencher: Bencher<'_, '_>, at_once: usize) {
    in_flight(bencher, support::c_plugin("bench_c", ""), at_once);
}

/// One message after the other, each when the one before is answered: on the thread that hears the answer, as the gateway does. Nobody else is woken for it.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn c_child_one_by_one(bencher: Bencher<'_, '_>) {
    const MESSAGES: u64 = 2000;
    let (_runtime, counter, adapter) = start_child(support::c_plugin("bench_c", ""), "{}");
    let chain = (adapter.clone(), Original::new(200));
    assert!(counter.4.set(chain).is_ok(), "once");
    let mut sent = 0;
    bencher
        .counter(divan::counter::ItemsCount::new(MESSAGES))
        .bench_local(|| {
            sent += MESSAGES as usize;
            adapter.deliver_with(Original::new(200).operation(), MESSAGES - 1);
            counter.wait_for(sent);
        });
}

/// As `rust_submits_thousand`, out of a process of its own.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn rust_child_submits_thousand(bencher: Bencher<'_, '_>) {
    let (runtime, _counter, adapter) =
        start_child(support::faulty_plugin(), r#"{"fault": "submits"}"#);
    let mut order = Original::new(0);
    order.message = InstantMessage::text("1000");
    bencher.bench_local(|| runtime.block_on(adapter.deliver(order.operation())));
}
