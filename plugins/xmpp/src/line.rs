//! The writing end of a stream, and what of a batch it has not taken yet.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rialto_sdk::tokio::io::AsyncWrite;
use rialto_sdk::tokio::time::Instant;

use crate::connection::WriteEnd;
use crate::outbox::{Batch, Outbox};

/// Bytes that are written at once.
const BATCH: usize = 64 * 1024;

/// Writes what an outbox holds. Whoever has the line may; the connection's task sees to the rest.
pub(crate) struct Line {
    writer: Box<dyn WriteEnd>,
    batch: Batch,
    last_write: Instant,
    times: PingTimes,
}

/// When a stream is pinged, and when it is given up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PingTimes {
    /// How long a stream may be idle without a ping.
    pub(crate) interval: Duration,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
}

/// What a look at the line's times has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing before this.
    At(Instant),
    /// A ping was put into the batch.
    Pinged,
    /// A ping was not answered in time.
    TimedOut,
}

impl Line {
    /// The writing end of a stream that was opened just now.
    pub(crate) fn new(writer: Box<dyn WriteEnd>, times: PingTimes) -> Self {
        Self {
            writer,
            batch: Batch::with_capacity(BATCH),
            last_write: Instant::now(),
            times,
        }
    }

    /// Has the stream still to take the rest of a batch?
    pub(crate) fn is_writing(&self) -> bool {
        !self.batch.is_empty()
    }

    /// Writes one batch, or the rest of one; `false` when there was nothing to write.
    pub(crate) fn poll_write(
        &mut self,
        outbox: &Mutex<Outbox>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        if self.batch.is_empty() {
            let now = Instant::now();
            lock(outbox).next_batch(BATCH, now, &mut self.batch);
            if self.batch.is_empty() {
                return Poll::Ready(Ok(false));
            }
            self.last_write = now;
        }
        while !self.batch.is_empty() {
            let writer = Pin::new(&mut self.writer);
            match ready!(writer.poll_write(context, self.batch.rest()))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.batch.take(count),
            }
        }
        Poll::Ready(Ok(true))
    }

    /// Says what is due, for the connection's task, which looks again at the time that it is told.
    pub(crate) fn look(&mut self, outbox: &mut Outbox) -> Due {
        let now = Instant::now();
        let due = match outbox.ping_sent() {
            Some(sent) => sent + self.times.timeout,
            None => self.last_write + self.times.interval,
        };
        if due > now {
            // A ping that others send meanwhile must not wait for its answer longer than it may.
            let gathered = outbox.watch(now).unwrap_or(due);
            return Due::At(due.min(gathered).min(now + self.times.timeout));
        }
        if outbox.ping_sent().is_some() {
            return Due::TimedOut;
        }
        outbox.ping(now, &mut self.batch);
        self.last_write = now;
        Due::Pinged
    }

    /// The first message that the stream has not taken whole, if it has not taken all that was to be written.
    pub(crate) fn first_unsent(&self) -> Option<u64> {
        self.batch.first_unsent()
    }

    /// The writer, for a last word.
    pub(crate) fn into_writer(self) -> Box<dyn WriteEnd> {
        self.writer
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("unwritten", &self.batch.rest().len())
            .finish_non_exhaustive()
    }
}

/// Locks what nobody leaves half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
