//! TLS on a stream, for a reader and many writers.
//!
//! Whoever writes encrypts and sends on its own thread, as over plain TCP; nothing is locked while something is awaited.

use std::{
    fmt,
    io::{self, BufRead as _, IoSlice, Read, Write},
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::BytesMut;
use rustls::Connection;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// A connection whose handshake is done.
pub(crate) struct Session {
    state: Mutex<State>,
    stream: OwnedWriteHalf,
}

struct State {
    connection: Connection,
    /// How much of what was given last is encrypted, and not all sent.
    encrypted: usize,
}

impl Session {
    pub(crate) fn new(connection: Connection, stream: OwnedWriteHalf) -> Self {
        let state = Mutex::new(State {
            connection,
            encrypted: 0,
        });
        Self { state, stream }
    }

    /// Encrypts and sends; says how much was sent whole.
    ///
    /// After an error that says that the peer takes nothing now, the next call begins with the same bytes, which are encrypted already.
    pub(crate) fn send(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut state = self.lock();
        self.push(&mut state)?;
        if state.encrypted == 0 {
            state.encrypted = state.connection.writer().write_vectored(slices)?;
            self.push(&mut state)?;
        }
        Ok(mem::take(&mut state.encrypted))
    }

    /// Waits until the peer may take more.
    pub(crate) async fn writable(&self) -> io::Result<()> {
        self.stream.writable().await
    }

    /// Appends what has come, decrypted: 0 at the end, `None` when nothing has come yet. Reads once, as a peer may send records that hold nothing, without end.
    pub(crate) fn receive(
        &self,
        stream: &OwnedReadHalf,
        buffer: &mut BytesMut,
    ) -> io::Result<Option<usize>> {
        let mut state = self.lock();
        if let Some(taken) = take(&mut state.connection, buffer)? {
            return Ok(Some(taken));
        }
        match state.connection.read_tls(&mut Reads(stream)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        }
        let processed = state.connection.process_new_packets();
        // What TLS itself has to say: an alert, or that it takes a new key.
        match self.push(&mut state) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
        processed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        take(&mut state.connection, buffer)
    }

    /// Sends what is encrypted.
    fn push(&self, state: &mut State) -> io::Result<()> {
        while state.connection.wants_write() {
            if state.connection.write_tls(&mut Writes(&self.stream))? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes what is decrypted already, if there is any; 0 at the end.
fn take(connection: &mut Connection, buffer: &mut BytesMut) -> io::Result<Option<usize>> {
    let mut reader = connection.reader();
    let chunk = match reader.fill_buf() {
        Ok(chunk) => chunk,
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
        // Each message has its length, so one that was cut off is never taken for whole.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Some(0)),
        Err(error) => return Err(error),
    };
    let length = chunk.len();
    buffer.extend_from_slice(chunk);
    reader.consume(length);
    Ok(Some(length))
}

/// Says goodbye, so that the peer knows that nothing was cut off (RFC 8446 §6.1).
impl Drop for Session {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.connection.send_close_notify();
        while state.connection.wants_write() {
            match state.connection.write_tls(&mut Writes(&self.stream)) {
                Ok(1..) => {}
                // Whoever takes no more has to do without.
                Ok(0) | Err(_) => return,
            }
        }
    }
}

/// Its keys are nobody's business.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

/// What has come, without waiting.
struct Reads<'a>(&'a OwnedReadHalf);

impl Read for Reads<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

/// What is taken at once.
struct Writes<'a>(&'a OwnedWriteHalf);

impl Write for Writes<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
