//! One TCP connection: its task reads, and writes what others could not at once.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use rialto_sdk::tracing;
use rialto_sip_codec::{DecodeError, Frame, Framer};
use tokio::{
    io::AsyncReadExt,
    net::{TcpStream, tcp::OwnedReadHalf},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, timeout},
};

use super::line::{Kind, Line, Outgoing, Queued, Writer};

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
    line: Arc<Line>,
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
    /// It is closed: what was written and not answered may have been read.
    Closed { number: u64, peer: SocketAddr },
    /// It could not be opened: nothing was written.
    NotOpened { number: u64, peer: SocketAddr },
}

impl Connection {
    /// Makes a handle and the writer behind it.
    pub(crate) fn new(number: u64, peer: SocketAddr) -> (Self, Writer) {
        let (line, writer) = Line::new();
        (Self { number, peer, line }, writer)
    }

    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    pub(crate) const fn peer(&self) -> SocketAddr {
        self.peer
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.line.is_closed()
    }

    /// Queues a response; there is always room, as its request held a permit.
    pub(crate) fn respond(&self, bytes: Bytes, permit: Option<OwnedSemaphorePermit>) -> Queued {
        self.queue(Kind::Response, bytes, permit)
    }

    /// Queues a request.
    pub(crate) fn request(&self, bytes: Bytes) -> Queued {
        self.queue(Kind::Request, bytes, None)
    }

    /// Answers a ping; where a pong waits already, that one does.
    fn pong(&self) {
        if self.queue(Kind::Pong, PONG, None) == Queued::First {
            self.flush();
        }
    }

    fn queue(&self, kind: Kind, bytes: Bytes, permit: Option<OwnedSemaphorePermit>) -> Queued {
        self.line.queue(Outgoing {
            kind,
            bytes,
            permit,
        })
    }

    /// Writes what is queued, or has the connection's task do it.
    pub(crate) fn flush(&self) {
        self.line.flush();
    }
}

/// The most requests of one connection that are read and not answered.
pub(super) const IN_FLIGHT: usize = 512;
const ALL: u32 = IN_FLIGHT as u32;
const READ_BUFFER: usize = 16 * 1024;

/// Opens a connection and serves it; ends when it is closed.
pub(crate) async fn open(
    connection: Connection,
    writer: Writer,
    limits: StreamLimits,
    to: mpsc::Sender<FromConnection>,
) {
    match timeout(limits.connect, TcpStream::connect(connection.peer)).await {
        Ok(Ok(stream)) => serve(stream, connection, writer, limits, to).await,
        _ => {
            let Connection { number, peer, .. } = connection;
            tell(FromConnection::NotOpened { number, peer }, &to).await;
        }
    }
}

/// Serves an open connection; ends when it is closed.
pub(crate) async fn serve(
    stream: TcpStream,
    connection: Connection,
    writer: Writer,
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
        end = writer.write(write_half, limits.message) => end,
    };
    if let Err(error) = end {
        tracing::debug!(%error, "a connection broke");
    }
    let Connection { number, peer, .. } = connection;
    tell(FromConnection::Closed { number, peer }, &to).await;
}

async fn tell(end: FromConnection, to: &mpsc::Sender<FromConnection>) {
    // Nobody to tell means that the adapter stops.
    if to.send(end).await.is_err() {
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
                Ok(Some(Frame::Ping)) => connection.pong(),
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
