//! One connection over TCP.

use std::{io, net::SocketAddr, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::Script;
use crate::{Clock, golden};

/// One end of a connection, the plugin being at the other. As long as it reads nothing, it is a peer that stalls.
///
/// To wait here lets no time go by; where the plugin has to wait first, let [`Clock::until`] wait for it.
#[derive(Debug)]
pub struct Conversation {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Conversation {
    /// Connects to where the plugin listens.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await;
        Self::of(stream.unwrap_or_else(|error| panic!("{address} takes no connection: {error}")))
    }

    pub(super) fn of(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("an option of every socket");
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    /// Sends bytes.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let sent = self.stream.write_all(bytes.as_ref()).await;
        sent.expect("the plugin has ended the connection");
    }

    /// Sends bytes, as many as the plugin takes before it ends the connection.
    pub async fn send_in_vain(&mut self, bytes: impl AsRef<[u8]>) {
        // That not all of it is taken is what is to be seen.
        self.stream
            .write_all(bytes.as_ref())
            .await
            .unwrap_or_default();
    }

    /// Sends a line, and its end, CR LF.
    pub async fn send_line(&mut self, line: &str) {
        self.send(format!("{line}\r\n")).await;
    }

    /// Sends one byte at a time, with a pause behind each.
    pub async fn send_slowly(&mut self, clock: &Clock, bytes: impl AsRef<[u8]>, pause: Duration) {
        for byte in bytes.as_ref() {
            self.send([*byte]).await;
            clock.pass(pause).await;
        }
    }

    /// Sends bytes that mean nothing: the same for the same seed.
    pub async fn send_garbage(&mut self, seed: u64, len: usize) {
        let mut random = StdRng::seed_from_u64(seed);
        let garbage: Vec<u8> = (0..len).map(|_| random.random()).collect();
        self.send(garbage).await;
    }

    /// The next line, without its end (LF or CR LF); `None` at the end of the connection.
    pub async fn line(&mut self) -> Option<String> {
        let end = loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                break end;
            }
            if self.fill().await == 0 {
                let rest = std::mem::take(&mut self.unread);
                return (!rest.is_empty()).then(|| text(&rest));
            }
        };
        let line: Vec<_> = self.unread.drain(..=end).collect();
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        Some(text(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    /// The next bytes, as many as are asked for, or fewer at the end of the connection.
    pub async fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.unread.len() < count {
            if self.fill().await == 0 {
                break;
            }
        }
        let count = count.min(self.unread.len());
        self.unread.drain(..count).collect()
    }

    /// All bytes up to the end of the connection.
    pub async fn rest(&mut self) -> Vec<u8> {
        while self.fill().await > 0 {}
        std::mem::take(&mut self.unread)
    }

    /// Reads exactly these bytes.
    pub async fn expect(&mut self, expected: impl AsRef<[u8]>) {
        let expected = expected.as_ref();
        let came = self.bytes(expected.len()).await;
        if came != expected {
            panic!(
                "the plugin sent something else:\n{}",
                golden::difference(expected, &came)
            );
        }
    }

    /// Reads exactly this line.
    pub async fn expect_line(&mut self, expected: &str) {
        match self.line().await {
            Some(line) if line == expected => {}
            Some(line) => panic!("the plugin sent `{line}`, and not `{expected}`"),
            None => panic!("the plugin has ended the connection, and not sent `{expected}`"),
        }
    }

    /// Reads until the plugin ends the connection, which it must without another word.
    pub async fn expect_end(&mut self) {
        let rest = self.rest().await;
        assert!(
            rest.is_empty(),
            "the plugin sent `{}` before its end",
            text(&rest)
        );
    }

    /// Plays one side of a dialogue.
    pub async fn play(&mut self, script: &Script) {
        script.play(self).await;
    }

    /// Sends nothing more, and goes on reading.
    pub async fn half_close(&mut self) {
        self.stream.shutdown().await.expect("an open connection");
    }

    /// The connection itself, for what it is to carry besides, like TLS. Nothing may have come that was not read.
    pub fn into_stream(self) -> TcpStream {
        assert!(
            self.unread.is_empty(),
            "the plugin has said more: {}",
            text(&self.unread)
        );
        self.stream
    }

    /// Ends the connection at once, as a system that has crashed does: what is on its way is lost.
    pub fn cut(self) {
        self.stream.set_zero_linger().expect("an option of TCP");
    }

    /// Reads what is there, or waits for it; 0 at the end. A connection that was cut has ended.
    async fn fill(&mut self) -> usize {
        match self.stream.read_buf(&mut self.unread).await {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("the connection cannot be read: {error}"),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
