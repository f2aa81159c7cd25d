//! The gateway of `rialto-testkit`, for the tests of a plugin's author: feature `testing`.
//!
//! Enough to start a plugin, to deliver to it, to see and answer what it submits, and to stop it. It is no gateway: it loads no library, enforces no
//! deadline and routes nothing.
#![expect(unsafe_code, reason = "plays the gateway's side of the contract")]

mod state;
#[cfg(test)]
mod tests;

use std::time::Duration;

use rialto_bridge::operation::Operation;
use rialto_model::{
    DispositionOperation, MessageOperation, NotifyOperation, PublishOperation, ResponseStatus,
    SubscribeOperation,
};
use tokio::runtime::Handle;

use crate::{Context, Health, Host, Plugin, Result, Succession, Tasks, config};
use state::State;

/// The gateway that a plugin under test sees: remembers what is submitted, and answers it.
#[derive(Debug)]
pub struct Gateway(&'static State);

/// The functions for one kind of operation: those that came, and the next.
macro_rules! submitted {
    ($($(#[$doc:meta])* $all:ident, $next:ident: $kind:ident($operation:ident);)*) => {$(
        $(#[$doc])*
        pub fn $all(&self) -> Vec<$operation> {
            self.0.take_all(|operation| match operation {
                Operation::$kind(operation) => Ok(operation),
                other => Err(other),
            })
        }

        /// The next of them, waited for.
        pub async fn $next(&self) -> $operation {
            self.0.next(|operation| match operation {
                Operation::$kind(operation) => Ok(operation),
                other => Err(other),
            }).await
        }
    )*};
}

impl Gateway {
    /// Makes a gateway that answers what is submitted with success.
    ///
    /// Never freed, as the contract has it: a thread that the plugin left behind may still submit.
    #[expect(clippy::new_without_default, reason = "each leaks a little")]
    pub fn new() -> Self {
        Self(Box::leak(Box::default()))
    }

    /// Answers with `status` from now on; what was held, too.
    pub fn answer_with(&self, status: ResponseStatus) {
        self.0.answer_with(|answer| answer.status = status);
    }

    /// Says in answers from now on that subscriptions and publications hold for so long.
    pub fn grant(&self, duration: Duration) {
        self.0
            .answer_with(|answer| answer.duration = Some(duration));
    }

    /// Answers nothing from now on, until [`answer_with`](Self::answer_with) does.
    pub fn hold(&self) {
        self.0.hold();
    }

    submitted! {
        /// The messages that were submitted since this was asked last, in order.
        submitted, next_message: Message(MessageOperation);
        /// The dispositions that were submitted since this was asked last, in order.
        dispositions, next_disposition: Disposition(DispositionOperation);
        /// The subscriptions that were submitted since this was asked last, in order; refreshes and ends too.
        subscriptions, next_subscription: Subscribe(SubscribeOperation);
        /// The notifications that were submitted since this was asked last, in order.
        notifications, next_notification: Notify(NotifyOperation);
        /// The publications that were submitted since this was asked last, in order.
        publications, next_publication: Publish(PublishOperation);
    }

    /// What the plugin said last of how it is.
    pub fn health(&self) -> Option<Health> {
        self.0.health()
    }

    /// What the plugin has counted under this name.
    pub fn counted(&self, metric: &str) -> u64 {
        self.0.counted(metric)
    }

    /// Reads a configuration, a JSON object, has the plugin check it, and starts the plugin on the runtime of the test.
    pub async fn start<P: Plugin>(&self, configuration: &str) -> Result<P> {
        let config = config::from_json::<P::Config>(configuration)?;
        P::claims(&config)?;
        let adapter = "test".to_owned();
        let host = Host::new(self.0.table(), adapter.clone());
        let tasks = Tasks::new(Handle::current(), host.clone());
        self.0.keep(tasks.clone());
        let succession = Succession::First;
        P::start(Context::new(adapter, config, host, tasks, succession)).await
    }

    /// Stops a plugin that this gateway has started, as a gateway does: then its tasks are told, and waited for, and those of others
    /// that it has started.
    pub async fn stop<P: Plugin>(&self, plugin: P) {
        plugin.stop().await;
        for tasks in self.0.kept() {
            tasks.join().await;
        }
    }
}
