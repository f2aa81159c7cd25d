//! One stream to the server, from its header to its end.

use std::future::pending;
use std::io;
use std::time::Duration;

use rialto_sdk::tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use rialto_sdk::tokio::time::{sleep_until, timeout};
use rialto_xmpp_codec::{
    ComponentStream, Handshake, HandshakeError, HandshakeProgress, ReadError, StreamError,
    StreamEvent,
};

use super::{Connect, Connection};
use crate::config::Config;
use crate::gateway::{Event, Gateway, Ignored};
use crate::line::{Due, Line, PingTimes};
use crate::outbox::PingTemplate;
use crate::succession::{Read, legacy};

/// Bytes that are read at once.
const BATCH: usize = 64 * 1024;

/// Is a stream on which the server accepted the component.
#[derive(Debug)]
pub(super) struct Session<'a, C: Connect, G> {
    connection: &'a Connection<C, G>,
    reader: C::Reader,
    writer: C::Writer,
    stream: ComponentStream,
    read: Read,
}

/// Is a stream to which messages may be written.
#[derive(Debug)]
pub(super) struct Joined<'a, C: Connect, G> {
    connection: &'a Connection<C, G>,
    reader: C::Reader,
    stream: ComponentStream,
    read: Read,
}

/// Says why a connection ended, or could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionEnd {
    /// The operating system says so.
    #[error("the connection failed")]
    Io(#[source] io::Error),
    /// Connecting and the handshake took too long.
    #[error("the server did not accept the component in time")]
    ConnectTimeout,
    /// The server refused the component.
    #[error("the handshake failed")]
    Handshake(#[from] HandshakeError),
    /// The server closed the stream.
    #[error("the server closed the stream")]
    Closed,
    /// The server ended the stream for a reason.
    #[error("the server ended the stream: {0}")]
    StreamError(StreamError),
    /// The server sent what cannot be understood.
    #[error("the server's stream cannot be read")]
    Unreadable(#[source] ReadError),
    /// The server did not answer a ping.
    #[error("the server did not answer a ping in time")]
    PingTimeout,
    /// The server stopped reading.
    #[error("the server takes no more bytes")]
    Stalled,
    /// The adapter stops.
    #[error("the adapter stops")]
    Stopped,
    /// Another version goes on with the stream.
    #[error("the stream is left to another version")]
    Left,
}

impl<'a, C: Connect, G: Gateway> Session<'a, C, G> {
    /// Does the handshake.
    pub(super) async fn open(
        mut reader: C::Reader,
        mut writer: C::Writer,
        connection: &'a Connection<C, G>,
    ) -> Result<Self, SessionEnd> {
        let config = &connection.config;
        let (mut input, mut out) = (vec![0; BATCH], Vec::new());
        let mut handshake = handshake(config, &mut out)?;
        let mut read = Read::default();
        loop {
            writer.write_all(&out).await.map_err(SessionEnd::Io)?;
            out.clear();
            let count = reader.read(&mut input).await.map_err(SessionEnd::Io)?;
            let came = input.get(..count).unwrap_or_default();
            if came.is_empty() {
                return Err(SessionEnd::Closed);
            }
            let mut rest = came;
            let progress = handshake.read(&mut rest, &mut out)?;
            let (opening, rest) = came.split_at(came.len() - rest.len());
            read.opening.extend_from_slice(opening);
            match progress {
                HandshakeProgress::Pending(pending) => handshake = pending,
                HandshakeProgress::Done(stream) => {
                    read.begun = rest.to_vec();
                    return Ok(Self {
                        connection,
                        reader,
                        writer,
                        stream,
                        read,
                    });
                }
            }
        }
    }

    /// Goes on with a stream whose handshake an earlier version has done.
    pub(super) fn resume(
        (reader, writer): (C::Reader, C::Writer),
        read: Read,
        connection: &'a Connection<C, G>,
    ) -> Result<Self, SessionEnd> {
        let mut said = Vec::new(); // long ago
        let handshake = handshake(&connection.config, &mut said)?;
        match handshake.read(&mut read.opening.as_slice(), &mut said)? {
            HandshakeProgress::Done(stream) => Ok(Self {
                connection,
                reader,
                writer,
                stream,
                read,
            }),
            HandshakeProgress::Pending(_) => Err(SessionEnd::Closed),
        }
    }

    /// Lets messages be queued for this stream.
    pub(super) fn join(self) -> Joined<'a, C, G> {
        let pings = PingTemplate {
            from: self.connection.config.domain().as_str().into(),
            to: self.connection.config.server().into(),
            secret: rand::random(),
        };
        let times = PingTimes {
            interval: self.connection.config.ping_interval(),
            timeout: self.connection.config.ping_timeout(),
        };
        let line = Line::new(Box::new(self.writer), times);
        let stanzas = self.stream.writer();
        self.connection.link.connected(line, stanzas, pings);
        Joined {
            connection: self.connection,
            reader: self.reader,
            stream: self.stream,
            read: self.read,
        }
    }
}

impl<C: Connect, G: Gateway> Joined<'_, C, G> {
    /// Reads and writes until the stream ends.
    pub(super) async fn serve(self) -> SessionEnd {
        let Self {
            connection,
            mut reader,
            mut stream,
            read: mut so_far,
        } = self;
        let farewell = stream.writer();
        let end = rialto_sdk::tokio::select! {
            end = read(connection, &mut reader, &mut stream, &mut so_far) => end,
            end = write(connection) => end,
        };
        let mut last = Vec::new();
        match &end {
            SessionEnd::Left => {
                leave(connection, &reader, &so_far);
                return end;
            }
            SessionEnd::Unreadable(error) => {
                // It has no text, so nothing in it can be unwritable.
                farewell
                    .write_error(&error.condition().into(), &mut last)
                    .unwrap_or_default();
            }
            SessionEnd::Io(_) | SessionEnd::Stalled => return end,
            _ => farewell.write_end(&mut last),
        }
        // A courtesy: whoever does not take it is gone anyway.
        if let Some(mut writer) = connection.link.hang_up() {
            drop(timeout(FAREWELL, goodbye(&mut writer, &last)).await);
        }
        end
    }
}

