//! What is to be sent, and what was sent and is not proven yet.
//!
//! ```text
//! push ─► queued ─► next_batch ─► written ─► ping answered ──► Success
//!           │                       ├──────► error stanza ───► Failure
//!           └─ lost: Unreachable    └──────► lost ───────────► TimedOut, it may have arrived
//! ```
//!
//! An XMPP server does not acknowledge messages to a component. But it handles a stream in order
//! (RFC 6120 §10.1): when it answers a ping, it has taken every message before that ping, and has
//! refused those that it refuses at once. No I/O and no clock here: time is an argument.

use std::time::Duration;

use rialto_sdk::model::{ByteString, Failure, FailureReason, ResponseStatus, TransactionId};
use rialto_sdk::tokio::sync::{OwnedSemaphorePermit, oneshot};
use rialto_sdk::tokio::time::Instant;
use rialto_xmpp_codec::{Stanza, StanzaWriter, WriteError};

mod answerer;
mod batch;
mod failed;
mod parcel;
mod queue;
mod stream;
mod waiting;

use self::answerer::may_refuse;
pub(crate) use self::batch::Batch;
pub(crate) use self::parcel::Parcel;
use self::queue::{Next, Queue};
#[cfg(test)]
pub(crate) use self::stream::DOUBT;
pub(crate) use self::stream::PingTemplate;
use self::stream::Stream;
use self::waiting::{State, Waiting, WaitingList};

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
    stream: Option<Stream>,
    /// Of the stream that is up, or of the last one: answers outlive a stream.
    writer: Option<StanzaWriter>,
    queue: Queue,
    waiting: WaitingList,
    /// How many messages the last answer proved.
    proven_at_once: u64,
    stopping: bool,
}

