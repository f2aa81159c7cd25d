//! A SIP user agent of a few lines over TCP, for messages that no datagram holds, nor the real ones.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
};

use crate::{peers::sipp::SIP_HOST, process::PATIENCE, raw_sip::ok, sip_message::SipMessage};

/// A connection that speaks SIP.
#[derive(Debug)]
pub struct RawSipStream {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// Where a gateway may connect to.
///
/// # Panics
/// When there is no free port.
pub fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((SIP_HOST, 0)).and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    listener.unwrap_or_else(|error| panic!("no TCP port: {error}"))
}

impl RawSipStream {
    /// Connects to a gateway.
    ///
    /// # Panics
    /// When it takes no connection.
    pub fn connect(to: SocketAddr) -> Self {
        Self::new(TcpStream::connect(to).unwrap_or_else(|error| panic!("no SIP at {to}: {error}")))
    }

    /// Takes the next connection.
    ///
    /// # Panics
    /// When there is none to be had.
    pub fn accept(from: &TcpListener) -> Self {
        let accepted = from.accept();
        Self::new(
            accepted
                .unwrap_or_else(|error| panic!("nobody connects: {error}"))
                .0,
        )
    }

    fn new(stream: TcpStream) -> Self {
        let timed = stream.set_read_timeout(Some(PATIENCE));
        assert!(timed.is_ok(), "a stream cannot be timed: {timed:?}");
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    /// Sends a MESSAGE with this text.
    ///
    /// # Panics
    /// When the connection is over.
    pub fn send(&mut self, from: &str, to: &str, text: &str) {
        let length = text.len();
        self.write(&format!(
            "MESSAGE {to} SIP/2.0\r\nVia: SIP/2.0/TCP {SIP_HOST};branch=z9hG4bK-stream\r\n\
             Max-Forwards: 70\r\nFrom: <{from}>;tag=raw\r\nTo: <{to}>\r\nCall-ID: stream\r\n\
             CSeq: 1 MESSAGE\r\nContent-Type: text/plain;charset=utf-8\r\n\
             Content-Length: {length}\r\n\r\n{text}"
        ));
    }

    /// Takes the next message and answers it, if it is a request, with 200.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn receive(&mut self) -> SipMessage {
        let length = self.read_until(|bytes| {
            let head = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
            let length = SipMessage::parse(bytes)?
                .header("Content-Length")?
                .parse::<usize>();
            Some(head + length.ok()?)
        });
        let wire: Vec<u8> = self.unread.drain(..length).collect();
        let Some(message) = SipMessage::parse(&wire) else {
            panic!("this is no SIP: {}", wire.escape_ascii());
        };
        if message.method().is_some() {
            self.write(&ok(&message, ""));
        }
        message
    }

    /// Reads until a whole message is there; yields its length.
    fn read_until(&mut self, length: impl Fn(&[u8]) -> Option<usize>) -> usize {
        let mut piece = [0; 4096];
        loop {
            let whole = length(&self.unread).filter(|length| *length <= self.unread.len());
            if let Some(length) = whole {
                return length;
            }
            match self.stream.read(&mut piece) {
                Ok(0) => panic!("the gateway has closed the connection"),
                Ok(read) => self
                    .unread
                    .extend_from_slice(piece.get(..read).unwrap_or_default()),
                Err(error) => panic!("nothing has come: {error}"),
            }
        }
    }

    fn write(&mut self, text: &str) {
        let written = self.stream.write_all(text.as_bytes());
        assert!(written.is_ok(), "cannot write: {written:?}");
    }
}
