//! The queue and the list, side by side through the same steps.

use super::*;

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
