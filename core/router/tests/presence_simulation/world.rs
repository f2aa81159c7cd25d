//! Watchers, presentities, their networks with moods, a slow disk, and a service that dies now and then.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{
    Rng, SeedableRng,
    rngs::{SmallRng, StdRng},
};
use rialto_model::{
    Failure, FailureReason, NotifyOperation, PresenceDocument, ResponseStatus, SubscribeOperation,
    SubscriptionState, TransactionId,
};
use rialto_router::{
    AdapterId, CallerTicket, Change, JournalKeys, JournalTable, PresenceAction, PresenceAttempt,
    PresenceLimits, PresenceService, PresenceSettings, RoutingTable, Unwritten, WallClock, WriteId,
};

mod lives;
mod presentities;
mod watchers;

use self::{
    lives::service,
    presentities::{number, shown},
};
use super::{
    fault::Fault,
    ledger::{Ledger, Violation, Wish},
};
use crate::support::{
    SIP, XMPP, builder,
    gallery::{HELEN, Journal, apply, pidf, presentity, publish, settings, subscribe, wall},
    start,
};

/// How many things are counted, so that a run that shows nothing is seen.
const COUNTED: usize = 9;
const WATCHERS: usize = 3;
/// The last one is hosted.
const TARGETS: [&str; 3] = ["pres:bob@jabber.example", "pres:kim@jabber.example", HELEN];
const HOSTED: usize = 2;

/// What will happen, at a time.
#[derive(Debug)]
enum Event {
    Written(WriteId, Vec<Change>),
    Answer(PresenceAttempt, ResponseStatus),
    Hear(SubscribeOperation, u64),
    Wish,
    Change,
    /// A presentity ends a subscription.
    End,
    Down,
    Up,
    Crash,
}

/// One run: all that happens in it follows from its seed.
pub(crate) struct World {
    dice: SmallRng,
    now: Instant,
    table: Arc<RoutingTable>,
    settings: PresenceSettings,
    service: PresenceService<StdRng>,
    journal: Journal,
    events: BTreeMap<(Instant, u64), Event>,
    writes: VecDeque<(Instant, u64)>,
    order: u64,
    tickets: u64,
    ids: u64,
    /// The newest document of each presentity; of a hosted one, what its publisher was told is safe.
    newest: [u64; 3],
    published: u64,
    /// Legs on the presentities' network.
    legs: BTreeMap<String, SubscribeOperation>,
    is_down: bool,
    is_calm: bool,
    fault: Option<Fault>,
    last_told: BTreeMap<String, NotifyOperation>,
    /// The ends that are under way.
    ends: BTreeMap<PresenceAttempt, String>,
    ledger: Ledger,
    counted: [u64; COUNTED],
}

impl World {
    pub(crate) fn new(seed: u64, fault: Option<Fault>) -> Self {
        let table = Arc::new(builder().build().unwrap());
        let limits = PresenceLimits::default()
            .with_patience(Duration::from_secs(2))
            .with_durations([60, 300, 600].map(Duration::from_secs))
            .with_waits(Duration::from_secs(1), Duration::from_secs(20))
            .with_max_in_flight(3, 2);
        let settings = settings().with_limits(limits);
        let service = service(&table, &settings, start(), seed);
        let mut world = Self {
            dice: SmallRng::seed_from_u64(seed),
            now: start(),
            table,
            settings,
            service,
            journal: Journal::new(),
            events: BTreeMap::new(),
            writes: VecDeque::new(),
            order: 0,
            tickets: 0,
            ids: 0,
            newest: [0; 3],
            published: 0,
            legs: BTreeMap::new(),
            is_down: false,
            is_calm: false,
            fault,
            last_told: BTreeMap::new(),
            ends: BTreeMap::new(),
            ledger: Ledger::default(),
            counted: [0; COUNTED],
        };
        for _ in 0..40 {
            let event = match world.dice.random_range(0..21) {
                0..=9 => Event::Wish,
                10..=16 => Event::Change,
                17 => Event::Down,
                18 => Event::Up,
                19 => Event::End,
                _ => Event::Crash,
            };
            let at = world.dice.random_range(0..120_000);
            world.plan(at, event);
        }
        world
    }

