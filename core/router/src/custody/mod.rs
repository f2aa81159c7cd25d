//! Responsibility for messages whose sender was answered before their outcome was known.
//!
//! *Custody* is DTN's word (RFC 5050): the gateway takes it when it answers early, and gives it up when the message is handed over, or its sender was told of a failure.
//! Nothing is answered early that is not safe in the journal; what is safe ends in one of the two, over restarts too.
//!
//! | part | what |
//! |---|---|
//! | [`policy`] | for whose messages, after how long, for how long |
//! | [`acceptance`] | what comes in: passed through, kept, or known already ([`identities`]) |
//! | [`names`] | under which names messages are handed on |
//! | [`attempts`] | what is kept: tried, and tried again ([`queue`]) |
//! | [`ending`] | what is kept, given up; [`written`] says what waits for that to be safe |
//! | [`words`] | the far side's later word on a message, waited for ([`awaited`]) |
//! | [`reports`] | what senders are told of it |
//! | [`passed_on`] | what a system on its way has taken, and may bring back |
//! | [`record`], [`journal`] | what is written, and read again ([`restore`]) |

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, Hash, Hasher},
    time::{Duration, Instant},
};

use foldhash::{fast, quality::FixedState};
use rand::CryptoRng;
use rialto_model::{
    Domain, Failure, InstantInbox, MessageOperation, Response, ResponseStatus, TransactionId,
};

mod acceptance;
mod attempts;
mod awaited;
pub(crate) mod clock;
mod ending;
mod entries;
mod gone;
mod held;
mod identities;
mod journal;
mod keeping;
mod names;
mod own;
mod passed_on;
mod policy;
pub(crate) mod queue;
pub(crate) mod record;
mod report_id;
mod reports;
mod restore;
mod statistics;
mod view;
mod words;
mod writes;
mod written;

use self::{
    attempts::Judge,
    awaited::{Awaited, Deliverer},
    clock::Millis,
    entries::{Entries, Target},
    held::Holding,
    identities::Identities,
    queue::RetryQueue,
    report_id::Telling,
    restore::RestoredWords,
    writes::Writes,
};
pub use self::{
    clock::WallClock,
    journal::{Change, JournalKey, JournalKeys, JournalTable, Put, Unread, Unwritten, WriteId},
    names::NamingKey,
    policy::{CustodyLimits, CustodyPolicy, CustodySettings},
    record::{RecordView, RestoreError},
    report_id::ReportId,
    statistics::CustodyStatistics,
    view::{KeptKind, KeptOperation, KeptState, NoSuchEntry},
};
use crate::{Action, AdapterId, AttemptId, CallerTicket, Hop, Router, StepKind, router::Owner};

/// A router, and the responsibility for what it could not deliver while the sender waited.
///
/// A state machine without I/O, owned by one task, used as a [`Router`] is. What it adds are [`Action::Write`], whose result
/// comes back by [`handle_written`](Self::handle_written), [`Action::Load`] with [`handle_loaded`](Self::handle_loaded), and
/// [`Action::DeliverDisposition`] with [`handle_disposition_response`](Self::handle_disposition_response).
///
/// * A message is passed through, and never touches the disk, if its outcome is known while its sender's network has patience
///   ([`CustodyPolicy`]).
/// * Else it is written, and its sender answered `Indeterminant` when that is safe, not sooner. An outcome that is known by then is answered itself.
/// * What was answered so is handed over at least once, under the same identifier each time, in the order of its conversation; or it ends in a disposition `Failed`,
///   which its sender is told whether he asked or not.
/// * A message that comes again under the identity of one that was kept is answered as that one was, and not delivered, unless
///   that one ended in a failure.
/// * What somebody on its way has taken is handed over, but its sender is told `Indeterminant`, and later if it comes back.
/// * What is worth something only now is never kept.
///
/// A message takes about 130 ns more than by a router alone, which takes 360, whether it might be kept or not (`benches/decide.rs`).
///
/// draft-ietf-impp-cpim-03 §2.4.1 and §3.4; RFC 2779 §4.2, §5.4.1 and §5.4.2.
#[derive(Debug)]
pub struct Custodian<R> {
    router: Router<R>,
    settings: CustodySettings,
    keys: JournalKeys,
    clock: WallClock,
    /// The time that was handed in last.
    now: Instant,
    /// Of conversations; keyed, so that nobody outside can make two of them look like one.
    hash: FixedState,
    holding: Holding,
    entries: Entries,
    queue: RetryQueue<Target>,
    identities: Identities,
    naming: Option<NamingKey>,
    awaited: Awaited,
    /// Which reports the journal still has, by their messages; until the first input that is no record.
    restored_words: HashMap<(AdapterId, TransactionId, Millis), RestoredWords, FixedState>,
    /// Reports that are safe, but wait for the record of their message, by its onward name, to say so.
    unrecorded: HashMap<TransactionId, Vec<JournalKey>, fast::FixedState>,
    telling: Telling,
    writes: Writes,
    /// Writes that there is no journal for.
    unwritten: VecDeque<WriteId>,
    /// Messages that have failed, by their onward names, and whose records stay until the word that says so is safe.
    ending_behind: HashMap<TransactionId, JournalKey, fast::FixedState>,
    /// How many entries wait for their body, for their sender to be told of the failure.
    ending: usize,
    /// Those of them whose body could not be read, and when it is asked for again.
    unread: Vec<JournalKey>,
    read_again_at: Option<Instant>,
    /// A list that was used, for the next that the router fills.
    heard: Vec<(Owner, Response)>,
    actions: VecDeque<Action>,
    is_draining: bool,
    statistics: CustodyStatistics,
}

