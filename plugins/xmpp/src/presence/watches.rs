//! Users of XMPP who watch users behind the gateway.
//!
//! ```text
//! subscribe ─► asked ─► answered ─► tell ─► told ─┐      unsubscribe ─► left ─► tell (the end): forgotten
//!                ▲          │        ▲            │
//!                └── due ◄──┴────────┴────────────┘      the end, not asked for: asked again, or `unsubscribed`
//! ```
//!
//! A subscription of XMPP lasts until somebody ends it, one of the gateway for a time: it is refreshed before that is over, and asked for again where it ended
//! for no reason that would concern the watcher (RFC 8048 §5.2.2). After a restart nothing of this is known: each is learnt anew by the first that is told of it. No I/O
//! and no clock here: time is an argument.

use std::collections::HashMap;
use std::time::Duration;

use rialto_sdk::model::{Failure, FailureClass, FailureReason, ResponseStatus, Retry};
use rialto_sdk::tokio::time::Instant;
use rialto_xmpp_codec::{Presence, PresenceType};

use super::schedule::Schedule;
use super::word::{Ask, Asker};
use super::{Pair, Shown, full};

mod news;

pub(super) use self::news::is_final;

/// All of them.
#[derive(Debug)]
pub(crate) struct Watches {
    most: usize,
    all: HashMap<Pair, Watch>,
    schedule: Schedule,
}

#[derive(Debug)]
struct Watch {
    number: u64,
    stage: Stage,
    due: Option<Instant>,
    tries: u32,
    /// Was the watcher told that it is subscribed, since it asked?
    is_told: bool,
    shown: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The gateway has it, or will.
    Lasting,
    /// The watcher wants to be told no more.
    Leaving,
}

