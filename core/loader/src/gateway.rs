//! The gateway behind the boundary.

use rialto_bridge::{Answer, Outcome, Receipt};
use rialto_model::{
    DispositionOperation, Failure, FailureReason, MessageOperation, NotifyOperation,
    PublishOperation, Response, ResponseStatus, SubscribeOperation, TransactionId,
};

use crate::{AdapterId, LogRecord};

/// The gateway, as adapters reach it.
///
/// Called from any thread, also from inside [`Adapter::deliver_with`](crate::Adapter::deliver_with) on the same one: no lock
/// that is held there may be taken here. Must not block.
pub trait Gateway: Send + Sync + 'static {
    /// Takes a message from an adapter's network; `answer` may be given at any time, on any thread.
    fn submit(&self, adapter: AdapterId, operation: MessageOperation, answer: SubmitAnswer);

    /// Takes what an adapter's network says of a message that was delivered to it; `answer` as for [`submit`](Self::submit).
    fn submit_disposition(
        &self,
        adapter: AdapterId,
        operation: DispositionOperation,
        answer: SubmitAnswer,
    );

    /// Takes what a watcher on an adapter's network wishes to know; `answer` as for [`submit`](Self::submit). A gateway without a presence
    /// service refuses this and the next two.
    fn submit_subscribe(
        &self,
        adapter: AdapterId,
        operation: SubscribeOperation,
        answer: SubmitAnswer,
    ) {
        let _unused = (adapter, operation);
        answer.send(&not_offered());
    }

    /// Takes what an adapter's network says of a presentity that it was subscribed to; `answer` as for [`submit`](Self::submit).
    fn submit_notify(&self, adapter: AdapterId, operation: NotifyOperation, answer: SubmitAnswer) {
        let _unused = (adapter, operation);
        answer.send(&not_offered());
    }

    /// Takes what a presentity that the gateway hosts says of itself; `answer` as for [`submit`](Self::submit).
    fn submit_publish(
        &self,
        adapter: AdapterId,
        operation: PublishOperation,
        answer: SubmitAnswer,
    ) {
        let _unused = (adapter, operation);
        answer.send(&not_offered());
    }

    /// Hears that the adapter no longer waits for an answer; giving it is harmless.
    fn cancelled(&self, adapter: AdapterId, submission: SubmissionId);

    /// Takes note that the process of an adapter has died, and with it whoever waited for these submissions. The senders behind them may wait still.
    fn died(&self, adapter: AdapterId, submissions: &[SubmissionId]) {
        for submission in submissions {
            self.cancelled(adapter, *submission);
        }
    }

    /// Takes the one response to the message that was delivered with this `token`.
    fn responded(&self, adapter: AdapterId, token: u64, response: Response);

    /// Takes the one response to the disposition that was delivered with this `token`; tokens of messages are others, be they equal.
    fn disposition_responded(&self, adapter: AdapterId, token: u64, response: Response);

    /// Takes the one response to the subscription that was handed over with this `token`; tokens of other operations are others, be they equal. A gateway
    /// without a presence service hears neither this nor the next.
    fn subscribe_responded(&self, adapter: AdapterId, token: u64, response: Response) {
        let _unused = (adapter, token, response);
    }

    /// Takes the one response to the notification that was handed over with this `token`; as for [`subscribe_responded`](Self::subscribe_responded).
    fn notify_responded(&self, adapter: AdapterId, token: u64, response: Response) {
        let _unused = (adapter, token, response);
    }

    /// Takes a measurement.
    fn measured(&self, adapter: AdapterId, metric: &str, measure: Measure);

    /// Hears how an adapter is.
    fn health(&self, adapter: AdapterId, health: Health);

    /// Writes a line of a plugin to the log.
    fn log(&self, adapter: &str, record: &LogRecord<'_>) {
        record.write(adapter);
    }
}

/// What an adapter measured.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Measure {
    /// So many more.
    Count(u64),
    /// The value now.
    Gauge(f64),
    /// One value of a distribution; durations in seconds.
    Observe(f64),
}

/// How an adapter is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// It can deliver.
    Up,
    /// It runs, but cannot deliver all or any; says why.
    Degraded(String),
    /// Its process failed too often, and is not started again; says why. Only the loader says so.
    Disabled(String),
}

/// Names a submission among those of its adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubmissionId(u64);

impl SubmissionId {
    pub(crate) const fn new(ticket: u64) -> Self {
        Self(ticket)
    }
}

/// The duty to answer a submission once; dropped, it says that the operation was given up.
#[derive(Debug)]
#[must_use = "a submission that is not answered fails"]
pub struct SubmitAnswer {
    answer: Answer,
    transaction_id: TransactionId,
}

impl SubmitAnswer {
    pub(crate) const fn new(answer: Answer, transaction_id: TransactionId) -> Self {
        Self {
            answer,
            transaction_id,
        }
    }

    /// The submission.
    pub fn id(&self) -> SubmissionId {
        SubmissionId(self.answer.ticket())
    }

    /// The operation.
    pub const fn transaction_id(&self) -> &TransactionId {
        &self.transaction_id
    }

    /// Answers.
    pub fn send(self, status: &ResponseStatus) -> Receipt {
        self.answer.send_for(&self.transaction_id, status)
    }

    /// Answers with what another process answered.
    pub(crate) fn send_outcome(self, outcome: &Outcome) -> Receipt {
        self.answer.send_outcome(outcome)
    }

    /// Answers with a response, which must be this operation's; another one is answered as a fault of the gateway.
    pub fn respond(self, response: &Response) -> Receipt {
        if *response.transaction_id() != self.transaction_id {
            tracing::error!(
                transaction.id = %self.transaction_id,
                other.id = %response.transaction_id(),
                "a response for another operation was not handed out",
            );
            drop(self);
            return Receipt::Stale;
        }
        self.answer.respond(response)
    }
}

/// What is said of a service that one of the sides does not have.
pub(crate) fn not_offered() -> ResponseStatus {
    Failure::new(FailureReason::UnsupportedService).into()
}