impl<R: CryptoRng> Custodian<R> {
    /// How many actions the queue keeps room for when it has run empty.
    const ROOM: usize = 256;

    /// Makes a custodian; `keys` are shared by all that write to one journal. No time that is handed in later may lie before the moment at which the clock was read.
    pub fn new(
        mut router: Router<R>,
        settings: CustodySettings,
        keys: JournalKeys,
        clock: WallClock,
    ) -> Self {
        let limits = *settings.limits();
        let rng = router.rng();
        let hash = FixedState::with_seed(rng.next_u64());
        Self {
            hash: hash.clone(),
            identities: Identities::new(rng, limits.max_identities()),
            queue: RetryQueue::new(clock.anchor(), *limits.retries()),
            awaited: Awaited::new(&limits),
            naming: None,
            restored_words: HashMap::with_hasher(hash),
            unrecorded: HashMap::default(),
            router,
            settings,
            keys,
            now: clock.anchor(),
            clock,
            holding: Holding::default(),
            entries: Entries::default(),
            telling: Telling::default(),
            writes: Writes::default(),
            unwritten: VecDeque::new(),
            ending_behind: HashMap::default(),
            ending: 0,
            unread: Vec::new(),
            read_again_at: None,
            heard: Vec::new(),
            actions: VecDeque::new(),
            is_draining: false,
            statistics: CustodyStatistics::default(),
        }
    }

    /// Names messages from now on by a secret that outlives this process, and not at random.
    pub fn name_by(&mut self, key: NamingKey) {
        self.naming = Some(key);
    }

    /// Takes an operation that came from an adapter; `ticket` comes back with its response.
    pub fn handle_operation(
        &mut self,
        now: Instant,
        from: AdapterId,
        operation: MessageOperation,
        ticket: CallerTicket,
    ) {
        self.begin(now);
        if self.admit(from, operation, ticket) {
            self.work();
        }
    }

    /// Takes an adapter's answer to a delivery; one that nobody waits for is counted and forgotten.
    pub fn handle_response(&mut self, now: Instant, attempt: AttemptId, status: ResponseStatus) {
        self.begin(now);
        self.router.handle_response(now, attempt, status);
        self.hear(Judge::Adapter);
        self.work();
    }

    /// Takes what DNS says of a domain, as [`Router::handle_resolved`] does.
    pub fn handle_resolved(
        &mut self,
        now: Instant,
        domain: &Domain,
        hops: impl FnMut(&mut R, Option<AdapterId>) -> Result<Vec<Hop>, Failure>,
    ) {
        self.begin(now);
        self.router.handle_resolved(now, domain, hops);
        self.work();
    }

    /// Ends an operation whose sender has gone; its response, `Cancelled`, still comes.
    ///
    /// Nothing happens when it has ended already, or is kept, or about to be, or goes on [without its caller](Self::handle_gone).
    pub fn handle_cancel(&mut self, now: Instant, ticket: CallerTicket) {
        self.begin(now);
        match self.holding.get(ticket) {
            Some(held) if held.is_gone => {}
            Some(_) => {
                self.router.call_off(Owner::Held(ticket));
                self.work();
            }
            None => self.router.handle_cancel(now, ticket),
        }
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.begin(now);
        self.router.handle_timeout(now);
        self.hear(Judge::Gateway);
        while let Some(ticket) = self.holding.impatient(now) {
            self.run_out_of_patience(ticket);
        }
        self.give_reports_up();
        for (purpose, changes) in self.writes.due(now) {
            let (purpose, changes) = self.renew(purpose, changes);
            if !changes.is_empty() {
                self.write(purpose, changes);
            }
        }
        if self.read_again_at.is_some_and(|at| at <= now) {
            self.read_again_at = None;
            let unread = self.unread.drain(..);
            self.actions.extend(unread.map(|key| Action::Load { key }));
        }
        self.identities.expire(now);
        self.awaited.expire(now);
        self.work();
    }

