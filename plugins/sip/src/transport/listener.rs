//! TCP listeners, and the count of connections.

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
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
};

use super::connection::{Connection, FromConnection, StreamLimits, serve};
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
            next: Arc::default(),
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

/// Accepts connections until the adapter stops; leaves them waiting while there are too many.
pub(crate) async fn accept<G: Gateway>(
    listener: TcpListener,
    gateway: G,
    connections: Connections,
    limits: StreamLimits,
    to: mpsc::Sender<FromConnection>,
) {
    while let Ok(place) = Arc::clone(&connections.free).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (connection, writer) = Connection::new(connections.number(), peer);
                let to = to.clone();
                gateway.spawn("sip tcp connection", async move {
                    serve(stream, connection, writer, limits, to).await;
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

const BACKLOG: i32 = 1024;
const PAUSE: Duration = Duration::from_millis(100);
