//! Transactions: an envelope, and the content that comes for it.

use super::{Decision, Event, Protocol, Session, State, reply};
use crate::{
    limits::MAX_DISCARDED,
    smtp::{
        Envelope, MailFrom, Reply,
        content::{Content, Fatal, Flaw},
    },
};

/// A message that is being received.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) envelope: Envelope,
    pub(super) content: Content,
    /// Chunks that came; after one there is no way back to RCPT or DATA (RFC 3030 §2).
    pub(super) chunks: usize,
    /// Recipients who were told to come again.
    pub(super) postponed: usize,
}

impl Transaction {
    pub(super) fn new(mail_from: MailFrom, max_message: usize) -> Self {
        Self {
            envelope: Envelope {
                mail_from,
                recipients: Vec::new(),
            },
            content: Content::new(max_message),
            chunks: 0,
            postponed: 0,
        }
    }
}

impl Session {
    /// Takes lines of DATA. Nothing: they are not over. Else the event of their end, if it makes one.
    pub(super) fn read_data(&mut self, input: &mut &[u8]) -> Option<Option<Event>> {
        let Some(transaction) = &mut self.transaction else {
            self.state = State::Commands;
            return Some(None);
        };
        match transaction.content.take_lines(input) {
            Ok(false) => None,
            Ok(true) => Some(self.finish()),
            Err(fatal) => {
                self.close_fatally(fatal);
                Some(None)
            }
        }
    }

    /// Takes octets of a chunk, with the same results.
    pub(super) fn read_chunk(&mut self, input: &mut &[u8]) -> Option<Option<Event>> {
        let State::Chunk {
            left,
            last,
            refused,
            size,
        } = &mut self.state
        else {
            return Some(None);
        };
        let taken = input.len().min(*left);
        let (octets, rest) = input.split_at_checked(taken)?;
        *input = rest;
        *left -= taken;
        let (over, last, size) = (*left == 0, *last, *size);
        let result = match (&refused, &mut self.transaction) {
            (None, Some(transaction)) => transaction.content.take_chunk(octets),
            _ if size > MAX_DISCARDED => Err(Fatal::Flood),
            _ => Ok(()),
        };
        if let Err(fatal) = result {
            self.close_fatally(fatal);
            return Some(None);
        }
        if !over {
            return None;
        }
        let refused = refused.take();
        self.state = State::Commands;
        Some(self.finish_chunk(refused, last, size))
    }

    fn finish_chunk(&mut self, refused: Option<Reply>, last: bool, size: usize) -> Option<Event> {
        if let Some(refused) = refused {
            self.refuse(&refused);
            return None;
        }
        let content = self
            .transaction
            .as_ref()
            .map(|transaction| &transaction.content);
        if last && content.is_some_and(|content| !content.may_end()) {
            self.close_fatally(Fatal::BareLineEnd);
            return None;
        }
        match content.and_then(Content::flaw) {
            _ if last => return self.finish(),
            Some(flaw) => self.refuse(&self.flaw_reply(flaw)),
            None => {
                self.send(&reply::chunk(size));
                // Chunks of nothing are cheap to send.
                if size == 0 {
                    self.count_idle();
                }
            }
        }
        None
    }

    /// The content is all there: hands it over, or refuses it for everyone.
    fn finish(&mut self) -> Option<Event> {
        let transaction = self.transaction.take()?;
        self.state = State::Commands;
        self.idle = 0;
        let answers = match self.options.protocol {
            Protocol::Smtp => 1,
            Protocol::Lmtp => transaction.envelope.recipients.len(),
        };
        if let Some(flaw) = transaction.content.flaw() {
            let reply = self.flaw_reply(flaw);
            for _ in 0..answers {
                self.send(&reply);
            }
            self.count_error();
            return None;
        }
        self.state = State::Decision(Decision::Message { answers });
        Some(Event::Message {
            envelope: transaction.envelope,
            content: transaction.content.into_bytes(),
        })
    }

    fn flaw_reply(&self, flaw: Flaw) -> Reply {
        match flaw {
            Flaw::TooLarge => reply::too_large(self.options.max_message),
            Flaw::LineTooLong => reply::line_too_long(),
        }
    }
}
