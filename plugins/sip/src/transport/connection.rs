//! One TCP connection: a task that reads, a task that writes.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use rialto_sdk::tracing;
use rialto_sip_codec::{DecodeError, Frame, Framer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, timeout},
};

/// The bounds of every connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamLimits {
    pub(crate) max_message: usize,
    /// How long it may be silent.
    pub(crate) idle: Duration,
    /// How long one message may take to arrive, and a batch to be taken by the peer.
    pub(crate) message: Duration,
    /// How long connecting may take.
    pub(crate) connect: Duration,
}

/// A handle to write to a connection; equal handles are of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    number: u64,
    peer: SocketAddr,
    queue: mpsc::Sender<Outgoing>,
}

/// What a connection tells the adapter's loop.
#[derive(Debug)]
pub(crate) enum FromConnection {
    /// A whole message; the permit is given back when its response is written, or dropped.
    Message {
        bytes: Bytes,
        connection: Connection,
        permit: OwnedSemaphorePermit,
    },
    /// The stream is lost: answer what can be answered, it closes next.
    Broken {
        bytes: Bytes,
        defect: DecodeError,
        connection: Connection,
    },
    /// It is closed, or could not be opened.
    Closed { number: u64, peer: SocketAddr },
}

impl Connection {
    /// Makes a handle and the queue behind it.
    pub(crate) fn new(number: u64, peer: SocketAddr) -> (Self, mpsc::Receiver<Outgoing>) {
        let (queue, receiver) = mpsc::channel(QUEUE);
        (
            Self {
                number,
                peer,
                queue,
            },
            receiver,
        )
    }

    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    pub(crate) const fn peer(&self) -> SocketAddr {
        self.peer
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Queues a response; there is always room, as its request held a permit.
    ///
    /// `false` when the connection is closed.
    pub(crate) fn respond(&self, bytes: Bytes, permit: Option<OwnedSemaphorePermit>) -> bool {
        self.queue.try_send(Outgoing { bytes, permit }).is_ok()
    }

    /// Queues a request; `false` when the queue is full or the connection closed.
    pub(crate) fn request(&self, bytes: Bytes) -> bool {
        // The other half is for responses.
        self.queue.capacity() > IN_FLIGHT && self.respond(bytes, None)
    }
}

/// What waits to be written.
#[derive(Debug)]
pub(crate) struct Outgoing {
    bytes: Bytes,
    permit: Option<OwnedSemaphorePermit>,
}

/// The most requests of one connection that are read and not answered.
const IN_FLIGHT: usize = 512;
const ALL: u32 = IN_FLIGHT as u32;
/// The most messages that wait to be written to one connection.
const QUEUE: usize = 2 * IN_FLIGHT;
const READ_BUFFER: usize = 16 * 1024;
const WRITE_BATCH: usize = 64;

/// Opens a connection and serves it; ends when it is closed.
pub(crate) async fn open(
    connection: Connection,
    queue: mpsc::Receiver<Outgoing>,
    limits: StreamLimits,
    to: mpsc::Sender<FromConnection>,
) {
    match timeout(limits.connect, TcpStream::connect(connection.peer)).await {
        Ok(Ok(stream)) => serve(stream, connection, queue, limits, to).await,
        _ => closed(&connection, &to).await,
    }
}

/// Serves an open connection; ends when it is closed.
pub(crate) async fn serve(
    stream: TcpStream,
    connection: Connection,
    queue: mpsc::Receiver<Outgoing>,
    limits: StreamLimits,
    to: mpsc::Sender<FromConnection>,
) {
    // Responses are small and awaited: never held back for more to come.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let (read_half, write_half) = stream.into_split();
    let end = tokio::select! {
        end = read(read_half, &connection, limits, &to) => end,
        end = write(write_half, queue, limits) => end,
    };
    if let Err(error) = end {
        tracing::debug!(%error, "a connection broke");
    }
    closed(&connection, &to).await;
}

async fn closed(connection: &Connection, to: &mpsc::Sender<FromConnection>) {
    let closed = FromConnection::Closed {
        number: connection.number,
        peer: connection.peer,
    };
    // Nobody to tell means that the adapter stops.
    if to.send(closed).await.is_err() {
        tracing::trace!("a connection outlived the adapter");
    }
}

/// Reads and frames until the peer closes, is silent for too long, or breaks the framing.
///
/// Does not read while as many of its requests are unanswered as may be: that pushes back.
async fn read(
    mut stream: OwnedReadHalf,
    connection: &Connection,
    limits: StreamLimits,
    to: &mpsc::Sender<FromConnection>,
) -> io::Result<()> {
    let mut framer = Framer::with_limit(limits.max_message);
    let mut buffer = BytesMut::with_capacity(READ_BUFFER);
    let in_flight = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut begun = None;
    loop {
        loop {
            match framer.next_frame(&mut buffer) {
                Ok(Some(Frame::Message(bytes))) => {
                    begun = None;
                    let Ok(permit) = Arc::clone(&in_flight).acquire_owned().await else {
                        return Ok(());
                    };
                    let connection = connection.clone();
                    let message = FromConnection::Message {
                        bytes,
                        connection,
                        permit,
                    };
                    if to.send(message).await.is_err() {
                        return Ok(());
                    }
                }
                // A pong is lost when the queue is full; its peer is busy reading then.
                Ok(Some(Frame::Ping)) => drop(connection.respond(PONG, None)),
                Ok(Some(Frame::Crlf)) => {}
                Ok(None) => break,
                Err(defect) => return broken(buffer, defect, connection, to, &in_flight).await,
            }
        }
        if buffer.is_empty() {
            begun = None;
        } else {
            begun.get_or_insert_with(Instant::now);
        }
        let wait = begun.map_or(limits.idle, |begun| {
            limits.message.saturating_sub(begun.elapsed())
        });
        buffer.reserve(READ_BUFFER / 2);
        match timeout(wait, stream.read_buf(&mut buffer)).await {
            Ok(Ok(0)) => {
                // It may still read: what it asked before is answered first.
                drop(timeout(limits.message, in_flight.acquire_many(ALL)).await);
                return Ok(());
            }
            Ok(read) => drop(read?),
            // What waits for its response is not idle.
            Err(_) if begun.is_none() && in_flight.available_permits() < IN_FLIGHT => {}
            Err(elapsed) => return Err(elapsed.into()),
        }
    }
}

const PONG: Bytes = Bytes::from_static(b"\r\n");

/// Hands on what cannot be framed, and waits until all is answered.
async fn broken(
    buffer: BytesMut,
    defect: DecodeError,
    connection: &Connection,
    to: &mpsc::Sender<FromConnection>,
    in_flight: &Arc<Semaphore>,
) -> io::Result<()> {
    let connection = connection.clone();
    let message = FromConnection::Broken {
        bytes: buffer.freeze(),
        defect,
        connection,
    };
    if to.send(message).await.is_ok() {
        drop(timeout(LAST_WORDS, in_flight.acquire_many(ALL)).await);
        tokio::time::sleep(LAST_WORDS).await;
    }
    Ok(())
}

/// How long a connection stays open after its framing broke, so that answers get out.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Writes what is queued, many messages at once; ends when the peer does not take them in time.
async fn write(
    mut stream: OwnedWriteHalf,
    mut queue: mpsc::Receiver<Outgoing>,
    limits: StreamLimits,
) -> io::Result<()> {
    let (mut batch, mut bytes) = (
        Vec::with_capacity(WRITE_BATCH),
        Vec::with_capacity(READ_BUFFER),
    );
    while queue.recv_many(&mut batch, WRITE_BATCH).await > 0 {
        bytes.clear();
        batch
            .iter()
            .for_each(|outgoing| bytes.extend_from_slice(&outgoing.bytes));
        timeout(limits.message, stream.write_all(&bytes)).await??;
        batch.drain(..).for_each(|outgoing| drop(outgoing.permit));
    }
    Ok(())
}
