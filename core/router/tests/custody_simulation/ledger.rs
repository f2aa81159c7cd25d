//! Writes down what happened to each message, and complains when it may not have.

use std::collections::{HashMap, HashSet};

use rialto_model::{
    Disposition, DispositionOperation, DispositionRequest, FailureReason, Response, ResponseStatus,
    TransactionId,
};
use rialto_router::JournalTable;

use super::disk::Journal;

/// What must never happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// It was accepted, and neither delivered nor was its sender told.
    Lost {
        message: u64,
    },
    /// A caller heard nothing, and the gateway did not crash.
    NoResponse {
        ticket: u64,
    },
    SecondResponse {
        ticket: u64,
    },
    ForeignTransactionId {
        ticket: u64,
    },
    /// Success, and it never arrived.
    LostButSuccess {
        message: u64,
    },
    /// A failure of which there was no doubt, and it arrived.
    RefusedButDelivered {
        message: u64,
        reason: FailureReason,
    },
    /// Under two names, so that the far side cannot tell.
    DeliveredTwice {
        message: u64,
    },
    OutOfOrder {
        message: u64,
        after: u64,
    },
    /// Two of one conversation at once, though the first was accepted before the other came.
    Together {
        message: u64,
        with: u64,
    },
    /// What is worth something only now was kept.
    EphemeralKept {
        message: u64,
    },
    NotAsked {
        message: u64,
        told: Disposition,
    },
    ToldTwice {
        message: u64,
        told: Disposition,
    },
    /// A report that says nothing true of the message.
    Garbled {
        message: u64,
    },
    /// A report on what the sender was never told about being kept.
    UnknownMessage,
    NeverEnds,
}

/// All messages of a run.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) messages: Vec<Message>,
    tickets: HashMap<u64, Ticket>,
    /// Of each conversation, the last that was delivered for the first time after it was accepted.
    last_first: HashMap<usize, u64>,
    accepted: u64,
    is_drop_open: bool,
}

/// What is known of a message.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) id: TransactionId,
    pub(crate) conversation: usize,
    pub(crate) request: DispositionRequest,
    pub(crate) is_ephemeral: bool,
    /// A sender was told that it is kept.
    pub(crate) is_accepted: bool,
    /// In which order that was.
    place: u64,
    /// How many had been accepted when it came.
    came_behind: u64,
    arrived: bool,
    /// Somebody took it who will never tell.
    delegated: bool,
    /// Whether nobody can know if it arrived.
    pub(crate) in_doubt: bool,
    /// Under which name it was handed out last.
    name: Option<TransactionId>,
    /// Under which name it is handed out since it was accepted.
    accepted_name: Option<TransactionId>,
    /// The tries that are out.
    out: u32,
    /// Of each side, the names of the reports that were told: one for each time that it was sent.
    told: HashMap<u8, HashSet<TransactionId>>,
    failed: bool,
    refused: bool,
    /// How often its sender sent it.
    sent: usize,
}

struct Ticket {
    message: u64,
    is_answered: bool,
    is_lost: bool,
}

impl Ledger {
    pub(crate) fn submitted(&mut self, ticket: u64, message: Option<u64>, new: Message) -> u64 {
        let message = match message {
            Some(message) => {
                let of = self.of(message);
                of.sent += 1;
                // What becomes of one of them says nothing of the other, where neither is kept.
                of.in_doubt = true;
                message
            }
            None => {
                let came_behind = self.accepted;
                self.messages.push(Message { came_behind, ..new });
                self.messages.len() as u64 - 1
            }
        };
        let ticket_of = Ticket {
            message,
            is_answered: false,
            is_lost: false,
        };
        self.tickets.insert(ticket, ticket_of);
        message
    }

    pub(crate) fn of(&mut self, message: u64) -> &mut Message {
        &mut self.messages[message as usize]
    }

    pub(crate) fn responded(&mut self, ticket: u64, response: Response) -> Result<(), Violation> {
        let Some(known) = self.tickets.get_mut(&ticket) else {
            return Ok(()); // a word on a message
        };
        let message = known.message;
        if std::mem::replace(&mut known.is_answered, true) {
            return Err(Violation::SecondResponse { ticket });
        }
        let of = &mut self.messages[message as usize];
        if *response.transaction_id() != of.id {
            return Err(Violation::ForeignTransactionId { ticket });
        }
        match response.into_status() {
            ResponseStatus::Success if !of.arrived => Err(Violation::LostButSuccess { message }),
            ResponseStatus::Success => Ok(()),
            ResponseStatus::Indeterminant if of.is_ephemeral && !of.delegated => {
                Err(Violation::EphemeralKept { message })
            }
            ResponseStatus::Indeterminant => {
                if !of.is_accepted {
                    of.accepted_name = of.name.filter(|_| of.out > 0);
                    self.accepted += 1;
                    of.place = self.accepted;
                }
                of.is_accepted |= !of.is_ephemeral && !of.delegated;
                Ok(())
            }
            ResponseStatus::Failure(failure) => {
                of.refused = true;
                match failure.reason() {
                    // These say themselves that it may have arrived.
                    FailureReason::TimedOut | FailureReason::Cancelled => Ok(()),
                    reason => of.check_failure(message, reason),
                }
            }
        }
    }

