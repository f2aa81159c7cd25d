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
