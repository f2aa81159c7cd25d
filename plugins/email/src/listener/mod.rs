//! Mail that comes in: sockets, sessions, decisions.

mod acceptor;
mod answers;
mod conversation;
mod places;
mod policy;
mod reception;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use rialto_email_codec::smtp::Protocol;
use rialto_sdk::{
    Error, Result, Succession, Tasks,
    tokio::{
        self,
        net::{TcpListener, TcpStream},
        sync::watch,
    },
    tracing,
};

pub(crate) use acceptor::Acceptor;
pub(crate) use places::Places;
pub(crate) use policy::Client;
pub(crate) use reception::Reception;

use crate::config::ListenAddress;

/// A socket that mail comes in by.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    protocol: Protocol,
}

/// What all sessions share.
#[derive(Debug)]
pub(crate) struct Entrance {
    pub(crate) reception: Reception,
    pub(crate) places: Arc<Places>,
    pub(crate) acceptor: Option<Acceptor>,
    /// Whether another version has taken the sockets over; each session hears it.
    pub(crate) makes_way: watch::Sender<bool>,
}

impl Entrance {
    /// Has sessions end: each with the message that is under way in it. Returns when all have.
    pub(crate) async fn make_way(&self) {
        self.makes_way.send_replace(true);
        self.makes_way.closed().await;
    }
}

/// A wait after the system has refused a connection, as when there are no descriptors left.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

impl Listener {
    /// Opens a socket.
    pub(crate) fn open(listen: &ListenAddress, succession: Succession) -> Result<Self> {
        let socket = succession.listen(listen.address).map_err(|error| {
            Error::config(format!("listen: {listen} cannot be opened")).with_source(error)
        })?;
        Ok(Self {
            socket,
            protocol: listen.protocol,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Takes connections until the adapter stops.
    pub(crate) async fn run(self, entrance: Arc<Entrance>, tasks: Tasks) {
        let stopping = tasks.stopping();
        tokio::pin!(stopping);
        loop {
            let accepted = tokio::select! {
                () = &mut stopping => return,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer, &entrance, &tasks),
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(AFTER_REFUSAL).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr, entrance: &Arc<Entrance>, tasks: &Tasks) {
        let host = entrance.reception.host();
        let Some(place) = entrance.places.enter(peer.ip()) else {
            host.count("rialto_email_sessions_refused_total", 1);
            // Without waiting: whoever is not let in costs nothing.
            let _unsent = stream.try_write(TOO_MANY_SESSIONS);
            return;
        };
        host.count("rialto_email_sessions_total", 1);
        let _unwanted = stream.set_nodelay(true);
        let (entrance, protocol) = (Arc::clone(entrance), self.protocol);
        let ends = (tasks.stopping(), entrance.makes_way.subscribe());
        tasks.spawn("session", async move {
            let client = Client::new(peer.ip(), entrance.reception.config());
            let session = conversation::run(stream, protocol, client, &entrance, ends);
            if let Err(error) = session.await {
                tracing::debug!(%error, peer.addr = %peer, "a session broke off");
            }
            drop(place);
        });
    }
}

const TOO_MANY_SESSIONS: &[u8] = b"421 4.7.0 too many sessions\r\n";
