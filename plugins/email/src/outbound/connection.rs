//! A connection to a server: bytes and time; what is said stands in the codec's `Client`.

use std::{fmt, io, net::SocketAddr, time::Duration};

use rialto_email_codec::{
    Host,
    smtp::{CannotCarry, Client, ClientEvent, Delivery, Reply, ReplyError},
};
use rialto_sdk::tokio::{
    self,
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::{Instant, timeout, timeout_at},
};

use super::{NextHop, Server, tls::Connector};
use crate::{config::OutgoingTls, wire::Wire};

/// What all connections have in common.
#[derive(Debug)]
pub(crate) struct Dialler {
    pub(crate) hostname: rialto_email_codec::Domain,
    pub(crate) connector: Connector,
    /// For the server that they are for: SASL PLAIN in base64.
    pub(crate) credentials: Option<(NextHop, String)>,
    pub(crate) connect_timeout: Duration,
    pub(crate) reply_timeout: Duration,
}

/// A session that is ready for a message.
pub(crate) struct Connection {
    wire: Box<dyn Wire>,
    client: Client,
    reply_timeout: Duration,
    /// Until when the message under way must be answered.
    until: Instant,
    /// When it was used last.
    pub(crate) last: Instant,
}

/// Why a message was not taken, or may not have been.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// The server said so; the session goes on.
    #[error("the server answered {}", .0.code())]
    Refused(Reply),
    /// It cannot take such a message.
    #[error(transparent)]
    CannotCarry(#[from] CannotCarry),
    /// The server did not come as far as a message.
    #[error("the server answered {} before any mail", .0.code())]
    NotReady(Reply),
    /// TLS was not to be had.
    #[error("TLS with the server failed: {0}")]
    NoTls(#[source] io::Error),
    /// The server wants no more; the message was not taken.
    #[error("the server closed the session with {}", .0.code())]
    Closed(Reply),
    /// The connection ended, or there was none; the message was not sent to its end.
    #[error("the connection to the server failed: {0}")]
    Broken(#[source] io::Error),
    /// The connection ended after the message was written to its end.
    #[error("the connection ended before the answer: {0}")]
    Doubt(#[source] io::Error),
}

impl Dialler {
    /// Connects, greets, and turns TLS on where it shall be, all before `until`; `name` is whom the certificate must be for.
    pub(crate) async fn dial(
        &self,
        hop: &NextHop,
        name: &str,
        until: Instant,
    ) -> Result<Connection, SendError> {
        let connecting = async {
            match self.dial_with(hop, name, self.connector.mode).await {
                // Unencrypted is better than not at all, if anybody may listen anyway (RFC 7435 §4).
                Err(SendError::NoTls(_)) if self.connector.mode == OutgoingTls::Opportunistic => {
                    self.dial_with(hop, name, OutgoingTls::Off).await
                }
                dialled => dialled,
            }
        };
        let until = until.min(Instant::now() + self.connect_timeout);
        timeout_at(until, connecting)
            .await
            .unwrap_or_else(|_late| Err(SendError::Broken(io::ErrorKind::TimedOut.into())))
    }

    async fn dial_with(
        &self,
        hop: &NextHop,
        name: &str,
        tls: OutgoingTls,
    ) -> Result<Connection, SendError> {
        let stream = connect(hop).await.map_err(SendError::Broken)?;
        let _unwanted = stream.set_nodelay(true);
        let host = Host::Domain(self.hostname.clone());
        let mut connection = Connection {
            wire: Box::new(stream),
            client: Client::new(hop.protocol.into(), host),
            reply_timeout: self.reply_timeout,
            until: Instant::now() + self.connect_timeout,
            last: Instant::now(),
        };
        connection.ready().await?;
        connection.secure(&self.connector, name, tls).await?;
        if let Some((server, plain)) = &self.credentials
            && server == hop
        {
            connection.client.authenticate(plain);
            connection.ready().await?;
        }
        Ok(connection)
    }
}

async fn connect(hop: &NextHop) -> io::Result<TcpStream> {
    match &hop.server {
        Server::Address(address) => TcpStream::connect(SocketAddr::new(*address, hop.port)).await,
        Server::Name(name) => {
            let addresses: Vec<_> = lookup_host((name.as_str(), hop.port)).await?.collect();
            TcpStream::connect(addresses.as_slice()).await
        }
    }
}

/// Octets that are read at once.
const READ: usize = 4096;

/// How long goodbyes may take.
const COURTESY: Duration = Duration::from_secs(2);

impl Connection {
    /// Sends a message; a refusal leaves the connection usable, everything else ends it.
    pub(crate) async fn send(
        &mut self,
        delivery: Delivery,
        until: Instant,
    ) -> Result<(), SendError> {
        delivery.check(self.client.capabilities())?;
        self.until = until;
        self.client.deliver(delivery);
        let event = self.event().await;
        self.last = Instant::now();
        match event? {
            ClientEvent::Taken(_) => Ok(()),
            ClientEvent::Refused(reply) => Err(SendError::Refused(reply)),
            ClientEvent::Closed(reply) => Err(SendError::Closed(reply)),
            _ => Err(out_of_order()),
        }
    }

    /// Says goodbye, if the server listens.
    pub(crate) async fn quit(mut self) {
        self.client.quit();
        let goodbye = async {
            self.flush().await?;
            self.wire.shutdown().await
        };
        let _unsaid = timeout(COURTESY, goodbye).await;
    }

    /// Whether the server has said or done something since: then the connection is no good.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        let mut one = [0];
        // Nothing comes by itself but a goodbye.
        let polled = futures_now(self.wire.read(&mut one)).await;
        polled.is_none()
    }

    async fn ready(&mut self) -> Result<(), SendError> {
        match self.event().await? {
            ClientEvent::Ready => Ok(()),
            ClientEvent::Closed(reply) => Err(SendError::NotReady(reply)),
            _ => Err(out_of_order()),
        }
    }

    /// Turns TLS on, where it shall be.
    async fn secure(
        &mut self,
        connector: &Connector,
        name: &str,
        tls: OutgoingTls,
    ) -> Result<(), SendError> {
        let without = |why: String| Err(SendError::NoTls(io::Error::other(why)));
        match (tls, self.client.capabilities().starttls) {
            (OutgoingTls::Off, _) | (OutgoingTls::Opportunistic, false) => return Ok(()),
            (_, false) => return without("it offers none, and without it nothing is sent".into()),
            (_, true) => {}
        }
        match self.start_tls(connector, name).await {
            Err(SendError::NotReady(reply)) => without(format!("it answered {}", reply.code())),
            Err(SendError::Broken(why)) => Err(SendError::NoTls(why)),
            done => done,
        }
    }

    async fn start_tls(&mut self, connector: &Connector, name: &str) -> Result<(), SendError> {
        self.client.start_tls();
        match self.event().await? {
            ClientEvent::StartTls => {}
            ClientEvent::Closed(reply) => return Err(SendError::NotReady(reply)),
            _ => return Err(out_of_order()),
        }
        let (nothing, _) = tokio::io::duplex(1);
        let wire = std::mem::replace(&mut self.wire, Box::new(nothing));
        let wire = connector.connect(name, wire).await;
        self.wire = Box::new(wire.map_err(SendError::Broken)?);
        self.client.tls_started();
        self.ready().await
    }

    /// Moves bytes until something happened.
    async fn event(&mut self) -> Result<ClientEvent, SendError> {
        loop {
            if let Some(event) = self.client.poll_event() {
                return Ok(event);
            }
            let until = self.until.min(Instant::now() + self.reply_timeout);
            let moved = timeout_at(until, self.step()).await;
            let moved = moved.unwrap_or_else(|_late| Err(io::ErrorKind::TimedOut.into()));
            if let Err(error) = moved {
                return Err(self.broken(error));
            }
        }
    }

    /// Sends what is to be sent, and takes what comes next.
    async fn step(&mut self) -> io::Result<()> {
        self.flush().await?;
        let mut buffer = [0; READ];
        let count = self.wire.read(&mut buffer).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let came = buffer.get(..count).unwrap_or_default();
        let understood = |error: ReplyError| io::Error::new(io::ErrorKind::InvalidData, error);
        self.client.handle_bytes(came).map_err(understood)
    }

    async fn flush(&mut self) -> io::Result<()> {
        let output = self.client.take_output();
        if output.is_empty() {
            return Ok(());
        }
        self.wire.write_all(&output).await?;
        self.wire.flush().await
    }

    fn broken(&self, error: io::Error) -> SendError {
        if self.client.may_have_arrived() {
            SendError::Doubt(error)
        } else {
            SendError::Broken(error)
        }
    }
}

/// What a future yields without waiting.
async fn futures_now<F: Future>(future: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = std::future::ready(()) => None,
    }
}

fn out_of_order() -> SendError {
    let text = "the server's replies are out of order";
    SendError::Broken(io::Error::new(io::ErrorKind::InvalidData, text))
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
