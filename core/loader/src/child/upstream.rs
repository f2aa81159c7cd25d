//! The gateway, as the adapter in a child reaches it: everything becomes a frame.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use rialto_abi as abi;
use rialto_bridge::{
    Outcome, Ticket, calls,
    operation::{DispositionView, PresenceView, View},
};
use rialto_model::{
    DispositionOperation, Failure, FailureReason, MessageOperation, NotifyOperation,
    PublishOperation, Response, ResponseStatus, SubscribeOperation,
};

use super::{
    MAX_SUBMISSIONS, MAX_SUBMITTED,
    frame::{self, Kind},
    operations::{put_answer, put_operation},
    outbox::{NotTaken, Outbox},
};
use crate::{AdapterId, Gateway, Health, LogRecord, Measure, SubmissionId, SubmitAnswer, log};

/// Sends what the adapter says to the gateway, within the credit that the gateway gives.
#[derive(Debug)]
pub(super) struct Upstream {
    outbox: Arc<Outbox>,
    /// By the gateway's tickets: those that were not answered within the call.
    deliveries: Mutex<HashMap<u64, Ticket>>,
    submissions: Mutex<Submissions>,
    /// Submissions that the gateway may think unanswered, and their bytes.
    open: AtomicUsize,
    bytes: AtomicUsize,
}

#[derive(Debug, Default)]
struct Submissions {
    last: u64,
    waiting: HashMap<u64, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    answer: SubmitAnswer,
    bytes: usize,
}

impl Upstream {
    pub(super) fn new(outbox: Arc<Outbox>) -> Arc<Self> {
        Arc::new(Self {
            outbox,
            deliveries: Mutex::default(),
            submissions: Mutex::default(),
            open: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
        })
    }

    pub(super) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Remembers how a delivery can be cancelled, if it waits.
    pub(super) fn note_delivery(&self, ticket: u64, waiting: Ticket) {
        if calls::is_waiting(waiting) {
            lock(&self.deliveries).insert(ticket, waiting);
            // Answered in between: whoever did looked too early.
            if !calls::is_waiting(waiting) {
                lock(&self.deliveries).remove(&ticket);
            }
        }
    }

    pub(super) fn take_delivery(&self, ticket: u64) -> Option<Ticket> {
        lock(&self.deliveries).remove(&ticket)
    }

    /// Tells the gateway how a call of its own ended.
    pub(super) fn answer(&self, ticket: u64, outcome: &Outcome) {
        let at_work = {
            let mut deliveries = lock(&self.deliveries);
            // Mostly none waits, and then there is nothing to look for.
            if !deliveries.is_empty() {
                deliveries.remove(&ticket);
            }
            deliveries.len()
        };
        // Who is gone hears nothing.
        self.outbox
            .put(at_work, |out| put_answer(out, ticket, outcome))
            .unwrap_or_default();
    }

    /// Hands the gateway's answer to who submitted.
    pub(super) fn answered(&self, ticket: u64, outcome: &Outcome) {
        let waiting = lock(&self.submissions).waiting.remove(&ticket);
        if let Some(waiting) = waiting {
            self.give_back(waiting.bytes);
            waiting.answer.send_outcome(outcome);
        }
    }

    pub(super) fn pong(&self) {
        self.say(Kind::Pong, |_| {});
    }

