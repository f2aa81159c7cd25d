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
    OutOfOrder { ticket: u64, after: u64 },
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
}

struct Entry {
    transaction_id: TransactionId,
    conversation: usize,
    attempt: Option<AttemptId>,
    answered: bool,
    called_off: bool,
    arrived: bool,
    response: Option<ResponseStatus>,
}

impl Ledger {
    pub(crate) fn submitted(&mut self, ticket: u64, id: TransactionId, conversation: usize) {
        let entry = Entry {
            transaction_id: id,
            conversation,
            attempt: None,
            answered: false,
            called_off: false,
            arrived: false,
            response: None,
        };
        self.entries.insert(ticket, entry);
    }

    /// Tickets rise with time, so they rise within a conversation as well.
    pub(crate) fn delivered(&mut self, ticket: u64, attempt: AttemptId) -> Result<(), Violation> {
        let entry = self
            .entries
            .get_mut(&ticket)
            .ok_or(Violation::UnknownTicket { ticket })?;
        entry.attempt = Some(attempt);
        let conversation = entry.conversation;
        match self.last_delivered.insert(conversation, ticket) {
            Some(after) if after >= ticket => Err(Violation::OutOfOrder { ticket, after }),
            _ => Ok(()),
        }
    }

    /// The far side has it, whatever it says about that.
    pub(crate) fn arrived(&mut self, ticket: u64) {
        if let Some(entry) = self.entries.get_mut(&ticket) {
            entry.arrived = true;
        }
    }

    /// An adapter has answered in earnest.
    pub(crate) fn answered(&mut self, ticket: u64) {
        if let Some(entry) = self.entries.get_mut(&ticket) {
            entry.answered = true;
        }
    }

    pub(crate) fn called_off(&mut self, attempt: AttemptId) -> Result<(), Violation> {
        let entry = self
            .entries
            .values_mut()
            .find(|entry| entry.attempt == Some(attempt));
        match entry {
            Some(entry) if !entry.called_off => {
                entry.called_off = true;
                Ok(())
            }
            _ => Err(Violation::CalledOffTwice),
        }
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
            ResponseStatus::Failure(failure) if self.attempt.is_some() => failure,
            _ => return Ok(()),
        };
        match failure.reason() {
            FailureReason::TimedOut | FailureReason::Cancelled if self.called_off => Ok(()),
            FailureReason::TimedOut | FailureReason::Cancelled => {
                Err(Violation::NotCalledOff { ticket })
            }
            reason if self.arrived || !self.answered => {
                Err(Violation::RefusedButDelivered { ticket, reason })
            }
            _ => Ok(()),
        }
    }
}
