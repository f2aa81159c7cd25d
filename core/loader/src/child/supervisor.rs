//! An adapter over all its processes: one ends, and the next begins, until there were too many.
//!
//! One thread starts the process, hears it, and waits for its end; the system ends the process when that thread does.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Weak,
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::{Duration, Instant},
};

use rialto_abi as abi;
use rialto_model::{Failure, FailureReason, Origin, ResponseStatus, Retry};
use tokio::sync::oneshot;
use tracing::Level;

use super::{
    frame::Kind,
    life::{Life, Listener, now, start_failure},
    link::Link,
    plan::{Account, Plan},
    shared::Shared,
};
use crate::{
    Health, LoadError,
    adapter::Side,
    claims::Reservation,
    log,
    watchdog::{self, Watched},
};

/// The first pause before a process is started again; each failure that still counts doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the thread needs to start the adapter.
#[derive(Debug)]
pub(super) struct Begin {
    pub(super) side: &'static Side,
    pub(super) level: Level,
    pub(super) limit: Duration,
    /// Bits: `START_…`, for the first process.
    pub(super) flags: u64,
    pub(super) claims: Weak<Reservation>,
    pub(super) started: oneshot::Sender<Result<(), LoadError>>,
}

/// A process that has opened its plugin, and waits for the word to start; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) account: Account,
    pub(super) begin: SyncSender<Begin>,
    pub(super) shared: Arc<Shared>,
}

/// Starts a process and waits until it has opened its plugin, or says why not.
pub(super) fn begin(plan: Arc<Plan>) -> Result<Begun, LoadError> {
    let (first, account) = mpsc::sync_channel(1);
    let (begin, begins) = mpsc::sync_channel(1);
    let shared = Arc::new(Shared::new());
    let adapter = Arc::clone(&plan.name);
    let failed = |problem| LoadError::Process { adapter, problem };
    let named = thread::Builder::new().name(format!("from-{}", plan.name));
    let sharing = Arc::clone(&shared);
    let thread = named.spawn(move || run(plan, &first, &begins, sharing));
    if let Err(error) = thread {
        return Err(failed(format!("cannot be watched: {error}")));
    }
    match account.recv() {
        Ok(account) => Ok(Begun {
            account: account?,
            begin,
            shared,
        }),
        Err(_) => Err(failed("is not watched any more".to_owned())),
    }
}

fn run(
    plan: Arc<Plan>,
    first: &SyncSender<Result<Account, LoadError>>,
    begins: &Receiver<Begin>,
    shared: Arc<Shared>,
) {
    let (life, account) = match Life::begin(&plan) {
        Ok(begun) => begun,
        // Who does not wait any more does not hear it.
        Err(error) => return drop(first.send(Err(error))),
    };
    shared.lock().process = Some(life.id());
    if first.send(Ok(account.clone())).is_err() {
        return;
    }
    let Ok(begin) = begins.recv() else {
        return;
    };
    shared.lock().level = begin.level;
    let supervisor = Supervisor {
        plan,
        account,
        shared,
        side: begin.side,
        limit: begin.limit,
        flags: begin.flags,
        claims: begin.claims,
        failures: VecDeque::new(),
    };
    supervisor.run(life, begin.started);
}

/// The thread's own.
struct Supervisor {
    plan: Arc<Plan>,
    account: Account,
    shared: Arc<Shared>,
    side: &'static Side,
    limit: Duration,
    flags: u64,
    /// What the adapter has alone, while it is there.
    claims: Weak<Reservation>,
    failures: VecDeque<Instant>,
}

impl Supervisor {
    fn run(mut self, life: Life, started: oneshot::Sender<Result<(), LoadError>>) {
        let mut why = self.live(life, Some(started));
        while let Some(life) = self.revive(why) {
            if !self.has_forerunner() {
                self.flags &= !abi::START_BESIDE;
            }
            why = self.live(life, None);
        }
    }

    /// Whether an earlier version still has what this one claims: it listens until it has ended, however often this one begins.
    fn has_forerunner(&self) -> bool {
        let claims = self.claims.upgrade();
        claims.is_some_and(|claims| claims.has_forerunner())
    }

