//! A stream of bytes, as it is or inside TLS, in two halves.

use std::{
    io::{self, IoSlice},
    sync::Arc,
};

use bytes::BytesMut;
use rialto_sdk::tracing;
use tokio::{
    io::AsyncReadExt as _,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::tls::Session;

/// What is read.
#[derive(Debug)]
pub(crate) enum Inlet {
    Plain(OwnedReadHalf),
    Secured(OwnedReadHalf, Arc<Session>),
}

/// What is written to, by any thread.
#[derive(Debug)]
pub(crate) enum Outlet {
    Plain(OwnedWriteHalf),
    Secured(Arc<Session>),
}

/// Both halves of a connection as it is.
pub(super) fn plain(stream: TcpStream) -> (Inlet, Outlet) {
    hurry(&stream);
    let (reads, writes) = stream.into_split();
    (Inlet::Plain(reads), Outlet::Plain(writes))
}

/// Both halves of a connection whose handshake is done.
pub(super) fn secured(
    stream: TcpStream,
    connection: impl Into<rustls::Connection>,
) -> (Inlet, Outlet) {
    let (reads, writes) = stream.into_split();
    let session = Arc::new(Session::new(connection.into(), writes));
    let inlet = Inlet::Secured(reads, Arc::clone(&session));
    (inlet, Outlet::Secured(session))
}

/// Responses are small and awaited: never held back for more to come.
pub(super) fn hurry(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
}

impl Inlet {
    /// Appends what comes next; 0 at the end. Nothing is lost when the wait for it is given up.
    pub(super) async fn read_buf(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read_buf(buffer).await,
            Self::Secured(stream, session) => loop {
                // Whoever sends without end leaves others their turn, as over plain TCP.
                tokio::task::consume_budget().await;
                if let Some(read) = session.receive(stream, buffer)? {
                    return Ok(read);
                }
                stream.readable().await?;
            },
        }
    }
}

impl Outlet {
    /// Writes what the peer takes at once. After an error that says that it takes nothing now, the next call begins with the same bytes.
    pub(super) fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.try_write_vectored(slices),
            Self::Secured(session) => session.send(slices),
        }
    }

    /// Waits until the peer may take more.
    pub(super) async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.writable().await,
            Self::Secured(session) => session.writable().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin, task::Poll};

    use tokio::{io::AsyncWriteExt as _, net::TcpListener};

    use super::*;
    use crate::tests::authority::Authority;

    #[tokio::test]
    async fn peer_that_sends_without_end_over_tls_leaves_others_their_turn() {
        const RECORDS: usize = 160;
        let authority = Authority::new();
        let tls = authority.certify("gw.example").tls(&authority);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap());
        let (stream, accepted) = tokio::join!(stream, listener.accept());
        let secured = authority.secure(stream.unwrap(), "gw.example", None);
        let (mut peer, accepted) = tokio::join!(secured, tls.accept(accepted.unwrap().0));
        let (_, (mut inlet, _outlet)) = accepted.unwrap();
        peer.get_ref().0.set_nodelay(true).unwrap();
        for _ in 0..RECORDS {
            peer.write_all(b"x").await.unwrap();
        }
        peer.flush().await.unwrap();
        let mut buffer = BytesMut::new();
        // All has come; from now on that is known.
        inlet.read_buf(&mut buffer).await.unwrap();
        let mut reading = pin!(async {
            while buffer.len() < RECORDS {
                inlet.read_buf(&mut buffer).await.unwrap();
            }
        });
        let had_enough = poll_fn(|context| Poll::Ready(reading.as_mut().poll(context).is_ready()));
        assert!(!had_enough.await, "others have waited for all of it");
        reading.await;
    }
}
