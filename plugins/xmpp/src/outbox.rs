//! What is to be sent, and what was sent and is not proven yet.
//!
//! ```text
//! push ─► queued ─► next_batch ─► written ─► ping answered ──► Success
//!           │                       ├──────► error stanza ───► Failure
//!           └─ lost: Unreachable    └──────► lost ───────────► Indeterminant
//! ```
//!
//! An XMPP server does not acknowledge messages to a component. But it handles a stream in order
//! (RFC 6120 §10.1): when it answers a ping, it has taken every message before that ping, and has
//! refused those that it refuses at once. No I/O and no clock here: time is an argument.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use rialto_sdk::model::{ByteString, Failure, FailureReason, ResponseStatus, TransactionId};
use rialto_sdk::tokio::sync::{OwnedSemaphorePermit, oneshot};
use rialto_sdk::tokio::time::Instant;
use rialto_xmpp_codec::{Iq, Message, Stanza, StanzaWriter, WriteError};

mod answerer;
mod queue;

use self::answerer::may_refuse;
use self::queue::{Next, Queue};

/// Bounds the outbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutboxLimits {
    /// Messages that are queued or not proven.
    pub(crate) messages: usize,
    /// Bytes of messages that are queued.
    pub(crate) bytes: usize,
    /// Bytes of one stanza.
    pub(crate) stanza_bytes: usize,
}

/// Holds the messages of one component, in order.
#[derive(Debug)]
pub(crate) struct Outbox {
    limits: OutboxLimits,
    link: Option<Link>,
    /// Of the stream that is up, or of the last one: answers outlive a stream.
    writer: Option<StanzaWriter>,
    queue: Queue,
    /// From `first` to `next`, one for each message; those that are answered are `None`.
    waiting: VecDeque<Option<Waiting>>,
    first: u64,
    next: u64,
    by_id: HashMap<TransactionId, u64>,
    /// How many messages the last answer proved.
    proven_at_once: u64,
    stopping: bool,
}

/// A stream that is up.
#[derive(Debug)]
struct Link {
    pings: PingTemplate,
    ping: Option<Ping>,
    /// Messages before this one are written.
    written: u64,
    /// Messages before this one are followed by a ping.
    covered: u64,
}

/// How this component pings its server.
#[derive(Clone, Debug)]
pub(crate) struct PingTemplate {
    /// The component.
    pub(crate) from: ByteString,
    /// Whom to ping.
    pub(crate) to: ByteString,
    /// Nobody can guess it; followed by a number, it is the ping's id.
    pub(crate) secret: u64,
}

/// A ping whose answer has not come.
#[derive(Debug)]
struct Ping {
    id: String,
    covers: u64,
    sent: Instant,
}

#[derive(Debug)]
struct Waiting {
    id: TransactionId,
    to: Option<ByteString>,
    answer: oneshot::Sender<ResponseStatus>,
}

/// What happened to a report of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reported {
    /// A message waited for it and has failed now.
    Failed,
    /// No message waits for it: it comes too late, or twice, or was never ours.
    TooLate,
    /// The message that waits was sent to someone else.
    Foreign,
}

impl Outbox {
    /// An empty one, with no stream.
    pub(crate) fn new(limits: OutboxLimits) -> Self {
        Self {
            limits,
            link: None,
            writer: None,
            queue: Queue::default(),
            waiting: VecDeque::new(),
            first: 0,
            next: 0,
            by_id: HashMap::new(),
            proven_at_once: 0,
            stopping: false,
        }
    }

    /// A stream is up; what is queued may be written to it.
    pub(crate) fn connected(&mut self, writer: StanzaWriter, pings: PingTemplate) {
        let next = self.next;
        self.writer = Some(writer);
        self.link = Some(Link {
            pings,
            ping: None,
            written: next,
            covered: next,
        });
    }

    /// The stream is gone: everything that waits is answered with what is known of it.
    pub(crate) fn lost(&mut self) {
        let written = self.link.take().map_or(self.first, |link| link.written);
        for number in self.first..self.next {
            let status = if number < written {
                ResponseStatus::Indeterminant
            } else {
                Failure::new(FailureReason::Unreachable)
                    .with_detail(LOST)
                    .into()
            };
            self.answer(number, status);
        }
        self.queue.clear_messages();
    }