    /// One process, from the word to start to its end; why it ended.
    fn live(
        &self,
        mut life: Life,
        started: Option<oneshot::Sender<Result<(), LoadError>>>,
    ) -> String {
        let link = Link::new(self.side, Arc::clone(&life.outbox));
        life.listen_for(&link);
        let watched: Arc<dyn Watched> = link.clone();
        watchdog::watch(link.deliveries(), Arc::downgrade(&watched));
        let level = self.shared.attach(&link, life.id());
        link.say(Kind::Start, super::START, |frame| {
            let limit = rialto_bridge::response::milliseconds(self.limit);
            frame
                .number(log::number(level).into())
                .number(limit)
                .number(self.flags);
        });
        let mut start = Start {
            supervisor: self,
            link: Arc::clone(&link),
            until: Some(now() + self.limit),
            first: started,
            failed: None,
        };
        let ending = life.serve(&self.plan, &link, &mut start);
        let why = match start.failed.take() {
            Some(failure) => failure.to_string(),
            None => life.with_last_words(ending.to_string()),
        };
        // First no new calls, then the old ones end: none is forgotten in between.
        self.shared.detach(restarting(&why, FIRST_PAUSE));
        watchdog::forget(link.deliveries());
        link.end(&why);
        start.end(why.clone());
        why
    }

    /// The next process; `None`: there is none any more.
    fn revive(&mut self, mut why: String) -> Option<Life> {
        loop {
            if self.shared.lock().is_last {
                return None;
            }
            let now = now();
            self.failures.push_back(now);
            while self
                .failures
                .front()
                .is_some_and(|then| now.duration_since(*then) > self.plan.isolation.window)
            {
                self.failures.pop_front();
            }
            if self.failures.len() > self.plan.isolation.failures {
                self.disable(&format!(
                    "its process failed {} times within {:?}, the last time because {why}",
                    self.failures.len(),
                    self.plan.isolation.window
                ));
                return None;
            }
            let pause = self.pause();
            self.shared.detach(restarting(&why, pause));
            self.degraded(format!("{why}; it is started again in {pause:?}"));
            if self.shared.wait_for_last(pause) {
                return None;
            }
            match Life::begin(&self.plan) {
                Ok((life, account)) if account == self.account => return Some(life),
                Ok(_) => {
                    self.disable(
                        "its plugin says something else of itself than before; restart the adapter",
                    );
                    return None;
                }
                Err(LoadError::Replaced { .. }) => {
                    self.disable("somebody has written into its library; restart the adapter");
                    return None;
                }
                Err(error) => why = error.to_string(),
            }
        }
    }

    fn pause(&self) -> Duration {
        let doublings = u32::try_from(self.failures.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        FIRST_PAUSE.saturating_mul(factor.max(1)).min(LONGEST_PAUSE)
    }

    fn disable(&self, why: &str) {
        tracing::error!(adapter.name = %self.plan.name, why, "an adapter is disabled");
        let words = format!("the adapter is disabled: {why}");
        self.shared.detach(
            Failure::new(FailureReason::Unreachable)
                .with_origin(Origin::Operator)
                .with_detail(words.clone()),
        );
        let disabled = Health::Disabled(words);
        self.side.gateway().health(self.side.id(), disabled);
    }

    fn degraded(&self, why: String) {
        self.side
            .gateway()
            .health(self.side.id(), Health::Degraded(why));
    }
}

/// The call to start, of one process.
struct Start<'a> {
    supervisor: &'a Supervisor,
    link: Arc<Link>,
    until: Option<Instant>,
    /// Who waits for it; of the first process only.
    first: Option<oneshot::Sender<Result<(), LoadError>>>,
    failed: Option<Failure>,
}

impl Start<'_> {
    /// The process has ended. Whoever still waits for it to start hears why it did not, and there is no other.
    fn end(self, why: String) {
        if let Some(first) = self.first {
            self.supervisor.shared.release();
            let error = self.supervisor.plan.start_error(start_failure(why));
            drop(first.send(Err(error)));
        }
    }
}

impl Listener for Start<'_> {
    fn started(&mut self, status: ResponseStatus) {
        if self.until.take().is_none() {
            return; // said twice
        }
        match (status, self.first.take()) {
            (ResponseStatus::Failure(failure), Some(first)) => {
                self.supervisor.shared.release();
                let error = self.supervisor.plan.start_error(failure);
                drop(first.send(Err(error)));
            }
            (ResponseStatus::Failure(failure), None) => {
                self.failed = Some(failure);
                self.link.say(Kind::Release, 0, |_| {});
            }
            (_, first) => {
                self.supervisor.shared.up();
                match first {
                    // Who does not wait any more lets it go.
                    Some(first) => drop(first.send(Ok(()))),
                    None => {
                        let side = self.supervisor.side;
                        side.gateway().health(side.id(), Health::Up);
                    }
                }
            }
        }
    }

    fn starts_until(&self) -> Option<Instant> {
        self.until
    }

    fn released_since(&self) -> Option<Instant> {
        self.supervisor.shared.lock().released_since
    }
}

fn restarting(why: &str, pause: Duration) -> Failure {
    Failure::new(FailureReason::Unreachable)
        .with_origin(Origin::Plugin)
        .with_retry(Retry::After(pause))
        .with_detail(format!("the adapter is being started again: {why}"))
}
