//! Thousands of messages, hundreds of destinations, of which some are down, some slow, and some busy.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::*;

const PEERS: u64 = 200;
const ENTRIES: u64 = 4_000;
const LIFE: Duration = Duration::from_secs(2 * 3_600);
const MOST: u32 = 8;
const SEEDS: u64 = 4;

/// How a destination behaves, all of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Works,
    /// Down for so many minutes from the start.
    DownFor(u64),
    NeverUp,
    /// Says when to come back.
    Busy,
    /// Every third recipient is away for the first hour.
    SomeAway,
    /// Takes a minute for each.
    Slow,
}

struct Flight {
    key: u64,
    answers_at: Instant,
}

#[derive(Default)]
struct Peer {
    /// No delivery may begin earlier.
    rests_until: Option<Instant>,
    /// Deliveries that began after the last failure, and the most of them at once.
    since_failure: HashSet<u64>,
    successes_since_failure: usize,
    has_failed: bool,
}

struct World {
    dice: SmallRng,
    queue: RetryQueue<u64>,
    beginning: Instant,
    now: Instant,
    moods: Vec<Mood>,
    peers: Vec<Peer>,
    /// By key: peer, conversation.
    places: BTreeMap<u64, (u64, u64)>,
    flights: Vec<Flight>,
    /// By conversation: the last that was delivered.
    delivered: HashMap<(u64, u64), u64>,
    ended: BTreeMap<u64, (Ending, Instant)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Delivered,
    Expired,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = SmallRng::seed_from_u64(seed);
        let limits = RetryLimits::default().with_max_per_destination(MOST);
        let moods = (0..PEERS).map(|_| match dice.random_range(0..10) {
            0..4 => Mood::Works,
            4 | 5 => Mood::DownFor(dice.random_range(1..60)),
            6 => Mood::NeverUp,
            7 => Mood::Busy,
            8 => Mood::SomeAway,
            _ => Mood::Slow,
        });
        let now = start();
        Self {
            moods: moods.collect(),
            dice,
            queue: RetryQueue::new(now, limits),
            beginning: now,
            now,
            peers: (0..PEERS).map(|_| Peer::default()).collect(),
            places: BTreeMap::new(),
            flights: Vec::new(),
            delivered: HashMap::new(),
            ended: BTreeMap::new(),
        }
    }

    fn run(&mut self) {
        for key in 0..ENTRIES {
            let (peer, conversation) = (
                self.dice.random_range(0..PEERS),
                self.dice.random_range(0..5),
            );
            self.places.insert(key, (peer, conversation));
            let expires_at = self.now + LIFE;
            let entry = QueueEntry::new(JournalKey::new(key), conversation, peer, expires_at);
            assert!(self.queue.push(entry));
        }
        while !self.queue.is_empty() {
            self.act();
            let answer = self.flights.iter().map(|flight| flight.answers_at).min();
            let alarm = self.queue.poll_timeout();
            let Some(next) = answer.into_iter().chain(alarm).min() else {
                assert!(
                    self.queue.is_empty(),
                    "entries are left, and nothing will happen"
                );
                break;
            };
            self.now = self.now.max(next);
            assert!(self.now < self.beginning + 2 * LIFE, "some live for ever");
            self.answer();
        }
        assert_eq!(self.ended.len() as u64, ENTRIES);
    }

    fn act(&mut self) {
        while let Some(key) = self.queue.expired(self.now) {
            self.end(key.number(), Ending::Expired);
        }
        while let Some(key) = self.queue.next_ready(self.now) {
            self.launch(key.number());
        }
    }

    fn launch(&mut self, key: u64) {
        let place = self.places[&key];
        let same = |flight: &&Flight| self.places[&flight.key].0 == place.0;
        let at_peer: Vec<_> = self.flights.iter().filter(same).collect();
        assert!(at_peer.len() < MOST as usize, "the peer has too many");
        let in_conversation = at_peer
            .iter()
            .any(|flight| self.places[&flight.key] == place);
        assert!(!in_conversation, "two of a conversation at once");
        let peer = &mut self.peers[place.0 as usize];
        assert!(
            peer.rests_until.is_none_or(|until| until <= self.now),
            "the peer rests"
        );
        peer.since_failure.insert(key);
        let (going, trust) = (peer.since_failure.len(), 1 + peer.successes_since_failure);
        assert!(
            !peer.has_failed || going <= trust,
            "{going} at once after a failure, {trust} answers"
        );
        let takes = match self.moods[place.0 as usize] {
            Mood::Slow => Duration::from_secs(60),
            _ => Duration::from_millis(self.dice.random_range(1..500)),
        };
        self.flights.push(Flight {
            key,
            answers_at: self.now + takes,
        });
    }

    fn answer(&mut self) {
        let now = self.now;
        let mut due = Vec::new();
        self.flights.retain(|flight| {
            let is_due = flight.answers_at <= now;
            due.extend(is_due.then_some(flight.key));
            !is_due
        });
        for key in due {
            self.settle(key);
        }
    }

    fn settle(&mut self, key: u64) {
        let (peer, conversation) = self.places[&key];
        let outcome = self.outcome(peer, conversation);
        let name = JournalKey::new(key);
        let at = self.queue.settled(self.now, name, outcome, &mut self.dice);
        let known = &mut self.peers[peer as usize];
        let is_news = known.since_failure.remove(&key);
        match outcome {
            Outcome::DestinationFailed { .. } if is_news => {
                known.rests_until = at;
                known.since_failure.clear();
                known.successes_since_failure = 0;
                known.has_failed = true;
            }
            Outcome::DestinationFailed { .. } => {}
            _ if is_news => known.successes_since_failure += 1,
            _ => {}
        }
        if outcome == Outcome::Done {
            let before = self.delivered.insert((peer, conversation), key);
            assert!(before < Some(key), "{key} after {before:?}");
            self.end(key, Ending::Delivered);
        }
    }

    fn outcome(&mut self, peer: u64, conversation: u64) -> Outcome {
        let minutes = (self.now - self.beginning).as_secs() / 60;
        match self.moods[peer as usize] {
            Mood::DownFor(down) if minutes < down => DOWN,
            Mood::NeverUp => DOWN,
            Mood::Busy if self.dice.random_ratio(1, 2) => Outcome::DestinationFailed {
                after: Some(Duration::from_secs(self.dice.random_range(0..30))),
            },
            Mood::SomeAway if minutes < 60 && conversation.is_multiple_of(3) => UNAVAILABLE,
            _ => Outcome::Done,
        }
    }

    fn end(&mut self, key: u64, ending: Ending) {
        let before = self.ended.insert(key, (ending, self.now));
        assert_eq!(before, None, "{key} ended twice");
    }
}

#[test]
fn every_message_ends_and_no_destination_pays_for_another() {
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        world.run();
        for (key, (ending, at)) in &world.ended {
            let (peer, _) = world.places[key];
            let (mood, took) = (world.moods[peer as usize], *at - world.beginning);
            match mood {
                Mood::NeverUp => assert!(*ending == Ending::Expired && took >= LIFE, "{key}"),
                // About twenty messages of half a second at most, one behind the other.
                Mood::Works => assert!(took < 60 * SECOND, "{key} took {took:?}"),
                _ => assert_eq!(*ending, Ending::Delivered, "seed {seed}, {key}: {mood:?}"),
            }
        }
    }
}
