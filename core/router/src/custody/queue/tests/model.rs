//! The queue beside the simplest thing that could be right: a list that is searched from end to end.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;

use super::{super::destination::Destination as Known, *};

type Place = (u8, u64);

const LIMITS: fn() -> RetryLimits = || {
    RetryLimits::default()
        .with_max_in_flight(6)
        .with_max_per_destination(3)
        .with_waits(SECOND, 20 * SECOND)
};

#[derive(Debug)]
struct Kept {
    key: u64,
    place: Place,
    expires_at: Instant,
    /// The era in which it was handed out.
    era: Option<u32>,
}

#[derive(Debug)]
struct Peer {
    rests_until: Option<Instant>,
    era: u32,
    failures: u32,
    window: usize,
}

impl Default for Peer {
    fn default() -> Self {
        Self {
            rests_until: None,
            era: 0,
            failures: 0,
            window: Known::<u8>::FIRST_WINDOW as usize,
        }
    }
}

#[derive(Debug, Default)]
struct Model {
    /// In the order of their keys.
    kept: Vec<Kept>,
    /// Those that have ended, and hold up the others.
    ended: Vec<(u64, Place)>,
    peers: BTreeMap<u8, Peer>,
    /// Failures in a row, and until when it rests.
    rests: HashMap<Place, (u32, Option<Instant>)>,
    /// How often others of its destination went while it could have gone.
    passed: HashMap<Place, usize>,
}

impl Model {
    fn is_ready(&self, now: Instant, place: Place) -> bool {
        let mut kept = self.kept.iter().filter(|kept| kept.place == place);
        let rest = self.rests.get(&place).and_then(|(_, until)| *until);
        rest.is_none_or(|until| until <= now)
            && kept.all(|kept| kept.era.is_none())
            && self.ended.iter().all(|(_, held_up)| *held_up != place)
    }

    fn is_open(&self, now: Instant, peer: u8) -> bool {
        let Some(known) = self.peers.get(&peer) else {
            return true;
        };
        let flights = |era: Option<u32>| {
            let going = self.kept.iter().filter(|kept| kept.place.0 == peer);
            going
                .filter(|kept| kept.era.is_some() && (era.is_none() || kept.era == era))
                .count()
        };
        known.rests_until.is_none_or(|until| until <= now)
            && flights(None) < 3
            && flights(Some(known.era)) < known.window
    }

    /// All that may go now.
    fn permitted(&self, now: Instant) -> Vec<u64> {
        let is_expired = |kept: &Kept| kept.era.is_none() && kept.expires_at <= now;
        let in_flight = self.kept.iter().filter(|kept| kept.era.is_some()).count();
        let is_idle = |peer: u8| {
            let mut kept = self.kept.iter().filter(|kept| kept.place.0 == peer);
            kept.all(|kept| kept.era.is_none())
        };
        if in_flight >= 6 || self.kept.iter().any(is_expired) {
            return Vec::new();
        }
        let firsts = self.kept.iter().enumerate().filter(|(n, kept)| {
            self.kept[..*n]
                .iter()
                .all(|before| before.place != kept.place)
        });
        firsts
            .filter(|(_, kept)| self.is_ready(now, kept.place) && self.is_open(now, kept.place.0))
            .filter(|(_, kept)| in_flight < 3 || is_idle(kept.place.0))
            .map(|(_, kept)| kept.key)
            .collect()
    }

    fn find(&mut self, key: u64) -> Option<&mut Kept> {
        self.kept.iter_mut().find(|kept| kept.key == key)
    }

    fn launch(&mut self, now: Instant, key: u64) -> Result<(), TestCaseError> {
        let place = self.find(key).unwrap().place;
        let waiting = self.permitted(now);
        for kept in self.kept.iter().filter(|kept| waiting.contains(&kept.key)) {
            if kept.place.0 == place.0 {
                *self.passed.entry(kept.place).or_default() += 1;
            }
        }
        self.passed.remove(&place);
        let worst = self.passed.values().max().copied();
        prop_assert!(
            worst.unwrap_or(0) < CONVERSATIONS as usize,
            "somebody was passed over"
        );
        let era = self.peers.entry(place.0).or_default().era;
        self.find(key).unwrap().era = Some(era);
        Ok(())
    }

    fn settle(&mut self, now: Instant, key: u64, outcome: Outcome, dice: &mut SmallRng) {
        let kept = self.find(key).unwrap();
        let (place, era) = (kept.place, kept.era.take().unwrap());
        self.passed.remove(&place);
        let peer = self.peers.entry(place.0).or_default();
        let is_news = peer.era == era;
        let is_answer = matches!(outcome, Outcome::Done | Outcome::EntryFailed { .. });
        if is_news && is_answer {
            peer.failures = 0;
            peer.window = (peer.window + 1).min(3);
            peer.rests_until = None;
        }
        match outcome {
            Outcome::Done => {
                self.rests.entry(place).or_default().0 = 0;
                self.forget(key);
            }
            Outcome::Ended => self.forget(key),
            Outcome::EntryFailed { after } | Outcome::NotTried { after } => {
                let rest = self.rests.entry(place).or_default();
                rest.0 += 1;
                rest.1 = Some(now + LIMITS().wait(rest.0, after, dice));
            }
            Outcome::DestinationFailed { after } => {
                let resting = peer.rests_until;
                if is_news && resting.is_none() {
                    (peer.era, peer.window, peer.failures) = (era + 1, 1, peer.failures + 1);
                    peer.rests_until = Some(now + LIMITS().wait(peer.failures, after, dice));
                } else if resting.is_some() && after.is_some() {
                    peer.rests_until = resting.max(Some(now + LIMITS().wait(1, after, dice)));
                }
            }
        }
    }

