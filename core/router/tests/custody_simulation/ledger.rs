//! Writes down what happened to each message, and complains when it may not have.

use std::collections::{HashMap, HashSet};

use rialto_model::{
    Disposition, DispositionOperation, DispositionRequest, FailureReason, Response, ResponseStatus,
    TransactionId,
};
use rialto_router::JournalTable;

use super::{
    disk::{Journal, MESSAGE},
    stage::BY_DNS,
    violation::Violation,
};

/// All messages of a run.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) messages: Vec<Message>,
    tickets: HashMap<u64, Ticket>,
    /// Words of the far side on messages, by ticket; and those that the gateway has taken.
    words: HashMap<u64, (u64, Disposition)>,
    taken: Vec<(u64, Disposition)>,
    submissions: u64,
    accepted: u64,
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
    /// That, or a restart found it in the journal.
    is_kept: bool,
    /// In which order that was known.
    place: u64,
    /// How many were known to be kept when it came.
    came_behind: u64,
    /// When it came: the first time, and the last time that it was not kept yet, or said not to be.
    came: (u64, u64),
    /// Whether it was kept when it was first delivered.
    first: Option<bool>,
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
    /// A sender sends a message, perhaps again; `is_known` says whether the journal has anything of it.
    pub(crate) fn submitted(
        &mut self,
        ticket: u64,
        message: Option<u64>,
        is_known: bool,
        new: Message,
    ) -> u64 {
        self.submissions += 1;
        let (now, accepted) = (self.submissions, self.accepted);
        let message = match message {
            Some(message) => {
                let of = self.of(message);
                of.sent += 1;
                if of.is_kept && !is_known {
                    of.begin_again(accepted);
                }
                // He was told that it is not kept; what a crash brings back of it is no promise of its place.
                let is_refused = of.refused && !of.is_accepted;
                if !of.is_kept || is_refused {
                    of.came.1 = now;
                }
                // What becomes of one of them says nothing of the other, where neither is kept.
                of.in_doubt = true;
                message
            }
            None => {
                let new = Message {
                    came_behind: self.accepted,
                    came: (now, now),
                    ..new
                };
                self.messages.push(new);
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

    /// The far side says what became of a message.
    pub(crate) fn spoken(&mut self, ticket: u64, message: u64, said: Disposition) {
        self.words.insert(ticket, (message, said));
    }

    pub(crate) fn responded(&mut self, ticket: u64, response: Response) -> Result<(), Violation> {
        if let Some(word) = self.words.remove(&ticket) {
            let is_taken = response.status().is_success();
            self.taken.extend(is_taken.then_some(word));
            return Ok(());
        }
        let Some(known) = self.tickets.get_mut(&ticket) else {
            return Ok(());
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
                if of.is_ephemeral || of.delegated {
                    return Ok(());
                }
                if !of.is_accepted {
                    of.accepted_name = of.name.filter(|_| of.out > 0);
                }
                of.is_accepted = true;
                of.set_kept(&mut self.accepted);
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
        let is_first = of.first.is_none();
        of.first.get_or_insert(of.is_kept);
        // Another name is right only for what was not accepted: its sender had to send it again.
        let is_accepted = of.is_accepted;
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
        let of = &self.messages[message as usize];
        if let Some(with) = self.others(message).find(|(_, other)| of.is_beside(other)) {
            let with = with.0;
            return Err(Violation::Together { message, with });
        }
        let mut others = self.others(message);
        match others.find(|(_, other)| is_first && of.is_overtaken_by(other)) {
            Some((after, _)) => Err(Violation::OutOfOrder { message, after }),
            None => Ok(()),
        }
    }

    /// The other messages of its conversation.
    fn others(&self, message: u64) -> impl Iterator<Item = (u64, &Message)> {
        let conversation = self.messages[message as usize].conversation;
        let messages = (0..).zip(&self.messages);
        messages
            .filter(move |(number, other)| *number != message && other.conversation == conversation)
    }

    /// One that is kept behind another of its conversation, where neither was delivered yet.
    pub(crate) fn successor(&self, message: u64) -> Option<u64> {
        let is_new = |of: &Message| of.first.is_none() && of.is_accepted && of.sent == 1;
        let of = &self.messages[message as usize];
        let mut others = self.others(message);
        let next = others.find(|(_, other)| is_new(other) && other.came.0 > of.came.1)?;
        is_new(of).then_some(next.0)
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
        for ((table, _), record) in journal {
            if *table != JournalTable::Operations {
                continue;
            }
            for number in named_in(record) {
                let Some(of) = self.messages.get_mut(number) else {
                    continue;
                };
                of.in_doubt = true;
                if record[1] == MESSAGE {
                    of.set_kept(&mut self.accepted);
                }
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
        if let Some((message, _)) = messages.find(|(_, message)| lost(message)) {
            let message = message as u64;
            return Err(Violation::Lost { message });
        }
        let untold = |(message, said): &&(u64, Disposition)| {
            let told = &self.messages[*message as usize].told;
            !told.contains_key(&(said.disposition_type() as u8))
        };
        match self.taken.iter().find(untold) {
            Some(&(message, said)) => Err(Violation::Untold { message, said }),
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
            is_kept: false,
            place: 0,
            came_behind: 0,
            came: (0, 0),
            first: None,
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

    /// It ended in a failure that its sender is told: what he sends after that is a message of its own.
    const fn begin_again(&mut self, accepted: u64) {
        self.is_accepted = false;
        self.is_kept = false;
        self.came_behind = accepted;
        self.first = None;
        self.accepted_name = None;
        self.delegated = false;
        self.failed = false;
    }

    /// It is known from now on that it is kept.
    const fn set_kept(&mut self, kept: &mut u64) {
        if !self.is_kept {
            *kept += 1;
            self.place = *kept;
            self.is_kept = true;
        }
    }

    /// Whether another, that was accepted before this one came, is being delivered still.
    const fn is_beside(&self, other: &Self) -> bool {
        self.is_accepted && other.is_accepted && other.place <= self.came_behind && other.out > 0
    }

    /// Whether another that came later should not have been delivered first, but was.
    fn is_overtaken_by(&self, other: &Self) -> bool {
        let Some(was_kept) = other.first else {
            return false;
        };
        // Its sender was told that it failed: where it stands, he says when he sends it again.
        let is_refused = self.refused && !self.is_accepted;
        // What is passed through does not wait for what is kept, if it was on its way before, or is worth something only now. Where
        // DNS is asked, it may be kept itself by the time that it goes.
        let is_passed = !was_kept || other.conversation == BY_DNS;
        let passes_by = is_passed && (other.is_ephemeral || other.came_behind < self.place);
        self.came.1 < other.came.0 && !is_refused && !(self.is_kept && passes_by)
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

/// The messages that a record is about: their names stand there behind their lengths.
pub(crate) fn named_in(record: &[u8]) -> impl Iterator<Item = usize> {
    let names = record.windows(5).enumerate();
    let names = names.filter(|(_, begin)| begin[..3] == [0; 3] && begin[4] == b'm');
    names.filter_map(|(at, begin)| {
        let digits = record.get(at + 5..at + 4 + usize::from(begin[3]))?;
        str::from_utf8(digits).ok()?.parse().ok()
    })
}
