//! A SIP user agent of a few lines over UDP, for bytes that the real ones cannot show.

use std::net::{SocketAddr, UdpSocket};

use crate::{peers::sipp::SIP_HOST, process::PATIENCE, sip_message::SipMessage};

/// A socket that speaks SIP.
#[derive(Debug)]
pub struct RawSip {
    socket: UdpSocket,
}

impl RawSip {
    /// Takes a free port.
    ///
    /// # Panics
    /// When there is none.
    pub fn new() -> Self {
        let socket = UdpSocket::bind((SIP_HOST, 0)).and_then(|socket| {
            socket.set_read_timeout(Some(PATIENCE))?;
            Ok(socket)
        });
        Self {
            socket: socket.unwrap_or_else(|error| panic!("no UDP socket: {error}")),
        }
    }

    /// Where it listens.
    ///
    /// # Panics
    /// Never: it is bound.
    pub fn address(&self) -> SocketAddr {
        self.socket
            .local_addr()
            .unwrap_or_else(|error| panic!("not bound: {error}"))
    }

    /// Sends a MESSAGE with this body, once.
    pub fn send(&self, target: SocketAddr, from: &str, to: &str, content_type: &str, body: &[u8]) {
        let head = format!(
            "MESSAGE {to} SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bK-{port}\r\n\
             Max-Forwards: 70\r\nFrom: <{from}>;tag=raw\r\nTo: <{to}>\r\nCall-ID: raw-{port}\r\n\
             CSeq: 1 MESSAGE\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n",
            address = self.address(),
            port = self.address().port(),
            length = body.len(),
        );
        self.write(target, &[head.as_bytes(), body].concat());
    }

    /// Takes the next message and answers it, if it is a request, with 200.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn receive(&self) -> SipMessage {
        let (message, source) = self.take();
        if message.method().is_some() {
            self.answer(source, &message, "");
        }
        message
    }

    /// Takes the next message, and answers nothing.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn receive_unanswered(&self) -> SipMessage {
        self.take().0
    }

    /// Answers a request with 200 and these further lines.
    ///
    /// # Panics
    /// When it cannot be sent.
    pub fn answer(&self, to: SocketAddr, request: &SipMessage, more: &str) {
        self.write(to, ok(request, more).as_bytes());
    }

    fn take(&self) -> (SipMessage, SocketAddr) {
        let mut datagram = vec![0; 1 << 16];
        let (length, source) = self
            .socket
            .recv_from(&mut datagram)
            .unwrap_or_else(|error| panic!("nothing has come: {error}"));
        datagram.truncate(length);
        let Some(message) = SipMessage::parse(&datagram) else {
            panic!("this is no SIP: {}", datagram.escape_ascii());
        };
        (message, source)
    }

    /// What has come already, if anything has; not answered.
    ///
    /// # Panics
    /// When that is no SIP.
    pub fn poll(&self) -> Option<SipMessage> {
        let mut datagram = vec![0; 1 << 16];
        let length = self.socket.set_nonblocking(true).and_then(|()| {
            let length = self.socket.recv(&mut datagram);
            self.socket.set_nonblocking(false)?;
            length
        });
        datagram.truncate(length.ok()?);
        let message = SipMessage::parse(&datagram);
        Some(message.unwrap_or_else(|| panic!("this is no SIP: {}", datagram.escape_ascii())))
    }

    /// Sends any bytes, once.
    ///
    /// # Panics
    /// When they cannot be sent.
    pub fn write(&self, target: SocketAddr, datagram: &[u8]) {
        let sent = self.socket.send_to(datagram, target);
        assert!(sent.is_ok(), "cannot send to {target}: {sent:?}");
    }
}

impl Default for RawSip {
    fn default() -> Self {
        Self::new()
    }
}

/// The response that all is well.
pub(crate) fn ok(request: &SipMessage, more: &str) -> String {
    let copied = ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| {
        let value = request.header(name).unwrap_or_default();
        let is_untagged = name == "To" && !value.contains(";tag=");
        let tag = if is_untagged { ";tag=raw" } else { "" };
        format!("{name}: {value}{tag}\r\n")
    });
    format!(
        "SIP/2.0 200 OK\r\n{}{more}Content-Length: 0\r\n\r\n",
        copied.concat()
    )
}
