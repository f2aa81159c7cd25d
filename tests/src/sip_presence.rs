//! SIP user agents of a few lines that watch and are watched, for what the real ones do not show.

use std::{cell::Cell, net::SocketAddr};

use crate::{raw_sip::RawSip, sip_message::SipMessage};

/// Somebody who watches somebody (RFC 3856).
#[derive(Debug)]
pub struct SipWatcher {
    /// Where requests and responses come.
    pub socket: RawSip,
    user: String,
    watched: String,
    sequence: Cell<u32>,
}

/// Somebody who is watched.
#[derive(Debug)]
pub struct SipPresentity {
    /// Where requests and responses come.
    pub socket: RawSip,
    user: String,
    sequence: Cell<u32>,
}

impl SipWatcher {
    /// A user who will watch another, both as SIP URIs.
    pub fn new(user: &str, watched: &str) -> Self {
        Self {
            socket: RawSip::new(),
            user: user.to_owned(),
            watched: watched.to_owned(),
            sequence: Cell::new(0),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.socket.address()
    }

    /// Sends a SUBSCRIBE outside any dialog, with these further lines.
    pub fn ask(&self, gateway: SocketAddr, more: &str) {
        let to = format!("<{}>", self.watched);
        self.send(gateway, &self.watched, &to, more);
    }

    /// The same; yields the final answer.
    pub fn subscribe(&self, gateway: SocketAddr, more: &str) -> SipMessage {
        self.ask(gateway, more);
        self.final_answer()
    }

    /// Subscribes, and waits until it has been told what the other then says; yields the final answer.
    pub fn subscribe_and_be_told(
        &self,
        gateway: SocketAddr,
        watched: &SipPresentity,
        document: &str,
    ) -> SipMessage {
        self.ask(gateway, "");
        let asked = watched.grant(gateway);
        watched.notify(gateway, &asked, document);
        let answer = self.final_answer();
        self.next_with(document);
        answer
    }

    /// Sends a SUBSCRIBE within the dialog that an answer began.
    pub fn ask_within(&self, gateway: SocketAddr, answer: &SipMessage, more: &str) {
        let target = answer.uri("Contact").unwrap_or_default();
        let to = answer.header("To").unwrap_or_default();
        self.send(gateway, target, to, more);
    }

    /// The next final answer.
    pub fn final_answer(&self) -> SipMessage {
        final_answer(&self.socket)
    }

    /// The next notification whose body holds this.
    pub fn next_with(&self, text: &str) -> SipMessage {
        loop {
            let message = self.socket.receive();
            if String::from_utf8_lossy(message.body()).contains(text) {
                return message;
            }
        }
    }

    /// The next notification that ends a subscription.
    pub fn end(&self) -> SipMessage {
        loop {
            let message = self.socket.receive();
            let state = message.header("Subscription-State").unwrap_or_default();
            if state.starts_with("terminated") {
                return message;
            }
        }
    }

    fn send(&self, gateway: SocketAddr, target: &str, to: &str, more: &str) {
        let (address, user, sequence) = (self.address(), &self.user, next(&self.sequence));
        let request = format!(
            "SUBSCRIBE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bK-{sequence}\r\n\
             Max-Forwards: 70\r\nFrom: <{user}>;tag=raw\r\nTo: {to}\r\nCall-ID: raw-{address}\r\n\
             CSeq: {sequence} SUBSCRIBE\r\nContact: <sip:someone@{address}>\r\nEvent: presence\r\n{more}\
             Content-Length: 0\r\n\r\n"
        );
        self.socket.write(gateway, request.as_bytes());
    }
}

impl SipPresentity {
    /// A user, as a SIP URI.
    pub fn new(user: &str) -> Self {
        Self {
            socket: RawSip::new(),
            user: user.to_owned(),
            sequence: Cell::new(0),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.socket.address()
    }

    /// Takes the gateway's next SUBSCRIBE, and grants it.
    pub fn grant(&self, gateway: SocketAddr) -> SipMessage {
        loop {
            let message = self.socket.receive_unanswered();
            let Some(method) = message.method() else {
                continue;
            };
            if method == "SUBSCRIBE" {
                let contact = format!("Contact: <sip:someone@{}>\r\n", self.address());
                let more = format!("Expires: 600\r\n{contact}");
                self.socket.answer(gateway, &message, &more);
                return message;
            }
            self.socket.answer(gateway, &message, "");
        }
    }

    /// Says how it is, as PIDF, within the dialog that a SUBSCRIBE began, and waits until that is taken.
    ///
    /// # Panics
    /// When it is not.
    pub fn notify(&self, gateway: SocketAddr, asked: &SipMessage, document: &str) {
        let target = asked.uri("Contact").unwrap_or_default();
        let [to, call_id] = ["From", "Call-ID"].map(|name| asked.header(name).unwrap_or_default());
        let (address, user, sequence) = (self.address(), &self.user, next(&self.sequence));
        let length = document.len();
        let request = format!(
            "NOTIFY {target} SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bK-{call_id}-{sequence}\r\n\
             Max-Forwards: 70\r\nFrom: <{user}>;tag=raw\r\nTo: {to}\r\nCall-ID: {call_id}\r\n\
             CSeq: {sequence} NOTIFY\r\nContact: <sip:someone@{address}>\r\nEvent: presence\r\n\
             Subscription-State: active;expires=600\r\nContent-Type: application/pidf+xml\r\n\
             Content-Length: {length}\r\n\r\n{document}"
        );
        self.socket.write(gateway, request.as_bytes());
        let answer = final_answer(&self.socket);
        assert_eq!(answer.status(), Some(200), "{}", answer.head());
    }
}

fn final_answer(socket: &RawSip) -> SipMessage {
    loop {
        let message = socket.receive();
        if message.status().is_some_and(|status| status >= 200) {
            return message;
        }
    }
}

fn next(sequence: &Cell<u32>) -> u32 {
    sequence.set(sequence.get() + 1);
    sequence.get()
}