    fn forget(&mut self, key: u64) {
        self.kept.retain(|kept| kept.key != key);
        self.ended.retain(|(ended, _)| *ended != key);
        // What is empty is not remembered.
        let kept = self.kept.iter().map(|kept| kept.place);
        let left: Vec<Place> = kept.chain(self.ended.iter().map(|ended| ended.1)).collect();
        self.passed.retain(|place, _| left.contains(place));
        self.rests.retain(|place, _| left.contains(place));
        self.peers
            .retain(|peer, _| left.iter().any(|(of, _)| of == peer));
    }

    fn end_rest(&mut self, which: impl Fn(u8) -> bool) {
        for (_, peer) in self.peers.iter_mut().filter(|(peer, _)| which(**peer)) {
            if peer.rests_until.take().is_some() {
                peer.failures = 0;
            }
        }
    }

    /// Ends the rests whose time has come, as the queue does when it is asked what may go.
    fn wake(&mut self, now: Instant) {
        for peer in self.peers.values_mut() {
            peer.rests_until = peer.rests_until.filter(|until| *until > now);
        }
        for (_, until) in self.rests.values_mut() {
            *until = until.filter(|until| *until > now);
        }
    }
}

const CONVERSATIONS: u64 = 4;
const PEERS: u8 = 3;

#[derive(Clone, Debug)]
enum Step {
    Push {
        place: Place,
        lives: u64,
        in_flight: bool,
        /// Whether the key that is next is left to one that is pushed later.
        skips: bool,
    },
    HoldUp(Place),
    LetGo {
        which: usize,
    },
    Launch,
    Settle {
        which: usize,
        outcome: Outcome,
    },
    Wait(u64),
    WaitForAlarm,
    Remove {
        which: usize,
    },
    RetryNow {
        which: usize,
    },
    Reached(u8),
    Revive(u8),
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    let after = || prop::option::weighted(0.3, (0..60_u64).prop_map(Duration::from_secs));
    prop_oneof![
        2 => Just(Outcome::Done),
        1 => Just(Outcome::Ended),
        2 => after().prop_map(|after| Outcome::DestinationFailed { after }),
        1 => after().prop_map(|after| Outcome::EntryFailed { after }),
        1 => after().prop_map(|after| Outcome::NotTried { after }),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let push = (
        (0..PEERS, 0..CONVERSATIONS),
        0..200_u64,
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.3),
    );
    prop_oneof![
        6 => push.prop_map(|(place, lives, in_flight, skips)| Step::Push { place, lives, in_flight, skips }),
        1 => (0..PEERS, 0..CONVERSATIONS).prop_map(Step::HoldUp),
        2 => any::<usize>().prop_map(|which| Step::LetGo { which }),
        6 => Just(Step::Launch),
        6 => (any::<usize>(), outcomes()).prop_map(|(which, outcome)| Step::Settle { which, outcome }),
        2 => (0..5_000_u64).prop_map(Step::Wait),
        2 => Just(Step::WaitForAlarm),
        1 => any::<usize>().prop_map(|which| Step::Remove { which }),
        1 => any::<usize>().prop_map(|which| Step::RetryNow { which }),
        1 => (0..PEERS).prop_map(Step::Reached),
        1 => (0..PEERS).prop_map(Step::Revive),
    ]
}

struct Both {
    queue: RetryQueue<u8>,
    model: Model,
    now: Instant,
    /// The same dice for both.
    dice: [SmallRng; 2],
    keys: u64,
    /// Keys that were left to others.
    left: Vec<u64>,
}

impl Both {
    fn new() -> Self {
        let now = start();
        Self {
            queue: RetryQueue::new(now, LIMITS()),
            model: Model::default(),
            now,
            dice: [SmallRng::seed_from_u64(1), SmallRng::seed_from_u64(1)],
            keys: 0,
            left: Vec::new(),
        }
    }

    fn key(&mut self, skips: bool) -> u64 {
        if !skips && let Some(key) = self.left.pop() {
            return key;
        }
        self.keys += 2;
        if skips {
            self.left.push(self.keys - 1);
        }
        self.keys
    }

