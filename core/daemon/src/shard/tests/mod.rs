//! One answer each, in order, whatever adapters do and whichever threads they do it on.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{self, Sender},
    },
    thread,
    time::UNIX_EPOCH,
};

use rand::{SeedableRng, rngs::StdRng};
use rialto_loader::Ticket;
use rialto_model::{
    DispositionOperation, Domain, InstantInbox, InstantMessage, MessageOperation, Response,
    ResponseStatus, TransactionId,
};
use rialto_router::{
    Adapter, Change, Custodian, CustodyPolicy, CustodySettings, JournalKey, JournalKeys, Limits,
    Route, Router, RoutingTable, Unwritten, WallClock, WriteId,
};
use tokio::sync::oneshot::{self, Receiver};

use super::*;
use crate::gateway::now;

mod kept;

const DEADLINE: Duration = Duration::from_secs(30);

/// An adapter, as far as a shard knows one: what it does with a delivery is given.
struct Fake<'a> {
    shard: Shard<Messages>,
    #[expect(clippy::type_complexity, reason = "it stands here once")]
    on_deliver: Box<dyn Fn(&Self, Token, &MessageOperation) + Sync + 'a>,
    delivered: Mutex<Vec<(Ticket, String, u64)>>,
    cancelled: Mutex<Vec<Ticket>>,
    tickets: AtomicU64,
    woken: AtomicBool,
    /// Whether the adapter makes way for the next.
    is_awaited: AtomicBool,
    started: Instant,
    /// What is to be written; a shard of these tests that keeps nothing writes nothing.
    writes: Mutex<Vec<WriteId>>,
    #[expect(clippy::type_complexity, reason = "it stands here once")]
    on_write: Box<dyn Fn(&Self, WriteId) + Sync + 'a>,
}

impl<'a> Fake<'a> {
    /// Keeps nothing.
    fn new(most: usize, on_deliver: impl Fn(&Self, Token, &MessageOperation) + Sync + 'a) -> Self {
        Self::with(CustodyPolicy::NEVER, most, on_deliver)
    }

    fn with(
        policy: CustodyPolicy,
        most: usize,
        on_deliver: impl Fn(&Self, Token, &MessageOperation) + Sync + 'a,
    ) -> Self {
        let table = RoutingTable::builder()
            .with_adapter(Adapter::new("sip", "sip"))
            .with_route(Route::new(Domain::parse("voice.example").unwrap(), "sip"))
            .build()
            .unwrap();
        let limits = Limits::new(most).with_default_deadline(DEADLINE);
        let router = Router::new(Arc::new(table), limits, StdRng::seed_from_u64(1));
        let started = now();
        let clock = WallClock::new(started, UNIX_EPOCH);
        let settings = CustodySettings::default().with_policy(AdapterId::new(0), policy);
        let custodian = Custodian::new(router, settings, JournalKeys::default(), clock);
        Self {
            shard: Shard::new(0, Messages::new(custodian, 2 * most)),
            on_deliver: Box::new(on_deliver),
            started,
            delivered: Mutex::default(),
            cancelled: Mutex::default(),
            tickets: AtomicU64::new(0),
            woken: AtomicBool::new(false),
            is_awaited: AtomicBool::new(false),
            writes: Mutex::default(),
            on_write: Box::new(|fake, write| fake.writes.lock().unwrap().push(write)),
        }
    }

    const fn now(&self) -> Instant {
        self.started
    }

    /// The n-th operation of a conversation.
    fn submit(&self, from: &str, number: u64) -> Receiver<Response> {
        let (sender, receiver) = oneshot::channel();
        let (now, adapter) = (self.now(), AdapterId::new(0));
        let operation = operation(from, number);
        self.shard
            .submit_message(self, now, adapter, operation, Caller::Control(sender));
        receiver
    }

