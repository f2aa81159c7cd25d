//! Who is told of whom: subscriptions, what they show, and the rules of principals.
//!
//! Words are RFC 2778's, states are RFC 6665's. Each subscription of a watcher to a presentity elsewhere has a *leg*: a subscription of the
//! service's own on the presentity's side, for this watcher alone, as what is shown to each watcher may differ there.
//! Presentities that are *hosted* have none: they are what is published of them.
//!
//! | part | what |
//! |---|---|
//! | [`admission`], [`subscribing`], [`fetching`], [`ending`] | what watchers ask: to subscribe, refresh, fetch, end |
//! | [`legs`], [`resolving`], [`contact`], [`partings`] | the presentity's side: asked, refreshed, tried again, out of contact, ended |
//! | [`hearing`] | what is told of presentities |
//! | [`notifying`], [`lines`] | what watchers are told: the newest, one at a time, until the end |
//! | [`publishing`], [`composition`] | what hosted presentities say |
//! | [`watchers`], [`listing`] | who watches whom, for presentities and for operators |
//! | [`rules`], [`rulings`], [`principals`] | who may watch, and what each sees |
//! | [`inbox`] | what principals write to the gateway itself |
//! | [`remembered`] | what was fetched once, for when nobody can be asked |
//! | [`trace`] | what happened to subscriptions lately |
//! | [`document`] | what is shown of a document |
//! | [`table`], [`addresses`], [`presentities`], [`flights`] | where it is all kept, in little memory |
//! | [`record`], [`writes`], [`former`], [`restore`] | what is written, put back, and read again |

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use rand::CryptoRng;
use rialto_model::{Failure, FailureReason, Responder, ResponseStatus, Retry, TransactionId};

mod action;
mod addresses;
mod admission;
mod callers;
mod composition;
mod contact;
mod document;
mod ending;
mod fetching;
mod flights;
mod former;
mod hearing;
mod inbox;
mod legs;
mod lines;
mod listing;
mod notifying;
mod partings;
mod presentities;
mod principals;
mod publishing;
mod record;
mod remembered;
mod resolving;
mod restore;
mod rules;
mod rulings;
mod settings;
mod statistics;
mod subscribing;
mod subscription;
mod table;
mod trace;
mod watchers;
mod writes;

pub use self::{
    action::{PresenceAction, PresenceAttempt},
    inbox::{InboxAnswer, InboxCommand, InboxRequest, OwnAddresses, OwnInbox, RulesPart},
    listing::{LegEntry, LegState, SubscriptionEntry},
    record::PresenceRecordView,
    rules::{
        Handling, PrincipalRule, PrincipalRules, Reception, RulesChange, RulesError,
        RulesTextError, RulesTextProblem, SenderRule, Subject, View, WatcherRule, Way,
    },
    settings::{PresenceLimits, PresenceSettings},
    statistics::PresenceStatistics,
    watchers::WatcherEntry,
};
use self::{
    addresses::Addresses,
    callers::{Caller, Callers},
    flights::{Aim, Flights},
    lines::Lines,
    partings::Partings,
    presentities::Presentities,
    remembered::Remembered,
    resolving::Resolving,
    rulings::Rulings,
    table::{Index, Table},
    writes::{Purpose, Writes},
};
use crate::{
    CallerTicket, Change, JournalKeys, RoutingTable, Unwritten, WallClock, WriteId,
    chronicle::Chronicle,
    custody::{
        clock::Millis,
        queue::alarms::{Alarms, Moment},
    },
};

/// The presence service: the authority for subscriptions of the presentities that belong to it.
///
/// A state machine without I/O, owned by one task. After every `handle_…` call [`poll_action`](Self::poll_action) until it yields nothing; when
/// [`poll_timeout`](Self::poll_timeout) has come, call [`handle_timeout`](Self::handle_timeout). All that belongs to one presentity
/// ([`PresenceSettings::presentity`]) goes to one service.
///
/// * A watcher has one subscription for a presentity. It is answered when it is safe in the journal, and told what is known at once after that, and of every change
///   until it ends; a slow watcher is told the newest only; after the end it is told nothing.
/// * A presentity that is out of contact can be subscribed to, and fetched: the subscription is pending until its network answers, and is kept over
///   restarts. Loss of contact is told as *closed*.
/// * What its principal's rules forbid is shown to nobody, whether it comes now or was remembered. One who is blocked politely is told what a watcher of an
///   offline presentity is told, in the same bytes and at the same time.
///
/// RFC 3859, draft-ietf-impp-cpim-03 §3, RFC 2779 §2.3, §3 and §5.
#[derive(Debug)]
pub struct PresenceService<R> {
    table: Arc<RoutingTable>,
    settings: PresenceSettings,
    keys: JournalKeys,
    clock: WallClock,
    rng: R,
    now: Millis,
    addresses: Addresses,
    presentities: Presentities,
    subscriptions: Table,
    callers: Callers,
    flights: Flights,
    lines: Lines,
    partings: Partings,
    resolving: Resolving,
    remembered: Remembered,
    rulings: Rulings,
    /// When publications end, by presentity.
    publication_alarms: Alarms,
    writes: Writes,
    actions: VecDeque<PresenceAction>,
    is_draining: bool,
    statistics: PresenceStatistics,
    chronicle: Chronicle,
}

