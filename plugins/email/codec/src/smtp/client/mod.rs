//! The client's side of SMTP and LMTP, without sockets and without a clock.

mod capabilities;
mod outgoing;

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use mail_builder::encoders::base64::Base64Encoder;

pub use capabilities::Capabilities;
use outgoing::put_line;
pub use outgoing::{CannotCarry, Delivery};

use super::{Protocol, Reply, ReplyCode, ReplyError};
use crate::{
    limits::{MAX_REPLY_LINE, MAX_REPLY_LINES},
    mailbox::Host,
};

/// A session with one server, which delivers one message at a time to one recipient each.
///
/// The caller moves bytes: what came goes into [`handle_bytes`](Self::handle_bytes), what [`take_output`](Self::take_output)
/// gives goes out. Where the server allows it, the commands of a message leave together (RFC 2920).
///
/// ```
/// use rialto_email_codec::{ReversePath, message::Written, smtp::{Client, ClientEvent, Delivery, Protocol}};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut client = Client::new(Protocol::Smtp, "rialto.example".parse()?);
/// client.handle_bytes(b"220 mx.example ESMTP\r\n")?;
/// client.handle_bytes(b"250-mx.example\r\n250 PIPELINING\r\n")?;
/// assert_eq!(client.poll_event(), Some(ClientEvent::Ready));
/// let message = Written::as_it_is(b"Subject: hi\r\n\r\nhi\r\n".to_vec());
/// client.deliver(Delivery::new(ReversePath::Null, "romeo@mx.example".parse()?, message));
/// client.handle_bytes(b"250 ok\r\n250 ok\r\n354 go on\r\n250 taken\r\n")?;
/// assert!(matches!(client.poll_event(), Some(ClientEvent::Taken(_))));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Client {
    protocol: Protocol,
    host: Host,
    capabilities: Capabilities,
    awaited: VecDeque<Awaited>,
    reply: Vec<u8>,
    lines: usize,
    output: BytesMut,
    events: VecDeque<ClientEvent>,
    delivery: Option<UnderWay>,
    is_closed: bool,
}

/// What the caller must know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The server has greeted and said what it offers; also after TLS and after authentication.
    Ready,
    /// The server waits for the handshake: send the output, do it, and say [`Client::tls_started`].
    StartTls,
    /// The server has taken the message, and with it the responsibility.
    Taken(Reply),
    /// The server has not taken the message; it can take others.
    Refused(Reply),
    /// The server wants no more of this session, or cannot begin it.
    Closed(Reply),
}

/// The command whose reply comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Greeting,
    Hello,
    PlainHello,
    StartTls,
    Authentication,
    Mail,
    Recipient,
    Data,
    Content,
    Nothing,
}

#[derive(Debug)]
struct UnderWay {
    delivery: Delivery,
    refusal: Option<Reply>,
}

impl Client {
    /// Begins a session; the server speaks first. `host` is what the client calls itself.
    #[must_use]
    pub fn new(protocol: Protocol, host: Host) -> Self {
        Self {
            protocol,
            host,
            capabilities: Capabilities::default(),
            awaited: VecDeque::from([Awaited::Greeting]),
            reply: Vec::new(),
            lines: 0,
            output: BytesMut::new(),
            events: VecDeque::new(),
            delivery: None,
            is_closed: false,
        }
    }

    /// Takes octets that came.
    ///
    /// # Errors
    /// What came is no reply, or one that is too long: nothing that follows can be understood.
    pub fn handle_bytes(&mut self, mut input: &[u8]) -> Result<(), ReplyError> {
        while !input.is_empty() {
            let end = memchr::memchr(b'\n', input).map_or(input.len(), |at| at + 1);
            let (part, rest) = input.split_at_checked(end).unwrap_or((input, &[]));
            input = rest;
            self.reply.extend_from_slice(part);
            if self.reply.len() > MAX_REPLY {
                return Err(ReplyError::TooLong);
            }
            if part.ends_with(b"\n") {
                self.end_line()?;
            }
        }
        Ok(())
    }

    /// What happened since it was asked last, in order.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    /// What is to be sent.
    pub fn take_output(&mut self) -> Bytes {
        self.output.split().freeze()
    }

    /// What the server offers.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Whether the message under way may be at the server already, though it has not said so: its end was written.
    #[must_use]
    pub fn may_have_arrived(&self) -> bool {
        self.awaited.contains(&Awaited::Content)
            && self
                .delivery
                .as_ref()
                .is_some_and(|under_way| under_way.refusal.is_none())
    }

    /// Asks for TLS (RFC 3207).
    pub fn start_tls(&mut self) {
        self.command("STARTTLS", Awaited::StartTls);
    }

    /// Goes on after the handshake, as if nothing had been said before (RFC 3207 §4.2).
    pub fn tls_started(&mut self) {
        self.capabilities = Capabilities::default();
        self.reply.clear();
        self.lines = 0;
        self.hello();
    }

    /// Says who is there, with what [`sasl_plain`] makes.
    pub fn authenticate(&mut self, plain: &str) {
        self.command(&format!("AUTH PLAIN {plain}"), Awaited::Authentication);
    }

    /// Delivers a message, once the last one has its event.
    pub fn deliver(&mut self, delivery: Delivery) {
        delivery.write_mail(&self.capabilities, &mut self.output);
        self.awaited.push_back(Awaited::Mail);
        if self.capabilities.pipelining {
            delivery.write_recipient(&self.capabilities, &mut self.output);
            put_line(&mut self.output, "DATA");
            self.awaited.extend([Awaited::Recipient, Awaited::Data]);
        }
        self.delivery = Some(UnderWay {
            delivery,
            refusal: None,
        });
    }

