//! Writes down what happened, and complains when it may not have.

use std::collections::HashMap;

use rialto_model::{FailureReason, Response, ResponseStatus, TransactionId};
use rialto_router::AttemptId;

/// What must never happen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    UnknownTicket { ticket: u64 },
    SecondResponse { ticket: u64 },
    NoResponse { ticket: u64 },
    ForeignTransactionId { ticket: u64 },
    Forbidden { ticket: u64 },
    OutOfOrder { ticket: u64, after: u64 },
    DeliveredTwice { ticket: u64 },
    LostButSuccess { ticket: u64 },
    RefusedButDelivered { ticket: u64, reason: FailureReason },
    NotCalledOff { ticket: u64 },
    CalledOffTwice,
    LeftOver,
    Miscounted,
}

/// All operations of a run, by ticket, and the order of deliveries in each conversation.
#[derive(Default)]
pub(crate) struct Ledger {
    entries: HashMap<u64, Entry>,
    last_delivered: HashMap<usize, u64>,
    attempts: HashMap<AttemptId, u64>,
}

struct Entry {
    transaction_id: TransactionId,
    conversation: usize,
    attempts: Vec<Attempt>,
    arrived: bool,
    response: Option<ResponseStatus>,
}

/// One delivery, to one next hop.
struct Attempt {
    id: AttemptId,
    end: Option<End>,
}

/// How an attempt ended that the router knows of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Another hop may be tried.
    Down,
    /// The same, and this one may have the message.
    Silent,
    Answered,
    CalledOff,
}

impl Ledger {
    pub(crate) fn submitted(&mut self, ticket: u64, id: TransactionId, conversation: usize) {
        let entry = Entry {
            transaction_id: id,
            conversation,
            attempts: Vec::new(),
            arrived: false,
            response: None,
        };
        self.entries.insert(ticket, entry);
    }

    /// Tickets rise with time, so they rise within a conversation as well; a further hop is tried when the former is through.
    /// Yields the conversation.
    pub(crate) fn delivered(
        &mut self,
        ticket: u64,
        attempt: AttemptId,
    ) -> Result<usize, Violation> {
        let entry = self
            .entries
            .get_mut(&ticket)
            .ok_or(Violation::UnknownTicket { ticket })?;
        let former = entry.attempts.last().map(|former| (former.id, former.end));
        entry.attempts.push(Attempt {
            id: attempt,
            end: None,
        });
        self.attempts.insert(attempt, ticket);
        let conversation = entry.conversation;
        match former {
            Some((id, _)) if id == attempt => return Err(Violation::DeliveredTwice { ticket }),
            Some((_, Some(End::Down | End::Silent | End::CalledOff))) => return Ok(conversation),
            Some((_, Some(End::Answered))) => return Err(Violation::DeliveredTwice { ticket }),
            Some((_, None)) => return Err(Violation::NotCalledOff { ticket }),
            None => {}
        }
        match self.last_delivered.insert(conversation, ticket) {
            Some(after) if after >= ticket => Err(Violation::OutOfOrder { ticket, after }),
            _ => Ok(conversation),
        }
    }

    /// The far side has it, whatever it says about that.
    pub(crate) fn arrived(&mut self, ticket: u64) {
        if let Some(entry) = self.entries.get_mut(&ticket) {
            entry.arrived = true;
        }
    }

    /// An adapter has answered in earnest.
    pub(crate) fn answered(&mut self, attempt: AttemptId, status: &ResponseStatus) {
        let end = match status {
            ResponseStatus::Failure(failure) => match failure.reason() {
                FailureReason::Unreachable => End::Down,
                FailureReason::TimedOut => End::Silent,
                _ => End::Answered,
            },
            _ => End::Answered,
        };
        if let Some(attempt) = self.attempt(attempt) {
            attempt.end.get_or_insert(end);
        }
    }

    pub(crate) fn called_off(&mut self, attempt: AttemptId) -> Result<(), Violation> {
        match self.attempt(attempt) {
            Some(attempt) if attempt.end != Some(End::CalledOff) => {
                attempt.end = Some(End::CalledOff);
                Ok(())
            }
            _ => Err(Violation::CalledOffTwice),
        }
    }

    fn attempt(&mut self, id: AttemptId) -> Option<&mut Attempt> {
        let entry = self.entries.get_mut(self.attempts.get(&id)?)?;
        entry.attempts.iter_mut().find(|attempt| attempt.id == id)
    }

    pub(crate) fn responded(&mut self, ticket: u64, response: Response) -> Result<(), Violation> {
        let entry = self
            .entries
            .get_mut(&ticket)
            .ok_or(Violation::UnknownTicket { ticket })?;
        if entry.transaction_id != *response.transaction_id() {
            return Err(Violation::ForeignTransactionId { ticket });
        }
        entry.check(ticket, response.status())?;
        match entry.response.replace(response.into_status()) {
            None => Ok(()),
            Some(_) => Err(Violation::SecondResponse { ticket }),
        }
    }

    /// All operations have been answered.
    pub(crate) fn close(&self) -> Result<(), Violation> {
        let unanswered = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.response.is_none());
        match unanswered.map(|(ticket, _)| *ticket).min() {
            Some(ticket) => Err(Violation::NoResponse { ticket }),
            None => Ok(()),
        }
    }
}

impl Entry {
    /// Whether this may be said of what became of the message.
    fn check(&self, ticket: u64, status: &ResponseStatus) -> Result<(), Violation> {
        let failure = match status {
            ResponseStatus::Success if !self.arrived => {
                return Err(Violation::LostButSuccess { ticket });
            }
            ResponseStatus::Failure(failure) => failure,
            _ => return Ok(()),
        };
        let Some(last) = self.attempts.last() else {
            return Ok(());
        };
        let in_doubt = self.ended(End::CalledOff) || self.ended(End::Silent);
        match failure.reason() {
            FailureReason::TimedOut if in_doubt || last.end == Some(End::Down) => Ok(()),
            FailureReason::Cancelled if last.end.is_some() => Ok(()),
            FailureReason::TimedOut | FailureReason::Cancelled => {
                Err(Violation::NotCalledOff { ticket })
            }
            // What a hop refuses is the truth of that hop, and the only word there is.
            FailureReason::Refused if in_doubt => Ok(()),
            reason if self.arrived || last.end.is_none() => {
                Err(Violation::RefusedButDelivered { ticket, reason })
            }
            _ => Ok(()),
        }
    }

    fn ended(&self, end: End) -> bool {
        self.attempts.iter().any(|attempt| attempt.end == Some(end))
    }
}
