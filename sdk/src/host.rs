//! The gateway, as an adapter sees it.
#![expect(unsafe_code, reason = "calls the gateway's functions")]

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use rialto_abi as abi;
use rialto_bridge::{
    Legacy, Outcome, Pending, Ticket,
    calls::{self, Owner, Subject},
    operation::{DispositionView, PresenceView, View},
    read::lend,
};
use rialto_model::{
    DispositionOperation, Failure, FailureReason, MessageOperation, NotifyOperation,
    PublishOperation, Responder, Response, SubscribeOperation, SubscriptionId, TransactionId,
};

/// The gateway, as one adapter sees it; clones are the same.
#[derive(Clone)]
pub struct Host(&'static Shared);

/// One per start of an adapter, never freed: a thread that the plugin left behind may still log.
pub(crate) struct Shared {
    table: abi::Host,
    owner: Owner,
    adapter: String,
}

/// How an adapter is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// It can deliver.
    Up,
    /// It runs, but cannot deliver all or any; says why.
    Degraded(String),
}

impl Host {
    /// The table's functions may be called from any thread until the process ends.
    pub(crate) fn new(table: abi::Host, adapter: String) -> Self {
        Self(Box::leak(Box::new(Shared {
            table,
            owner: Owner::unique(),
            adapter,
        })))
    }