    /// The same, by who has the shard's lock.
    fn submit_to(&self, state: &mut Messages, from: &str, number: u64) -> Receiver<Response> {
        let (sender, receiver) = oneshot::channel();
        let ticket = state.callers.insert(Caller::Control(sender)).unwrap();
        let (now, adapter) = (self.now(), AdapterId::new(0));
        let operation = operation(from, number);
        state
            .custodian
            .handle_operation(now, adapter, operation, ticket);
        receiver
    }

    fn answer(&self, token: Token) {
        self.shard.handle(self, |state| {
            let success = ResponseStatus::Success;
            state
                .custodian
                .handle_response(self.now(), token.attempt(), success);
        });
    }
}

impl Deliver for Fake<'_> {
    fn deliver(&self, _: AdapterId, token: Token, operation: MessageOperation) -> Handed {
        if self.is_awaited.load(Ordering::Relaxed) {
            return Handed::Parked(Box::new(operation));
        }
        let ticket = Ticket::from_number(self.tickets.fetch_add(1, Ordering::Relaxed));
        let text = operation.message().payload().as_bytes();
        let number = std::str::from_utf8(text).unwrap().parse().unwrap();
        let conversation = operation.source().to_string();
        self.delivered
            .lock()
            .unwrap()
            .push((ticket, conversation, number));
        (self.on_deliver)(self, token, &operation);
        Handed::Over(ticket)
    }

    fn deliver_disposition(&self, _: AdapterId, _: Token, _: DispositionOperation) {
        unreachable!("nobody asks for a later word");
    }

    fn load(&self, _: u8, key: JournalKey) {
        unreachable!("nothing is kept, but {key:?} is read");
    }
}

impl Surroundings for Fake<'_> {
    fn is_awaited(&self, _: AdapterId) -> bool {
        self.is_awaited.load(Ordering::Relaxed)
    }

    fn write(&self, _: u8, write: WriteId, _: Vec<Change>) {
        (self.on_write)(self, write);
    }

    fn resolve(&self, _: u8, domain: Domain) {
        unreachable!("no table here asks DNS for {domain}");
    }

    fn cancel(&self, _: AdapterId, ticket: Ticket) {
        self.cancelled.lock().unwrap().push(ticket);
    }

    fn wake_timer(&self) {
        self.woken.store(true, Ordering::Relaxed);
    }

    fn now(&self) -> Instant {
        Fake::now(self)
    }
}

fn operation(from: &str, number: u64) -> MessageOperation {
    MessageOperation::new(
        TransactionId::parse(number.to_string().as_bytes()).unwrap(),
        InstantInbox::parse(&format!("im:{from}@voice.example")).unwrap(),
        InstantInbox::parse("im:b@voice.example").unwrap(),
        InstantMessage::text(number.to_string()),
    )
}

fn status(mut receiver: Receiver<Response>) -> ResponseStatus {
    receiver.try_recv().unwrap().into_status()
}

fn reason(receiver: Receiver<Response>) -> Option<FailureReason> {
    match status(receiver) {
        ResponseStatus::Failure(failure) => Some(failure.reason()),
        _ => None,
    }
}

/// Every third answer comes within the call, every third twice, all others from two more threads.
fn answer_somehow(fake: &Fake<'_>, token: Token, threads: &[Sender<Token>]) {
    let number = fake.tickets.load(Ordering::Relaxed);
    if number.is_multiple_of(3) {
        fake.answer(token);
    }
    if !number.is_multiple_of(3) || number.is_multiple_of(2) {
        let thread = &threads[number as usize % threads.len()];
        thread.send(token).unwrap();
    }
}

