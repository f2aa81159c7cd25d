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

use super::{
    ledger::{Ledger, Violation, Wish},
    support::{
        SIP, XMPP, builder,
        gallery::{HELEN, Journal, apply, pidf, presentity, publish, settings, subscribe, wall},
        start,
    },
};

/// Faults that a service could have, planted between it and its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    ForgetRecord,
    ForgetWrites,
    SwallowNotify,
    TellAfterEnd,
    TellOldDocument,
    DoubleResponse,
    SwallowResponse,
    GrantTwice,
}

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
    counted: [u64; 8],
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
            counted: [0; 8],
        };
        for _ in 0..40 {
            let event = match world.dice.random_range(0..20) {
                0..=9 => Event::Wish,
                10..=16 => Event::Change,
                17 => Event::Down,
                18 => Event::Up,
                _ => Event::Crash,
            };
            let at = world.dice.random_range(0..120_000);
            world.plan(at, event);
        }
        world
    }

    pub(crate) fn run(mut self) -> Result<[u64; 8], Violation> {
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

    /// A watcher wants something.
    fn wish(&mut self) {
        if self.is_calm {
            return;
        }
        let [watcher, target] = [WATCHERS, 3].map(|most| self.dice.random_range(0..most));
        let pair = watcher * 3 + target;
        let name = format!("pres:w{watcher}@voice.example");
        let own = self.ledger.known.iter().filter(|(_, known)| {
            known.pair == pair && known.is_granted && !known.is_over && !known.is_ending
        });
        let own = own.map(|(id, _)| id.clone()).next_back();
        self.tickets += 1;
        self.ids += 1;
        let fresh = format!("s{}", self.ids);
        let (id, time, wish) = match (own, self.dice.random_range(0..8)) {
            (_, 0) => (fresh, Some(0), Wish::Fetch),
            (Some(id), 1) => {
                if let Some(known) = self.ledger.known.get_mut(&id) {
                    known.is_ending = true;
                }
                (id.clone(), Some(0), Wish::Unsubscribe(id))
            }
            (Some(id), 2..=5) => (id.clone(), Some(300), Wish::Subscribe(id)),
            _ => (fresh.clone(), Some(400), Wish::Subscribe(fresh)),
        };
        if let Wish::Subscribe(id) = &wish {
            self.ledger.opened(id, pair);
        }
        self.ledger.asked(self.tickets, wish);
        let mut operation =
            subscribe(&name, TARGETS[target], &id).with_reference(format!("dialog of {id}"));
        if let Some(time) = time {
            operation = operation.with_duration(Duration::from_secs(time));
        }
        let ticket = CallerTicket::new(self.tickets);
        self.service
            .handle_subscribe(self.now, SIP, operation, ticket);
    }

    /// A presentity has news.
    fn change(&mut self, target: usize) -> Result<(), Violation> {
        if target == HOSTED {
            self.tickets += 1;
            let version = self.published + 1;
            let mut operation = publish("phone", version, document(HELEN, version));
            if self.newest[HOSTED] > 0 {
                operation = operation.with_expected_version(self.newest[HOSTED]);
            }
            self.published = version;
            self.ledger.asked(self.tickets, Wish::Publish(version));
            let operation = operation.with_duration(Duration::from_secs(600));
            self.service
                .handle_publish(self.now, SIP, operation, CallerTicket::new(self.tickets));
            return Ok(());
        }
        self.newest[target] += 1;
        if self.is_down {
            return Ok(());
        }
        let newest = self.newest[target];
        let legs: Vec<SubscribeOperation> = self.legs.values().cloned().collect();
        for leg in legs
            .into_iter()
            .filter(|leg| leg.target().as_str() == TARGETS[target])
        {
            self.hear(&leg, newest);
        }
        self.act()
    }

    /// The presentities' network tells the gateway, which takes it, or says that there is no such leg.
    fn hear(&mut self, leg: &SubscribeOperation, number: u64) {
        let id = leg.subscription_id();
        let is_fetch = leg.is_of_no_duration();
        if self.is_down || !is_fetch && !self.legs.contains_key(id.as_str()) {
            return;
        }
        let (watcher, target) = (leg.watcher().clone(), leg.target().clone());
        let document = document(target.as_str(), number);
        let transaction = TransactionId::parse(b"heard").unwrap();
        let notify =
            NotifyOperation::new(transaction, *id, watcher, target, SubscriptionState::Active);
        self.service.handle_notify(
            self.now,
            XMPP,
            notify.with_document(document),
            CallerTicket::new(u64::MAX),
        );
    }

    fn crash(&mut self) {
        if self.is_calm {
            return;
        }
        self.counted[2] += 1;
        // What was asked of the disk is there up to some point, acknowledged or not.
        let mut survives = true;
        for at in std::mem::take(&mut self.writes) {
            survives &= self.dice.random_ratio(2, 3);
            if let Some(Event::Written(_, changes)) = self.events.remove(&at)
                && survives
            {
                apply(&mut self.journal, &changes);
            }
        }
        self.events
            .retain(|_, event| !matches!(event, Event::Answer(..)));
        self.ends.clear();
        self.ledger.crashed();
        if self.fault == Some(Fault::ForgetRecord) {
            let mut keys = self.journal.keys();
            let key = keys
                .find(|(table, _)| *table == JournalTable::Subscriptions)
                .cloned();
            key.map(|key| self.journal.remove(&key));
        }
        let seed = self.dice.random();
        self.service = service(&self.table, &self.settings, self.now, seed);
        for table in [JournalTable::Subscriptions, JournalTable::Presence] {
            for ((of, key), record) in &self.journal {
                if *of == table {
                    self.service.restore(self.now, table, key, record).unwrap();
                }
            }
        }
        self.newest[HOSTED] = self.on_disk();
        self.service.handle_timeout(self.now);
    }

    /// Which publication the disk has: the publisher finds out by its next one.
    fn on_disk(&self) -> u64 {
        let records = self
            .journal
            .iter()
            .filter(|((of, _), _)| *of == JournalTable::Presence);
        let published = records.filter(|(_, record)| record.get(1) == Some(&19));
        published
            .map(|(_, record)| number(record))
            .max()
            .unwrap_or(0)
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

    fn respond(&mut self, ticket: u64, response: &rialto_model::Response) -> Result<(), Violation> {
        let strange = ticket % 8 == 3;
        if strange && self.fault == Some(Fault::SwallowResponse) {
            return Ok(());
        }
        let wish = self.ledger.answered(ticket)?;
        if strange && self.fault == Some(Fault::DoubleResponse) {
            self.ledger.answered(ticket)?;
        }
        let failure = match response.status() {
            ResponseStatus::Failure(failure) => Some(failure.reason()),
            _ => None,
        };
        match wish {
            Wish::Subscribe(id) => {
                let granted = failure.is_none()
                    || self.fault == Some(Fault::GrantTwice)
                        && failure == Some(FailureReason::AlreadySubscribed);
                let time = response
                    .duration()
                    .unwrap_or(Duration::from_secs(60))
                    .as_secs();
                let now = self.seconds();
                if granted {
                    self.counted[4] += 1;
                    self.ledger.granted(&id, now, now + time)?;
                }
            }
            Wish::Unsubscribe(_) => self.counted[5] += 1,
            Wish::Fetch => {}
            Wish::Publish(version) if failure.is_none() => {
                self.newest[HOSTED] = version;
                self.counted[6] += 1;
            }
            Wish::Publish(_) => {}
        }
        Ok(())
    }

    fn tell(
        &mut self,
        attempt: PresenceAttempt,
        operation: NotifyOperation,
    ) -> Result<(), Violation> {
        self.counted[7] += 1;
        let id = operation.subscription_id().to_string();
        let strange = operation.version() % 3 == 1;
        if strange && self.fault == Some(Fault::SwallowNotify) {
            self.plan(1, Event::Answer(attempt, ResponseStatus::Success));
            return Ok(());
        }
        if operation.state().is_terminated() {
            self.ends.insert(attempt, id.clone());
        }
        let before = self.last_told.insert(id, operation.clone());
        let mut shown = operation.document().map(shown);
        if strange && self.fault == Some(Fault::TellOldDocument) {
            shown = before
                .as_ref()
                .and_then(|before| before.document().map(self::shown));
        }
        // The network may have it, whatever it answers.
        let mood = if self.is_calm {
            0
        } else {
            self.dice.random_range(0..12)
        };
        let arrives = !matches!(mood, 8 | 9);
        if arrives {
            self.ledger.told(&operation, shown)?;
            if operation.state().is_terminated() && self.fault == Some(Fault::TellAfterEnd) {
                self.ledger.told(&operation, shown)?;
            }
        }
        let after = self.dice.random_range(1..1_500);
        match mood {
            8 => {
                let failure = Failure::new(FailureReason::Unreachable);
                self.plan(after, Event::Answer(attempt, failure.into()));
            }
            9 | 10 => {}
            11 => {
                self.plan(after, Event::Answer(attempt, ResponseStatus::Success));
                self.plan(2 * after, Event::Answer(attempt, ResponseStatus::Success));
            }
            _ => {
                self.plan(after, Event::Answer(attempt, ResponseStatus::Success));
            }
        }
        Ok(())
    }

    /// The presentities' network is asked for a leg, or told of its end.
    fn ask(&mut self, attempt: PresenceAttempt, adapter: AdapterId, operation: SubscribeOperation) {
        assert_eq!(adapter, XMPP);
        let after = self.dice.random_range(1..3_000);
        let mood = if self.is_calm {
            0
        } else {
            self.dice.random_range(0..10)
        };
        if self.is_down || mood == 9 {
            let failure = Failure::new(FailureReason::Unreachable);
            self.plan(after, Event::Answer(attempt, failure.into()));
            return;
        }
        let id = operation.subscription_id().to_string();
        let is_end = operation.is_of_no_duration() && self.legs.remove(&id).is_some();
        if !is_end {
            if !operation.is_of_no_duration() {
                self.legs.insert(id, operation.clone());
            }
            let target = TARGETS
                .iter()
                .position(|of| *of == operation.target().as_str());
            let newest = self.newest[target.unwrap_or(0)];
            // Told as it is now, at once: what comes later is told later.
            self.hear(&operation, newest);
            if operation.is_of_no_duration() {
                self.plan(after, Event::Hear(operation, newest));
            }
        }
        match mood {
            7 => {}
            8 => {
                self.plan(after, Event::Answer(attempt, ResponseStatus::Success));
                self.plan(after, Event::Answer(attempt, ResponseStatus::Success));
            }
            _ => {
                self.plan(after, Event::Answer(attempt, ResponseStatus::Success));
            }
        }
    }
}

fn service(
    table: &Arc<RoutingTable>,
    settings: &PresenceSettings,
    now: Instant,
    seed: u64,
) -> PresenceService<StdRng> {
    let clock = WallClock::new(now, wall() + (now - start()));
    let (table, keys) = (Arc::clone(table), JournalKeys::default());
    PresenceService::new(
        table,
        settings.clone(),
        keys,
        clock,
        StdRng::seed_from_u64(seed),
    )
}

fn document(entity: &str, number: u64) -> PresenceDocument {
    pidf(entity, "open", &format!("number {number};"))
}

fn shown(document: &PresenceDocument) -> u64 {
    number(document.payload().as_bytes())
}

/// The number in a document; 0 where there is none.
fn number(bytes: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    let number = text
        .split_once("number ")
        .and_then(|(_, rest)| rest.split_once(';'));
    number
        .and_then(|(number, _)| number.parse().ok())
        .unwrap_or(0)
}