    /// An adapter gets a message.
    pub(crate) fn delivered(
        &mut self,
        message: u64,
        onward: TransactionId,
    ) -> Result<(), Violation> {
        let of = &mut self.messages[message as usize];
        let (conversation, is_accepted) = (of.conversation, of.is_accepted);
        let came_behind = of.came_behind;
        let is_first = of.name.is_none();
        // Another name is right only for what was not accepted: its sender had to send it again.
        let name = if is_accepted {
            &mut of.accepted_name
        } else {
            &mut of.name
        };
        if name
            .replace(onward)
            .is_some_and(|name| is_accepted && name != onward)
        {
            return Err(Violation::DeliveredTwice { message });
        }
        of.name = Some(onward);
        of.out += 1;
        if !is_accepted {
            return Ok(());
        }
        let with = self.messages.iter().enumerate().find(|(number, other)| {
            *number as u64 != message
                && other.conversation == conversation
                && other.is_accepted
                && other.place <= came_behind
                && other.out > 0
                && !other.in_doubt
        });
        if let Some((with, _)) = with {
            let with = with as u64;
            return Err(Violation::Together { message, with });
        }
        if !is_first || self.of(message).sent > 1 {
            return Ok(());
        }
        let place = self.of(message).place;
        match self.last_first.insert(conversation, message) {
            // Those that came while the first was not kept yet went on their way without waiting for it.
            Some(after) if self.of(after).came_behind >= place => {
                Err(Violation::OutOfOrder { message, after })
            }
            _ => Ok(()),
        }
    }

    /// An adapter has said, or was told, the last word on a try.
    pub(crate) fn ended(&mut self, message: u64) {
        let of = self.of(message);
        of.out = of.out.saturating_sub(1);
    }

    pub(crate) fn arrived(&mut self, message: u64) {
        self.of(message).arrived = true;
    }

    pub(crate) fn delegated(&mut self, message: u64) {
        self.of(message).delegated = true;
    }

    /// An adapter takes a report.
    pub(crate) fn told(
        &mut self,
        message: u64,
        report: &DispositionOperation,
    ) -> Result<(), Violation> {
        let told = report.disposition();
        let of = &mut self.messages[message as usize];
        if *report.concerning() != of.id || report.request() != of.request {
            return Err(Violation::Garbled { message });
        }
        if told != Disposition::Failed && !of.request.wants(told) {
            return Err(Violation::NotAsked { message, told });
        }
        let side = told.disposition_type() as u8;
        let name = *report.transaction_id();
        let names = of.told.entry(side).or_default();
        names.insert(name);
        if names.len() > of.sent {
            return Err(Violation::ToldTwice { message, told });
        }
        if told == Disposition::Failed {
            of.failed = true;
            let reason = report.failure().map(|failure| failure.reason());
            return of.check_failure(message, reason.unwrap_or(FailureReason::TimedOut));
        }
        Ok(())
    }

    /// The gateway dies: who was not answered knows nothing, and what is still in the journal may have arrived.
    pub(crate) fn crashed(&mut self, journal: &Journal) {
        if std::mem::take(&mut self.is_drop_open) {
            self.last_first.clear();
        }
        for ((table, _), record) in journal {
            let mut messages = self.messages.iter_mut();
            if *table == JournalTable::Operations
                && let Some(message) = messages.find(|message| message.is_named_in(record))
            {
                message.in_doubt = true;
            }
        }
        for ticket in self.tickets.values_mut() {
            ticket.is_lost |= !ticket.is_answered;
        }
        for message in &mut self.messages {
            message.in_doubt |= message.out > 0 || message.refused;
            message.out = 0;
        }
    }

    /// People's clocks were set back: what had expired, and was not told before the crash, may live again behind others.
    pub(crate) fn set_back(&mut self) {
        self.last_first.clear();
    }

    /// An operator has dropped something: if that was not safe before a crash, it may live again behind others.
    pub(crate) const fn dropped(&mut self) {
        self.is_drop_open = true;
    }

    /// Nobody waits any more.
    pub(crate) fn all_answered(&self) -> Result<(), Violation> {
        let unanswered = |ticket: &&Ticket| !ticket.is_answered && !ticket.is_lost;
        let mut tickets = self.tickets.iter();
        if let Some((ticket, _)) = tickets.find(|(_, ticket)| unanswered(ticket)) {
            return Err(Violation::NoResponse { ticket: *ticket });
        }
        Ok(())
    }

    /// Everything has ended.
    pub(crate) fn close(&self) -> Result<(), Violation> {
        let lost = |message: &&Message| {
            message.is_accepted && !message.arrived && !message.delegated && !message.failed
        };
        let mut messages = self.messages.iter().enumerate();
        match messages.find(|(_, message)| lost(message)) {
            Some((message, _)) => Err(Violation::Lost {
                message: message as u64,
            }),
            None => Ok(()),
        }
    }
}

impl Message {
    pub(crate) fn new(
        id: TransactionId,
        conversation: usize,
        request: DispositionRequest,
        is_ephemeral: bool,
    ) -> Self {
        Self {
            id,
            conversation,
            request,
            is_ephemeral,
            is_accepted: false,
            place: 0,
            came_behind: 0,
            arrived: false,
            delegated: false,
            in_doubt: false,
            name: None,
            accepted_name: None,
            out: 0,
            told: HashMap::new(),
            failed: false,
            refused: false,
            sent: 1,
        }
    }

    /// Whether a record is about it: its name stands there behind the length of it.
    fn is_named_in(&self, record: &[u8]) -> bool {
        let name = self.id.as_bytes();
        let mut sought = (name.len() as u32).to_be_bytes().to_vec();
        sought.extend(name);
        record.windows(sought.len()).any(|bytes| bytes == sought)
    }

    pub(crate) const fn has_arrived(&self) -> bool {
        self.arrived
    }

    /// Whether this may be said of what became of it.
    fn check_failure(&self, message: u64, reason: FailureReason) -> Result<(), Violation> {
        if self.arrived && !self.in_doubt && self.out == 0 {
            return Err(Violation::RefusedButDelivered { message, reason });
        }
        Ok(())
    }
}
