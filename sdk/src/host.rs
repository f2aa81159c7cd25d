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
    Pending, Ticket,
    calls::{self, Owner, Subject},
    operation::View,
    read::lend,
};
use rialto_model::{
    Failure, FailureReason, MessageOperation, Responder, Response, ResponseStatus, TransactionId,
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
        let transaction_id = *operation.transaction_id();
        let pending = calls::open(Subject::operation(self.0.owner, &transaction_id));
        if let Some(ticket) = pending.ticket() {
            self.hand_over(&operation, ticket);
        }
        Submission {
            pending,
            responder: Some(Responder::resume(transaction_id)),
            host: self.clone(),
        }
    }

    /// As [`submit`](Self::submit), but `then` gets the response, on whatever thread brings it: it must not block. Spares a
    /// task where nearly all responses mean nothing to be done. Cannot be cancelled.
    pub fn submit_then(
        &self,
        operation: MessageOperation,
        then: impl FnOnce(Response) + Send + 'static,
    ) {
        let transaction_id = *operation.transaction_id();
        let subject = Subject::operation(self.0.owner, &transaction_id);
        let ticket = calls::open_then(subject, move |status| {
            then(Responder::resume(transaction_id).respond(status));
        });
        self.hand_over(&operation, ticket);
    }

    /// Makes a name for an operation of the adapter's own.
    pub fn transaction_id(&self) -> TransactionId {
        TransactionId::random(&mut rand::rng())
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

    pub(crate) fn log(&self, record: &abi::LogRecord) {
        if let Some(log) = self.0.table.log {
            // SAFETY: the gateway's function and its own context; the record outlives the call.
            unsafe { log(self.0.table.ctx, record) }
        }
    }

    fn hand_over(&self, operation: &MessageOperation, ticket: Ticket) {
        match self.0.table.submit {
            Some(submit) => {
                let view = View::of(operation);
                // SAFETY: the gateway's function and its own context; the view outlives the call.
                unsafe { submit(self.0.table.ctx, view.raw(), ticket.completion()) }
            }
            None => {
                let failure = Failure::new(FailureReason::UnsupportedService)
                    .with_detail("this gateway takes no messages");
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

/// A message on its way through the gateway; yields the response. Dropping it before cancels the operation.
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
        let status: Poll<ResponseStatus> = Pin::new(&mut self.pending).poll(cx);
        match (status, &self.responder) {
            (Poll::Ready(status), Some(_)) => match self.responder.take() {
                Some(responder) => Poll::Ready(responder.respond(status)),
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
