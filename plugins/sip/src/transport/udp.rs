//! One UDP socket.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    ops::Range,
    os::fd::AsRawFd,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{BufMut, Bytes, BytesMut};
use rialto_sdk::{Succession, tracing};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::io::{Interest, unix::AsyncFd};

use super::{
    bounced::Bounced,
    mmsg::{self, BATCH},
};

/// A datagram that has arrived.
#[derive(Clone, Debug)]
pub(crate) struct Datagram {
    pub(crate) bytes: Bytes,
    pub(crate) source: SocketAddr,
}

/// A UDP socket with what it received last and what it sends next.
#[derive(Debug)]
pub(crate) struct UdpPort {
    socket: Arc<AsyncFd<UdpSocket>>,
    bounced: Bounced,
    local: SocketAddr,
    /// Chunks to receive into, each longer than the longest message.
    buffers: Vec<u8>,
    stride: usize,
    /// Where received datagrams are copied to, so that they can be shared.
    arena: BytesMut,
    /// What goes out with the next flush.
    outgoing: BytesMut,
    destinations: Vec<(Range<usize>, SocketAddr)>,
}

impl UdpPort {
    /// Opens a socket; messages longer than `max_message` arrive cut one byte above that.
    pub(crate) fn bind(
        address: SocketAddr,
        max_message: usize,
        succession: Succession,
    ) -> io::Result<Self> {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        if address.is_ipv6() {
            // So that an IPv4 socket can have the same port.
            socket.set_only_v6(true)?;
        }
        // Best effort: the system caps both, and a small buffer works until it overflows.
        for (which, result) in [
            ("receive", socket.set_recv_buffer_size(SOCKET_BUFFER)),
            ("send", socket.set_send_buffer_size(SOCKET_BUFFER)),
        ] {
            if let Err(error) = result {
                tracing::debug!(buffer = which, %error, "a socket's buffer stays as it is");
            }
        }
        socket.set_nonblocking(true)?;
        succession.prepare(&socket)?;
        socket.bind(&SockAddr::from(address))?;
        succession.share(&socket)?;
        let socket = UdpSocket::from(socket);
        let local = socket.local_addr()?;
        let socket = Arc::new(watched(socket)?);
        // An odd number of cache lines, so that the heads of all chunks do not share one set.
        let stride =
            (max_message.min(LONGEST_DATAGRAM) + 1).next_multiple_of(CACHE_LINE) + CACHE_LINE;
        Ok(Self {
            bounced: Bounced::new(&socket, local)?,
            socket,
            local,
            buffers: vec![0; stride * BATCH],
            stride,
            arena: BytesMut::new(),
            outgoing: BytesMut::with_capacity(BATCH * TYPICAL_RESPONSE),
            destinations: Vec::with_capacity(BATCH),
        })
    }

