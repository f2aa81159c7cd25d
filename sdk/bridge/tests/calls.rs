//! One answer per call, whatever the callee does.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    unsafe_code,
    reason = "a test may; plays the other side"
)]

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use rialto_abi as abi;
use rialto_bridge::{
    Answer, Pending, Receipt, Ticket,
    calls::{self, Answered, Owner, Subject},
    response,
};
use rialto_model::{Failure, FailureReason, Origin, Response, ResponseStatus, TransactionId};

struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn wait(mut pending: Pending) -> ResponseStatus {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        if let Poll::Ready(outcome) = Pin::new(&mut pending).poll(&mut Context::from_waker(&waker))
        {
            return outcome.status;
        }
        thread::park();
    }
}

fn poll(pending: &mut Pending) -> Poll<ResponseStatus> {
    let polled = Pin::new(pending).poll(&mut Context::from_waker(Waker::noop()));
    polled.map(|outcome| outcome.status)
}

fn id(text: &str) -> TransactionId {
    TransactionId::parse(text.as_bytes()).unwrap()
}

fn open() -> Pending {
    calls::open(Subject::operation(Owner::unique(), &id("a")))
}

fn complete(completion: abi::Completion, status: &ResponseStatus) -> u32 {
    let response = response::view(None, status);
    // SAFETY: a view follows the contract.
    unsafe { (completion.complete.unwrap())(completion.ticket, &response) }
}

fn completion(pending: &Pending) -> abi::Completion {
    pending.ticket().unwrap().completion()
}

fn refused(text: &'static str) -> ResponseStatus {
    Failure::new(FailureReason::Refused)
        .with_detail(text)
        .into()
}

#[test]
fn call_answered_inside_is_ready_at_the_first_poll() {
    let mut call = open();
    assert_eq!(complete(completion(&call), &refused("a")), abi::ACCEPTED);
    assert_eq!(poll(&mut call), Poll::Ready(refused("a")));
    assert_eq!(poll(&mut call), Poll::Pending, "once");
}

#[test]
fn second_answer_is_stale_and_changes_nothing() {
    let mut call = open();
    let done = completion(&call);
    assert_eq!(complete(done, &refused("first")), abi::ACCEPTED);
    assert_eq!(complete(done, &refused("second")), abi::STALE);
    assert_eq!(poll(&mut call), Poll::Ready(refused("first")));
    assert_eq!(complete(done, &refused("third")), abi::STALE);
    let mut next = open(); // the same slot
    assert_eq!(complete(done, &refused("fourth")), abi::STALE);
    assert_eq!(poll(&mut next), Poll::Pending);
}

#[test]
fn caller_that_goes_is_not_missed() {
    let mut call = open();
    let done = completion(&call);
    assert!(poll(&mut call).is_pending());
    drop(call);
    assert_eq!(complete(done, &refused("late")), abi::STALE);
}

#[test]
fn answer_that_is_dropped_says_that_the_call_was_given_up() {
    let call = open();
    // SAFETY: the completion is this call's.
    drop(unsafe { Answer::new(completion(&call), Origin::Plugin) });
    let ResponseStatus::Failure(failure) = wait(call) else {
        panic!("no failure");
    };
    assert_eq!(failure.reason(), FailureReason::Cancelled);
}

#[test]
fn detail_of_a_failure_arrives_as_one_line_of_bounded_length() {
    let text = |es: usize| format!("x{}", "é".repeat(es));
    let (long, cut) = (
        text(response::MAX_DETAIL),
        text((response::MAX_DETAIL - 1) / 2),
    );
    for (said, heard) in [
        ("two\r\nlines, \u{1b}[2J\0", "two  lines,  [2J "),
        (&*long, &*cut),
    ] {
        let status: ResponseStatus = Failure::new(FailureReason::Refused)
            .with_detail(said.to_owned())
            .into();
        let call = open();
        complete(completion(&call), &status);
        let ResponseStatus::Failure(failure) = wait(call) else {
            panic!("no failure");
        };
        assert_eq!(failure.detail(), heard);
    }
}

#[test]
fn answer_carries_the_name_of_its_operation() {
    for (name, status) in [
        ("a", ResponseStatus::Indeterminant),
        (
            "b",
            response::malformed(&rialto_bridge::Malformed::AnotherOperation),
        ),
    ] {
        let call = open();
        // SAFETY: the completion is this call's.
        let answer = unsafe { Answer::new(completion(&call), Origin::Plugin) };
        assert_eq!(
            answer.send_for(&id(name), &ResponseStatus::Indeterminant),
            Receipt::Accepted
        );
        assert_eq!(wait(call), status);
    }
}

#[test]
fn calls_of_an_owner_end_together() {
    let (owner, gone) = (Owner::unique(), refused("gone"));
    let open = |owner| calls::open(Subject::lifecycle(owner));
    let (mut a, mut b, mut other) = (open(owner), open(owner), open(Owner::unique()));
    assert_eq!(calls::fail_all(owner, &gone), 2);
    assert_eq!(
        (poll(&mut a), poll(&mut b)),
        (Poll::Ready(gone.clone()), Poll::Ready(gone))
    );
    assert!(poll(&mut other).is_pending());
}

