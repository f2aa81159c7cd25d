//! What a shard of conversations has to do outside its lock.

use rialto_loader::Ticket;
use rialto_model::{DispositionOperation, Domain, MessageOperation, Response};
use rialto_router::{AdapterId, AttemptId, Change, JournalKey, ReportId, WriteId};

use super::{CarryOut, Messages, Surroundings, Token, Work, answer, parked::Delivery};
use crate::callers::Caller;

/// One thing to do.
pub(crate) enum MessageWork {
    Deliver(Delivery),
    Tell(AdapterId, ReportId, DispositionOperation),
    Resolve(Domain),
    Write(WriteId, Vec<Change>),
    Load(JournalKey),
    Answer(Caller, Response),
    Cancel(AdapterId, Ticket),
}

/// What came of handing a message over.
pub(crate) enum Handed {
    /// The adapter has it, under this ticket.
    Over(Ticket),
    /// Nobody has it, and it was answered.
    Answered,
    /// It has to wait: one adapter makes way for another.
    Parked(Box<MessageOperation>),
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
    fn deliver(&self, adapter: AdapterId, token: Token, operation: MessageOperation) -> Handed;
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
    type Done = Option<Handed>;

    fn begun(&self) -> Begun {
        match self {
            Self::Deliver(delivery) => Begun::Delivery(delivery.adapter, delivery.attempt),
            Self::Tell(_, report, _) => Begun::Report(*report),
            Self::Write(write, _) => Begun::Write(*write),
            Self::Load(key) => Begun::Load(*key),
            Self::Resolve(_) | Self::Answer(..) | Self::Cancel(..) => Begun::Other,
        }
    }

    fn calls(&self) -> Option<AdapterId> {
        match self {
            Self::Deliver(delivery) => Some(delivery.adapter),
            Self::Tell(adapter, ..) | Self::Cancel(adapter, _) => Some(*adapter),
            Self::Resolve(_) | Self::Write(..) | Self::Load(_) | Self::Answer(..) => None,
        }
    }
}

impl<D: Deliver> CarryOut<Messages> for D {
    fn carry_out(&self, shard: u8, work: MessageWork) -> Option<Handed> {
        match work {
            MessageWork::Deliver(delivery) => {
                let token = Token::new(shard, delivery.attempt);
                return Some(self.deliver(delivery.adapter, token, delivery.operation));
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
