//! Senders, a custodian with its disk, a far side with moods, and crashes at any moment.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{
    Rng, SeedableRng,
    rngs::{SmallRng, StdRng},
};
use rialto_model::{
    Disposition, DispositionOperation, DispositionRequest, Failure, FailureReason, ImdnHeaders,
    InstantMessage, MessageOperation, Notify, ResponseStatus, TransactionId,
};
use rialto_router::{
    Action, AdapterId, AttemptId, Custodian, CustodyLimits, CustodyPolicy, CustodySettings,
    CustodyStatistics, Hop, JournalKey, JournalKeys, JournalTable, KeptKind, Limits, ReportId,
    RetryLimits, Router, Unread, WallClock,
};

use super::{
    disk::Disk,
    ledger::{Ledger, Message, Violation},
    stage::{self, CONVERSATIONS},
};
use crate::support::{SIP, XMPP, office::wall, start, ticket};

/// A fault that is planted between the custodian and the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The disk says that it has what it has not.
    LyingDisk,
    /// A restart passes over a message.
    ForgottenMessage,
    /// A restart passes over the identities.
    ForgottenIdentities,
    /// Reports are thrown away.
    SwallowedReports,
    /// Reports say something else than what was asked for.
    UnaskedReports,
    /// Reports come again under another name.
    RenamedReports,
    /// What is accepted is called delivered.
    InventedSuccess,
    SwallowedResponse,
    DoubledResponse,
    /// A delivery is done again under another name.
    RenamedDelivery,
    /// A restart takes up what was kept last first.
    ReversedJournal,
}

/// One run: all that happens in it follows from its seed.
pub(crate) struct World {
    dice: SmallRng,
    pub(super) fault: Option<Fault>,
    now: Instant,
    /// How much people's clocks are ahead, or behind.
    skew: i64,
    settings: CustodySettings,
    custodian: Custodian<StdRng>,
    disk: Disk,
    ledger: Ledger,
    tickets: u64,
    sent: Vec<(AdapterId, MessageOperation)>,
    /// What adapters will say, and when.
    answers: Vec<(Instant, AttemptId, ResponseStatus)>,
    /// Which message each try was of; and those of which more may be heard.
    attempts: HashMap<AttemptId, u64>,
    out: HashSet<AttemptId>,
    questions: Vec<rialto_model::Domain>,
    loads: Vec<JournalKey>,
    reports: Vec<(Instant, ReportId, ResponseStatus)>,
    words: Vec<(Instant, AdapterId, DispositionOperation)>,
    /// The far side is well from now on.
    is_calm: bool,
    is_draining: bool,
    pub(super) seen: Seen,
}

/// What was seen over all lives of the custodian.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) crashes: u64,
    pub(crate) accepted: u64,
    pub(crate) not_kept: u64,
    pub(crate) repeated: u64,
    pub(crate) retries: u64,
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    pub(crate) expired: u64,
    pub(crate) dropped: u64,
    pub(crate) told: u64,
    pub(crate) words_refused: u64,
    pub(crate) failed_writes: u64,
    pub(crate) restored: u64,
    pub(crate) too_early: u64,
}

/// The gateway died.
struct Crash;

enum Stop {
    Crash(Crash),
    Violation(Violation),
}

impl World {
    const EVENTS: usize = 120;

    pub(crate) fn new(seed: u64, fault: Option<Fault>) -> Self {
        let mut dice = SmallRng::seed_from_u64(seed);
        let settings = settings(&mut dice);
        let custodian = custodian(&settings, seed, start(), 0);
        Self {
            dice,
            fault,
            now: start(),
            skew: 0,
            settings,
            custodian,
            disk: Disk::default(),
            ledger: Ledger::default(),
            tickets: 0,
            sent: Vec::new(),
            answers: Vec::new(),
            attempts: HashMap::new(),
            out: HashSet::new(),
            questions: Vec::new(),
            loads: Vec::new(),
            reports: Vec::new(),
            words: Vec::new(),
            is_calm: false,
            is_draining: false,
            seen: Seen::default(),
        }
    }