    /// Queues a message; its outcome comes through `answer`. Returns its number.
    pub(crate) fn push(
        &mut self,
        message: Message,
        id: TransactionId,
        answer: oneshot::Sender<ResponseStatus>,
    ) -> Result<u64, Failure> {
        if self.stopping {
            return Err(FailureReason::ShuttingDown.into());
        }
        let writer = self.writer.filter(|_| self.link.is_some());
        let writer = writer.ok_or_else(|| {
            Failure::new(FailureReason::Unreachable)
                .with_detail("xmpp: the server is not connected")
        })?;
        let is_full = self.waiting.len() >= self.limits.messages
            || self.queue.message_bytes() >= self.limits.bytes;
        if is_full {
            return Err(
                Failure::new(FailureReason::Overloaded).with_detail("xmpp: the queue is full")
            );
        }
        let to = message.to.clone();
        let bytes = written(&writer, &message.into()).map_err(unsupported)?;
        if bytes.len() > self.limits.stanza_bytes {
            return Err(Failure::new(FailureReason::TooLarge));
        }
        let number = self.next;
        self.next += 1;
        self.by_id.insert(id, number);
        self.waiting.push_back(Some(Waiting { id, to, answer }));
        self.queue.push_message(number, bytes);
        Ok(number)
    }

    /// Bytes that an answer to something that came in takes in the queue; `None` without any stream so far, for then
    /// nothing came in that could be answered.
    pub(crate) fn reply_bytes(&self, stanza: &Stanza) -> Result<Option<usize>, WriteError> {
        let bytes = self.writer.map(|writer| written(&writer, stanza));
        Ok(bytes.transpose()?.map(|bytes| bytes.capacity()))
    }

    /// Queues an answer to something that came in; if the stream is gone, for the next one.
    pub(crate) fn reply(
        &mut self,
        stanza: &Stanza,
        place: OwnedSemaphorePermit,
    ) -> Result<(), WriteError> {
        if let Some(writer) = &self.writer {
            self.queue.push_reply(place, written(writer, stanza)?);
        }
        Ok(())
    }

    /// Nobody waits for this message any more; if it is still queued, it is not sent.
    pub(crate) fn cancel(&mut self, number: u64) {
        if let Some(waiting) = self.take(number) {
            drop(waiting);
        }
        self.trim();
    }

    /// Nobody can wait any longer: says what is known of the message. If it is still queued, it is
    /// not sent.
    pub(crate) fn give_up(&mut self, number: u64) -> ResponseStatus {
        let written = self.link.as_ref().is_some_and(|link| number < link.written);
        self.cancel(number);
        if written {
            return ResponseStatus::Indeterminant;
        }
        let failure = Failure::new(FailureReason::TimedOut);
        failure
            .with_detail("xmpp: the server took no more in time")
            .into()
    }

    /// Moves what is queued to `out`, up to about `room` bytes, and adds a ping if one is needed.
    ///
    /// No message is moved while a ping has been on its way for long: if the server is gone, what is
    /// still queued can fail truthfully, and what was written cannot. Replies are: the answer to the
    /// ping may stand behind questions that are not read before there is room for their answers.
    pub(crate) fn next_batch(&mut self, room: usize, now: Instant, out: &mut Vec<u8>) {
        let in_doubt = self
            .ping_sent()
            .is_some_and(|sent| now.duration_since(sent) >= DOUBT);
        while out.len() < room {
            let next = if in_doubt {
                self.queue.pop_reply()
            } else {
                self.queue.pop()
            };
            let Some(Next { bytes, message }) = next else {
                break;
            };
            if let Some(number) = message {
                if !self.is_waiting(number) {
                    continue;
                }
                if let Some(link) = &mut self.link {
                    link.written = number + 1;
                }
            }
            out.extend_from_slice(&bytes);
        }
        let link = self.link.as_ref();
        if link.is_some_and(|link| link.ping.is_none() && link.covered < link.written) {
            self.ping(now, out);
        }
    }

