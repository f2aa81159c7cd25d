//! One connection, over TCP or TLS: its task reads, and writes what others could not at once.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use rialto_sdk::tracing;
use rialto_sip_codec::{DecodeError, Frame, Framer};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, timeout},
};

use super::{
    line::{Kind, Line, Outgoing, Queued, Writer},
    tls::{Domains, Tls, Trouble},
    wire::{Inlet, Outlet, plain},
};
use crate::config::{Flow, TransportKind};

/// The bounds of every connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamLimits {
    pub(crate) max_message: usize,
    /// How long it may be silent.
    pub(crate) idle: Duration,
    /// How long one message may take to arrive, and a batch to be taken by the peer.
    pub(crate) message: Duration,
    /// How long connecting may take, and a handshake of TLS.
    pub(crate) connect: Duration,
}

/// A handle to write to a connection; equal handles are of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    number: u64,
    other_end: OtherEnd,
    line: Arc<Line>,
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct OtherEnd {
    pub(crate) address: SocketAddr,
    /// Over TLS, the domains that it has shown a certificate for, or must show one for; `None` over TCP.
    pub(crate) domains: Option<Domains>,
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
    Closed {
        connection: Connection,
        /// We did, as it had been silent for long.
        is_idle: bool,
    },
    /// It could not be opened: nothing was written. Somebody may be there with whom there can be no TLS.
    NotOpened(Connection, Option<Trouble>),
}

impl Connection {
    /// Makes a handle and the writer behind it.
    pub(crate) fn new(number: u64, other_end: OtherEnd) -> (Self, Writer) {
        let (line, writer) = Line::new();
        let connection = Self {
            number,
            other_end,
            line,
        };
        (connection, writer)
    }

    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    pub(crate) const fn peer(&self) -> SocketAddr {
        self.other_end.address
    }

    pub(crate) const fn other_end(&self) -> &OtherEnd {
        &self.other_end
    }

    pub(crate) const fn transport(&self) -> TransportKind {
        match self.other_end.domains {
            None => TransportKind::Tcp,
            Some(_) => TransportKind::Tls,
        }
    }

    /// What names it among all that are over TLS.
    pub(crate) fn flow(&self) -> Option<Flow> {
        self.domains().map(|_| Flow(self.number))
    }

    /// The domains that the other end has shown a certificate for, over TLS.
    pub(crate) const fn domains(&self) -> Option<&Domains> {
        self.other_end.domains.as_ref()
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
    tls: Tls,
    limits: StreamLimits,
    to: mpsc::Sender<FromConnection>,
) {
    let opened = timeout(limits.connect, reach(&connection.other_end, &tls)).await;
    let error = match opened {
        Ok(Ok(halves)) => return serve(halves, connection, writer, limits, to).await,
        Ok(Err(error)) => error,
        Err(elapsed) => elapsed.into(),
    };
    let trouble = Trouble::of(&error);
    if trouble.is_some() {
        let OtherEnd { address, domains } = &connection.other_end;
        let domain = domains.as_ref().and_then(|domains| domains.iter().next());
        tracing::warn!(peer.addr = %address, domain, %error, "there is no TLS with a next hop");
    }
    tell(FromConnection::NotOpened(connection, trouble), &to).await;
}

/// Connects, and sees who is there if that matters.
async fn reach(other_end: &OtherEnd, tls: &Tls) -> io::Result<(Inlet, Outlet)> {
    let stream = TcpStream::connect(other_end.address).await?;
    match &other_end.domains {
        None => Ok(plain(stream)),
        Some(expected) => tls.connect(stream, expected).await,
    }
}

/// Serves an open connection; ends when it is closed.
pub(crate) async fn serve(
    (inlet, outlet): (Inlet, Outlet),
    connection: Connection,
    writer: Writer,
    limits: StreamLimits,
    to: mpsc::Sender<FromConnection>,
) {
    let end = tokio::select! {
        end = read(inlet, &connection, limits, &to) => end,
        end = writer.write(outlet, limits.message) => end.map(|()| End::OtherEnd),
    };
    if let Err(error) = &end {
        tracing::debug!(%error, "a connection broke");
    }
    let is_idle = matches!(end, Ok(End::Idle));
    let closed = FromConnection::Closed {
        connection,
        is_idle,
    };
    tell(closed, &to).await;
}

async fn tell(end: FromConnection, to: &mpsc::Sender<FromConnection>) {
    // Nobody to tell means that the adapter stops.
    if to.send(end).await.is_err() {
        tracing::trace!("a connection outlived the adapter");
    }
}

/// Who closes a connection that does not break.
enum End {
    OtherEnd,
    /// We do: nothing has come for too long.
    Idle,
}

/// Reads and frames until the peer closes, is silent for too long, or breaks the framing.
///
/// Does not read while as many of its requests are unanswered as may be: that pushes back.
async fn read(
    mut inlet: Inlet,
    connection: &Connection,
    limits: StreamLimits,
    to: &mpsc::Sender<FromConnection>,
) -> io::Result<End> {
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
                        return Ok(End::OtherEnd);
                    };
                    let connection = connection.clone();
                    let message = FromConnection::Message {
                        bytes,
                        connection,
                        permit,
                    };
                    if to.send(message).await.is_err() {
                        return Ok(End::OtherEnd);
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
        match timeout(wait, inlet.read_buf(&mut buffer)).await {
            Ok(Ok(0)) => {
                // It may still read: what it asked before is answered first.
                drop(timeout(limits.message, in_flight.acquire_many(ALL)).await);
                return Ok(End::OtherEnd);
            }
            Ok(read) => drop(read?),
            // What waits for its response is not idle.
            Err(_) if begun.is_none() && in_flight.available_permits() < IN_FLIGHT => {}
            Err(_) if begun.is_none() => return Ok(End::Idle),
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
) -> io::Result<End> {
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
    Ok(End::OtherEnd)
}

/// How long a connection stays open after its framing broke, so that answers get out.
const LAST_WORDS: Duration = Duration::from_millis(200);
