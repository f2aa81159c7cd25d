//! Who waits for the response to an operation.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rialto_loader::{self as loader, SubmissionId, SubmitAnswer};
use rialto_model::{Failure, Response, ResponseStatus};
use rialto_router::CallerTicket;
use tokio::sync::oneshot;

/// One who waits.
#[derive(Debug)]
pub(crate) enum Caller {
    /// An adapter, and which of those that had its place: each counts its submissions for itself.
    Adapter(loader::AdapterId, SubmitAnswer),
    /// The control socket.
    Control(oneshot::Sender<Response>),
    /// Who changes rules.
    Rules(oneshot::Sender<Result<(), Failure>>),
}

/// The callers of one shard, by ticket: an index, and a generation that tells later ones apart.
#[derive(Debug)]
pub(crate) struct Callers {
    most: usize,
    slots: Vec<Slot>,
    free: Vec<u32>,
    submissions: HashMap<(loader::AdapterId, SubmissionId), CallerTicket, RandomState>,
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    caller: Option<Caller>,
}

impl Caller {
    /// Hands over the response.
    pub(crate) fn answer(self, response: Response) {
        match self {
            Self::Adapter(_, answer) => {
                answer.respond(&response);
            }
            // The connection may have gone; nobody else wants to know then.
            Self::Control(sender) => drop(sender.send(response)),
            Self::Rules(sender) => drop(sender.send(match response.into_status() {
                ResponseStatus::Failure(failure) => Err(failure),
                ResponseStatus::Success | ResponseStatus::Indeterminant => Ok(()),
            })),
        }
    }

    /// Says whether rules hold, to whoever changed them; nobody else waits for that.
    pub(crate) fn hear_of_rules(self, result: Result<(), Failure>) {
        if let Self::Rules(sender) = self {
            drop(sender.send(result));
        }
    }
}

impl Callers {
    /// Makes room for so many at once.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            slots: Vec::new(),
            free: Vec::new(),
            submissions: HashMap::default(),
        }
    }

    /// Keeps a caller until its ticket is taken; gives it back when there is no room.
    pub(crate) fn insert(&mut self, caller: Caller) -> Result<CallerTicket, Caller> {
        if self.free.is_empty() && self.slots.len() >= self.most {
            return Err(caller);
        }
        let submission = submission(&caller);
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            (self.slots.len() - 1) as u32
        });
        let mut generation = 0;
        if let Some(slot) = self.slots.get_mut(index as usize) {
            slot.generation = slot.generation.wrapping_add(1);
            slot.caller = Some(caller);
            generation = slot.generation;
        }
        let ticket = CallerTicket::new(u64::from(generation) << 32 | u64::from(index));
        if let Some(submission) = submission {
            self.submissions.insert(submission, ticket);
        }
        Ok(ticket)
    }

    /// Gives the caller up; none when it has been taken before.
    pub(crate) fn take(&mut self, ticket: CallerTicket) -> Option<Caller> {
        let (generation, index) = ((ticket.number() >> 32) as u32, ticket.number() as u32);
        let slot = self
            .slots
            .get_mut(index as usize)
            .filter(|slot| slot.generation == generation)?;
        let caller = slot.caller.take()?;
        self.free.push(index);
        if let Some(submission) = submission(&caller)
            && self.submissions.get(&submission) == Some(&ticket)
        {
            self.submissions.remove(&submission);
        }
        Some(caller)
    }

    /// The tickets of an adapter's operations that wait for their response. Looks at all that wait.
    pub(crate) fn of(&self, adapter: loader::AdapterId) -> impl Iterator<Item = CallerTicket> {
        let all = self.submissions.iter();
        all.filter_map(move |((of, _), ticket)| (*of == adapter).then_some(*ticket))
    }

    /// The ticket of an adapter's operation that is still waited for.
    pub(crate) fn ticket(
        &self,
        adapter: loader::AdapterId,
        submission: SubmissionId,
    ) -> Option<CallerTicket> {
        self.submissions.get(&(adapter, submission)).copied()
    }
}

fn submission(caller: &Caller) -> Option<(loader::AdapterId, SubmissionId)> {
    match caller {
        Caller::Adapter(adapter, answer) => Some((*adapter, answer.id())),
        Caller::Control(_) | Caller::Rules(_) => None,
    }
}
