//! Datagrams that came back: the ICMP errors of one UDP socket.

use std::{
    fmt,
    future::Future,
    io::{self, IoSliceMut},
    net::{SocketAddr, UdpSocket},
    os::fd::{AsRawFd, RawFd},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use nix::{
    cmsg_space, libc,
    sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt},
};
use tokio::io::{Interest, unix::AsyncFd};

type Waiting = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// Reads the error queue of a socket, where the system puts what could not be delivered.
///
/// RFC 3261 §18.4 wants the sender of a request to know at once, not after Timer F.
pub(super) struct Bounced {
    socket: Arc<AsyncFd<UdpSocket>>,
    waiting: Waiting,
}

impl Bounced {
    /// Switches the error queue on.
    pub(super) fn new(socket: &Arc<AsyncFd<UdpSocket>>, local: SocketAddr) -> io::Result<Self> {
        if local.is_ipv4() {
            setsockopt(socket, sockopt::Ipv4RecvErr, &true)?;
        } else {
            setsockopt(socket, sockopt::Ipv6RecvErr, &true)?;
        }
        Ok(Self {
            socket: Arc::clone(socket),
            waiting: wait(Arc::clone(socket)),
        })
    }

    /// Gives the beginnings of datagrams whose destination cannot be reached.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        bounced: &mut Vec<Bytes>,
    ) -> Poll<io::Result<()>> {
        let waited = ready!(self.waiting.as_mut().poll(context));
        self.waiting = wait(Arc::clone(&self.socket));
        waited?;
        let fd = self.socket.as_raw_fd();
        for _ in 0..MOST_AT_ONCE {
            match self.socket.try_io(Interest::ERROR, |_| read_queue(fd)) {
                Ok(Some(datagram)) => bounced.push(datagram),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for Bounced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Bounced").finish_non_exhaustive()
    }
}

fn wait(socket: Arc<AsyncFd<UdpSocket>>) -> Waiting {
    Box::pin(async move { socket.ready(Interest::ERROR).await.map(drop) })
}

/// Takes one error; `None` for one that does not say that nobody is there.
fn read_queue(fd: RawFd) -> io::Result<Option<Bytes>> {
    let mut buffer = [0; QUOTED];
    let mut slices = [IoSliceMut::new(&mut buffer)];
    let mut control = cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let error = recvmsg::<SockaddrStorage>(fd, &mut slices, Some(&mut control), flags)?;
    let is_unreachable = error.cmsgs()?.any(|message| match message {
        ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
            UNREACHABLE.contains(&error.ee_errno)
        }
        _ => false,
    });
    let length = error.bytes;
    Ok(is_unreachable.then(|| Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default())))
}

const UNREACHABLE: [u32; 3] = [
    libc::ECONNREFUSED as u32,
    libc::EHOSTUNREACH as u32,
    libc::ENETUNREACH as u32,
];
/// More than any ICMP error quotes that has room for our Via.
const QUOTED: usize = 1500;
const MOST_AT_ONCE: usize = 64;
