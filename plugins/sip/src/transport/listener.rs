//! Listeners of TCP and TLS, and the count of connections.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rialto_sdk::{Succession, tracing};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::timeout,
};

use super::{
    connection::{Connection, FromConnection, OtherEnd, StreamLimits, serve},
    tls::Tls,
    wire::plain,
};
use crate::gateway::Gateway;

/// Numbers connections and bounds how many there are.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    next: Arc<AtomicU64>,
    free: Arc<Semaphore>,
}

impl Connections {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            // A number stands in references, which outlive the process: that of another one is none of this one's.
            next: Arc::new(AtomicU64::new(rand::random())),
            free: Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS))),
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Takes a place, if there is one.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }
}

/// Opens a listening socket.
pub(crate) fn bind_tcp(address: SocketAddr, succession: Succession) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A restart must not wait for connections of the run before.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    succession.prepare(&socket)?;
    socket.bind(&SockAddr::from(address))?;
    socket.listen(BACKLOG)?;
    succession.share(&socket)?;
    TcpListener::from_std(socket.into())
}

/// Where connections come in.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    /// Over TLS, what is shown to those who connect.
    pub(crate) tls: Option<Tls>,
}

/// Accepts connections until the adapter stops; leaves them waiting while there are too many.
pub(crate) async fn accept<G: Gateway>(
    listener: Listener,
    gateway: G,
    connections: Connections,
    limits: StreamLimits,
    to: mpsc::Sender<FromConnection>,
) {
    while let Ok(place) = Arc::clone(&connections.free).acquire_owned().await {
        match listener.socket.accept().await {
            Ok((stream, peer)) => {
                let number = connections.number();
                let (tls, to) = (listener.tls.clone(), to.clone());
                gateway.spawn("sip connection", async move {
                    welcome(number, (stream, peer), tls, limits, to).await;
                    drop(place);
                });
            }
            Err(error) => {
                // Mostly no descriptors left: those that close make room.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Serves who has connected, once it is known who that is.
async fn welcome(
    number: u64,
    (stream, address): (TcpStream, SocketAddr),
    tls: Option<Tls>,
    limits: StreamLimits,
    to: mpsc::Sender<FromConnection>,
) {
    let (domains, halves) = match tls {
        None => (None, plain(stream)),
        Some(tls) => match timeout(limits.connect, tls.accept(stream)).await {
            Ok(Ok((domains, halves))) => (Some(domains), halves),
            Ok(Err(error)) => {
                return tracing::debug!(peer.addr = %address, %error, "there is no TLS with a client");
            }
            Err(_) => {
                return tracing::debug!(peer.addr = %address, "a client's handshake took too long");
            }
        },
    };
    let (connection, writer) = Connection::new(number, OtherEnd { address, domains });
    serve(halves, connection, writer, limits, to).await;
}

const BACKLOG: i32 = 1024;
const PAUSE: Duration = Duration::from_millis(100);
