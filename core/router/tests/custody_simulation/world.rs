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

mod actions;
mod far_side;
mod senders;
mod setup;

use self::setup::{custodian, settings};
use super::{
    disk::{Disk, REPORT},
    fault::Fault,
    ledger::{Ledger, Message},
    stage::{self, CONVERSATIONS},
    violation::Violation,
};
use crate::support::{SIP, XMPP, office::wall, start, ticket};

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
    /// What adapters will say later of messages, and when.
    words: Vec<(Instant, AdapterId, u64, DispositionOperation)>,
    /// What is delivered in place of what.
    swapped: HashMap<u64, u64>,
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
            swapped: HashMap::new(),
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
                match self.dice.random() {
                    true => self.custodian.handle_cancel(self.now, any),
                    false => self.custodian.handle_gone(self.now, &[any]),
                }
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

    fn count(&mut self) {
        let counted: CustodyStatistics = self.custodian.statistics();
        let seen = &mut self.seen;
        // A record that a disk has not, which said that it has it, is missed sooner or later.
        assert!(counted.lost == 0 || self.fault == Some(Fault::LyingDisk));
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
        } else {
            self.skew += self.dice.random_range(0..600);
        }
        let seed = self.dice.random();
        self.custodian = custodian(&self.settings, seed, self.now, self.skew);
        let forgotten = self.dice.random_range(0..4);
        if self.fault == Some(Fault::ReversedJournal) {
            self.disk.reverse();
        }
        for (place, ((table, key), record)) in self.disk.durable.iter().enumerate() {
            match (self.fault, table) {
                (Some(Fault::ForgottenIdentities), JournalTable::Identities) => continue,
                (Some(Fault::ForgottenMessage), JournalTable::Operations) if place == forgotten => {
                    continue;
                }
                (Some(Fault::ForgottenReport), JournalTable::Operations) if record[1] == REPORT => {
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