impl<R: CryptoRng> PresenceService<R> {
    /// Makes a service; `keys` are shared by all that write to one journal. No time that is handed in later may lie before the moment at
    /// which the clock was read.
    pub fn new(
        table: Arc<RoutingTable>,
        settings: PresenceSettings,
        keys: JournalKeys,
        clock: WallClock,
        mut rng: R,
    ) -> Self {
        let mut seed = || rng.next_u64();
        Self {
            addresses: Addresses::new(seed()),
            presentities: Presentities::new(seed()),
            subscriptions: Table::new(seed()),
            now: clock.millis(clock.anchor()),
            table,
            settings,
            keys,
            clock,
            rng,
            callers: Callers::default(),
            flights: Flights::default(),
            lines: Lines::default(),
            partings: Partings::default(),
            resolving: Resolving::default(),
            remembered: Remembered::default(),
            rulings: Rulings::default(),
            publication_alarms: Alarms::default(),
            writes: Writes::default(),
            actions: VecDeque::new(),
            is_draining: false,
            statistics: PresenceStatistics::default(),
            chronicle: Chronicle::new(0, 0),
        }
    }

    /// Takes an adapter's answer to a delivery; one that nobody waits for is counted and forgotten.
    ///
    /// `duration` is what a presentity's network granted.
    pub fn handle_response(
        &mut self,
        now: Instant,
        attempt: PresenceAttempt,
        status: ResponseStatus,
        duration: Option<Duration>,
    ) {
        self.begin(now);
        match self.flights.end(attempt) {
            Some(Aim::Notice(index)) => self.told(index, status),
            Some(Aim::Leg(index)) => self.leg_answered(index, status, duration),
            None if self.partings.are_under_way(attempt) => self.parted(attempt, &status),
            None => self.statistics.ignored_responses += 1,
        }
    }

    /// Whether the answer to a delivery is still waited for.
    pub fn awaits(&self, attempt: PresenceAttempt) -> bool {
        self.flights.await_answer_to(attempt) || self.partings.are_under_way(attempt)
    }

    /// Takes the result of a write: whether its changes are safe.
    pub fn handle_written(&mut self, now: Instant, write: WriteId, result: Result<(), Unwritten>) {
        self.begin(now);
        let Some((purpose, changes)) = self.writes.end(write) else {
            return;
        };
        if result.is_err() {
            self.statistics.failed_writes += 1;
            self.writes.postpone(self.now, purpose.clone(), changes);
        }
        match purpose {
            Purpose::Acceptance(key) => self.accepted(key, result.is_ok()),
            Purpose::Refresh(key) => self.refreshed(key, result.is_ok()),
            Purpose::End(key) if result.is_ok() => self.ended(key),
            Purpose::Termination(key) if result.is_ok() => self.tell_end(key),
            Purpose::Versions(key, reserved) => {
                self.versions_reserved(key, reserved, result.is_ok())
            }
            Purpose::Publication(publishing) => self.published(*publishing, result.is_ok()),
            Purpose::Rules(ruling) => self.ruled(*ruling, result.is_ok()),
            Purpose::End(_) | Purpose::Termination(_) => {}
            Purpose::Removal | Purpose::Former(_) | Purpose::Note => {}
        }
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.begin(now);
        while let Some(index) = self.subscriptions.due(self.now) {
            self.attend(index);
        }
        while let Some(presentity) = self.publication_alarms.due(Moment(self.now.0)) {
            self.expire_publications(presentity);
        }
        self.part_again();
        for (purpose, changes) in self.writes.due(self.now) {
            match purpose {
                Purpose::Former(former) => self.put_back(former),
                purpose => self.write(purpose, changes),
            }
        }
    }