impl Watches {
    /// At most `most` are known at a time; of others it is not known what they were told, and they are not refreshed.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            all: HashMap::new(),
            schedule: Schedule::default(),
        }
    }

    /// A user wants to watch; if it does already, it wants to hear so.
    pub(crate) fn subscribe(&mut self, pair: &Pair) -> Result<Ask, Failure> {
        let watch = self.learn(pair).ok_or_else(full)?;
        watch.stage = Stage::Lasting;
        watch.is_told = false;
        watch.shown = watch.shown.in_doubt(&Shown::default());
        Ok(Ask::to_begin(pair.clone()))
    }

    /// A user wants to watch no more.
    pub(crate) fn unsubscribe(&mut self, pair: &Pair) -> Ask {
        if let Some(watch) = self.learn(pair) {
            watch.stage = Stage::Leaving;
        }
        Ask {
            pair: pair.clone(),
            is_end: true,
        }
    }

    /// A server wants to know of one whom its user watches, as far as that server knows (RFC 6121 §4.3). What is known here is fetched, what is
    /// not is subscribed to, as the gateway may have lost it (RFC 8048 §5.2.2).
    pub(crate) fn is_known(&self, pair: &Pair) -> bool {
        let watch = self.all.get(pair);
        watch.is_some_and(|watch| watch.stage == Stage::Lasting)
    }

    /// As [`subscribe`](Self::subscribe), for one whose server believes that it watches already.
    pub(crate) fn resume(&mut self, pair: &Pair) -> Result<Ask, Failure> {
        let watch = self.learn(pair).ok_or_else(full)?;
        watch.stage = Stage::Lasting;
        watch.is_told = true;
        Ok(Ask::to_begin(pair.clone()))
    }

    /// Takes the gateway's answer to a wish to watch, or to go on; returns what the watcher is told at once.
    ///
    /// What can pass is tried again.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        pair: &Pair,
        asker: Asker,
        (status, duration): (&ResponseStatus, Option<Duration>),
    ) -> Vec<Presence> {
        let Some(watch) = self.all.get_mut(pair) else {
            return Vec::new();
        };
        if watch.stage == Stage::Leaving {
            return Vec::new();
        }
        let ResponseStatus::Failure(failure) = status else {
            watch.tries = 0;
            let due = duration.map(|duration| now + refresh_after(duration, watch.number));
            self.set_due(pair, due);
            return Vec::new();
        };
        // A newer wish has taken its place.
        if failure.reason() == FailureReason::Cancelled {
            return Vec::new();
        }
        if failure.reason().class() == FailureClass::Temporary || failure.retry() != Retry::Never {
            self.again(now, pair, failure);
            return Vec::new();
        }
        let shown = self.forget(pair).map(|watch| watch.shown);
        let mut said = match asker {
            Asker::Watcher(id) => vec![pair.say(PresenceType::Error, id, Some(failure))],
            Asker::Itself => Vec::new(),
        };
        said.extend(pair.farewells(&shown.unwrap_or_default()));
        said.push(pair.say(PresenceType::Unsubscribed, None, None));
        said
    }

    /// Takes the gateway's answer to a wish to watch no more; returns what the watcher is told.
    ///
    /// RFC 8048 §5.2.3, RFC 6121 §3.3.3.
    pub(crate) fn left(
        &mut self,
        now: Instant,
        pair: &Pair,
        status: &ResponseStatus,
    ) -> Vec<Presence> {
        if let ResponseStatus::Failure(failure) = status
            && failure.reason().class() == FailureClass::Temporary
            && self.all.contains_key(pair)
        {
            self.again(now, pair, failure);
            return Vec::new();
        }
        let mut said = Vec::new();
        if let Some(watch) = self.all.get_mut(pair) {
            if watch.stage == Stage::Lasting {
                return Vec::new(); // it has changed its mind since
            }
            said = pair.farewells(&std::mem::take(&mut watch.shown));
            watch.tries = 0;
            // The end is told to us too; until then it must not be taken for one that nobody asked for.
            self.set_due(pair, Some(now + LAST_WORD));
        }
        said.push(pair.say(PresenceType::Unsubscribed, None, None));
        said
    }

    /// The gateway knows no such watcher any more, or the watcher's server does not.
    pub(crate) fn gone(&mut self, pair: &Pair) {
        self.forget(pair);
    }

    /// What is due, at most `most`; each is asked.
    pub(crate) fn take_due(&mut self, now: Instant, most: usize) -> Vec<Ask> {
        let mut asks = Vec::new();
        while asks.len() < most
            && let Some(pair) = self.schedule.take_due(now)
        {
            let Some(watch) = self.all.get_mut(&pair) else {
                continue;
            };
            watch.due = None;
            let is_end = watch.stage == Stage::Leaving;
            if is_end && watch.tries == 0 {
                self.forget(&pair); // its end was granted, and its last word never came
                continue;
            }
            // If nobody answers, it is asked again.
            self.set_due(&pair, Some(now + UNANSWERED));
            asks.push(Ask { pair, is_end });
        }
        asks
    }

    /// Whether a user was shown this resource of another, as one that is there.
    pub(crate) fn shows(&self, pair: &Pair, resource: &str) -> bool {
        let watch = self.all.get(pair);
        watch.is_some_and(|watch| watch.shown.has(resource))
    }

    /// Whether a user was shown anything of another that is there.
    pub(crate) fn shows_any(&self, pair: &Pair) -> bool {
        self.all
            .get(pair)
            .is_some_and(|watch| watch.shown.is_open())
    }

    /// Whether the end of a watch is under way.
    #[cfg(test)]
    pub(super) fn is_leaving(&self, pair: &Pair) -> bool {
        let watch = self.all.get(pair);
        watch.is_some_and(|watch| watch.stage == Stage::Leaving)
    }

    fn refresh_before(&mut self, now: Instant, pair: &Pair, end: Option<Duration>) {
        let Some(watch) = self.all.get(pair) else {
            return;
        };
        let due = end.map(|end| now + refresh_after(end, watch.number));
        self.set_due(pair, due);
    }

    fn again(&mut self, now: Instant, pair: &Pair, failure: &Failure) {
        let Some(watch) = self.all.get_mut(pair) else {
            return;
        };
        let doubled = SHORTEST_WAIT.saturating_mul(1 << watch.tries.min(16));
        watch.tries += 1;
        let wait = match failure.retry() {
            Retry::After(wait) => wait.max(SHORTEST_WAIT),
            _ => doubled,
        };
        self.set_due(pair, Some(now + wait.min(LONGEST_WAIT)));
    }

    /// The watch of a pair, a new one if there is none; `None` if there are too many.
    fn learn(&mut self, pair: &Pair) -> Option<&mut Watch> {
        if !self.all.contains_key(pair) {
            if self.all.len() >= self.most {
                return None;
            }
            let watch = Watch {
                number: self.schedule.number(pair),
                stage: Stage::Lasting,
                due: None,
                tries: 0,
                is_told: false,
                shown: Shown::default(),
            };
            self.all.insert(pair.clone(), watch);
        }
        self.all.get_mut(pair)
    }

    fn forget(&mut self, pair: &Pair) -> Option<Watch> {
        self.set_due(pair, None);
        let watch = self.all.remove(pair)?;
        self.schedule.forget(watch.number);
        Some(watch)
    }

    fn set_due(&mut self, pair: &Pair, due: Option<Instant>) {
        let Some(watch) = self.all.get_mut(pair) else {
            return;
        };
        let before = std::mem::replace(&mut watch.due, due);
        self.schedule.replace(watch.number, before, due);
    }
}

/// Well before the end, and not all at once.
fn refresh_after(time: Duration, number: u64) -> Duration {
    let spread = u32::try_from(number % 16).unwrap_or_default();
    (time / 128) * (96 + spread)
}

/// The wait after a failure, or an end, at first; it doubles.
const SHORTEST_WAIT: Duration = Duration::from_secs(10);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// How long an answer of the gateway is waited for, before it is asked again.
const UNANSWERED: Duration = Duration::from_secs(120);

/// How long the last notification of a subscription that was ended is waited for.
const LAST_WORD: Duration = Duration::from_secs(120);
