//! Rosaline: a mail user, with the mail server that has her mailbox (RFC 5321).
//!
//! Both are made of the codec: its session is her server's side, its client hands her own mails to the gateway.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
};

use rialto_email_codec::{
    ForwardPath, Mailbox, ReversePath,
    message::{Mail, MessageId, Written},
    smtp::{
        Client, ClientEvent, Delivery, Event as Said, Protocol, RcptTo, Reply, Session,
        SessionOptions,
    },
};

use crate::{
    error::DemoError,
    events::{self, Event, EventSender, PATIENCE},
};

/// The user's name at the mail domain.
pub(crate) const NAME: &str = "rosaline";
/// The domain that the gateway has a route for.
pub(crate) const DOMAIN: &str = "mail.example";

/// A user with a mail server.
#[derive(Debug)]
pub(crate) struct MailUser {
    local: SocketAddr,
    gateway: SocketAddr,
}

/// A mail that came in.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// The mail, header and body.
    pub(crate) wire: String,
    /// Who wrote it.
    pub(crate) from: String,
    pub(crate) text: String,
    pub(crate) id: Option<MessageId>,
}

/// What became of a mail that went out.
#[derive(Debug)]
pub(crate) struct Sent {
    /// The mail, header and body.
    pub(crate) wire: String,
    /// The gateway's last word.
    pub(crate) reply: String,
}

impl MailUser {
    /// Opens the server's socket and begins to take mail; all that she writes will go to `gateway`.
    pub(crate) fn start(gateway: SocketAddr, events: EventSender) -> Result<Self, DemoError> {
        let failed = || DemoError::io("Rosaline's mail server has no socket");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed())?;
        let local = listener.local_addr().map_err(failed())?;
        events::thread("rosaline", move || {
            for stream in listener.incoming().flatten() {
                let events = events.clone();
                // One session of many at most is lost when this fails.
                let _unserved = events::thread("rosaline's session", move || {
                    drop(serve(stream, &events));
                });
            }
        })?;
        Ok(Self { local, gateway })
    }

    /// Where her server listens.
    pub(crate) fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Sends a mail by way of the gateway, as an answer if it is one, and waits for what it says.
    pub(crate) fn write(
        &self,
        to: &str,
        answered: Option<&MessageId>,
        text: &str,
    ) -> Result<Sent, DemoError> {
        let unique: u64 = rand::random();
        let from = format!("{NAME}@{DOMAIN}");
        let answered = answered.map_or_else(String::new, |id| {
            format!("In-Reply-To: {id}\r\nReferences: {id}\r\n")
        });
        let wire = format!(
            "From: Rosaline <{from}>\r\nTo: <{to}>\r\nSubject: The feast\r\n\
             Message-ID: <{unique:016x}@{DOMAIN}>\r\n{answered}MIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n",
            text.replace('\n', "\r\n")
        );
        let address = |text: &str| text.parse::<Mailbox>().map_err(|_| DemoError::Address);
        let written = Written::as_it_is(wire.clone().into_bytes());
        let path = ReversePath::Mailbox(address(&from)?);
        let reply = self
            .deliver(Delivery::new(path, address(to)?, written))
            .map_err(DemoError::io("Rosaline cannot send"))?;
        let words: Vec<_> = reply.text().collect();
        let status = reply
            .status()
            .map_or_else(String::new, |status| format!(" {status}"));
        Ok(Sent {
            wire,
            reply: format!("{}{status} {}", reply.code(), words.join(" ")),
        })
    }

    fn deliver(&self, delivery: Delivery) -> std::io::Result<Reply> {
        let mut stream = TcpStream::connect(self.gateway)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let host = format!("mx.{DOMAIN}");
        let host = host.parse().map_err(std::io::Error::other)?;
        let mut client = Client::new(Protocol::Smtp, host);
        let mut delivery = Some(delivery);
        let mut buffer = [0; 4096];
        loop {
            match client.poll_event() {
                Some(ClientEvent::Ready) => match delivery.take() {
                    Some(delivery) => client.deliver(delivery),
                    None => continue,
                },
                Some(
                    ClientEvent::Taken(reply)
                    | ClientEvent::Refused(reply)
                    | ClientEvent::Closed(reply),
                ) => return Ok(reply),
                Some(_) | None => {}
            }
            stream.write_all(&client.take_output())?;
            let count = stream.read(&mut buffer)?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let came = buffer.get(..count).unwrap_or_default();
            client.handle_bytes(came).map_err(std::io::Error::other)?;
        }
    }
}

/// The server's side of a session: takes mail for her, and for nobody else.
fn serve(mut stream: TcpStream, events: &EventSender) -> std::io::Result<()> {
    let host = format!("mx.{DOMAIN}");
    let host = host.parse().map_err(std::io::Error::other)?;
    let mut session = Session::new(SessionOptions::new(Protocol::Smtp, host));
    let mut buffer = [0; 16 * 1024];
    loop {
        stream.write_all(&session.take_output())?;
        let count = stream.read(&mut buffer)?;
        let mut input = buffer.get(..count).unwrap_or_default();
        if count == 0 {
            return Ok(());
        }
        while let Some(said) = session.handle_bytes(&mut input) {
            let answer = match said {
                Said::Mail(_) => "250 2.1.0 ok",
                Said::Recipient(recipient) if is_hers(&recipient) => "250 2.1.5 ok",
                Said::Recipient(_) => "550 5.1.1 nobody of that name has a mailbox here",
                Said::Message { content, .. } => {
                    events.send(Event::Mail(incoming(&content)))?;
                    "250 2.6.0 it is in the mailbox"
                }
                _ => return stream.write_all(&session.take_output()),
            };
            let reply = Reply::parse(answer).map_err(std::io::Error::other)?;
            session.answer(&reply).map_err(std::io::Error::other)?;
        }
    }
}

fn is_hers(recipient: &RcptTo) -> bool {
    match &recipient.forward_path {
        ForwardPath::Mailbox(mailbox) => mailbox.local_part().as_str() == NAME,
        _ => false,
    }
}

fn incoming(octets: &[u8]) -> Incoming {
    let wire = String::from_utf8_lossy(octets).replace("\r\n", "\n");
    let mail = Mail::parse(octets).ok();
    let from = mail
        .as_ref()
        .and_then(|mail| mail.from().into_iter().next());
    let shown = mail.as_ref().and_then(Mail::shown_text);
    Incoming {
        wire,
        from: from.map_or_else(String::new, |from| from.mailbox.to_string()),
        text: shown.map_or_else(String::new, |shown| shown.text),
        id: mail.and_then(|mail| mail.message_id()),
    }
}
