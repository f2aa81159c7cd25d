//! The connection to the XMPP server: kept up, and made again when it breaks.

use std::future::Future;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rialto_sdk::tokio::io::{AsyncRead, AsyncWrite};
use rialto_sdk::tokio::net::{TcpStream, tcp};
use rialto_sdk::tokio::time::{Instant, sleep, timeout};

use crate::config::Config;
use crate::gateway::{Event, Gateway};
use crate::inbound::Inbound;
use crate::link::Link;
use crate::succession::Inherited;

mod backoff;
mod session;

use self::backoff::Backoff;
use self::session::Session;
pub(crate) use self::session::SessionEnd;

/// Opens the way to the server; tests open another.
pub(crate) trait Connect: Send + Sync + 'static {
    type Reader: AsyncRead + Send + Sync + Unpin;
    type Writer: WriteEnd + 'static;

    fn connect(&self) -> impl Future<Output = io::Result<(Self::Reader, Self::Writer)>> + Send;

    /// Goes on with the connection of an earlier version.
    fn adopt(&self, connection: OwnedFd) -> io::Result<(Self::Reader, Self::Writer)>;

    /// The connection of this end, for a later version.
    fn keep(reader: &Self::Reader) -> io::Result<OwnedFd>;
}

/// The writing end of a connection.
pub(crate) trait WriteEnd: AsyncWrite + Send + Unpin {
    /// Drops it without a word to the other side: somebody else writes on.
    fn forget(self: Box<Self>);
}

impl WriteEnd for tcp::OwnedWriteHalf {
    fn forget(self: Box<Self>) {
        Self::forget(*self);
    }
}

/// Connects by TCP.
#[derive(Debug)]
pub(crate) struct Tcp {
    pub(crate) endpoint: String,
}

impl Connect for Tcp {
    type Reader = tcp::OwnedReadHalf;
    type Writer = tcp::OwnedWriteHalf;

    async fn connect(&self) -> io::Result<(Self::Reader, Self::Writer)> {
        let stream = TcpStream::connect(&self.endpoint).await?;
        // Batches are ours to make; Nagle's algorithm adds 40 ms to them.
        stream.set_nodelay(true)?;
        Ok(stream.into_split())
    }

    fn adopt(&self, connection: OwnedFd) -> io::Result<(Self::Reader, Self::Writer)> {
        let stream = std::net::TcpStream::from(connection);
        stream.set_nonblocking(true)?;
        Ok(TcpStream::from_std(stream)?.into_split())
    }

    fn keep(reader: &Self::Reader) -> io::Result<OwnedFd> {
        reader.as_ref().as_fd().try_clone_to_owned()
    }
}

/// Keeps one component connected until the task that runs it is dropped.
#[derive(Debug)]
pub(crate) struct Connection<C, G> {
    pub(crate) connect: C,
    pub(crate) config: Arc<Config>,
    pub(crate) link: Arc<Link>,
    pub(crate) inbound: Inbound<G>,
    pub(crate) gateway: G,
    /// The stream of an earlier version, which comes first.
    pub(crate) inherited: Option<Inherited>,
}

impl<C: Connect, G: Gateway> Connection<C, G> {
    /// Runs until the link is stopped, or at the latest until `stopping` resolves.
    pub(crate) async fn run_until(self, stopping: impl Future<Output = ()>) {
        let link = Arc::clone(&self.link);
        rialto_sdk::tokio::select! {
            () = self.run() => {}
            () = stopping => {}
        }
        link.ended();
    }

    /// Connects, serves, connects again, until the link is stopped.
    pub(crate) async fn run(mut self) {
        let mut inherited = self.inherited.take();
        let mut backoff = Backoff::new(self.config.reconnect_min(), self.config.reconnect_max());
        loop {
            let end = self.once(&mut backoff, inherited.take()).await;
            if self.link.is_stopping() {
                return;
            }
            let wait = backoff.next(rand::random());
            self.gateway.event(Event::Disconnected {
                end: &end,
                retry: wait,
            });
            self.link.has_tried();
            rialto_sdk::tokio::select! {
                () = sleep(wait) => {}
                () = self.link.stopped() => return,
            }
        }
    }

    async fn once(&self, backoff: &mut Backoff, inherited: Option<Inherited>) -> SessionEnd {
        let opened = timeout(self.config.connect_timeout(), self.open(inherited)).await;
        let session = match opened.unwrap_or(Err(SessionEnd::ConnectTimeout)) {
            Ok(session) => session,
            Err(end) => return end,
        };
        let begin = Instant::now();
        // However this ends, also by being dropped, whoever waits is answered.
        let _lost = Lost(&self.link);
        // Before anybody is told that there is one: what was heard on the last stream is asked again.
        self.inbound.stream_began();
        let session = session.join();
        // Not before messages are taken: whoever hears of it may send one at once.
        self.gateway.event(Event::Connected);
        self.link.has_tried();
        let end = session.serve().await;
        backoff.held(begin.elapsed());
        end
    }

    async fn open(&self, inherited: Option<Inherited>) -> Result<Session<'_, C, G>, SessionEnd> {
        if let Some(Inherited { connection, read }) = inherited {
            let ends = self.connect.adopt(connection).map_err(SessionEnd::Io)?;
            return Session::resume(ends, read, self);
        }
        let (reader, writer) = self.connect.connect().await.map_err(SessionEnd::Io)?;
        Session::open(reader, writer, self).await
    }
}

/// Answers all that waits when the stream is gone.
#[derive(Debug)]
struct Lost<'a>(&'a Link);

impl Drop for Lost<'_> {
    fn drop(&mut self) {
        self.0.lost();
    }
}

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;