    pub(crate) const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Appends what has arrived, up to a batch of it.
    pub(crate) fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        arrived: &mut Vec<Datagram>,
    ) -> Poll<io::Result<()>> {
        loop {
            drop(ready!(self.socket.poll_read_ready(context))?);
            let fd = self.socket.as_raw_fd();
            let (is_ipv4, stride) = (self.local.is_ipv4(), self.stride);
            let buffers = &mut self.buffers;
            let received = self.socket.try_io(Interest::READABLE, |_| {
                mmsg::receive(fd, is_ipv4, buffers, stride).map_err(io::Error::from)
            });
            match received {
                Ok(arrivals) => {
                    self.share(&arrivals, arrived);
                    if arrivals.iter().any(Option::is_none) {
                        self.wait_for_more();
                    }
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Notes that all was read, which spares the call that would only find that out.
    ///
    /// What came in the meantime the system reports anew.
    fn wait_for_more(&self) {
        let emptied = |_: &_| Err::<(), _>(io::ErrorKind::WouldBlock.into());
        drop(self.socket.try_io(Interest::READABLE, emptied));
    }

    /// Appends the beginnings of own datagrams that could not be delivered.
    pub(crate) fn poll_bounced(
        &mut self,
        context: &mut Context<'_>,
        bounced: &mut Vec<Bytes>,
    ) -> Poll<io::Result<()>> {
        self.bounced.poll(context, bounced)
    }

    /// Queues a datagram that `write` appends; nothing when it fails.
    pub(crate) fn queue<E>(
        &mut self,
        to: SocketAddr,
        write: impl FnOnce(&mut BytesMut) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.outgoing.len();
        write(&mut self.outgoing)?;
        self.destinations.push((start..self.outgoing.len(), to));
        Ok(())
    }

    /// Sends all that is queued; says how many were lost, and shows `unsendable` those of them that
    /// will never go out: there is no way to their destination, or it may not be taken.
    ///
    /// What a full socket does not take is lost, as datagrams are: retransmission makes up for it.
    pub(crate) fn flush(&mut self, mut unsendable: impl FnMut(&[u8])) -> usize {
        let (mut at, mut lost, mut failures) = (0, 0, 0);
        let fd = self.socket.as_raw_fd();
        while let Some(rest) = self.destinations.get(at..).filter(|rest| !rest.is_empty()) {
            let outgoing = &self.outgoing;
            let datagrams = rest
                .iter()
                .map(|(range, to)| (outgoing.get(range.clone()).unwrap_or_default(), *to));
            match mmsg::send(fd, self.local.is_ipv4(), datagrams.clone()) {
                Ok(sent) => (at, failures) = (at + sent.max(1), 0),
                Err(error) if is_full(error) => {
                    lost += rest.len();
                    break;
                }
                // The error of an earlier datagram shows once; sending again is sound.
                Err(_) if failures < SPURIOUS_FAILURES => failures += 1,
                // The first of the rest is what failed.
                Err(_) => {
                    datagrams.take(1).for_each(|(bytes, _)| unsendable(bytes));
                    (at, lost, failures) = (at + 1, lost + 1, 0);
                }
            }
        }
        self.destinations.clear();
        self.outgoing.clear();
        lost
    }

    /// Copies datagrams out of the buffers; one allocation serves many of them.
    fn share(&mut self, arrivals: &mmsg::Arrivals, arrived: &mut Vec<Datagram>) {
        for (chunk, arrival) in self.buffers.chunks(self.stride).zip(arrivals) {
            let Some((length, source)) = *arrival else {
                break;
            };
            let bytes = chunk.get(..length).unwrap_or(chunk);
            if self.arena.capacity() - self.arena.len() < bytes.len() {
                self.arena = BytesMut::with_capacity(ARENA.max(bytes.len()));
            }
            self.arena.put_slice(bytes);
            arrived.push(Datagram {
                bytes: self.arena.split().freeze(),
                source,
            });
        }
    }
}

/// Watches a socket, but not for room to write: the system would tell of each datagram that it has
/// passed on.
#[expect(
    deprecated,
    reason = "its successor is unsafe, for sources whose descriptor may change; this one's does not"
)]
fn watched(socket: UdpSocket) -> io::Result<AsyncFd<UdpSocket>> {
    AsyncFd::with_interest(socket, Interest::READABLE | Interest::ERROR)
}

/// Whether the socket, or the queue behind it, has no room now.
const fn is_full(error: nix::Error) -> bool {
    use nix::Error;
    matches!(error, Error::EAGAIN | Error::ENOBUFS | Error::ENOMEM)
}

const SOCKET_BUFFER: usize = 4 * 1024 * 1024;
/// How many errors of earlier datagrams may come between.
const SPURIOUS_FAILURES: usize = 3;
const CACHE_LINE: usize = 64;
const ARENA: usize = 64 * 1024;

/// No datagram is longer (RFC 768).
const LONGEST_DATAGRAM: usize = u16::MAX as usize;
const TYPICAL_RESPONSE: usize = 512;