#[test]
fn every_operation_has_one_answer_and_conversations_keep_their_order_over_threads() {
    const CONVERSATIONS: usize = 4;
    const MESSAGES: u64 = 500;
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..2).map(|_| mpsc::channel::<Token>()).unzip();
    let fake = Fake::new(CONVERSATIONS * MESSAGES as usize, move |fake, token, _| {
        answer_somehow(fake, token, &senders)
    });
    thread::scope(|scope| {
        let fake = &fake;
        for receiver in receivers {
            // As many as there are deliveries that this thread answers; the senders outlive it.
            scope.spawn(move || {
                while !(fake.tickets.load(Ordering::Relaxed) == CONVERSATIONS as u64 * MESSAGES
                    && fake.shard.is_idle())
                {
                    receiver.try_iter().for_each(|token| fake.answer(token));
                    thread::yield_now();
                }
            });
        }
        let talk = |from: usize| {
            let answers: Vec<_> = (0..MESSAGES)
                .map(|number| fake.submit(&format!("u{from}"), number))
                .collect();
            answers
        };
        let talking: Vec<_> = (0..CONVERSATIONS)
            .map(|from| scope.spawn(move || talk(from)))
            .collect();
        for conversation in talking {
            for receiver in conversation.join().unwrap() {
                let response = receiver.blocking_recv().unwrap();
                assert_eq!(response.status(), &ResponseStatus::Success);
            }
        }
    });
    let mut next: HashMap<String, u64> = HashMap::new();
    for (_, conversation, number) in fake.delivered.lock().unwrap().iter() {
        let expected = next.entry(conversation.clone()).or_default();
        assert_eq!(number, expected, "{conversation}");
        *expected += 1;
    }
    assert_eq!(next.len(), CONVERSATIONS);
}

#[test]
fn cancellation_reaches_the_adapter_that_has_not_returned_from_the_delivery_yet() {
    let fake = Fake::new(9, |fake, _, _| {
        thread::scope(|scope| {
            let gone = scope.spawn(|| {
                let far_later = fake.now() + DEADLINE;
                fake.shard.handle_timeout(fake, far_later);
            });
            gone.join().unwrap();
        });
    });
    let receiver = fake.submit("a", 1);
    assert_eq!(reason(receiver), Some(FailureReason::TimedOut));
    assert_eq!(*fake.cancelled.lock().unwrap(), [Ticket::from_number(0)]);
}