    /// A frame that may be lost when the gateway does not read.
    fn say(&self, kind: Kind, rest: impl FnOnce(&mut frame::Writer<'_>)) {
        self.outbox
            .put_if_room(0, None, |out| frame::put(out, kind, 0, rest))
            .unwrap_or_default();
    }

    fn hand_over(&self, raw: &abi::Operation, answer: SubmitAnswer) {
        if self.open.fetch_add(1, Ordering::SeqCst) >= MAX_SUBMISSIONS {
            self.open.fetch_sub(1, Ordering::SeqCst);
            answer.send(&overloaded());
            return;
        }
        let ticket = {
            let mut submissions = lock(&self.submissions);
            submissions.last += 1;
            let ticket = submissions.last;
            submissions
                .waiting
                .insert(ticket, Waiting { answer, bytes: 0 });
            ticket
        };
        let taken = self
            .outbox
            .put_if_room(self.at_work(), None, |out| self.write(out, raw, ticket));
        if let Err(why) = taken {
            let waiting = lock(&self.submissions).waiting.remove(&ticket);
            if let Some(waiting) = waiting {
                self.give_back(waiting.bytes);
                waiting.answer.send(&not_taken(why));
            }
        }
    }

    /// Writes a submission if there is credit for its bytes.
    fn write(&self, out: &mut Vec<u8>, raw: &abi::Operation, ticket: u64) -> bool {
        let from = out.len();
        // SAFETY: a view's, by all callers of `hand_over`.
        #[expect(unsafe_code, reason = "writes what is lent")]
        let fits = unsafe { put_operation(out, Kind::Submit, ticket, raw) };
        let bytes = out.len() - from;
        if !fits || self.bytes.load(Ordering::SeqCst) + bytes > MAX_SUBMITTED {
            return false;
        }
        if let Some(waiting) = lock(&self.submissions).waiting.get_mut(&ticket) {
            waiting.bytes = bytes;
            self.bytes.fetch_add(bytes, Ordering::SeqCst);
        }
        true
    }

    fn give_back(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::SeqCst);
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    fn at_work(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

impl Gateway for Upstream {
    fn submit(&self, _: AdapterId, operation: MessageOperation, answer: SubmitAnswer) {
        self.hand_over(View::of(&operation).raw(), answer);
    }

    fn submit_disposition(
        &self,
        _: AdapterId,
        operation: DispositionOperation,
        answer: SubmitAnswer,
    ) {
        self.hand_over(DispositionView::of(&operation).raw(), answer);
    }

    fn submit_subscribe(&self, _: AdapterId, operation: SubscribeOperation, answer: SubmitAnswer) {
        self.hand_over(PresenceView::subscribe(&operation).raw(), answer);
    }

    fn submit_notify(&self, _: AdapterId, operation: NotifyOperation, answer: SubmitAnswer) {
        self.hand_over(PresenceView::notify(&operation).raw(), answer);
    }

    fn submit_publish(&self, _: AdapterId, operation: PublishOperation, answer: SubmitAnswer) {
        self.hand_over(PresenceView::publish(&operation).raw(), answer);
    }

    fn cancelled(&self, _: AdapterId, submission: SubmissionId) {
        let found = {
            let mut submissions = lock(&self.submissions);
            let mut waiting = submissions.waiting.iter();
            let ticket = waiting.find_map(|(ticket, waiting)| {
                (waiting.answer.id() == submission).then_some(*ticket)
            });
            ticket.and_then(|ticket| Some((ticket, submissions.waiting.remove(&ticket)?)))
        };
        let Some((ticket, waiting)) = found else {
            return;
        };
        // First said, then given back: the gateway must not see the credit used before.
        self.outbox
            .put(self.at_work(), |out| {
                frame::put(out, Kind::CancelSubmit, ticket, |_| {})
            })
            .unwrap_or_default();
        self.give_back(waiting.bytes);
    }

    fn responded(&self, _: AdapterId, token: u64, response: Response) {
        self.answer(token, &response.into());
    }

    fn disposition_responded(&self, _: AdapterId, token: u64, response: Response) {
        self.answer(token, &response.into());
    }

    fn subscribe_responded(&self, _: AdapterId, token: u64, response: Response) {
        self.answer(token, &response.into());
    }

    fn notify_responded(&self, _: AdapterId, token: u64, response: Response) {
        self.answer(token, &response.into());
    }

    fn measured(&self, _: AdapterId, metric: &str, measure: Measure) {
        let (kind, value) = match measure {
            Measure::Count(by) => (Kind::Count, by),
            Measure::Gauge(value) => (Kind::Gauge, value.to_bits()),
            Measure::Observe(value) => (Kind::Observe, value.to_bits()),
        };
        self.say(kind, |frame| {
            frame.number(value).text(metric);
        });
    }

    fn health(&self, _: AdapterId, health: Health) {
        let (state, why) = match &health {
            Health::Up => (abi::HEALTH_UP, ""),
            Health::Degraded(why) | Health::Disabled(why) => (abi::HEALTH_DEGRADED, why.as_str()),
        };
        self.say(Kind::Health, |frame| {
            frame.number(state.into()).text(why);
        });
    }

    fn log(&self, _: &str, record: &LogRecord<'_>) {
        self.say(Kind::Log, |frame| {
            frame
                .number(log::number(record.level).into())
                .text(record.target)
                .text(record.message)
                .number(record.fields.len() as u64);
            for (name, value) in &record.fields {
                frame.text(name).text(value);
            }
        });
    }
}

fn not_taken(why: NotTaken) -> ResponseStatus {
    match why {
        NotTaken::Full | NotTaken::TooLong => overloaded(),
        NotTaken::Closed => Failure::new(FailureReason::ShuttingDown).into(),
    }
}

fn overloaded() -> ResponseStatus {
    Failure::new(FailureReason::Overloaded)
        .with_detail("the gateway has not answered what was submitted before")
        .into()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
