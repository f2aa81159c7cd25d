//! The outbox, shared between those who send and the connection.

use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rialto_sdk::Legacy;
use rialto_sdk::model::{Failure, FailureReason, ResponseStatus, TransactionId};
use rialto_sdk::tokio::sync::{Notify, Semaphore, oneshot};
use rialto_sdk::tokio::time::timeout;
use rialto_sdk::tokio_util::sync::CancellationToken;
use rialto_xmpp_codec::{Stanza, StanzaWriter, WriteError};

use crate::connection::WriteEnd;
use crate::line::{Due, Line, lock};
use crate::outbox::{Outbox, OutboxLimits, Parcel, PingTemplate, Worth};

/// Bytes of replies that may be queued; beyond, nothing more is read. Some 2,000 of the usual size.
pub(crate) const REPLY_BYTES: u32 = 1024 * 1024;

/// Shares one [`Outbox`].
#[derive(Debug)]
pub(crate) struct Link {
    outbox: Mutex<Outbox>,
    /// The stream that is up. Taken before the outbox, by whoever takes both.
    line: Mutex<Option<Line>>,
    work: Notify,
    /// A permit for each byte of replies that may be queued.
    replies: Arc<Semaphore>,
    /// Cancelled when the first attempt to connect has ended, well or not.
    tried: CancellationToken,
    /// Cancelled when no more is taken.
    stopping: CancellationToken,
    /// Cancelled when the stream is to be left to a later version.
    leaving: CancellationToken,
    /// What is left to it.
    legacy: Mutex<Option<Legacy>>,
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
            line: Mutex::new(None),
            work: Notify::new(),
            replies: Arc::new(Semaphore::new(REPLY_BYTES as usize)),
            tried: CancellationToken::new(),
            stopping: CancellationToken::new(),
            leaving: CancellationToken::new(),
            legacy: Mutex::new(None),
            ended: CancellationToken::new(),
        }
    }

    /// Sends a parcel and waits until it is known what became of it, at most for `limit`.
    pub(crate) async fn send(
        &self,
        parcel: Parcel,
        id: TransactionId,
        worth: Worth,
        limit: Option<Duration>,
    ) -> ResponseStatus {
        let (answer, outcome) = oneshot::channel();
        let number = match self.outbox().push(parcel, id, worth, answer) {
            Ok(number) => number,
            Err(failure) => return failure.into(),
        };
        // Dropped with this future, it gives the message up.
        let sent = Sent { link: self, number };
        self.write_or_wake();
        let outcome = match limit {
            Some(limit) => timeout(limit, outcome).await,
            None => Ok(outcome.await),
        };
        match outcome {
            Ok(status) => status.unwrap_or_else(|_| Failure::new(FailureReason::Internal).into()),
            Err(_) => self.outbox().give_up(sent.number),
        }
    }

    /// Sends an answer; waits while as many bytes of them are queued as may be.
    pub(crate) async fn reply(&self, stanza: &Stanza) -> Result<(), WriteError> {
        // Who waits holds the stanza alone: its text may be much longer.
        let Some(bytes) = self.outbox().reply_bytes(stanza)? else {
            return Ok(());
        };
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(REPLY_BYTES);
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&self.replies).acquire_many_owned(bytes).await else {
            return Ok(());
        };
        self.outbox().reply(stanza, place)?;
        self.work.notify_one();
        Ok(())
    }

    /// The outbox; never held over a wait.
    pub(crate) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        lock(&self.outbox)
    }

    /// A stream is up: what is queued may be written to it.
    pub(crate) fn connected(&self, line: Line, writer: StanzaWriter, pings: PingTemplate) {
        *lock(&self.line) = Some(line);
        self.outbox().connected(writer, pings);
    }

    /// The stream is gone: everything that waits is answered with what is known of it.
    pub(crate) fn lost(&self) {
        drop(self.hang_up());
        self.outbox().lost();
    }

    /// Nothing is written any more; gives the writing end back, unless it is gone.
    pub(crate) fn hang_up(&self) -> Option<Box<dyn WriteEnd>> {
        let line = lock(&self.line).take()?;
        self.outbox().hung_up(line.first_unsent());
        Some(line.into_writer())
    }

    /// Writes one batch; `false` when there was nothing to write.
    pub(crate) async fn write(&self) -> io::Result<bool> {
        poll_fn(|context| match &mut *lock(&self.line) {
            Some(line) => line.poll_write(&self.outbox, context),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        })
        .await
    }

    /// What is due on the stream, if one is up.
    pub(crate) fn look(&self) -> Option<Due> {
        let mut line = lock(&self.line);
        line.as_mut().map(|line| line.look(&mut self.outbox()))
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

    /// Reads no more, waits until what was read has its outcome, and leaves the stream to a later version, if one is up.
    pub(crate) async fn leave(&self) -> Option<Legacy> {
        self.leaving.cancel();
        self.ended.cancelled().await;
        lock(&self.legacy).take()
    }

    /// Resolves once the stream is to be left.
    pub(crate) async fn leaving(&self) {
        self.leaving.cancelled().await;
    }

    /// Nothing is read any more of the stream that is to be left: once all is written, it can be.
    pub(crate) fn pause(&self) {
        self.outbox().stop();
        self.wake();
    }

    /// Is the stream to be left, and nothing more read of it nor to be written?
    pub(crate) fn is_left(&self) -> bool {
        let line = lock(&self.line);
        // Whoever else had the line may have got a part of a batch out.
        let is_writing = line.as_ref().is_some_and(Line::is_writing);
        let outbox = self.outbox();
        self.leaving.is_cancelled() && outbox.is_stopping() && outbox.has_written() && !is_writing
    }

    /// Nobody reads this stream any more, nor writes to it.
    pub(crate) fn left(&self, legacy: Option<Legacy>) {
        *lock(&self.legacy) = legacy;
    }

    /// Shall there be no stream any more?
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled() || self.leaving.is_cancelled()
    }

    /// Resolves once no more is taken.
    pub(crate) async fn stopped(&self) {
        rialto_sdk::tokio::select! {
            () = self.stopping.cancelled() => {}
            () = self.leaving.cancelled() => {}
        }
    }

    /// The connection has ended for good.
    pub(crate) fn ended(&self) {
        self.ended.cancel();
    }

    /// Writes what is queued here and now, which spares the connection's task from waking; that task
    /// does it where the line is in use, and where one write is better than many.
    fn write_or_wake(&self) {
        let mut line = match self.line.try_lock() {
            Ok(line) => line,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return self.wake(),
        };
        let Some(line) = &mut *line else { return };
        if line.is_writing() {
            return; // whoever is at it comes back for more
        }
        let (watched, calm) = {
            let outbox = self.outbox();
            (outbox.is_watched(), outbox.is_calm())
        };
        if watched {
            return; // they go out together
        }
        if !calm {
            return self.wake();
        }
        let mut context = Context::from_waker(Waker::noop());
        let written = line.poll_write(&self.outbox, &mut context);
        if !matches!(written, Poll::Ready(Ok(_))) {
            self.wake();
        }
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
