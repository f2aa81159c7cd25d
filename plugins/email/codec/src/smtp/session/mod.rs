//! The server's side of SMTP and LMTP, without sockets and without a clock.

mod commands;
mod options;
pub(super) mod reply;
mod transaction;

use bytes::{Bytes, BytesMut};

pub use options::{Protocol, SessionOptions, StartTls};
use transaction::Transaction;

use super::{
    command::Command,
    content::Fatal,
    envelope::{Envelope, MailFrom, RcptTo},
    reply::Reply,
};
use crate::limits::{MAX_COMMAND_LINE, MAX_ERRORS, MAX_IDLE_COMMANDS};

/// A session with one client.
///
/// The caller moves bytes: what came goes into [`handle_bytes`](Self::handle_bytes), what
/// [`take_output`](Self::take_output) gives goes out. An event that asks for a decision holds all that came
/// after it until [`answer`](Self::answer), so replies keep their order however far a client runs ahead; the caller
/// keeps the bytes that were not taken, and reads no more until they are.
///
/// ```
/// use rialto_email_codec::smtp::{Event, Protocol, Reply, Session, SessionOptions};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut session = Session::new(SessionOptions::new(Protocol::Lmtp, "rialto.example".parse()?));
/// let mut input: &[u8] = b"LHLO mx.example\r\nMAIL FROM:<juliet@capulet.example>\r\n\
///     RCPT TO:<romeo@rialto.example>\r\nDATA\r\nSubject: hi\r\n\r\nhi\r\n.\r\nQUIT\r\n";
/// let mut received = Vec::new();
/// while let Some(event) = session.handle_bytes(&mut input) {
///     match event {
///         Event::Mail(_) | Event::Recipient(_) => session.answer(&Reply::new(250, None, "ok")?)?,
///         Event::Message { content, envelope } => {
///             for _ in &envelope.recipients {
///                 session.answer(&Reply::new(250, None, "delivered")?)?;
///             }
///             received.push(content);
///         }
///         _ => break,
///     }
/// }
/// assert_eq!(received, ["Subject: hi\r\n\r\nhi\r\n"]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Session {
    options: SessionOptions,
    state: State,
    client: Option<String>,
    secured: Secured,
    line: Vec<u8>,
    output: BytesMut,
    transaction: Option<Transaction>,
    errors: usize,
    idle: usize,
}

/// What the caller must know or decide.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A message begins. Answer once; 2yz accepts.
    Mail(MailFrom),
    /// A recipient of it. Answer once; 2yz accepts.
    Recipient(RcptTo),
    /// A whole message. Answer once (SMTP), or once for each recipient in their order (LMTP).
    Message {
        /// Who it is from and for.
        envelope: Envelope,
        /// Header and body, dots unstuffed, every line with its CRLF.
        content: Bytes,
    },
    /// The client waits for the handshake: send the output, drop whatever else was read, do the handshake, and
    /// say [`Session::tls_started`].
    StartTls,
    /// Over: send the output and close. Comes once.
    Closed,
}

/// An answer that nothing asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing waits for an answer in this session")]
pub struct NothingToAnswer;

/// What the next octets are, or what is waited for before any are looked at.
#[derive(Debug)]
enum State {
    Commands,
    Data,
    /// Octets of a chunk: taken into the transaction, or dropped and refused.
    Chunk {
        left: usize,
        last: bool,
        refused: Option<Reply>,
        size: usize,
    },
    Decision(Decision),
    Tls,
    Closing,
    Closed,
}

#[derive(Debug)]
enum Decision {
    Mail(MailFrom),
    Recipient(RcptTo),
    Message { answers: usize },
}

/// Whether TLS is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secured {
    No,
    Yes,
}

impl Session {
    /// Begins a session; the greeting is in the output.
    #[must_use]
    pub fn new(options: SessionOptions) -> Self {
        let mut session = Self {
            options,
            state: State::Commands,
            client: None,
            secured: Secured::No,
            line: Vec::new(),
            output: BytesMut::new(),
            transaction: None,
            errors: 0,
            idle: 0,
        };
        session.write_greeting();
        session
    }

    /// Takes octets from `input` until there is an event or nothing left to take.
    ///
    /// Call it again after each answer with what is left, also if that is nothing.
    pub fn handle_bytes(&mut self, input: &mut &[u8]) -> Option<Event> {
        loop {
            match &mut self.state {
                State::Decision(_) | State::Tls => return None,
                State::Closing => {
                    self.state = State::Closed;
                    *input = &[];
                    return Some(Event::Closed);
                }
                State::Closed => {
                    *input = &[];
                    return None;
                }
                State::Commands => {
                    let line = self.read_line(input)?;
                    if let Some(event) = self.handle_line(&line) {
                        if event == Event::StartTls {
                            // What came with the command came in the clear: anyone may have put it there.
                            *input = &[];
                        }
                        return Some(event);
                    }
                }
                State::Data => {
                    if let Some(event) = self.read_data(input)? {
                        return Some(event);
                    }
                }
                State::Chunk { .. } => {
                    if let Some(event) = self.read_chunk(input)? {
                        return Some(event);
                    }
                }
            }
        }
    }