    /// Plays the run; what was seen in it, or what went wrong first.
    pub(crate) fn run(mut self) -> Result<Seen, Violation> {
        for _ in 0..Self::EVENTS {
            self.happen();
            if self.dice.random_ratio(1, 40) {
                self.is_draining = true;
                self.custodian.begin_drain();
            }
            let stopped = match self.dice.random_ratio(3, 4) {
                true => self.act(),
                false => Ok(()),
            };
            match stopped {
                Err(Stop::Violation(violation)) => return Err(violation),
                Err(Stop::Crash(Crash)) => self.restart(),
                Ok(()) if self.dice.random_ratio(1, 60) => self.restart(),
                Ok(()) => {}
            }
        }
        self.settle()?;
        self.ledger.close()?;
        self.count();
        Ok(self.seen)
    }

    fn happen(&mut self) {
        match self.dice.random_range(0..24) {
            0..6 => self.submit(),
            6..11 => self.answer_what_is_due(),
            11 | 12 => self.disk.step(&mut self.dice, false),
            13 => {
                let fails = self.dice.random_ratio(1, 3);
                self.disk.step(&mut self.dice, fails);
            }
            14 if self.dice.random_ratio(1, 4) => self.disk.turn(),
            14 | 15 => self.read(),
            16 => self.speak(),
            17 => self.operate(),
            18 => self.answer_question(),
            19 => {
                let any = ticket(self.dice.random_range(0..=self.tickets));
                self.custodian.handle_cancel(self.now, any);
            }
            20 => {
                self.now += Duration::from_millis(self.dice.random_range(0..60_000));
                self.custodian.handle_timeout(self.now);
            }
            21 => {
                // Not as far as to the end of what a report is kept for.
                let due = self.custodian.poll_timeout().unwrap_or(self.now);
                let latest = self.now + Duration::from_secs(600);
                self.now = self.now.max(due.min(latest));
                self.custodian.handle_timeout(self.now);
            }
            _ => self.now += Duration::from_millis(self.dice.random_range(0..1_000)),
        }
        self.take_disk_answers();
    }

    fn submit(&mut self) {
        let ticket_number = self.tickets;
        self.tickets += 1;
        let again = self.sent.len() > 1 && self.dice.random_ratio(1, 6);
        let repeated = again.then(|| self.dice.random_range(0..self.sent.len()));
        let repeated = repeated.filter(|number| self.sent[*number].1.identity().is_some());
        let (from, operation, conversation) = match repeated {
            Some(number) => {
                let (from, operation) = self.sent[number].clone();
                (from, operation, 0)
            }
            None => self.compose(),
        };
        let asked = ImdnHeaders::read(operation.message().headers()).unwrap();
        let new = Message::new(
            *operation.transaction_id(),
            conversation,
            asked.request,
            operation.is_ephemeral(),
        );
        let repeated = repeated.map(|number| number as u64);
        self.ledger.submitted(ticket_number, repeated, new);
        if repeated.is_none() {
            self.sent.push((from, operation.clone()));
        }
        self.custodian
            .handle_operation(self.now, from, operation, ticket(ticket_number));
    }

    fn compose(&mut self) -> (AdapterId, MessageOperation, usize) {
        let number = self.sent.len();
        let conversation = self.dice.random_range(0..CONVERSATIONS);
        let (from, source, destination) = stage::conversation(conversation);
        let id = TransactionId::parse(format!("m{number}").as_bytes()).unwrap();
        let mut message = InstantMessage::text(number.to_string());
        if self.dice.random_ratio(1, 3) {
            let request: DispositionRequest = Notify::ALL
                .into_iter()
                .filter(|_| self.dice.random_ratio(1, 2))
                .collect();
            let headers = ImdnHeaders::default().with_request(request);
            message = message.with_headers(headers.write(&Default::default()));
        }
        let mut operation = MessageOperation::new(id, source, destination, message)
            .with_authentication(rialto_model::Authentication::Network);
        if self.dice.random_ratio(1, 2) {
            operation = operation.with_identity(format!("native {number}"));
        }
        if self.dice.random_ratio(1, 8) {
            operation = operation.into_ephemeral();
        }
        if self.dice.random_ratio(1, 4) {
            let time = Duration::from_millis(self.dice.random_range(0..120_000));
            operation = operation.with_time_to_live(time);
        }
        (from, operation, conversation)
    }