    fn pick(&self, which: usize, filter: impl Fn(&Kept) -> bool) -> Option<u64> {
        let kept: Vec<_> = self.model.kept.iter().filter(|kept| filter(kept)).collect();
        (!kept.is_empty()).then(|| kept[which % kept.len()].key)
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Push {
                place,
                lives,
                in_flight,
                skips,
            } => {
                let key = self.key(skips);
                self.push(key, place, lives, in_flight);
            }
            Step::HoldUp(place) => {
                let key = self.key(false);
                assert!(self.queue.hold_up(JournalKey::new(key), place.1, place.0));
                self.model.peers.entry(place.0).or_default();
                self.model.passed.remove(&place);
                self.model.ended.push((key, place));
            }
            Step::LetGo { which } => {
                if !self.model.ended.is_empty() {
                    let (key, _) = self.model.ended[which % self.model.ended.len()];
                    self.model.forget(key);
                    prop_assert!(self.queue.remove(JournalKey::new(key)));
                }
            }
            Step::Launch => self.launch()?,
            Step::Settle { which, outcome } => self.settle(which, outcome),
            Step::Wait(millis) => self.now += Duration::from_millis(millis),
            Step::WaitForAlarm => {
                self.now = self.queue.poll_timeout().unwrap_or(self.now).max(self.now)
            }
            Step::Remove { which } => {
                if let Some(key) = self.pick(which, |_| true) {
                    self.model.forget(key);
                    prop_assert!(self.queue.remove(JournalKey::new(key)));
                }
            }
            Step::RetryNow { which } => self.retry_now(which),
            Step::Reached(peer) => {
                self.queue.reached(&peer);
                self.model.end_rest(|other| other == peer);
            }
            Step::Revive(from) => {
                self.queue.revive(|peer| *peer >= from);
                self.model.end_rest(|peer| peer >= from);
            }
        }
        self.agree()
    }

    fn push(&mut self, key: u64, place: Place, lives: u64, in_flight: bool) {
        let expires_at = self.now + Duration::from_secs(lives);
        let mut entry = QueueEntry::new(JournalKey::new(key), place.1, place.0, expires_at);
        if in_flight {
            entry = entry.in_flight();
        }
        assert!(self.queue.push(entry));
        if in_flight {
            self.model.passed.remove(&place);
        }
        let era = self.model.peers.entry(place.0).or_default().era;
        let at = self.model.kept.partition_point(|kept| kept.key < key);
        let kept = Kept {
            key,
            place,
            expires_at,
            era: in_flight.then_some(era),
        };
        self.model.kept.insert(at, kept);
    }

    fn launch(&mut self) -> Result<(), TestCaseError> {
        self.model.wake(self.now);
        let permitted = self.model.permitted(self.now);
        let next = self.queue.next_ready(self.now).map(JournalKey::number);
        match next {
            Some(key) => {
                prop_assert!(permitted.contains(&key), "{key} is not in {permitted:?}");
                self.model.launch(self.now, key)
            }
            None => {
                prop_assert!(permitted.is_empty(), "none of {permitted:?} goes");
                Ok(())
            }
        }
    }

    fn settle(&mut self, which: usize, outcome: Outcome) {
        let Some(key) = self.pick(which, |kept| kept.era.is_some()) else {
            return;
        };
        let [ours, theirs] = &mut self.dice;
        self.queue
            .settled(self.now, JournalKey::new(key), outcome, ours);
        self.model.settle(self.now, key, outcome, theirs);
    }

    fn retry_now(&mut self, which: usize) {
        let Some(key) = self.pick(which, |_| true) else {
            return;
        };
        assert!(self.queue.retry_now(JournalKey::new(key)));
        let place = self.model.find(key).unwrap().place;
        if let Some((_, until)) = self.model.rests.get_mut(&place) {
            *until = None;
        }
        if let Some(peer) = self.model.peers.get_mut(&place.0) {
            peer.rests_until = None;
        }
        self.model.passed.clear();
    }

    /// What is expired, is so in both; and both hold the same.
    fn agree(&mut self) -> Result<(), TestCaseError> {
        while let Some(key) = self.queue.expired(self.now) {
            let kept = self.model.find(key.number());
            prop_assert!(
                kept.is_some_and(|kept| kept.era.is_none() && kept.expires_at <= self.now)
            );
            self.model.forget(key.number());
        }
        let is_left = |kept: &Kept| kept.era.is_none() && kept.expires_at <= self.now;
        prop_assert!(
            !self.model.kept.iter().any(is_left),
            "an expired one is left"
        );
        let mut keys: Vec<_> = self.queue.iter().map(|seen| seen.key.number()).collect();
        keys.sort_unstable();
        let kept: Vec<_> = self.model.kept.iter().map(|kept| kept.key).collect();
        prop_assert_eq!(keys, kept);
        for kept in &self.model.kept {
            let seen = self.queue.get(JournalKey::new(kept.key)).unwrap();
            prop_assert_eq!(seen.state == QueueState::InFlight, kept.era.is_some());
            prop_assert_eq!(
                (*seen.destination, seen.expires_at),
                (kept.place.0, Some(kept.expires_at))
            );
        }
        let in_flight = self
            .model
            .kept
            .iter()
            .filter(|kept| kept.era.is_some())
            .count();
        prop_assert_eq!(self.queue.in_flight(), in_flight);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn queue_lets_go_what_a_simple_list_lets_go(steps in prop::collection::vec(steps(), 1..120)) {
        let mut both = Both::new();
        for step in steps {
            both.step(step)?;
        }
    }
}