    /// Refuses new operations from now on. What there is stays in the journal.
    pub const fn begin_drain(&mut self) {
        self.is_draining = true;
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<PresenceAction> {
        loop {
            if let Some(action) = self.actions.pop_front() {
                return Some(action);
            }
            // Made when it leaves, so that it says the newest.
            let index = self.lines.next(self.settings.limits())?;
            self.notify(index);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, if anything is.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let publications = self.publication_alarms.first().map(|(at, _)| Millis(at.0));
        let due = [
            self.subscriptions.next_due(),
            publications,
            self.partings.next_due(),
            self.writes.next_due(),
        ];
        let due = due.into_iter().flatten().min()?;
        let since = due
            .0
            .saturating_sub(self.clock.millis(self.clock.anchor()).0);
        let since = Duration::from_millis(since);
        self.clock.anchor().checked_add(since)
    }

    /// Whether nothing is in progress but what the journal has, and nothing is left to do.
    pub fn is_idle(&self) -> bool {
        self.actions.is_empty()
            && self.lines.are_empty()
            && self.flights.are_over()
            && self.partings.are_at_rest()
            && self.callers.is_empty()
            && self.writes.are_done()
    }

    /// The counters.
    pub fn statistics(&self) -> PresenceStatistics {
        PresenceStatistics {
            subscriptions: self.subscriptions.len() as u64,
            in_flight: self.lines.in_flight() as u64,
            ..self.statistics
        }
    }

    fn begin(&mut self, now: Instant) {
        self.now = self.clock.millis(now);
        self.chronicle.observe(now);
    }

    /// Does what is due for one subscription; its alarm is later then.
    fn attend(&mut self, index: Index) {
        let Some(of) = self.subscriptions.get(index) else {
            return;
        };
        if !of.is_over() && of.expires_at <= self.now && of.stage != subscription::Stage::Fetching {
            self.expire(index);
        } else if of.leg.due <= self.now {
            self.leg_due(index);
        } else {
            self.notice_due(index);
        }
        self.subscriptions.set_alarm(index);
    }

    fn write(&mut self, purpose: Purpose, changes: Vec<Change>) {
        let write = self.writes.begin(purpose, &changes);
        self.actions
            .push_back(PresenceAction::Write { write, changes });
    }

    fn respond(&mut self, caller: Caller, status: ResponseStatus, duration: Option<Duration>) {
        let response = Responder::resume(caller.id).respond(status);
        let response = match duration {
            Some(duration) => response.with_duration(duration),
            None => response,
        };
        self.actions.push_back(PresenceAction::Respond {
            ticket: caller.ticket,
            response,
        });
    }

    fn refuse(&mut self, ticket: CallerTicket, id: TransactionId, failure: Failure) {
        self.statistics.refused += 1;
        self.respond(Caller { ticket, id }, failure.into(), None);
    }

    /// Waits no longer for the answer to a delivery; whether one was under way.
    fn call_off(&mut self, aim: Aim) -> bool {
        let attempt = self.flights.forget(aim);
        let actions = attempt.map(|attempt| PresenceAction::Cancel { attempt });
        self.actions.extend(actions);
        attempt.is_some()
    }

    /// How long to wait after so many failures: what the far side says, else about twice as long each time.
    fn wait(&mut self, tries: u8, failure: &Failure) -> Duration {
        let limits = self.settings.limits();
        let [shortest, longest] = [limits.shortest_wait, limits.longest_wait];
        if let Retry::After(time) = failure.retry() {
            return time.clamp(shortest, longest);
        }
        let doubled = 1_u32 << u32::from(tries.min(16));
        let whole = shortest.saturating_mul(doubled).min(longest);
        // Between half of it and all, so that those who failed together do not come back together.
        let parts = 512 + (self.rng.next_u64() % 513) as u32;
        (whole / 1024).saturating_mul(parts)
    }

    /// What is said of it to the far side: whole seconds, of which the last has begun.
    fn seconds_left(&self, until: Millis) -> Duration {
        Duration::from_secs(self.time_left(until).as_millis().div_ceil(1000) as u64)
    }

    fn time_left(&self, until: Millis) -> Duration {
        Duration::from_millis(until.0.saturating_sub(self.now.0))
    }

    fn adapter_name(&self, adapter: crate::AdapterId) -> rialto_model::ByteString {
        let adapter = self.table.adapter(adapter);
        adapter.map_or_else(Default::default, |adapter| adapter.name().clone())
    }
}

fn timed_out() -> Failure {
    Failure::new(FailureReason::TimedOut)
}