    /// The far side speaks of a message later, or somebody pretends to.
    fn speak(&mut self) {
        if self.words.is_empty() {
            return;
        }
        let place = self.dice.random_range(0..self.words.len());
        let (due, adapter, word) = self.words[place].clone();
        if due > self.now {
            return;
        }
        if self.dice.random_ratio(2, 3) {
            drop(self.words.swap_remove(place));
        }
        let adapter = match self.dice.random_ratio(1, 8) {
            true => AdapterId::new(2 - adapter.number().min(2)),
            false => adapter,
        };
        let number = self.tickets;
        self.tickets += 1;
        self.custodian
            .handle_disposition(self.now, adapter, word, ticket(number));
    }

    fn operate(&mut self) {
        let keys: Vec<_> = self
            .custodian
            .queue(self.now)
            .map(|kept| kept.key)
            .collect();
        if keys.is_empty() {
            return;
        }
        let key = keys[self.dice.random_range(0..keys.len())];
        let kind = self.custodian.kept(self.now, key).map(|kept| kept.kind);
        let is_message = kind == Some(KeptKind::Message);
        let done = match is_message && self.dice.random() {
            true => self.custodian.drop_kept(self.now, key),
            false => self.custodian.retry(self.now, key),
        };
        self.ledger.dropped();
        // What is only being written is not there yet.
        self.seen.too_early += u64::from(done.is_err());
    }

    fn read(&mut self) {
        for key in std::mem::take(&mut self.loads) {
            let record = if !self.is_calm && self.dice.random_ratio(1, 10) {
                Err(Unread::Unavailable)
            } else {
                let place = (JournalTable::Operations, key.to_bytes().to_vec());
                self.disk.durable.get(&place).cloned().ok_or(Unread::Lost)
            };
            self.custodian.handle_loaded(self.now, key, record);
        }
    }

    fn take_disk_answers(&mut self) {
        while let Some((write, result)) = self.disk.answer() {
            self.custodian.handle_written(self.now, write, result);
            if self.dice.random_ratio(1, 8) {
                self.custodian.handle_written(self.now, write, result); // doubled
            }
        }
    }

    fn answer_question(&mut self) {
        let Some(domain) = self.questions.pop() else {
            return;
        };
        let dice = &mut self.dice;
        let calm = self.is_calm;
        self.custodian.handle_resolved(self.now, &domain, |_, _| {
            let most = if calm { 2 } else { dice.random_range(1..4) };
            let hop = |n: u16| Hop::new(AdapterId::new(n % 2)).with_next_hop(n.to_string());
            Ok((0..most).map(hop).collect())
        });
    }

    fn answer_what_is_due(&mut self) {
        let mut place = 0;
        while let Some((due, ..)) = self.answers.get(place) {
            if *due > self.now || !self.is_calm && self.dice.random_ratio(1, 4) {
                place += 1;
                continue;
            }
            let (_, attempt, status) = self.answers.swap_remove(place);
            self.end(attempt);
            self.custodian.handle_response(self.now, attempt, status);
        }
        let due = |(due, ..): &(Instant, ReportId, ResponseStatus)| *due <= self.now;
        let (now_due, later): (Vec<_>, Vec<_>) = self.reports.drain(..).partition(due);
        self.reports = later;
        for (_, report, status) in now_due {
            self.custodian
                .handle_disposition_response(self.now, report, status);
        }
    }

    /// No more is heard of a try, or nobody listens.
    fn end(&mut self, attempt: AttemptId) {
        if let Some(message) = self.attempts.get(&attempt).copied()
            && self.out.remove(&attempt)
        {
            self.ledger.ended(message);
        }
    }

