//! What waits to be written to one connection.
//!
//! Whoever queues on an empty line flushes it, which writes on the thread that does; the
//! connection's task sees to what the peer has not taken yet.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit},
    time::timeout,
};

use super::{connection::IN_FLIGHT, wire::Outlet};

/// A queue of messages, and where they go; never locked while something is awaited.
#[derive(Debug)]
pub(crate) struct Line {
    state: Mutex<State>,
    /// The connection's task has something to write.
    wake: Notify,
}

/// The connection's own end of a line, which is closed with it.
#[derive(Debug)]
pub(crate) struct Writer(Arc<Line>);

/// What waits to be written.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) kind: Kind,
    /// What of it is not written yet.
    pub(crate) bytes: Bytes,
    /// Given back when it is written, or dropped.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

/// What waits; each kind has room of its own, so that none can take another's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Request,
    Response,
    /// One that waits answers all pings before it (RFC 5626 §3.5.1).
    Pong,
}

impl Kind {
    /// How many may wait.
    const fn room(self) -> usize {
        match self {
            Self::Request => IN_FLIGHT,
            // A final and a provisional one for each request, and one to a broken stream.
            Self::Response => 2 * IN_FLIGHT + 1,
            Self::Pong => 1,
        }
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Queued {
    /// It is the first that waits: whoever queued it flushes the line.
    First,
    /// It goes out with those before it.
    Behind,
    /// There is no room, or the connection is closed.
    Refused,
}

impl Line {
    /// A line that leads nowhere yet, with its writer.
    pub(crate) fn new() -> (Arc<Self>, Writer) {
        let line = Arc::new(Self {
            state: Mutex::default(),
            wake: Notify::new(),
        });
        (Arc::clone(&line), Writer(line))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Queues a message where its kind has room.
    pub(crate) fn queue(&self, outgoing: Outgoing) -> Queued {
        let mut state = self.lock();
        let kind = outgoing.kind;
        if state.is_closed || *state.count(kind) >= kind.room() {
            return Queued::Refused;
        }
        *state.count(kind) += 1;
        state.waiting.push_back(outgoing);
        match state.waiting.len() {
            1 => Queued::First,
            _ => Queued::Behind,
        }
    }

    /// Writes what the peer takes at once, and leaves the rest to the connection's task.
    pub(crate) fn flush(&self) {
        let mut state = self.lock();
        match state.write() {
            Ok(()) if state.waiting.is_empty() => return,
            Ok(()) => {}
            Err(_) => state.close(),
        }
        drop(state);
        self.wake.notify_one();
    }

    /// The number of the last message of the next batch, if any waits.
    fn batch_end(&self) -> io::Result<Option<u64>> {
        let state = self.lock();
        if state.is_closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = state.waiting.len().min(WRITE_BATCH) as u64;
        Ok((count > 0).then_some(state.written + count))
    }

    async fn write_until(&self, end: u64, stream: &Outlet) -> io::Result<()> {
        loop {
            {
                let mut state = self.lock();
                state.write()?;
                if state.written >= end {
                    return Ok(());
                }
            }
            stream.writable().await?;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Writes what others leave; ends when the peer does not take a batch within `limit`.
    pub(crate) async fn write(self, stream: Outlet, limit: Duration) -> io::Result<()> {
        let line = &self.0;
        let stream = Arc::new(stream);
        line.lock().stream = Some(Arc::clone(&stream));
        loop {
            while let Some(end) = line.batch_end()? {
                timeout(limit, line.write_until(end, &stream)).await??;
            }
            line.wake.notified().await;
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.lock().close();
    }
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Outgoing>,
    /// How many of each kind wait.
    requests: usize,
    responses: usize,
    pongs: usize,
    /// How many messages were written.
    written: u64,
    /// While the connection is open.
    stream: Option<Arc<Outlet>>,
    is_closed: bool,
}

impl State {
    /// Writes until nothing waits, or the peer takes no more; nothing before there is a stream.
    fn write(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let Some(stream) = self.stream.clone() else {
            return Ok(());
        };
        while !self.waiting.is_empty() {
            let mut slices = [IoSlice::new(&[]); WRITE_BATCH];
            let count = self.waiting.len().min(WRITE_BATCH);
            for (slice, outgoing) in slices.iter_mut().zip(&self.waiting) {
                *slice = IoSlice::new(&outgoing.bytes);
            }
            match stream.try_write_vectored(slices.get(..count).unwrap_or_default()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => self.take(taken),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Drops what is written.
    fn take(&mut self, mut taken: usize) {
        while let Some(first) = self.waiting.front_mut() {
            if taken < first.bytes.len() {
                return first.bytes.advance(taken);
            }
            taken -= first.bytes.len();
            if let Some(Outgoing { kind, permit, .. }) = self.waiting.pop_front() {
                *self.count(kind) -= 1;
                drop(permit);
            }
            self.written += 1;
        }
    }

    const fn count(&mut self, kind: Kind) -> &mut usize {
        match kind {
            Kind::Request => &mut self.requests,
            Kind::Response => &mut self.responses,
            Kind::Pong => &mut self.pongs,
        }
    }

    fn close(&mut self) {
        self.is_closed = true;
        self.waiting = VecDeque::new();
        self.stream = None;
    }
}

/// The most messages of one system call.
const WRITE_BATCH: usize = 64;

#[cfg(test)]
mod tests;
