//! The other end of the sockets.

use std::{net::SocketAddr, time::Duration};

use bytes::{Bytes, BytesMut};
use rialto_sip_codec::{Frame, Framer, MessageWriter, Reply, SipMessage, StartLine, StatusCode};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    time::timeout,
};

/// Longer than anything that is meant to happen; the paused clock passes it at once.
const PATIENCE: Duration = Duration::from_secs(120);

/// A UDP endpoint.
#[derive(Debug)]
pub(super) struct Peer(UdpSocket);

impl Peer {
    pub(super) async fn bind() -> Self {
        Self::bind_to(([127, 0, 0, 1], 0).into()).await
    }

    pub(super) async fn bind_to(address: SocketAddr) -> Self {
        Self(UdpSocket::bind(address).await.unwrap())
    }

    pub(super) async fn bind_v6() -> Self {
        Self(UdpSocket::bind("[::1]:0").await.unwrap())
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    pub(super) async fn send(&self, to: SocketAddr, text: impl AsRef<[u8]>) {
        self.0.send_to(text.as_ref(), to).await.unwrap();
    }

    pub(super) async fn receive(&self) -> (Bytes, SocketAddr) {
        let mut buffer = vec![0; 65_536];
        let (length, from) = timeout(PATIENCE, self.0.recv_from(&mut buffer))
            .await
            .expect("silence")
            .unwrap();
        buffer.truncate(length);
        (buffer.into(), from)
    }

    pub(super) async fn receive_text(&self) -> String {
        String::from_utf8(self.receive().await.0.to_vec()).unwrap()
    }

    /// Sends a request and waits for the response.
    pub(super) async fn ask(&self, to: SocketAddr, text: impl AsRef<[u8]>) -> String {
        self.send(to, text).await;
        self.receive_text().await
    }

    /// Answers a request; gives its text.
    pub(super) async fn serve(&self, status: u16, more: &[(&str, &str)]) -> String {
        let (bytes, from) = self.receive().await;
        self.send(from, response(&bytes, status, more)).await;
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}

/// Writes a response as another implementation would.
pub(super) fn response(request: &[u8], status: u16, more: &[(&str, &str)]) -> Vec<u8> {
    let message = SipMessage::parse(request).unwrap();
    let status = StatusCode::new(status).unwrap();
    let reply = Reply {
        status,
        reason: "",
        source: None,
        to_tag: "peer",
    };
    let mut out = Vec::new();
    let mut writer = MessageWriter::response(&mut out, &message, &reply);
    for (name, value) in more {
        writer = writer.extension(name, value);
    }
    writer.finish(b"").unwrap();
    out
}

/// The status of a response.
pub(super) fn status(text: &str) -> u16 {
    match SipMessage::parse(text.as_bytes()).unwrap().start_line() {
        StartLine::Response { status, .. } => status.code(),
        StartLine::Request { .. } => panic!("no response: {text}"),
    }
}

/// The value of a header field.
pub(super) fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let mut lines = text.split("\r\n");
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.unwrap_or_else(|| panic!("{name}: {text}"))
}

/// One end of a connection.
pub(super) struct StreamPeer {
    stream: Box<dyn Wire>,
    framer: Framer,
    buffer: BytesMut,
}

/// What a connection is made of.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

impl StreamPeer {
    pub(super) async fn connect(to: SocketAddr) -> Self {
        Self::of(TcpStream::connect(to).await.unwrap())
    }

    pub(super) async fn accept(listener: &TcpListener) -> Self {
        Self::of(
            timeout(PATIENCE, listener.accept())
                .await
                .expect("nobody connects")
                .unwrap()
                .0,
        )
    }

    pub(super) fn of(stream: impl Wire + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            framer: Framer::new(),
            buffer: BytesMut::new(),
        }
    }

    pub(super) async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The same to somebody who may be gone.
    pub(super) async fn try_send(&mut self, text: impl AsRef<[u8]>) {
        if self.stream.write_all(text.as_ref()).await.is_ok() {
            self.stream.flush().await.ok();
        }
    }

    /// Whether the adapter closes the connection without another word than an alert of TLS.
    pub(super) async fn end(&mut self) -> bool {
        const ALERT: u8 = 21;
        let mut said = Vec::new();
        // What is reset has ended too.
        let read = timeout(PATIENCE, self.stream.read_to_end(&mut said)).await;
        read.expect("it stays open").ok();
        said.first().is_none_or(|first| *first == ALERT)
    }

    /// Says that nothing more will be sent.
    pub(super) async fn finish(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// The next frame; `None` when the adapter has closed the connection.
    pub(super) async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.framer.next_frame(&mut self.buffer).unwrap() {
                return Some(frame);
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await;
            if matches!(read.expect("silence"), Ok(0) | Err(_)) {
                return None;
            }
        }
    }

    /// The next message.
    pub(super) async fn receive(&mut self) -> String {
        loop {
            match self.frame().await.expect("closed") {
                Frame::Message(bytes) => return String::from_utf8(bytes.to_vec()).unwrap(),
                Frame::Crlf | Frame::Ping => {}
            }
        }
    }
}
