//! What a shard needs to know of what it holds, and of where its work is done.

use std::time::Instant;

use rialto_loader::Ticket;
use rialto_model::Domain;
use rialto_router::{AdapterId, Change, WriteId};

use crate::callers::Callers;

/// A state machine without I/O, and those who wait for its responses.
pub(crate) trait Machine {
    /// What is done outside the shard's lock.
    type Work: Work;

    /// Those who wait.
    fn callers(&mut self) -> &mut Callers;

    /// The next thing to do. What would call an adapter that is `stuck` is answered in its name.
    fn next_work(&mut self, around: &impl Surroundings, stuck: &[AdapterId]) -> Option<Self::Work>;

    /// Hears what came of what was begun; a delivery may have been answered by now.
    fn done(&mut self, around: &impl Surroundings, begun: BegunBy<Self>, done: DoneBy<Self>);

    /// Hears that a fault of ours has ended what was begun.
    fn break_off(&mut self, now: Instant, begun: BegunBy<Self>);

    /// Does what is due.
    fn handle_timeout(&mut self, now: Instant);

    /// When something is due next.
    fn poll_timeout(&mut self) -> Option<Instant>;

    /// Whether every operation has its response, and nothing is left to do.
    fn is_idle(&self) -> bool;
}

/// One thing to do.
pub(crate) trait Work {
    /// What was begun: who waits for it has to hear of its end.
    type Begun: Copy;
    /// What comes of it at once: of a delivery, what the adapter calls it.
    type Done;

    /// What is begun with it.
    fn begun(&self) -> Self::Begun;

    /// The adapter that this calls, and that might not return.
    fn calls(&self) -> Option<AdapterId>;
}

/// What a machine's work begins.
pub(crate) type BegunBy<M> = <<M as Machine>::Work as Work>::Begun;

/// What comes of a machine's work.
pub(crate) type DoneBy<M> = <<M as Machine>::Work as Work>::Done;

/// Where the work of shards of every kind is done.
pub(crate) trait Surroundings {
    /// Asks the journal to make changes safe, for a shard, behind those that were given before.
    fn write(&self, shard: u8, write: WriteId, changes: Vec<Change>);
    /// Asks DNS for the next hops of a domain, for a shard. The answer may come back before this returns.
    fn resolve(&self, shard: u8, domain: Domain);
    /// Whether an adapter makes way for another, which what is for it waits for.
    fn is_awaited(&self, adapter: AdapterId) -> bool;
    /// Calls a delivery off.
    fn cancel(&self, adapter: AdapterId, ticket: Ticket);
    /// Makes the timer look at the shards anew. Called under the shard's lock.
    fn wake_timer(&self);
    /// The time.
    fn now(&self) -> Instant;
}

/// Does what machines of one kind decide.
pub(crate) trait CarryOut<M: Machine>: Surroundings {
    /// Does one thing.
    fn carry_out(&self, shard: u8, work: M::Work) -> DoneBy<M>;
}