#[test]
fn call_is_found_when_it_is_older_than_its_limit() {
    let owner = Owner::unique();
    let limit = Duration::from_secs(10);
    let call = calls::open(Subject::operation(owner, &id("a")).with_limit(limit));
    #[expect(clippy::disallowed_methods, reason = "any instant does")]
    let now = Instant::now();
    let found = |at: Instant| {
        calls::expired(at)
            .unwrap_or_default()
            .contains(&(call.ticket().unwrap(), owner))
    };
    assert!(!found(now), "first seen now");
    assert!(!found(now + limit / 2));
    assert!(found(now + limit));
}

#[derive(Default)]
struct Inbox(Mutex<Vec<(u64, TransactionId)>>);

impl Answered for Inbox {
    fn answered(&self, token: u64, response: Response) {
        let answered = (token, *response.transaction_id());
        self.0.lock().unwrap().push(answered);
    }
}

#[test]
fn callback_comes_once_unless_the_call_is_abandoned() {
    let inbox: &'static Inbox = Box::leak(Box::default());
    let id = id("a");
    let subject = Subject::operation(Owner::unique(), &id);
    let open = |token| calls::open_with(subject, inbox, token);
    let (taken, abandoned) = (open(1), open(2));
    assert_eq!(
        complete(taken.completion(), &ResponseStatus::Success),
        abi::ACCEPTED
    );
    assert_eq!(
        complete(taken.completion(), &ResponseStatus::Success),
        abi::STALE
    );
    assert!(!calls::abandon(taken));
    assert!(calls::abandon(abandoned));
    assert_eq!(
        complete(abandoned.completion(), &ResponseStatus::Success),
        abi::STALE
    );
    assert_eq!(*inbox.0.lock().unwrap(), [(1, id)]);
}

/// Callers that wait or go, callees on other threads that answer once, twice or never.
#[test]
fn every_call_ends_once_under_load() {
    const ROUNDS: usize = 5_000;
    let (sender, receiver) = std::sync::mpsc::channel::<abi::Completion>();
    let (receiver, accepted) = (
        Arc::new(Mutex::new(receiver)),
        Arc::new(AtomicUsize::new(0)),
    );
    let callees: Vec<_> = (0..2)
        .map(|_| {
            let (receiver, accepted) = (Arc::clone(&receiver), Arc::clone(&accepted));
            thread::spawn(move || {
                loop {
                    let Ok(done) = receiver.lock().unwrap().recv() else {
                        return;
                    };
                    let taken: u32 = (0..2)
                        .map(|_| complete(done, &ResponseStatus::Success))
                        .sum();
                    assert!(taken <= 1);
                    accepted.fetch_add(taken as usize, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let callers: Vec<_> = (0..3)
        .map(|_| {
            let sender = sender.clone();
            thread::spawn(move || {
                let mut waited = 0;
                for round in 0..ROUNDS {
                    let call = open();
                    if round % 7 != 0 {
                        sender.send(completion(&call)).unwrap();
                    }
                    if round % 7 != 0 && round % 5 != 0 {
                        assert!(wait(call).is_success());
                        waited += 1;
                    }
                }
                waited
            })
        })
        .collect();
    let waited: usize = callers
        .into_iter()
        .map(|caller| caller.join().unwrap())
        .sum();
    drop(sender);
    for callee in callees {
        callee.join().unwrap();
    }
    assert!(accepted.load(Ordering::Relaxed) >= waited);
    assert!(calls::made() < 1024, "{} slots", calls::made());
    assert!(!calls::abandon(Ticket::from_number(u64::MAX)));
}

#[test]
fn answer_goes_to_the_one_who_was_named_for_it_once() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let ticket = calls::open_then(
        Subject::operation(Owner::unique(), &id("a")),
        move |outcome| {
            hears.lock().unwrap().push(outcome.status);
        },
    );
    let completion = ticket.completion();
    assert_eq!(
        complete(completion, &ResponseStatus::Success),
        abi::ACCEPTED
    );
    assert_eq!(
        complete(completion, &ResponseStatus::Indeterminant),
        abi::STALE
    );
    assert_eq!(*heard.lock().unwrap(), [ResponseStatus::Success]);
    assert_eq!(
        Arc::strong_count(&heard),
        1,
        "what waited is gone with its answer"
    );
}

#[test]
fn panic_of_the_one_who_was_named_does_not_reach_the_callee() {
    let id = id("a");
    let subject = Subject::operation(Owner::unique(), &id);
    let ticket = calls::open_then(subject, |_| panic!("on purpose"));
    complete(ticket.completion(), &ResponseStatus::Success);
    assert!(!calls::abandon(ticket), "it is over all the same");
}
