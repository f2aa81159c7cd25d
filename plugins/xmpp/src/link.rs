//! The outbox, shared between those who send and the connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rialto_sdk::model::{Failure, FailureReason, ResponseStatus, TransactionId};
use rialto_sdk::tokio::sync::{Notify, Semaphore, oneshot};
use rialto_sdk::tokio::time::timeout;
use rialto_sdk::tokio_util::sync::CancellationToken;
use rialto_xmpp_codec::{Message, Stanza, WriteError};

use crate::outbox::{Outbox, OutboxLimits};

/// Shares one [`Outbox`].
#[derive(Debug)]
pub(crate) struct Link {
    outbox: Mutex<Outbox>,
    work: Notify,
    replies: Arc<Semaphore>,
    /// Cancelled when the first attempt to connect has ended, well or not.
    tried: CancellationToken,
    /// Cancelled when no more is taken.
    stopping: CancellationToken,
    /// Cancelled when the connection has ended for good.
    ended: CancellationToken,
}

/// A message on its way; dropped, it is given up.
#[derive(Debug)]
struct Sent<'a> {
    link: &'a Link,
    number: u64,
}

impl Link {
    pub(crate) fn new(limits: OutboxLimits) -> Self {
        Self {
            outbox: Mutex::new(Outbox::new(limits)),
            work: Notify::new(),
            replies: Arc::new(Semaphore::new(limits.messages)),
            tried: CancellationToken::new(),
            stopping: CancellationToken::new(),
            ended: CancellationToken::new(),
        }
    }

    /// Sends a message and waits until it is known what became of it, at most for `limit`.
    pub(crate) async fn send(
        &self,
        message: Message,
        id: TransactionId,
        limit: Option<Duration>,
    ) -> ResponseStatus {
        let (answer, outcome) = oneshot::channel();
        let number = match self.outbox().push(message, id, answer) {
            Ok(number) => number,
            Err(failure) => return failure.into(),
        };
        // Dropped with this future, it gives the message up.
        let sent = Sent { link: self, number };
        self.work.notify_one();
        let outcome = match limit {
            Some(limit) => timeout(limit, outcome).await,
            None => Ok(outcome.await),
        };
        match outcome {
            Ok(status) => status.unwrap_or_else(|_| Failure::new(FailureReason::Internal).into()),
            Err(_) => self.outbox().give_up(sent.number),
        }
    }

    /// Sends an answer; waits while as many are queued as may be.
    pub(crate) async fn reply(&self, stanza: &Stanza) -> Result<(), WriteError> {
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&self.replies).acquire_owned().await else {
            return Ok(());
        };
        self.outbox().reply(stanza, place)?;
        self.work.notify_one();
        Ok(())
    }

    /// The outbox; never held over a wait.
    pub(crate) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there may be something to write.
    pub(crate) async fn work(&self) {
        self.work.notified().await;
    }

    /// Resolves once it is known whether the server can be joined.
    pub(crate) async fn tried(&self) {
        self.tried.cancelled().await;
    }

    /// It is known whether the server can be joined.
    pub(crate) fn has_tried(&self) {
        self.tried.cancel();
    }

    /// Takes no more messages, and waits until the connection has ended.
    pub(crate) async fn stop(&self) {
        self.outbox().stop();
        self.stopping.cancel();
        self.wake();
        self.ended.cancelled().await;
    }

    /// Resolves once no more is taken.
    pub(crate) async fn stopped(&self) {
        self.stopping.cancelled().await;
    }

    /// The connection has ended for good.
    pub(crate) fn ended(&self) {
        self.ended.cancel();
    }

    /// Lets the connection look for work.
    pub(crate) fn wake(&self) {
        self.work.notify_one();
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        self.link.outbox().cancel(self.number);
    }
}