    /// Answers the event that waits. 421 also ends the session (RFC 5321 §3.8).
    ///
    /// # Errors
    /// Nothing waits; nothing was sent.
    pub fn answer(&mut self, reply: &Reply) -> Result<(), NothingToAnswer> {
        let decision = match std::mem::replace(&mut self.state, State::Commands) {
            State::Decision(decision) => decision,
            other => {
                self.state = other;
                return Err(NothingToAnswer);
            }
        };
        self.send(reply);
        match decision {
            Decision::Mail(mail_from) if reply.is_success() => {
                self.transaction = Some(Transaction::new(mail_from, self.options.max_message));
            }
            Decision::Recipient(recipient) if reply.is_success() => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.envelope.recipients.push(recipient);
                }
            }
            Decision::Message { answers } if answers > 1 => {
                self.state = State::Decision(Decision::Message {
                    answers: answers - 1,
                });
            }
            Decision::Message { .. } => {}
            // "Come again" is no error of the client's: mail servers send on for those who were taken (RFC 5321 §4.5.3.1.10).
            Decision::Recipient(_) if reply.code() / 100 == 4 && self.may_postpone() => {}
            Decision::Mail(_) | Decision::Recipient(_) => self.count_error(),
        }
        if reply.code() == 421 {
            self.transaction = None;
            self.state = State::Closing;
        }
        Ok(())
    }

    /// Whether one more recipient may be told to come again: of one message no more than could be taken.
    fn may_postpone(&mut self) -> bool {
        let most = self.options.max_recipients;
        self.transaction.as_mut().is_some_and(|transaction| {
            transaction.postponed += 1;
            transaction.postponed <= most
        })
    }

    /// Goes on after the handshake, as if nothing had been said before (RFC 3207 §4.2).
    pub fn tls_started(&mut self) {
        if matches!(self.state, State::Tls) {
            self.state = State::Commands;
            self.secured = Secured::Yes;
            self.client = None;
            self.transaction = None;
        }
    }

    /// Ends the session with a reply of the caller's: a deadline that passed, a server that stops.
    pub fn shut_down(&mut self, reply: &Reply) {
        if !matches!(self.state, State::Closed) {
            self.transaction = None;
            self.close(reply);
        }
    }

    /// What is to be sent.
    pub fn take_output(&mut self) -> Bytes {
        self.output.split().freeze()
    }

    /// How many answers the session waits for; until then it takes no octets.
    #[must_use]
    pub fn answers_due(&self) -> usize {
        match self.state {
            State::Decision(Decision::Message { answers }) => answers,
            State::Decision(_) => 1,
            _ => 0,
        }
    }

    /// Whether a message is under way: its sender was accepted, and its end has not come.
    #[must_use]
    pub fn is_in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// The name that the client gave, unverified.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    /// Octets of a message that are held: what a caller adds up over all its sessions.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.transaction
            .as_ref()
            .map_or(0, |transaction| transaction.content.len())
    }

    /// Takes a line with its CRLF, or all there is of it.
    fn read_line(&mut self, input: &mut &[u8]) -> Option<Vec<u8>> {
        let end = memchr::memchr(b'\n', input).map(|at| at + 1);
        let (part, rest) = input.split_at_checked(end.unwrap_or(input.len()))?;
        if self.line.len() + part.len() > MAX_COMMAND_LINE {
            self.close(&reply::command_too_long());
            return Some(Vec::new());
        }
        *input = rest;
        self.line.extend_from_slice(part);
        end.map(|_| std::mem::take(&mut self.line))
    }

    fn handle_line(&mut self, line: &[u8]) -> Option<Event> {
        if matches!(self.state, State::Closing) {
            return None;
        }
        let text = line.strip_suffix(b"\r\n");
        if text.is_none_or(|text| memchr::memchr3(b'\r', b'\n', 0, text).is_some()) {
            self.close(&reply::bare_line_end());
            return None;
        }
        match Command::parse(line) {
            Ok(command) => self.handle_command(command),
            Err(reply) => {
                self.refuse(&reply);
                None
            }
        }
    }

    fn send(&mut self, reply: &Reply) {
        reply.write(&mut self.output);
    }

    fn close(&mut self, reply: &Reply) {
        self.send(reply);
        self.state = State::Closing;
    }

    fn close_fatally(&mut self, fatal: Fatal) {
        self.transaction = None;
        match fatal {
            Fatal::BareLineEnd => self.close(&reply::bare_line_end()),
            Fatal::Flood => self.close(&reply::too_large(self.options.max_message)),
        }
    }

    fn refuse(&mut self, reply: &Reply) {
        self.send(reply);
        self.count_error();
    }

    /// One more error; the last that is borne ends the session.
    fn count_error(&mut self) {
        self.errors += 1;
        if self.errors > MAX_ERRORS {
            self.close(&reply::too_many_errors());
        }
    }

    fn count_idle(&mut self) {
        self.idle += 1;
        if self.idle > MAX_IDLE_COMMANDS {
            self.close(&reply::too_many_idle_commands());
        }
    }
}
