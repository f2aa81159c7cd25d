//! What a shard of conversations has to do outside its lock.

use rialto_loader::Ticket;
use rialto_model::{DispositionOperation, Domain, MessageOperation, Response};
use rialto_router::{AdapterId, AttemptId, Change, JournalKey, ReportId, WriteId};

use super::{CarryOut, Messages, Surroundings, Token, Work, answer};
use crate::callers::Caller;

/// One thing to do.
pub(crate) enum MessageWork {
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
pub(crate) enum Begun {
    Delivery(AdapterId, AttemptId),
    Report(ReportId),
    Write(WriteId),
    Load(JournalKey),
    Other,
}

/// Carries out what a custodian decided.
pub(crate) trait Deliver: Surroundings {
    /// Hands an operation to an adapter. The answer may come back before this returns.
    fn deliver(
        &self,
        adapter: AdapterId,
        token: Token,
        operation: MessageOperation,
    ) -> Option<Ticket>;
    /// Tells an adapter what became of a message. The answer may come back before this returns.
    fn deliver_disposition(
        &self,
        adapter: AdapterId,
        token: Token,
        disposition: DispositionOperation,
    );
    /// Asks the journal for a record, for a shard.
    fn load(&self, shard: u8, key: JournalKey);
}

impl Work for MessageWork {
    type Begun = Begun;

    fn begun(&self) -> Begun {
        match self {
            Self::Deliver(adapter, attempt, _) => Begun::Delivery(*adapter, *attempt),
            Self::Tell(_, report, _) => Begun::Report(*report),
            Self::Write(write, _) => Begun::Write(*write),
            Self::Load(key) => Begun::Load(*key),
            Self::Resolve(_) | Self::Answer(..) | Self::Cancel(..) => Begun::Other,
        }
    }

    fn calls(&self) -> Option<AdapterId> {
        match self {
            Self::Deliver(adapter, ..) | Self::Tell(adapter, ..) | Self::Cancel(adapter, _) => {
                Some(*adapter)
            }
            Self::Resolve(_) | Self::Write(..) | Self::Load(_) | Self::Answer(..) => None,
        }
    }
}

impl<D: Deliver> CarryOut<Messages> for D {
    fn carry_out(&self, shard: u8, work: MessageWork) -> Option<Ticket> {
        match work {
            MessageWork::Deliver(adapter, attempt, operation) => {
                return self.deliver(adapter, Token::new(shard, attempt), operation);
            }
            MessageWork::Tell(adapter, report, disposition) => {
                self.deliver_disposition(adapter, Token::of_report(shard, report), disposition);
            }
            MessageWork::Resolve(domain) => self.resolve(shard, domain),
            MessageWork::Write(write, changes) => self.write(shard, write, changes),
            MessageWork::Load(key) => self.load(shard, key),
            MessageWork::Answer(caller, response) => answer(caller, response),
            MessageWork::Cancel(adapter, ticket) => self.cancel(adapter, ticket),
        }
        None
    }
}