    /// Adds a ping, unless one is on its way.
    pub(crate) fn ping(&mut self, now: Instant, out: &mut Vec<u8>) {
        let link = self.link.as_mut().filter(|link| link.ping.is_none());
        let (Some(link), Some(writer)) = (link, self.writer) else {
            return;
        };
        link.covered = link.written;
        let id = format!("{:016x}-{}", link.pings.secret, link.covered);
        let PingTemplate { from, to, .. } = link.pings.clone();
        let ping = Iq::ping(from, to, id.as_str().into());
        if writer.write(&ping.into(), out).is_ok() {
            link.ping = Some(Ping {
                id,
                covers: link.covered,
                sent: now,
            });
        }
    }

    /// An iq of the server's with this id came: if it answers the ping, what the ping covers has
    /// arrived.
    ///
    /// Returns how long the answer took.
    pub(crate) fn answered(&mut self, id: &str, now: Instant) -> Option<Duration> {
        let link = self.link.as_mut()?;
        let ping = link.ping.take_if(|ping| ping.id == id)?;
        self.proven_at_once = ping.covers.saturating_sub(self.first);
        for number in self.first..ping.covers {
            self.answer(number, ResponseStatus::Success);
        }
        Some(now.duration_since(ping.sent))
    }

    /// The message with this id was not taken, says `from`.
    pub(crate) fn refused(
        &mut self,
        id: &str,
        from: Option<&ByteString>,
        failure: Failure,
    ) -> Reported {
        let id = TransactionId::parse(id.as_bytes()).ok();
        let Some(number) = id.and_then(|id| self.by_id.get(&id).copied()) else {
            return Reported::TooLate;
        };
        if !self.may_refuse(from, number) {
            return Reported::Foreign;
        }
        self.answer(number, failure.into());
        Reported::Failed
    }

    fn may_refuse(&self, from: Option<&ByteString>, number: u64) -> bool {
        let to = self
            .waiting_for(number)
            .and_then(|waiting| waiting.to.as_ref());
        let server = self.link.as_ref().map(|link| &*link.pings.to);
        match (from, to) {
            (Some(from), Some(to)) => may_refuse(from, to, server.unwrap_or_default()),
            // It is the server's own: servers let no user leave the address out.
            _ => true,
        }
    }

    /// Do messages come one by one, and not many for one ping?
    pub(crate) fn is_calm(&self) -> bool {
        self.waiting.len() <= FEW && self.proven_at_once <= FEW as u64
    }

    /// When the ping that is on its way was sent.
    pub(crate) fn ping_sent(&self) -> Option<Instant> {
        self.link.as_ref()?.ping.as_ref().map(|ping| ping.sent)
    }

    /// Takes no more messages; what is under way goes on.
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
    }

    /// Has [`stop`](Self::stop) been called?
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// Is nothing under way any more, nor will be?
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopping && self.queue.is_empty() && self.waiting.is_empty()
    }

    fn answer(&mut self, number: u64, status: ResponseStatus) {
        if let Some(waiting) = self.take(number) {
            // If nobody listens any more, nobody needs to know.
            drop(waiting.answer.send(status));
        }
        self.trim();
    }

    fn take(&mut self, number: u64) -> Option<Waiting> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let waiting = self.waiting.get_mut(index)?.take()?;
        if self.by_id.get(&waiting.id) == Some(&number) {
            self.by_id.remove(&waiting.id);
        }
        Some(waiting)
    }

    fn trim(&mut self) {
        while let Some(None) = self.waiting.front() {
            self.waiting.pop_front();
            self.first += 1;
        }
    }

    fn is_waiting(&self, number: u64) -> bool {
        self.waiting_for(number).is_some()
    }

    fn waiting_for(&self, number: u64) -> Option<&Waiting> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.waiting.get(index)?.as_ref()
    }
}

/// What one write each does not burden.
const FEW: usize = 2;

/// How long messages go out behind a ping that is not answered.
pub(crate) const DOUBT: Duration = Duration::from_secs(2);

const LOST: &str = "xmpp: the connection was lost before the message was sent";

fn written(writer: &StanzaWriter, stanza: &Stanza) -> Result<Vec<u8>, WriteError> {
    const USUAL: usize = 512;
    let mut bytes = Vec::with_capacity(USUAL);
    writer.write(stanza, &mut bytes)?;
    Ok(bytes)
}

fn unsupported(error: WriteError) -> Failure {
    Failure::new(FailureReason::UnsupportedContent).with_detail(format!("xmpp: {error}"))
}
