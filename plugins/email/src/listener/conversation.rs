//! A session with one client: bytes and time; what is decided stands in `policy` and `reception`.

use std::{future::Future, io, time::Duration};

use rialto_email_codec::{
    Host,
    smtp::{Event, Protocol, Reply, Session, SessionOptions},
    smtp_reply,
};
use rialto_sdk::tokio::{
    self,
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time::{Instant, timeout, timeout_at},
};

use super::{Client, Entrance, places::Held};
use crate::wire::Wire;

/// Speaks with a client until it leaves, is asked to, or the adapter makes way or stops.
pub(super) async fn run(
    stream: TcpStream,
    protocol: Protocol,
    client: Client,
    entrance: &Entrance,
    (stopping, makes_way): (impl Future<Output = ()>, watch::Receiver<bool>),
) -> io::Result<()> {
    let limits = entrance.reception.config().limits();
    let host = Host::Domain(entrance.reception.config().hostname().clone());
    let mut options = SessionOptions::new(protocol, host)
        .with_max_message(limits.message())
        .with_max_recipients(limits.recipients);
    if let Some(acceptor) = &entrance.acceptor {
        options = options.with_starttls(acceptor.starttls());
    }
    let conversation = Conversation {
        wire: Box::new(stream),
        session: Session::new(options),
        held: entrance.places.hold(),
        client,
        protocol,
        entrance,
        patience: Instant::now() + limits.session(),
        makes_way,
        is_over: false,
    };
    conversation.converse(stopping).await
}

struct Conversation<'e> {
    wire: Box<dyn Wire>,
    session: Session,
    held: Held,
    client: Client,
    protocol: Protocol,
    entrance: &'e Entrance,
    /// Until when the next message must be there: who sends an octet a minute is not idle, but no client either.
    patience: Instant,
    /// Whether another version has the adapter's place.
    makes_way: watch::Receiver<bool>,
    is_over: bool,
}

/// Octets that are read at once.
const READ: usize = 16 * 1024;

/// How long a client may be silent between messages when another version has the adapter's place.
const PAUSE: Duration = Duration::from_secs(1);

/// How long the handshake of TLS, and the last words, may take.
const COURTESY: Duration = Duration::from_secs(30);

impl Conversation<'_> {
    async fn converse(mut self, stopping: impl Future<Output = ()>) -> io::Result<()> {
        tokio::pin!(stopping);
        let mut buffer = vec![0; READ];
        while !self.is_over {
            self.flush().await?;
            let makes_way = *self.makes_way.borrow_and_update();
            let (until, late) = self.due(makes_way);
            let read = tokio::select! {
                () = &mut stopping => Err(stopped()),
                _ = self.makes_way.changed(), if !makes_way => continue,
                read = timeout_at(until, self.wire.read(&mut buffer)) => read.map_err(|_| late()),
            };
            match read {
                Ok(read) => match buffer.get(..read?) {
                    None | Some([]) => return Ok(()),
                    Some(came) => self.take(came).await?,
                },
                Err(reply) => self.part(&reply),
            }
        }
        let _unsent = timeout(COURTESY, self.flush()).await;
        let _unclosed = timeout(COURTESY, self.wire.shutdown()).await;
        Ok(())
    }

    /// Until when something must come, and what is said if nothing does.
    fn due(&self, makes_way: bool) -> (Instant, fn() -> Reply) {
        let (silence, late): (_, fn() -> Reply) =
            match makes_way && !self.session.is_in_transaction() {
                true => (PAUSE, stopped),
                false => (self.entrance.reception.config().limits().idle(), too_late),
            };
        (self.patience.min(Instant::now() + silence), late)
    }

    async fn flush(&mut self) -> io::Result<()> {
        let output = self.session.take_output();
        if output.is_empty() {
            return Ok(());
        }
        let idle = self.entrance.reception.config().limits().idle();
        timeout(idle, async {
            self.wire.write_all(&output).await?;
            self.wire.flush().await
        })
        .await
        .map_err(|_late| io::Error::from(io::ErrorKind::TimedOut))?
    }

    /// Takes octets, with all decisions that they ask for.
    async fn take(&mut self, mut octets: &[u8]) -> io::Result<()> {
        while let Some(event) = self.session.handle_bytes(&mut octets) {
            self.decide(event).await?;
        }
        if !self.held.set(self.session.buffered()) {
            let text = "no memory for more mail now; come again";
            self.part(&smtp_reply!(421, 3, 1, text));
            self.held.set(0);
        }
        Ok(())
    }

    /// Ends the session with these words.
    fn part(&mut self, reply: &Reply) {
        self.session.shut_down(reply);
        self.is_over = true;
    }

    async fn decide(&mut self, event: Event) -> io::Result<()> {
        let reception = &self.entrance.reception;
        match event {
            Event::Mail(mail_from) => {
                let greeting = self.session.client().unwrap_or_default().to_owned();
                let reply = reception
                    .mail(&mut self.client, &greeting, &mail_from)
                    .await;
                self.answer(&reply);
            }
            Event::Recipient(recipient) => {
                let reply = reception.recipient(&mut self.client, self.protocol, &recipient);
                self.answer(&reply);
            }
            Event::Message { envelope, content } => {
                // It is held until it is answered.
                self.held.set(content.len());
                self.flush().await?;
                let replies = reception
                    .message(&self.client, self.protocol, &envelope, content)
                    .await;
                for reply in &replies {
                    self.answer(reply);
                }
                self.patience = Instant::now() + reception.config().limits().session();
            }
            Event::StartTls => self.start_tls().await?,
            Event::Closed => self.is_over = true,
            _ => {}
        }
        Ok(())
    }

    /// An answer that nobody waits for can only be one too many: it is not sent.
    fn answer(&mut self, reply: &Reply) {
        let answered = self.session.answer(reply);
        debug_assert!(answered.is_ok(), "one answer for each question");
    }

    async fn start_tls(&mut self) -> io::Result<()> {
        self.flush().await?;
        let Some(acceptor) = &self.entrance.acceptor else {
            self.is_over = true;
            return Ok(());
        };
        let (nothing, _) = tokio::io::duplex(1);
        let wire = std::mem::replace(&mut self.wire, Box::new(nothing));
        self.wire = timeout(COURTESY, acceptor.accept(wire))
            .await
            .map_err(|_late| io::Error::from(io::ErrorKind::TimedOut))??;
        self.session.tls_started();
        Ok(())
    }
}

/// What those hear who begin nothing any more: that they come again, perhaps to the next version.
fn stopped() -> Reply {
    smtp_reply!(421, 3, 2, "the gateway is shutting down")
}

fn too_late() -> Reply {
    smtp_reply!(421, 4, 2, "you took too long")
}