    /// Says goodbye.
    pub fn quit(&mut self) {
        self.command("QUIT", Awaited::Nothing);
    }

    fn command(&mut self, line: &str, awaited: Awaited) {
        put_line(&mut self.output, line);
        self.awaited.push_back(awaited);
    }

    fn hello(&mut self) {
        let verb = match self.protocol {
            Protocol::Smtp => "EHLO",
            Protocol::Lmtp => "LHLO",
        };
        self.command(&format!("{verb} {}", self.host), Awaited::Hello);
    }

    fn end_line(&mut self) -> Result<(), ReplyError> {
        self.lines += 1;
        if self.lines > MAX_REPLY_LINES {
            return Err(ReplyError::TooLong);
        }
        let text = String::from_utf8_lossy(&self.reply);
        let last = text.trim_end().lines().next_back().unwrap_or_default();
        if last.as_bytes().get(3) == Some(&b'-') {
            return Ok(());
        }
        let reply = Reply::parse(text.trim_end())?;
        self.reply.clear();
        self.lines = 0;
        self.handle_reply(reply);
        Ok(())
    }

    fn handle_reply(&mut self, reply: Reply) {
        let awaited = self.awaited.pop_front();
        // Whatever it answers: the server is about to hang up (RFC 5321 §3.8).
        if reply.code() == 421 || awaited.is_none() {
            return self.close(reply);
        }
        match awaited {
            Some(Awaited::Greeting) if reply.is_success() => self.hello(),
            Some(Awaited::Hello) if !reply.is_success() && self.protocol == Protocol::Smtp => {
                self.command(&format!("HELO {}", self.host), Awaited::PlainHello);
            }
            Some(Awaited::Hello | Awaited::PlainHello) if reply.is_success() => {
                self.capabilities = Capabilities::read(&reply);
                self.events.push_back(ClientEvent::Ready);
            }
            Some(Awaited::StartTls) if reply.is_success() => {
                self.events.push_back(ClientEvent::StartTls);
            }
            Some(Awaited::Authentication) if reply.is_success() => {
                self.events.push_back(ClientEvent::Ready);
            }
            Some(Awaited::Mail) => self.mail_answered(reply),
            Some(Awaited::Recipient) => self.recipient_answered(reply),
            Some(Awaited::Data) => self.data_answered(reply),
            Some(Awaited::Content) => self.content_answered(reply),
            Some(Awaited::Nothing) => {}
            _ => self.close(reply),
        }
    }

    fn mail_answered(&mut self, reply: Reply) {
        self.note(&reply);
        if self.capabilities.pipelining {
            return;
        }
        match &self.delivery {
            Some(under_way) if reply.is_success() => {
                under_way
                    .delivery
                    .write_recipient(&self.capabilities, &mut self.output);
                self.awaited.push_back(Awaited::Recipient);
            }
            _ => self.give_up(),
        }
    }

    fn recipient_answered(&mut self, reply: Reply) {
        self.note(&reply);
        if self.capabilities.pipelining {
            return;
        }
        if reply.is_success() {
            self.command("DATA", Awaited::Data);
        } else {
            self.give_up();
        }
    }

    fn data_answered(&mut self, reply: Reply) {
        let goes_on = reply.code() == 354;
        if !goes_on {
            let refusal = if reply.is_success() {
                None
            } else {
                Some(&reply)
            };
            if let Some(reply) = refusal {
                self.note(reply);
            }
            return self.give_up();
        }
        match &self.delivery {
            Some(UnderWay {
                delivery,
                refusal: None,
            }) => delivery.write_content(&mut self.output),
            // It waits for content though it has no recipient: it gets none (RFC 2920 §3.1).
            _ => put_line(&mut self.output, "."),
        }
        self.awaited.push_back(Awaited::Content);
    }

    fn content_answered(&mut self, reply: Reply) {
        let Some(under_way) = self.delivery.take() else {
            return;
        };
        self.events.push_back(match under_way.refusal {
            Some(refusal) => ClientEvent::Refused(refusal),
            None if reply.is_success() => ClientEvent::Taken(reply),
            None => ClientEvent::Refused(reply),
        });
    }

    /// Keeps the first reply that refuses: those behind it follow from it.
    fn note(&mut self, reply: &Reply) {
        if !reply.is_success()
            && let Some(under_way) = &mut self.delivery
        {
            under_way.refusal.get_or_insert_with(|| reply.clone());
        }
    }

    /// Ends the transaction without content. What nobody refused and nobody took was answered out of order.
    fn give_up(&mut self) {
        let Some(under_way) = self.delivery.take() else {
            return;
        };
        match under_way.refusal {
            Some(refusal) => {
                self.command("RSET", Awaited::Nothing);
                self.events.push_back(ClientEvent::Refused(refusal));
            }
            None => self.close(out_of_order()),
        }
    }

    fn close(&mut self, reply: Reply) {
        if !std::mem::replace(&mut self.is_closed, true) {
            self.events.push_back(ClientEvent::Closed(reply));
        }
    }
}

/// What [`Client::authenticate`] takes: a name and its password, in the form of SASL PLAIN (RFC 4616).
#[must_use]
pub fn sasl_plain(name: &str, password: &str) -> String {
    let text = format!("\0{name}\0{password}");
    let encoded = Base64Encoder::new().encode(text.as_bytes());
    String::from_utf8(encoded.unwrap_or_default()).unwrap_or_default()
}

/// What stands for a reply that makes no sense where it came.
fn out_of_order() -> Reply {
    let code = const { ReplyCode::without_status(421) };
    Reply::with(code, "the server's replies are out of order")
}

/// Octets of a whole reply that are read.
const MAX_REPLY: usize = MAX_REPLY_LINE * MAX_REPLY_LINES;