/// Leaves a stream of which all is written, and nothing read beyond what is known here.
fn leave<C: Connect, G: Gateway>(connection: &Connection<C, G>, reader: &C::Reader, read: &Read) {
    let link = &connection.link;
    let kept = C::keep(reader).ok();
    if let (Some(kept), Some(writer)) = (kept, link.hang_up()) {
        writer.forget();
        link.left(legacy(kept, read, &connection.config));
    }
}

fn handshake(config: &Config, out: &mut Vec<u8>) -> Result<Handshake, HandshakeError> {
    let (domain, secret) = (config.domain().as_str(), config.secret());
    Handshake::start(domain, secret, config.limits(), out)
}

const FAREWELL: Duration = Duration::from_secs(1);

async fn goodbye(writer: &mut (impl AsyncWrite + Unpin), last: &[u8]) -> io::Result<()> {
    writer.write_all(last).await?;
    writer.shutdown().await
}

async fn read<C: Connect, G: Gateway>(
    connection: &Connection<C, G>,
    reader: &mut C::Reader,
    stream: &mut ComponentStream,
    so_far: &mut Read,
) -> SessionEnd {
    let begun = std::mem::take(&mut so_far.begun);
    if let Err(end) = take(connection, stream, so_far, &begun).await {
        return end;
    }
    let mut buffer = vec![0; BATCH];
    loop {
        connection.inbound.pace().await;
        let count = rialto_sdk::tokio::select! {
            count = reader.read(&mut buffer) => count,
            () = connection.link.leaving() => {
                connection.link.pause();
                return pending().await; // until all is written
            }
        };
        let count = match count {
            Ok(0) => return SessionEnd::Closed,
            Ok(count) => count,
            Err(error) => return SessionEnd::Io(error),
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        if let Err(end) = take(connection, stream, so_far, bytes).await {
            return end;
        }
    }
}

async fn take<C: Connect, G: Gateway>(
    connection: &Connection<C, G>,
    stream: &mut ComponentStream,
    so_far: &mut Read,
    mut bytes: &[u8],
) -> Result<(), SessionEnd> {
    let mut begun = bytes;
    while let Some(event) = stream.read(&mut bytes).map_err(SessionEnd::Unreadable)? {
        begun = bytes;
        so_far.begun.clear();
        match event {
            StreamEvent::Stanza(stanza) => connection.inbound.take(stanza).await,
            StreamEvent::Refused(refused) => connection.inbound.refused(refused).await,
            StreamEvent::Error(error) => return Err(SessionEnd::StreamError(error)),
            StreamEvent::End => return Err(SessionEnd::Closed),
            _ => connection.gateway.event(Event::Ignored(Ignored::Element)),
        }
    }
    so_far.go_on(begun);
    Ok(())
}

/// Writes what is queued, one batch at a time, and pings when the stream has been idle.
async fn write<C: Connect, G: Gateway>(connection: &Connection<C, G>) -> SessionEnd {
    let (link, config) = (&connection.link, &connection.config);
    loop {
        match timeout(config.ping_timeout(), link.write()).await {
            // No ping is late meanwhile: its answer may stand behind questions that are not read
            // before there is room for their answers.
            Ok(Ok(true)) => continue,
            Ok(Ok(false)) => {}
            Ok(Err(error)) => return SessionEnd::Io(error),
            Err(_) => return SessionEnd::Stalled,
        }
        if connection.inbound.is_idle() {
            if link.is_left() {
                return SessionEnd::Left;
            }
            if link.outbox().is_stopped() {
                return SessionEnd::Stopped;
            }
        }
        match link.look() {
            Some(Due::At(due)) => {
                rialto_sdk::tokio::select! {
                    () = link.work() => {}
                    () = sleep_until(due) => {}
                }
            }
            Some(Due::Pinged) => {}
            Some(Due::TimedOut) => return SessionEnd::PingTimeout,
            None => return SessionEnd::Closed,
        }
    }
}