    pub(crate) const fn shared(&self) -> &'static Shared {
        self.0
    }

    pub(crate) const fn of(shared: &'static Shared) -> Self {
        Self(shared)
    }

    /// Hands a message to the gateway. The order of calls is the order in which the gateway has them.
    pub fn submit(&self, operation: MessageOperation) -> Submission {
        let submission = self.open(*operation.transaction_id());
        if let Some(ticket) = submission.pending.ticket() {
            self.hand_over(View::of(&operation).raw(), ticket);
        }
        submission
    }

    /// As [`submit`](Self::submit), but `then` gets the response, on whatever thread brings it: it must not block. Spares a
    /// task where nearly all responses mean nothing to be done. Cannot be cancelled.
    pub fn submit_then(
        &self,
        operation: MessageOperation,
        then: impl FnOnce(Response) + Send + 'static,
    ) {
        let ticket = self.open_then(*operation.transaction_id(), then);
        self.hand_over(View::of(&operation).raw(), ticket);
    }

    /// Reports what became of a message that was delivered to this adapter, as its network says it.
    ///
    /// The operation [concerns](DispositionOperation::concerning) the transaction identifier that the message was delivered with, and comes from the
    /// inbox that the message went to. Success: the sender will be told, or did not ask to be. A message that is not known (any more) is a failure.
    pub fn submit_disposition(&self, operation: DispositionOperation) -> Submission {
        let submission = self.open(*operation.transaction_id());
        if let Some(ticket) = submission.pending.ticket() {
            self.hand_over(DispositionView::of(&operation).raw(), ticket);
        }
        submission
    }

    /// As [`submit_disposition`](Self::submit_disposition), but `then` gets the response, as with [`submit_then`](Self::submit_then).
    pub fn submit_disposition_then(
        &self,
        operation: DispositionOperation,
        then: impl FnOnce(Response) + Send + 'static,
    ) {
        let ticket = self.open_then(*operation.transaction_id(), then);
        self.hand_over(DispositionView::of(&operation).raw(), ticket);
    }

    /// Asks the presence service for what a watcher of this network wants to know.
    ///
    /// Success: it has subscribed, for the response's [duration](Response::duration). `Indeterminant`: so far nobody has decided whether it may. What there
    /// is to tell comes to [`Plugin::notify`](crate::Plugin::notify), perhaps before the response does. RFC 3859 §3.4.1.
    pub fn submit_subscribe(&self, operation: SubscribeOperation) -> Submission {
        let submission = self.open(*operation.transaction_id());
        if let Some(ticket) = submission.pending.ticket() {
            self.hand_over(PresenceView::subscribe(&operation).raw(), ticket);
        }
        submission
    }

    /// As [`submit_subscribe`](Self::submit_subscribe), but `then` gets the response, as with [`submit_then`](Self::submit_then).
    pub fn submit_subscribe_then(
        &self,
        operation: SubscribeOperation,
        then: impl FnOnce(Response) + Send + 'static,
    ) {
        let ticket = self.open_then(*operation.transaction_id(), then);
        self.hand_over(PresenceView::subscribe(&operation).raw(), ticket);
    }

    /// Tells the presence service what this network says of a presentity, under the name of the subscription that
    /// [`Plugin::subscribe`](crate::Plugin::subscribe) got.
    ///
    /// Success: the service knows it now. Failure: it has no such subscription, or not any more; the native one can be ended.
    pub fn submit_notify(&self, operation: NotifyOperation) -> Submission {
        let submission = self.open(*operation.transaction_id());
        if let Some(ticket) = submission.pending.ticket() {
            self.hand_over(PresenceView::notify(&operation).raw(), ticket);
        }
        submission
    }

    /// As [`submit_notify`](Self::submit_notify), but `then` gets the response, as with [`submit_then`](Self::submit_then).
    pub fn submit_notify_then(
        &self,
        operation: NotifyOperation,
        then: impl FnOnce(Response) + Send + 'static,
    ) {
        let ticket = self.open_then(*operation.transaction_id(), then);
        self.hand_over(PresenceView::notify(&operation).raw(), ticket);
    }

    /// Hands the presence service what a presentity that the gateway hosts says of itself. Success: it holds for the response's
    /// [duration](Response::duration). RFC 3903.
    pub fn submit_publish(&self, operation: PublishOperation) -> Submission {
        let submission = self.open(*operation.transaction_id());
        if let Some(ticket) = submission.pending.ticket() {
            self.hand_over(PresenceView::publish(&operation).raw(), ticket);
        }
        submission
    }

    /// As [`submit_publish`](Self::submit_publish), but `then` gets the response, as with [`submit_then`](Self::submit_then).
    pub fn submit_publish_then(
        &self,
        operation: PublishOperation,
        then: impl FnOnce(Response) + Send + 'static,
    ) {
        let ticket = self.open_then(*operation.transaction_id(), then);
        self.hand_over(PresenceView::publish(&operation).raw(), ticket);
    }

    /// Makes a name for an operation of the adapter's own.
    pub fn transaction_id(&self) -> TransactionId {
        TransactionId::random(&mut rand::rng())
    }

    /// Makes a name for a subscription or a publication.
    pub fn subscription_id(&self) -> SubscriptionId {
        SubscriptionId::random(&mut rand::rng())
    }

    /// Adds to a counter; the gateway adds the adapter's name.
    pub fn count(&self, metric: &'static str, by: u64) {
        if let Some(count) = self.0.table.count {
            // SAFETY: the gateway's function and its own context.
            unsafe { count(self.0.table.ctx, lend(metric.as_bytes()), by) }
        }
    }

    /// Sets a gauge.
    pub fn gauge(&self, metric: &'static str, value: f64) {
        if let Some(gauge) = self.0.table.gauge {
            // SAFETY: the gateway's function and its own context.
            unsafe { gauge(self.0.table.ctx, lend(metric.as_bytes()), value) }
        }
    }

    /// Adds a value to a histogram; durations in seconds.
    pub fn observe(&self, metric: &'static str, value: f64) {
        if let Some(observe) = self.0.table.observe {
            // SAFETY: the gateway's function and its own context.
            unsafe { observe(self.0.table.ctx, lend(metric.as_bytes()), value) }
        }
    }

    /// Says how the adapter is; the gateway logs and shows it.
    pub fn health(&self, health: Health) {
        let (state, why) = match &health {
            Health::Up => (abi::HEALTH_UP, ""),
            Health::Degraded(why) => (abi::HEALTH_DEGRADED, why.as_str()),
        };
        if let Some(report) = self.0.table.health {
            // SAFETY: the gateway's function and its own context.
            unsafe { report(self.0.table.ctx, state, lend(why.as_bytes())) }
        }
    }

    /// Leaves a connection to the version that follows; closed, if the gateway does not take it.
    pub(crate) fn leave(&self, legacy: Legacy) {
        if let Some(leave) = self.0.table.leave {
            // SAFETY: the gateway's function and its own context; what is lent outlives the call.
            legacy.offer(|raw| unsafe { leave(self.0.table.ctx, raw) == abi::ACCEPTED });
        }
    }

    pub(crate) fn log(&self, record: &abi::LogRecord) {
        if let Some(log) = self.0.table.log {
            // SAFETY: the gateway's function and its own context; the record outlives the call.
            unsafe { log(self.0.table.ctx, record) }
        }
    }

    fn open(&self, transaction_id: TransactionId) -> Submission {
        Submission {
            pending: calls::open(Subject::operation(self.0.owner, &transaction_id)),
            responder: Some(Responder::resume(transaction_id)),
            host: self.clone(),
        }
    }

    fn open_then(
        &self,
        transaction_id: TransactionId,
        then: impl FnOnce(Response) + Send + 'static,
    ) -> Ticket {
        let subject = Subject::operation(self.0.owner, &transaction_id);
        calls::open_then(subject, move |outcome| {
            then(outcome.respond(Responder::resume(transaction_id)));
        })
    }

    /// `operation` is what a view lends.
    fn hand_over(&self, operation: &abi::Operation, ticket: Ticket) {
        match self.0.table.submit {
            // SAFETY: the gateway's function and its own context; the caller's view outlives the call.
            Some(submit) => unsafe { submit(self.0.table.ctx, operation, ticket.completion()) },
            None => {
                let failure = Failure::new(FailureReason::UnsupportedService)
                    .with_detail("this gateway takes no operations");
                calls::answer(ticket, failure.into());
            }
        }
    }

    fn cancel(&self, ticket: Ticket) {
        if let Some(cancel) = self.0.table.cancel_submit {
            // SAFETY: the gateway's function and its own context.
            unsafe { cancel(self.0.table.ctx, ticket.number()) }
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({})", self.0.adapter)
    }
}

/// An operation on its way through the gateway; yields the response. Dropping it before cancels the operation.
#[derive(Debug)]
#[must_use = "dropping a submission cancels the operation"]
pub struct Submission {
    pending: Pending,
    responder: Option<Responder>,
    host: Host,
}

impl Future for Submission {
    type Output = Response;

    /// Stays pending after it has yielded its response.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let outcome: Poll<Outcome> = Pin::new(&mut self.pending).poll(cx);
        match (outcome, &self.responder) {
            (Poll::Ready(outcome), Some(_)) => match self.responder.take() {
                Some(responder) => Poll::Ready(outcome.respond(responder)),
                None => Poll::Pending,
            },
            _ => Poll::Pending,
        }
    }
}

impl Drop for Submission {
    fn drop(&mut self) {
        if let Some(ticket) = self.pending.abandon() {
            self.host.cancel(ticket);
        }
    }
}