    pub(crate) fn run(mut self) -> Result<[u64; COUNTED], Violation> {
        self.go(Duration::from_secs(120))?;
        self.is_calm = true;
        self.plan(0, Event::Up);
        // A last change that all have to be told of, after which there is time for every retry.
        for target in 0..3 {
            self.change(target)?;
        }
        self.go(Duration::from_secs(160))?;
        let newest = self.newest;
        let watchers = |id: &str, pair: usize| {
            let entries = self.service.watchers(&presentity(TARGETS[pair % 3]));
            entries
                .iter()
                .any(|entry| entry.subscription_id.as_str() == id)
        };
        self.ledger
            .close(self.seconds(), |pair| newest[pair % 3], watchers)?;
        // When all time is over, nothing is left.
        self.go(Duration::from_secs(4_000))?;
        let statistics = self.service.statistics();
        if statistics.subscriptions > 0 || !self.service.is_idle() {
            return Err(Violation::LeftOver);
        }
        Ok(self.counted)
    }

    fn seconds(&self) -> u64 {
        (self.now - start()).as_secs()
    }

    fn plan(&mut self, after: u64, event: Event) -> (Instant, u64) {
        self.order += 1;
        let at = (self.now + Duration::from_millis(after), self.order);
        self.events.insert(at, event);
        at
    }

    fn go(&mut self, time: Duration) -> Result<(), Violation> {
        let until = self.now + time;
        loop {
            self.act()?;
            let planned = self.events.keys().next().map(|(at, _)| *at);
            let due = self.service.poll_timeout();
            let Some(next) = [planned, due]
                .into_iter()
                .flatten()
                .min()
                .filter(|at| *at <= until)
            else {
                self.now = until;
                return Ok(());
            };
            self.now = self.now.max(next);
            if planned.is_some_and(|at| at <= self.now) {
                if let Some((at, event)) = self.events.pop_first() {
                    self.happen(at, event)?;
                }
            } else {
                self.service.handle_timeout(self.now);
            }
        }
    }

    fn happen(&mut self, at: (Instant, u64), event: Event) -> Result<(), Violation> {
        match event {
            Event::Written(write, changes) => {
                self.writes.retain(|of| *of != at);
                let fails = !self.is_calm && self.dice.random_ratio(1, 30);
                if fails {
                    self.counted[0] += 1;
                    self.service.handle_written(self.now, write, Err(Unwritten));
                } else {
                    if self.fault != Some(Fault::ForgetWrites)
                        || self.is_calm
                        || self.dice.random_ratio(1, 2)
                    {
                        apply(&mut self.journal, &changes);
                    }
                    self.service.handle_written(self.now, write, Ok(()));
                }
            }
            Event::Answer(attempt, status) => {
                let ended = self.ends.remove(&attempt).filter(|_| status.is_success());
                if let Some(known) = ended.and_then(|id| self.ledger.known.get_mut(&id)) {
                    known.is_taken = true;
                }
                let duration = Some(Duration::from_secs(self.dice.random_range(30..200)));
                self.service
                    .handle_response(self.now, attempt, status, duration);
            }
            Event::Hear(leg, document) => self.hear(&leg, document),
            Event::Wish => self.wish(),
            Event::Change => {
                let target = self.dice.random_range(0..3);
                self.change(target)?;
            }
            Event::End => self.end(),
            Event::Down => {
                self.is_down = !self.is_calm;
                self.service.handle_lost(self.now, XMPP, None);
                self.counted[1] += 1;
            }
            Event::Up => {
                self.is_down = false;
                self.service.handle_found(self.now, XMPP, None);
            }
            Event::Crash => self.crash(),
        }
        Ok(())
    }

    fn act(&mut self) -> Result<(), Violation> {
        while let Some(action) = self.service.poll_action() {
            match action {
                PresenceAction::Write { write, changes, .. } => {
                    let after = self.dice.random_range(0..400);
                    let last = self.writes.back().map(|(at, _)| *at).unwrap_or(self.now);
                    let delay = last.max(self.now) - self.now;
                    let at = self.plan(
                        delay.as_millis() as u64 + after,
                        Event::Written(write, changes),
                    );
                    self.writes.push_back(at);
                }
                PresenceAction::Respond {
                    ticket, response, ..
                } if ticket.number() != u64::MAX => {
                    self.respond(ticket.number(), &response)?;
                }
                PresenceAction::Notify {
                    attempt, operation, ..
                } => self.tell(attempt, operation)?,
                PresenceAction::Subscribe {
                    attempt,
                    adapter,
                    operation,
                    ..
                } => {
                    self.ask(attempt, adapter, operation);
                }
                PresenceAction::Cancel { .. } => self.counted[3] += 1,
                _ => {}
            }
        }
        Ok(())
    }
}