/// What a message is worth later than now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    /// As much.
    Lasting,
    /// Nothing: when the queue fills, it is refused first.
    Passing,
    /// The same, and less than a newer state of its conversation, which takes its place as long as it is queued.
    State,
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
            stream: None,
            writer: None,
            queue: Queue::default(),
            waiting: WaitingList::default(),
            proven_at_once: 0,
            stopping: false,
        }
    }

    /// A stream is up; what is queued may be written to it.
    pub(crate) fn connected(&mut self, writer: StanzaWriter, pings: PingTemplate) {
        let next = self.waiting.next();
        self.writer = Some(writer);
        self.stream = Some(Stream::new(pings, next));
    }

    /// Nothing more is written: of what was taken to be, the messages from `first_unsent` on were not, or not whole.
    pub(crate) fn hung_up(&mut self, first_unsent: Option<u64>) {
        if let (Some(stream), Some(first)) = (&mut self.stream, first_unsent) {
            stream.written = stream.written.min(first);
        }
    }

    /// The stream is gone: everything that waits is answered with what is known of it.
    pub(crate) fn lost(&mut self) {
        let all = self.waiting.first()..self.waiting.next();
        let written = self
            .stream
            .take()
            .map_or(all.start, |stream| stream.written);
        for number in all {
            let failure = if number < written {
                failed::lost_behind()
            } else {
                failed::lost_before()
            };
            self.waiting.answer(number, failure.into());
        }
        self.queue.clear_messages();
    }

    /// Queues a parcel; its outcome comes through `answer`. Returns its number.
    pub(crate) fn push(
        &mut self,
        parcel: Parcel,
        id: TransactionId,
        worth: Worth,
        answer: oneshot::Sender<ResponseStatus>,
    ) -> Result<u64, Failure> {
        if self.stopping {
            return Err(FailureReason::ShuttingDown.into());
        }
        let writer = self.writer.filter(|_| self.stream.is_some());
        let writer = writer.ok_or_else(failed::not_connected)?;
        if self.is_full_for(worth) {
            return Err(failed::full());
        }
        let to = parcel.to().cloned();
        let mut state = match &parcel {
            Parcel::Message(message) if worth == Worth::State => Some(Box::new(State::of(message))),
            _ => None,
        };
        let bytes = parcel.write(&writer, self.limits.stanza_bytes)?;
        if let Some(state) = &mut state {
            self.replace(state)?;
        }
        let number = self.waiting.push(Waiting {
            id,
            to,
            answer,
            state,
        });
        self.queue.push_message(number, bytes);
        Ok(number)
    }

    /// What is worth nothing later gets half of the room only.
    fn is_full_for(&self, worth: Worth) -> bool {
        let share = if worth == Worth::Lasting { 1 } else { 2 };
        self.waiting.len() >= self.limits.messages.div_ceil(share)
            || self.queue.message_bytes() >= self.limits.bytes.div_ceil(share)
    }

    /// Takes the last state of the conversation out of the queue, if it is still there: who waits for it is answered with the newer
    /// one, which says all that the older would have.
    fn replace(&mut self, newer: &mut State) -> Result<(), Failure> {
        let older = self.waiting.state(newer.conversation());
        let Some(number) = older.filter(|number| !self.is_written(*number)) else {
            return Ok(());
        };
        let state = self
            .waiting
            .get(number)
            .and_then(|older| older.state.as_ref());
        if state.is_some_and(|state| state.is_awaited_enough()) {
            return Err(failed::full());
        }
        if let Some(older) = self.waiting.take(number) {
            newer.replace(older);
        }
        Ok(())
    }

    fn is_written(&self, number: u64) -> bool {
        let stream = self.stream.as_ref();
        stream.is_some_and(|stream| number < stream.written)
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
        drop(self.waiting.take(number));
    }

    /// Nobody can wait any longer: says what is known of the message. If it is still queued, it is
    /// not sent.
    pub(crate) fn give_up(&mut self, number: u64) -> ResponseStatus {
        let failure = if self.is_written(number) {
            failed::unproven()
        } else {
            failed::not_taken()
        };
        self.cancel(number);
        failure.into()
    }

    /// Moves what is queued to `out`, up to about `room` bytes, and adds a ping if one is needed.
    ///
    /// No message is moved while a ping has been on its way for long: if the server is gone, what is
    /// still queued can fail truthfully, and what was written cannot. Replies are: the answer to the
    /// ping may stand behind questions that are not read before there is room for their answers.
    pub(crate) fn next_batch(&mut self, room: usize, now: Instant, out: &mut Batch) {
        if self.gathers_until().is_some_and(|until| now < until) {
            return;
        }
        let in_doubt = self
            .stream
            .as_ref()
            .is_some_and(|stream| stream.is_in_doubt(now));
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
                if self.waiting.get(number).is_none() {
                    continue;
                }
                if let Some(stream) = &mut self.stream {
                    stream.written = number + 1;
                }
            }
            out.push(&bytes, message);
        }
        if self.stream.as_ref().is_some_and(Stream::is_unproven) {
            self.ping(now, out);
        }
    }

    /// Adds a ping, unless one is on its way.
    pub(crate) fn ping(&mut self, now: Instant, out: &mut Batch) {
        if let (Some(stream), Some(writer)) = (&mut self.stream, &self.writer) {
            stream.ping(now, writer, out);
        }
    }

    /// An iq of the server's with this id came: if it answers the ping, what the ping covers has
    /// arrived.
    ///
    /// Returns how long the answer took.
    pub(crate) fn answered(&mut self, id: &str, now: Instant) -> Option<Duration> {
        let (covers, time) = self.stream.as_mut()?.answered(id, now)?;
        let first = self.waiting.first();
        self.proven_at_once = covers.saturating_sub(first);
        for number in first..covers {
            self.waiting.answer(number, ResponseStatus::Success);
        }
        Some(time)
    }

    /// Until when messages gather, to be written with the next ping, which would prove them in any case; until then each would cost a write.
    ///
    /// A few are written at once, many as well, and replies: somebody waits for each.
    fn gathers_until(&self) -> Option<Instant> {
        let near = self.stream.as_ref()?.answer_is_near_until()?;
        let gathers = !self.is_calm()
            && !self.queue.has_replies()
            && self.queue.message_bytes() < WORTH_A_WRITE;
        gathers.then_some(near)
    }

    /// Do messages gather, and does somebody come back to them?
    pub(crate) fn is_watched(&self) -> bool {
        let stream = self.stream.as_ref();
        stream.is_some_and(Stream::is_watched) && self.gathers_until().is_some()
    }

    /// When whoever asks comes back to messages that gather by then; `None` if they need nobody.
    pub(crate) fn watch(&mut self, now: Instant) -> Option<Instant> {
        let is_empty = self.queue.is_empty();
        let near = self.stream.as_mut()?.watch(now)?;
        (now < near || !is_empty).then(|| near.max(now))
    }

    /// The message with this id was not taken, says `from`.
    pub(crate) fn refused(
        &mut self,
        id: &str,
        from: Option<&ByteString>,
        failure: Failure,
    ) -> Reported {
        let id = TransactionId::parse(id.as_bytes()).ok();
        let Some(number) = id.and_then(|id| self.waiting.find(&id)) else {
            return Reported::TooLate;
        };
        if !self.may_refuse(from, number) {
            return Reported::Foreign;
        }
        self.waiting.answer(number, failure.into());
        Reported::Failed
    }

    fn may_refuse(&self, from: Option<&ByteString>, number: u64) -> bool {
        let waiting = self.waiting.get(number);
        let to = waiting.and_then(|waiting| waiting.to.as_ref());
        let server = self.stream.as_ref().map(Stream::server);
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
        self.stream.as_ref()?.ping_sent()
    }

    /// Takes no more messages; what is under way goes on.
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
    }

    /// Has [`stop`](Self::stop) been called?
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// Has the stream been given all that was queued?
    pub(crate) fn has_written(&self) -> bool {
        self.queue.is_empty()
    }

    /// Is nothing under way any more, nor will be?
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopping && self.queue.is_empty() && self.waiting.is_empty()
    }
}

/// What one write each does not burden.
const FEW: usize = 2;

/// Bytes that are worth a write of their own.
const WORTH_A_WRITE: usize = 16 * 1024;

fn written(writer: &StanzaWriter, stanza: &Stanza) -> Result<Vec<u8>, WriteError> {
    const USUAL: usize = 512;
    let mut bytes = Vec::with_capacity(USUAL);
    writer.write(stanza, &mut bytes)?;
    Ok(bytes)
}