    /// Takes note that an adapter has its network again: what could not be delivered by it is tried now, and not when its wait is over.
    pub fn handle_adapter_up(&mut self, now: Instant, adapter: AdapterId) {
        self.begin(now);
        self.queue
            .revive(|target| target.adapter.is_none_or(|known| known == adapter));
        self.work();
    }

    /// Refuses operations from now on. What is in progress goes on; what is kept stays in the journal.
    pub const fn begin_drain(&mut self) {
        self.is_draining = true;
        self.router.begin_drain();
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        if let Some(action) = self.actions.pop_front() {
            return Some(action);
        }
        self.actions.shrink_to(Self::ROOM);
        let action = self.router.poll_action()?;
        if let Action::Deliver {
            adapter, operation, ..
        } = &action
            && let Some(awaiting) = self.awaited.get_mut(operation.transaction_id())
        {
            awaiting.deliverer = Some(Deliverer {
                adapter: Some(*adapter),
                inbox: operation.destination().clone(),
            });
        }
        Some(action)
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, if anything is in progress.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        // What is held up goes on when a write or a record comes back, not with time.
        let kept = if self.is_draining || self.is_held_up() {
            None
        } else {
            self.queue.poll_timeout()
        };
        [
            self.router.poll_timeout(),
            self.holding.next(),
            self.telling.next(),
            self.writes.next_due(),
            self.read_again_at,
            kept,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether nothing is in progress but what the journal has, and nothing is left to do.
    pub fn is_idle(&self) -> bool {
        self.router.is_idle()
            && self.actions.is_empty()
            && self.writes.are_done()
            && self.telling.is_empty()
    }

    /// The router.
    pub const fn router(&self) -> &Router<R> {
        &self.router
    }

    /// Begins with an input.
    fn begin(&mut self, now: Instant) {
        self.observe(now);
        if !self.restored_words.is_empty() {
            self.heed_restored_words();
        }
    }

    fn observe(&mut self, now: Instant) {
        self.now = now;
        self.router.chronicle().observe(now);
    }

    /// Notes what happened to a kept message.
    fn note(&mut self, key: JournalKey, what: StepKind) {
        self.router.chronicle().note(Owner::Kept(key), what);
    }

    /// Goes on until nothing more follows by itself.
    fn work(&mut self) {
        while self.hear(Judge::Gateway) | self.drive() | self.do_without_journal() {}
    }

    /// Hears how tries ended; whether any did.
    fn hear(&mut self, judge: Judge) -> bool {
        if !self.router.has_ended() {
            return false;
        }
        let heard = std::mem::take(&mut self.heard);
        let mut ended = self.router.swap_ended(heard);
        for (owner, response) in ended.drain(..) {
            let status = response.into_status();
            if status == ResponseStatus::Indeterminant {
                self.remember_passed_on(owner);
            }
            match owner {
                Owner::Held(ticket) => self.end_held(ticket, status),
                Owner::Kept(key) => self.end_kept(key, status, judge),
                Owner::Caller(_) => {}
            }
        }
        self.heard = ended;
        true
    }

    fn write(&mut self, purpose: writes::Purpose, changes: Vec<Change>) {
        let write = self.writes.begin(purpose, &changes);
        match self.settings.are_in_memory() {
            true => self.unwritten.push_back(write),
            false => self.actions.push_back(Action::Write { write, changes }),
        }
    }

    fn conversation(&self, source: &InstantInbox, destination: &InstantInbox) -> u64 {
        let mut hasher = self.hash.build_hasher();
        source.as_str().hash(&mut hasher);
        destination.as_str().hash(&mut hasher);
        hasher.finish()
    }

    fn adapter_name(&self, adapter: AdapterId) -> rialto_model::ByteString {
        let adapter = self.router.table().adapter(adapter);
        adapter.map_or_else(Default::default, |adapter| adapter.name().clone())
    }

    /// The time so much later.
    fn after(&self, time: Duration) -> Instant {
        self.now.checked_add(time).unwrap_or(self.now)
    }

    fn random_id(&mut self) -> TransactionId {
        TransactionId::random(self.router.rng())
    }

    /// Whether anything more can be kept: what is still to be removed takes a place, too.
    fn has_place(&self) -> bool {
        self.entries.len() + self.writes.failed() < self.settings.limits().max_kept()
    }
}
