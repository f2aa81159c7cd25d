//! What the adapter needs of the gateway, so that tests can be one.

use std::future::Future;

use rialto_sdk::{
    model::{DispositionOperation, NotifyOperation, PublishOperation, SubscribeOperation},
    prelude::{Host, MessageOperation, Response, Submission, Tasks, TransactionId},
};

/// The gateway as the adapter's loop sees it.
pub(crate) trait Gateway: Clone + Send + Sync + Unpin + 'static {
    /// An operation on its way; dropping it cancels the operation.
    type Submission: Future<Output = Response> + Send + Unpin;

    /// Hands a message to the gateway; the order of calls is the order in the gateway.
    fn submit(&self, operation: MessageOperation) -> Self::Submission;

    /// Hands a word on an earlier message to the gateway.
    fn report(&self, disposition: DispositionOperation) -> Self::Submission;

    /// Hands what a watcher of this network asks to the presence service.
    fn subscribe(&self, operation: SubscribeOperation) -> Self::Submission;

    /// Hands what this network says of a presentity to the presence service.
    fn notify(&self, operation: NotifyOperation) -> Self::Submission;

    /// Hands what a presentity says of itself to the presence service.
    fn publish(&self, operation: PublishOperation) -> Self::Submission;

    /// Makes a name for an operation.
    fn transaction_id(&self) -> TransactionId;

    /// Adds to a counter.
    fn count(&self, metric: &'static str, by: u64);

    /// Runs a task until it ends or the adapter stops.
    fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static);

    /// Runs a task that ends by itself when the adapter stops.
    fn spawn_to_the_end(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static);

    /// Resolves when the adapter stops.
    fn stopping(&self) -> impl Future<Output = ()> + Send + 'static;
}

/// The gateway itself.
#[derive(Clone, Debug)]
pub(crate) struct Sdk {
    pub(crate) host: Host,
    pub(crate) tasks: Tasks,
}

impl Gateway for Sdk {
    type Submission = Submission;

    fn submit(&self, operation: MessageOperation) -> Submission {
        self.host.submit(operation)
    }

    fn report(&self, disposition: DispositionOperation) -> Submission {
        self.host.submit_disposition(disposition)
    }

    fn subscribe(&self, operation: SubscribeOperation) -> Submission {
        self.host.submit_subscribe(operation)
    }

    fn notify(&self, operation: NotifyOperation) -> Submission {
        self.host.submit_notify(operation)
    }

    fn publish(&self, operation: PublishOperation) -> Submission {
        self.host.submit_publish(operation)
    }

    fn transaction_id(&self) -> TransactionId {
        self.host.transaction_id()
    }

    fn count(&self, metric: &'static str, by: u64) {
        self.host.count(metric, by);
    }

    fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.tasks.stopping();
        self.tasks.spawn(name, async move {
            tokio::select! {
                () = stopping => {}
                () = task => {}
            }
        });
    }

    fn spawn_to_the_end(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        self.tasks.spawn(name, task);
    }

    fn stopping(&self) -> impl Future<Output = ()> + Send + 'static {
        self.tasks.stopping()
    }
}
