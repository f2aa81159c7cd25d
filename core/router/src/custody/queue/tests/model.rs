//! The queue beside the simplest thing that could be right: a list that is searched from end to end.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;

use super::{super::destination::Destination as Known, *};

mod beside;

type Place = (u8, u64);

const CONVERSATIONS: u64 = 4;
const PEERS: u8 = 3;

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
            (peer.rests_until, peer.failures) = (None, 0);
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
