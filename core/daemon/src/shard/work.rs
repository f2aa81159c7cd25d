//! What a shard has to do outside its lock.

use rialto_loader::Ticket;
use rialto_model::{DispositionOperation, Domain, MessageOperation, Response};
use rialto_router::{AdapterId, AttemptId, Change, JournalKey, ReportId, WriteId};

use super::{Deliver, Token};
use crate::{callers::Caller, flow};

/// One thing to do.
pub(super) enum Work {
    Deliver(AdapterId, AttemptId, MessageOperation),
    Tell(AdapterId, ReportId, DispositionOperation),
    Resolve(Domain),
    Write(WriteId, Vec<Change>),
    Load(JournalKey),
    Answer(Caller, Response),
    Cancel(AdapterId, Ticket),
}

/// What was begun: who waits for it has to hear of its end.
#[derive(Clone, Copy)]
pub(super) enum Begun {
    Delivery(AdapterId, AttemptId),
    Report(ReportId),
    Write(WriteId),
    Load(JournalKey),
    Other,
}

impl Work {
    pub(super) const fn begun(&self) -> Begun {
        match self {
            Self::Deliver(adapter, attempt, _) => Begun::Delivery(*adapter, *attempt),
            Self::Tell(_, report, _) => Begun::Report(*report),
            Self::Write(write, _) => Begun::Write(*write),
            Self::Load(key) => Begun::Load(*key),
            Self::Resolve(_) | Self::Answer(..) | Self::Cancel(..) => Begun::Other,
        }
    }

    /// The adapter that this calls, and that might not return.
    pub(super) const fn calls(&self) -> Option<AdapterId> {
        match self {
            Self::Deliver(adapter, ..) | Self::Tell(adapter, ..) | Self::Cancel(adapter, _) => {
                Some(*adapter)
            }
            Self::Resolve(_) | Self::Write(..) | Self::Load(_) | Self::Answer(..) => None,
        }
    }

    pub(super) fn carry_out(self, shard: u8, by: &impl Deliver) -> Option<Ticket> {
        match self {
            Self::Deliver(adapter, attempt, operation) => {
                return by.deliver(adapter, Token::new(shard, attempt), operation);
            }
            Self::Tell(adapter, report, disposition) => {
                by.deliver_disposition(adapter, Token::of_report(shard, report), disposition);
            }
            Self::Resolve(domain) => by.resolve(shard, domain),
            Self::Write(write, changes) => by.write(shard, write, changes),
            Self::Load(key) => by.load(shard, key),
            Self::Answer(caller, response) => answer(caller, response),
            Self::Cancel(adapter, ticket) => by.cancel(adapter, ticket),
        }
        None
    }
}

/// Hands a response to whoever waits for it.
pub(super) fn answer(caller: Caller, response: Response) {
    flow::answered(&response);
    caller.answer(response);
}
