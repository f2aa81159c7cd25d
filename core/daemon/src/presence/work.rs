//! What a shard of presentities has to do outside its lock.

use rialto_loader::Ticket;
use rialto_model::{Domain, Failure, NotifyOperation, Response, SubscribeOperation};
use rialto_router::{AdapterId, Change, PresenceAttempt, WriteId};

use super::{PresenceToken, Watching};
use crate::{
    callers::Caller,
    shard::{CarryOut, Surroundings, Work, answer},
};

/// One thing to do.
pub(crate) enum PresenceWork {
    Subscribe(AdapterId, PresenceAttempt, SubscribeOperation),
    Notify(AdapterId, PresenceAttempt, NotifyOperation),
    Resolve(Domain),
    Write(WriteId, Vec<Change>),
    Answer(Caller, Response),
    RulesSet(Caller, Result<(), Failure>),
    Cancel(AdapterId, Ticket),
}

/// What was begun: who waits for it has to hear of its end.
#[derive(Clone, Copy)]
pub(crate) enum Begun {
    Delivery(AdapterId, PresenceAttempt),
    Write(WriteId),
    Other,
}

/// Carries out what a presence service decided.
pub(crate) trait Watch: Surroundings {
    /// Hands a subscription to the presentity's adapter. The answer may come back before this returns.
    fn subscribe(
        &self,
        adapter: AdapterId,
        token: PresenceToken,
        operation: SubscribeOperation,
    ) -> Option<Ticket>;
    /// Hands a notification to the watcher's adapter. The answer may come back before this returns.
    fn notify(
        &self,
        adapter: AdapterId,
        token: PresenceToken,
        operation: NotifyOperation,
    ) -> Option<Ticket>;
}

impl Work for PresenceWork {
    type Begun = Begun;
    type Done = Option<Ticket>;

    fn begun(&self) -> Begun {
        match self {
            Self::Subscribe(adapter, attempt, _) | Self::Notify(adapter, attempt, _) => {
                Begun::Delivery(*adapter, *attempt)
            }
            Self::Write(write, _) => Begun::Write(*write),
            Self::Resolve(_) | Self::Answer(..) | Self::RulesSet(..) | Self::Cancel(..) => {
                Begun::Other
            }
        }
    }

    fn calls(&self) -> Option<AdapterId> {
        match self {
            Self::Subscribe(adapter, ..) | Self::Notify(adapter, ..) | Self::Cancel(adapter, _) => {
                Some(*adapter)
            }
            Self::Resolve(_) | Self::Write(..) | Self::Answer(..) | Self::RulesSet(..) => None,
        }
    }
}

impl<W: Watch> CarryOut<Watching> for W {
    fn carry_out(&self, shard: u8, work: PresenceWork) -> Option<Ticket> {
        match work {
            PresenceWork::Subscribe(adapter, attempt, operation) => {
                return self.subscribe(adapter, PresenceToken::new(shard, attempt), operation);
            }
            PresenceWork::Notify(adapter, attempt, operation) => {
                return self.notify(adapter, PresenceToken::new(shard, attempt), operation);
            }
            PresenceWork::Resolve(domain) => self.resolve(shard, domain),
            PresenceWork::Write(write, changes) => self.write(shard, write, changes),
            PresenceWork::Answer(caller, response) => answer(caller, response),
            PresenceWork::RulesSet(caller, result) => caller.hear_of_rules(result),
            PresenceWork::Cancel(adapter, ticket) => self.cancel(adapter, ticket),
        }
        None
    }
}