#[test]
fn deliveries_wait_for_an_adapter_that_is_awaited_and_then_go_before_later_ones() {
    let fake = Fake::new(99, |fake, token, _| fake.answer(token));
    fake.is_awaited.store(true, Ordering::Relaxed);
    let parked: Vec<_> = (0..5).map(|number| fake.submit("a", number)).collect();
    assert!(parked.iter().all(Receiver::is_empty));
    assert!(!fake.shard.is_idle());
    fake.is_awaited.store(false, Ordering::Relaxed);
    let later = fake.shard.handle(&fake, |state| {
        state.release(AdapterId::new(1));
        state.release(AdapterId::new(0));
        fake.submit_to(state, "a", 5)
    });
    for receiver in parked.into_iter().chain([later]) {
        assert_eq!(status(receiver), ResponseStatus::Success);
    }
    let delivered = fake.delivered.lock().unwrap();
    let numbers: Vec<_> = delivered.iter().map(|(.., number)| *number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    assert!(fake.shard.is_idle());
}

#[test]
fn later_delivery_overtakes_none_that_waits_though_its_adapter_came_before_the_shard_heard_of_it() {
    let fake = Fake::new(99, |fake, token, _| fake.answer(token));
    fake.is_awaited.store(true, Ordering::Relaxed);
    let mut sent: Vec<_> = (0..3).map(|number| fake.submit("a", number)).collect();
    fake.is_awaited.store(false, Ordering::Relaxed);
    sent.push(fake.submit("a", 3));
    let adapter = AdapterId::new(0);
    fake.shard.handle(&fake, |state| state.release(adapter));
    sent.push(fake.submit("a", 4));
    for receiver in sent {
        assert_eq!(status(receiver), ResponseStatus::Success);
    }
    let delivered = fake.delivered.lock().unwrap();
    let numbers: Vec<_> = delivered.iter().map(|(.., number)| *number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
}

#[test]
fn delivery_that_nobody_waits_for_any_more_is_not_made_when_the_adapter_comes() {
    let fake = Fake::new(9, |fake, token, _| fake.answer(token));
    fake.is_awaited.store(true, Ordering::Relaxed);
    let late = fake.submit("a", 1);
    let far_later = fake.now() + DEADLINE;
    fake.shard.handle_timeout(&fake, far_later);
    assert_eq!(reason(late), Some(FailureReason::TimedOut));
    fake.is_awaited.store(false, Ordering::Relaxed);
    let adapter = AdapterId::new(0);
    fake.shard.handle(&fake, |state| state.release(adapter));
    assert!(fake.delivered.lock().unwrap().is_empty());
    assert_eq!(status(fake.submit("a", 2)), ResponseStatus::Success);
}

#[test]
fn panic_while_an_action_is_carried_out_ends_one_operation_and_not_the_shard() {
    let fake = Fake::new(9, |fake, token, operation| {
        assert!(!operation.source().as_str().contains("bad"), "as intended");
        fake.answer(token);
    });
    let bad = fake.submit("bad", 1);
    assert_eq!(reason(bad), Some(FailureReason::Internal));
    assert_eq!(status(fake.submit("good", 2)), ResponseStatus::Success);
    assert!(fake.shard.is_idle());
}

#[test]
fn timer_knows_of_a_deadline_before_the_adapter_is_called() {
    let fake = Fake::new(9, |fake, token, _| {
        assert!(fake.woken.load(Ordering::Relaxed));
        fake.answer(token);
    });
    assert_eq!(status(fake.submit("a", 1)), ResponseStatus::Success);
}

#[test]
fn shard_is_not_idle_while_an_answer_is_being_handed_out() {
    let fake = Fake::new(9, |fake, token, _| {
        fake.answer(token);
        assert!(!fake.shard.is_idle());
    });
    drop(fake.submit("a", 1));
    assert!(fake.shard.is_idle());
}

#[test]
fn operations_are_refused_at_once_when_even_refusals_have_to_wait() {
    let most = 4;
    let waiting = Mutex::new(Vec::new());
    let fake = Fake::new(most, |fake, token, operation| {
        if operation.source().as_str().contains("slow") {
            let more = (0..100).map(|number| fake.submit("other", number));
            let (refused, kept): (Vec<_>, Vec<_>) = more.partition(|receiver| !receiver.is_empty());
            assert_eq!(
                (refused.len(), kept.len()),
                (100 + 1 - 2 * most, 2 * most - 1)
            );
            refused.into_iter().for_each(|receiver| {
                assert_eq!(reason(receiver), Some(FailureReason::Overloaded));
            });
            waiting.lock().unwrap().extend(kept);
        }
        fake.answer(token);
    });
    assert_eq!(status(fake.submit("slow", 1)), ResponseStatus::Success);
    let kept = std::mem::take(&mut *waiting.lock().unwrap());
    let overloaded = kept
        .into_iter()
        .filter_map(reason)
        .filter(|reason| *reason == FailureReason::Overloaded);
    assert_eq!(overloaded.count(), most);
}

#[test]
fn adapter_that_does_not_return_holds_up_nobody_for_long() {
    let (entered, has_entered) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let fake = Fake::new(9, move |fake, token, operation| {
        if operation.source().as_str().contains("slow") {
            entered.send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
        }
        fake.answer(token);
    });
    thread::scope(|scope| {
        let slow = scope.spawn(|| fake.submit("slow", 1));
        has_entered.recv().unwrap();
        let other = fake.submit("other", 2);
        let look = fake.shard.handle_timeout(&fake, fake.now());
        assert_eq!(look, Some(fake.now() + PATIENCE));
        assert!(other.is_empty());
        fake.shard.handle_timeout(&fake, fake.now() + PATIENCE);
        assert_eq!(reason(other), Some(FailureReason::Unreachable));
        let more = fake.submit("more", 3);
        assert_eq!(reason(more), Some(FailureReason::Unreachable));
        release.send(()).unwrap();
        assert_eq!(status(slow.join().unwrap()), ResponseStatus::Success);
        assert_eq!(status(fake.submit("again", 4)), ResponseStatus::Success);
        assert!(fake.shard.is_idle());
    });
}