    fn act(&mut self) -> Result<(), Stop> {
        while let Some(action) = self.custodian.poll_action() {
            // Before it is carried out, or behind it.
            if !self.is_calm && self.dice.random_ratio(1, 250) {
                return Err(Stop::Crash(Crash));
            }
            self.carry_out(action).map_err(Stop::Violation)?;
            if !self.is_calm && self.dice.random_ratio(1, 250) {
                return Err(Stop::Crash(Crash));
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, action: Action) -> Result<(), Violation> {
        match action {
            Action::Deliver {
                attempt,
                adapter,
                operation,
                ..
            } => self.hand_over(attempt, adapter, operation),
            Action::Respond {
                ticket, response, ..
            } => self.respond(ticket.number(), response),
            Action::Cancel { attempt, .. } => {
                if let Some(message) = self.attempts.get(&attempt).copied() {
                    self.ledger.of(message).in_doubt = true;
                    self.end(attempt);
                }
                Ok(())
            }
            Action::Resolve { domain, .. } => {
                self.questions.push(domain);
                Ok(())
            }
            Action::Write { write, changes, .. } => {
                if self.fault == Some(Fault::LyingDisk) {
                    self.custodian.handle_written(self.now, write, Ok(()));
                }
                self.disk.write(write, changes);
                Ok(())
            }
            Action::Load { key, .. } => {
                self.loads.push(key);
                Ok(())
            }
            Action::DeliverDisposition {
                report,
                disposition,
                ..
            } => self.tell(report, disposition),
            other => panic!("{other:?}"),
        }
    }

    fn respond(&mut self, number: u64, response: rialto_model::Response) -> Result<(), Violation> {
        use rialto_model::Responder;
        let response = match self.fault {
            Some(Fault::SwallowedResponse) if number % 16 == 3 => return Ok(()),
            Some(Fault::DoubledResponse) if number % 16 == 3 => {
                self.ledger.responded(number, response.clone())?;
                response
            }
            Some(Fault::InventedSuccess) if *response.status() == ResponseStatus::Indeterminant => {
                Responder::resume(*response.transaction_id()).respond(ResponseStatus::Success)
            }
            _ => response,
        };
        self.ledger.responded(number, response)
    }

    fn hand_over(
        &mut self,
        attempt: AttemptId,
        adapter: AdapterId,
        operation: MessageOperation,
    ) -> Result<(), Violation> {
        match self.fault {
            Some(Fault::RenamedDelivery) if self.dice.random_ratio(1, 4) => {
                let id = TransactionId::random(&mut StdRng::from_rng(&mut self.dice));
                let (renamed, responder) = operation.clone().into_forward(id);
                drop(responder);
                self.deliver(attempt, adapter, &operation)?;
                self.deliver(attempt, adapter, &renamed)
            }
            _ => self.deliver(attempt, adapter, &operation),
        }
    }

    /// What the far side makes of a message, and what it will say about it, if anything.
    fn deliver(
        &mut self,
        attempt: AttemptId,
        adapter: AdapterId,
        operation: &MessageOperation,
    ) -> Result<(), Violation> {
        let text = operation.message().payload().as_bytes();
        let message: u64 = str::from_utf8(text).unwrap().parse().unwrap();
        self.ledger
            .delivered(message, *operation.transaction_id())?;
        self.attempts.insert(attempt, message);
        self.out.insert(attempt);
        let failed = |reason| Some(ResponseStatus::from(Failure::new(reason)));
        let mood = match self.is_calm {
            true => self.dice.random_range(0..2) * 3,
            false => self.dice.random_range(0..12),
        };
        let (arrived, says) = match mood {
            0..3 => (true, Some(ResponseStatus::Success)),
            3 => (false, failed(FailureReason::Refused)),
            4 => (self.dice.random(), Some(ResponseStatus::Indeterminant)),
            5 | 6 => (false, failed(FailureReason::Unreachable)),
            7 => (false, failed(FailureReason::RecipientUnavailable)),
            8 => (self.dice.random(), failed(FailureReason::TimedOut)),
            9 | 10 => (self.dice.random(), None),
            _ => (false, failed(FailureReason::Overloaded)),
        };
        let is_silent = matches!(mood, 8..11);
        let of = self.ledger.of(message);
        of.in_doubt |= is_silent;
        if mood == 4 {
            self.ledger.delegated(message);
        }
        if arrived {
            self.ledger.arrived(message);
        }
        self.promise_words(message, adapter, operation, mood);
        let latest = if self.is_calm { 1 } else { 40_000 };
        let due = self.now + Duration::from_millis(self.dice.random_range(0..latest));
        let times = if self.dice.random_ratio(1, 6) { 2 } else { 1 };
        for status in says.into_iter().cycle().take(times) {
            self.answers.push((due, attempt, status));
        }
        Ok(())
    }

    /// Later words on a message, true ones; whether anybody asked for them is not theirs to know.
    fn promise_words(
        &mut self,
        message: u64,
        adapter: AdapterId,
        operation: &MessageOperation,
        mood: u32,
    ) {
        let said: &[Disposition] = match self.ledger.of(message).has_arrived() {
            true => &[Disposition::Delivered, Disposition::Displayed],
            false if mood == 4 => &[Disposition::Failed],
            false => &[],
        };
        for said in said {
            let number = self.words.len();
            let word = DispositionOperation::new(
                TransactionId::parse(format!("w{number}").as_bytes()).unwrap(),
                *operation.transaction_id(),
                operation.destination().clone(),
                operation.source().clone(),
                *said,
            );
            let due = self.now + Duration::from_millis(self.dice.random_range(0..60_000));
            self.words.push((due, adapter, word));
        }
    }

    fn tell(
        &mut self,
        report: ReportId,
        disposition: DispositionOperation,
    ) -> Result<(), Violation> {
        let name = disposition.concerning().as_str();
        let message = name
            .strip_prefix('m')
            .and_then(|number| number.parse().ok());
        let message: u64 = message.ok_or(Violation::UnknownMessage)?;
        let mood = if self.is_calm {
            0
        } else {
            self.dice.random_range(0..6)
        };
        let says = match mood {
            0..3 => Some(ResponseStatus::Success),
            3 => Some(Failure::new(FailureReason::Unreachable).into()),
            4 => Some(Failure::new(FailureReason::Internal).into()),
            _ => None,
        };
        if mood < 3 && self.fault != Some(Fault::SwallowedReports) {
            let again = (self.fault == Some(Fault::RenamedReports)).then(|| disposition.clone());
            let disposition = self.falsify(disposition);
            self.ledger.told(message, &disposition)?;
            if let Some(again) = again {
                let again = stage::renamed(&again);
                self.ledger.told(message, &again)?;
            }
        }
        let due = self.now + Duration::from_millis(self.dice.random_range(0..10_000));
        self.reports
            .extend(says.map(|status| (due, report, status)));
        Ok(())
    }

    fn falsify(&self, disposition: DispositionOperation) -> DispositionOperation {
        match self.fault {
            Some(Fault::UnaskedReports) => stage::displayed(&disposition),
            _ => disposition,
        }
    }

    fn count(&mut self) {
        let counted: CustodyStatistics = self.custodian.statistics();
        let seen = &mut self.seen;
        assert_eq!(counted.lost, 0);
        seen.accepted += counted.accepted;
        seen.not_kept += counted.not_kept;
        seen.repeated += counted.repeated;
        seen.retries += counted.retries;
        seen.delivered += counted.delivered;
        seen.failed += counted.failed;
        seen.expired += counted.expired;
        seen.dropped += counted.dropped;
        seen.told += counted.reports_told;
        seen.words_refused += counted.reports_refused;
        seen.failed_writes += counted.failed_writes;
        seen.restored += counted.restored;
    }

    /// The process dies, and another takes up what is durable; people's clocks may jump meanwhile.
    fn restart(&mut self) {
        self.count();
        self.seen.crashes += 1;
        self.disk.crash(&mut self.dice);
        self.ledger.crashed(&self.disk.durable);
        self.answers.clear();
        self.attempts.clear();
        self.out.clear();
        self.questions.clear();
        self.loads.clear();
        self.reports.clear();
        self.is_draining = false;
        self.now += Duration::from_millis(self.dice.random_range(0..30_000));
        if self.dice.random_ratio(1, 4) {
            self.skew -= self.dice.random_range(0..3_600);
            self.ledger.set_back();
        } else {
            self.skew += self.dice.random_range(0..600);
        }
        let seed = self.dice.random();
        self.custodian = custodian(&self.settings, seed, self.now, self.skew);
        let forgotten = self.dice.random_range(0..4);
        let mut found: Vec<_> = self.disk.durable.iter().collect();
        if self.fault == Some(Fault::ReversedJournal) {
            found.reverse();
        }
        for (place, ((table, key), record)) in found.into_iter().enumerate() {
            match (self.fault, table) {
                (Some(Fault::ForgottenIdentities), JournalTable::Identities) => continue,
                (Some(Fault::ForgottenMessage), JournalTable::Operations) if place == forgotten => {
                    continue;
                }
                _ => {}
            }
            self.custodian
                .restore(self.now, *table, key, record)
                .unwrap();
        }
        self.custodian.handle_timeout(self.now);
    }

    /// Lets all end well: nothing fails any more, and time passes until nothing is kept.
    fn settle(&mut self) -> Result<(), Violation> {
        self.is_calm = true;
        self.disk.heal();
        self.play_out()?;
        self.ledger.all_answered()?;
        self.restart(); // what a drain left in the journal goes on
        self.play_out()
    }

    fn play_out(&mut self) -> Result<(), Violation> {
        const ROUNDS: usize = 20_000;
        for _ in 0..ROUNDS {
            if let Err(Stop::Violation(violation)) = self.act() {
                return Err(violation);
            }
            self.disk.step(&mut self.dice, false);
            self.take_disk_answers();
            self.read();
            self.answer_question();
            self.answer_what_is_due();
            let is_quiet = self.custodian.is_idle() && self.disk.is_idle();
            let counted = self.custodian.statistics();
            let kept = counted.kept_messages + counted.kept_reports;
            if is_quiet && counted.held == 0 && (kept == 0 || self.is_draining) {
                return Ok(());
            }
            self.now += Duration::from_millis(50);
            if is_quiet && let Some(due) = self.custodian.poll_timeout() {
                self.now = self.now.max(due);
            }
            self.custodian.handle_timeout(self.now);
        }
        Err(Violation::NeverEnds)
    }
}

fn settings(dice: &mut SmallRng) -> CustodySettings {
    let retries = RetryLimits::default()
        .with_waits(Duration::from_secs(1), Duration::from_secs(60))
        .with_max_per_destination(dice.random_range(1..8));
    let limits = CustodyLimits::default()
        .with_max_kept(dice.random_range(1..60))
        .with_retries(retries)
        .with_max_in_flight(dice.random_range(1..20));
    let mut policy = || {
        let mut policy = match dice.random_range(0..4) {
            0 => CustodyPolicy::NEVER,
            1 => CustodyPolicy::NEVER.with_patience(Duration::ZERO),
            _ => {
                let patience = Duration::from_millis(dice.random_range(1..20_000));
                CustodyPolicy::NEVER.with_patience(patience)
            }
        };
        if dice.random() {
            policy = policy.keeping_temporary_failures();
        }
        policy.with_time_to_live(Duration::from_secs(dice.random_range(5..3_600)))
    };
    CustodySettings::new(limits)
        .with_policy(SIP, policy())
        .with_policy(XMPP, policy())
}

fn custodian(settings: &CustodySettings, seed: u64, now: Instant, skew: i64) -> Custodian<StdRng> {
    let limits = Limits::new(40).with_attempt_time(Duration::from_secs(3));
    let router = Router::new(
        Arc::clone(stage::table()),
        limits,
        StdRng::seed_from_u64(seed),
    );
    let wall = wall() + now.duration_since(start());
    let skewed = Duration::from_secs(skew.unsigned_abs());
    let wall = if skew < 0 {
        wall - skewed
    } else {
        wall + skewed
    };
    let clock = WallClock::new(now, wall);
    Custodian::new(router, settings.clone(), JournalKeys::default(), clock)
}
