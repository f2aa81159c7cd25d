//! What the queue promises, one claim each; then against a model, and with peers that come and go.

mod model;
mod simulation;

use rand::{SeedableRng, rngs::SmallRng};

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DOWN: Outcome = Outcome::DestinationFailed { after: None };
const UNAVAILABLE: Outcome = Outcome::EntryFailed { after: None };

#[expect(
    clippy::disallowed_methods,
    reason = "an instant cannot be had otherwise; no test looks at its value"
)]
fn start() -> Instant {
    Instant::now()
}

/// A queue with its clock and its dice.
struct Bench {
    queue: RetryQueue<&'static str>,
    now: Instant,
    dice: SmallRng,
    keys: u64,
}

impl Bench {
    fn new(limits: RetryLimits) -> Self {
        let now = start();
        Self {
            queue: RetryQueue::new(now, limits),
            now,
            dice: SmallRng::seed_from_u64(1),
            keys: 0,
        }
    }

    fn entry(&mut self, conversation: u64, destination: &'static str) -> QueueEntry<&'static str> {
        self.keys += 1;
        let key = JournalKey::new(self.keys);
        QueueEntry::new(key, conversation, destination, self.now + HOUR)
    }

    fn push(&mut self, conversation: u64, destination: &'static str) -> u64 {
        let entry = self.entry(conversation, destination);
        assert!(self.queue.push(entry));
        self.keys
    }

    fn next(&mut self) -> Option<u64> {
        self.queue.next_ready(self.now).map(JournalKey::number)
    }

    fn all_next(&mut self) -> Vec<u64> {
        std::iter::from_fn(|| self.next()).collect()
    }

    fn settle(&mut self, key: u64, outcome: Outcome) -> Option<Duration> {
        let key = JournalKey::new(key);
        let at = self.queue.settled(self.now, key, outcome, &mut self.dice);
        at.map(|at| at - self.now)
    }

    fn expired(&mut self) -> Option<u64> {
        self.queue.expired(self.now).map(JournalKey::number)
    }

    fn state(&self, key: u64) -> QueueState {
        self.queue.get(JournalKey::new(key)).unwrap().state
    }
}

#[test]
fn messages_of_a_conversation_go_one_after_the_other() {
    let mut bench = Bench::new(RetryLimits::default());
    let keys: Vec<_> = (0..3).map(|_| bench.push(7, "a")).collect();
    assert_eq!(bench.all_next(), keys[..1]);
    assert_eq!(bench.state(keys[1]), QueueState::Behind);
    assert_eq!(bench.settle(keys[0], Outcome::Done), None);
    assert_eq!(bench.all_next(), keys[1..2]);
    bench.settle(keys[1], UNAVAILABLE);
    assert_eq!(bench.next(), None, "the third waits for the second");
    bench.now += 2 * SECOND;
    assert_eq!(bench.all_next(), keys[1..2]);
}

#[test]
fn message_that_is_under_way_when_it_is_kept_holds_back_those_behind_it() {
    let mut bench = Bench::new(RetryLimits::default());
    let first = bench.entry(7, "a").in_flight();
    assert!(bench.queue.push(first));
    let second = bench.push(7, "a");
    assert_eq!(bench.next(), None);
    assert_eq!(bench.settle(1, Outcome::Done), None);
    assert_eq!(bench.next(), Some(second));
}

#[test]
fn message_that_was_on_its_way_goes_before_those_that_came_after_it() {
    let mut bench = Bench::new(RetryLimits::default());
    let mut entries: Vec<_> = (0..5).map(|_| bench.entry(7, "a")).collect();
    for at in [3, 0, 1, 1, 0] {
        assert!(bench.queue.push(entries.remove(at)));
    }
    for key in 1..=5 {
        assert_eq!(bench.all_next(), [key]);
        bench.settle(key, Outcome::Done);
    }
}

#[test]
fn message_that_has_ended_holds_up_its_conversation_until_it_is_removed() {
    let mut bench = Bench::new(RetryLimits::default());
    let [first, second] = [bench.push(7, "a"), bench.push(7, "a")];
    let other = bench.push(8, "a");
    assert_eq!(bench.all_next(), [first, other]);
    bench.settle(first, Outcome::Ended);
    let first = JournalKey::new(first);
    assert!(bench.queue.hold_up(first, 7, "a"));
    assert_eq!(
        (bench.next(), bench.state(second)),
        (None, QueueState::Behind)
    );
    assert!(bench.queue.get(first).is_none() && !bench.queue.retry_now(first));
    assert!(bench.queue.remove(first));
    assert_eq!(bench.next(), Some(second));
}

#[test]
fn end_that_is_none_of_the_destination_says_nothing_of_it() {
    let mut bench = Bench::new(RetryLimits::default());
    for conversation in 0..4 {
        bench.push(conversation, "a");
    }
    for key in bench.all_next() {
        bench.settle(key, DOWN).unwrap();
    }
    bench.now = bench.queue.poll_timeout().unwrap();
    let probe = bench.next().unwrap();
    bench.settle(probe, Outcome::Ended);
    assert_eq!(bench.all_next().len(), 1, "another one probes, alone");
}

#[test]
fn conversations_of_a_destination_take_turns() {
    let mut bench = Bench::new(RetryLimits::default().with_max_per_destination(1));
    for _ in 0..100 {
        bench.push(1, "a");
    }
    let rare = [bench.push(2, "a"), bench.push(3, "a"), bench.push(2, "a")];
    let mut order = Vec::new();
    for _ in 0..6 {
        let key = bench.next().unwrap();
        assert_eq!(bench.next(), None, "the destination takes one at a time");
        bench.settle(key, Outcome::Done);
        order.push(key);
    }
    assert_eq!(order, [1, rare[0], rare[1], 2, rare[2], 3]);
}

#[test]
fn destinations_take_turns() {
    let mut bench = Bench::new(RetryLimits::default());
    let many: Vec<_> = (0..4).map(|n| bench.push(n, "a")).collect();
    let few: Vec<_> = (0..2).map(|n| bench.push(n, "b")).collect();
    let expected = [many[0], few[0], many[1], few[1], many[2], many[3]];
    assert_eq!(bench.all_next(), expected);
}

#[test]
fn destination_that_is_full_delays_no_other() {
    let mut bench = Bench::new(RetryLimits::default().with_max_per_destination(4));
    for conversation in 0..100 {
        bench.push(conversation, "slow");
    }
    let quick = bench.push(1, "quick");
    let going = bench.all_next();
    assert_eq!(going.len(), 5);
    assert!(going.contains(&quick));
}

#[test]
fn destinations_that_hang_leave_a_half_of_all_deliveries_to_others() {
    let mut bench = Bench::new(RetryLimits::default().with_max_in_flight(16));
    for conversation in 0..32 {
        bench.push(conversation, "hangs");
        bench.push(conversation, "hangs too");
    }
    let hanging = bench.all_next();
    assert_eq!(hanging.len(), 8);
    let others = ["a", "b", "c"].map(|other| bench.push(0, other));
    assert_eq!(bench.all_next(), others);
    for (key, other) in others.into_iter().zip(["a", "b", "c"]) {
        bench.settle(key, Outcome::Done);
        let next = bench.push(0, other);
        assert_eq!(bench.all_next(), [next], "{other} has its turn again");
    }
    bench.settle(hanging[0], Outcome::Done);
    assert_eq!(bench.next(), None, "the half is full without it");
}

#[test]
fn all_deliveries_together_are_bounded() {
    let mut bench = Bench::new(RetryLimits::default().with_max_in_flight(3));
    for destination in ["a", "b", "c", "d", "e"] {
        bench.push(1, destination);
    }
    assert_eq!(bench.all_next(), [1, 2, 3]);
    assert_eq!(bench.queue.in_flight(), 3);
    bench.settle(2, Outcome::Done);
    assert_eq!(bench.all_next(), [4]);
}

#[test]
fn destination_that_failed_rests_longer_each_time_and_is_probed_by_one() {
    let mut bench = Bench::new(RetryLimits::default());
    for conversation in 0..10 {
        bench.push(conversation, "a");
    }
    let other = bench.push(1, "b");
    let going = bench.all_next();
    assert_eq!(going.len(), 11);
    for key in going {
        if key != other {
            bench.settle(key, DOWN).unwrap();
        }
    }
    let mut waits = Vec::new();
    for _ in 0..12 {
        let due = bench.queue.poll_timeout().unwrap();
        waits.push(due - bench.now);
        assert_eq!(bench.next(), None);
        bench.now = due;
        let probes = bench.all_next();
        assert_eq!(probes.len(), 1);
        bench.settle(probes[0], DOWN).unwrap();
    }
    for (failures, wait) in waits.iter().enumerate() {
        let full = SECOND * 2_u32.pow(failures as u32).min(900);
        assert!(*wait >= full / 2 && *wait <= full, "{failures}: {wait:?}");
    }
}

#[test]
fn destination_rests_as_long_as_it_says() {
    let mut bench = Bench::new(RetryLimits::default());
    bench.push(1, "a");
    let told = Outcome::DestinationFailed {
        after: Some(90 * SECOND),
    };
    bench.next().unwrap();
    let wait = bench.settle(1, told).unwrap();
    assert!(wait >= 90 * SECOND && wait <= 102 * SECOND, "{wait:?}");
    let until = bench.now + wait;
    assert_eq!(bench.state(1), QueueState::Resting(Some(until)));
    assert_eq!(bench.queue.poll_timeout(), Some(until));
}

#[test]
fn recipient_that_is_away_holds_back_his_conversation_alone() {
    let mut bench = Bench::new(RetryLimits::default());
    bench.push(1, "a");
    bench.push(1, "a");
    let other = bench.push(2, "a");
    assert_eq!(bench.all_next(), [1, other]);
    bench.settle(1, UNAVAILABLE).unwrap();
    bench.settle(other, Outcome::Done);
    let third = bench.push(3, "a");
    assert_eq!(bench.all_next(), [third]);
}

#[test]
fn delivery_that_was_not_tried_says_nothing_of_the_destination() {
    let mut bench = Bench::new(RetryLimits::default());
    for conversation in 0..4 {
        bench.push(conversation, "a");
    }
    for key in bench.all_next() {
        bench.settle(key, DOWN).unwrap();
    }
    bench.now = bench.queue.poll_timeout().unwrap();
    let probe = bench.next().unwrap();
    let after = Some(60 * SECOND);
    bench.settle(probe, Outcome::NotTried { after }).unwrap();
    assert_eq!(bench.all_next().len(), 1, "another one probes, alone");
}

#[test]
fn entry_expires_whatever_it_waits_for() {
    let mut bench = Bench::new(RetryLimits::default());
    let [first, behind, ready] = [bench.push(1, "a"), bench.push(1, "a"), bench.push(2, "b")];
    assert_eq!(bench.next(), Some(first));
    let told = Outcome::DestinationFailed {
        after: Some(2 * HOUR),
    };
    bench.settle(first, told).unwrap();
    bench.now += HOUR;
    assert_eq!(bench.next(), None, "what is expired is not delivered");
    let mut expired: Vec<_> = std::iter::from_fn(|| bench.expired()).collect();
    expired.sort_unstable();
    assert_eq!(expired, [first, behind, ready]);
    assert!(bench.queue.is_empty() && bench.queue.poll_timeout().is_none());
}

#[test]
fn entry_in_flight_expires_when_it_is_settled() {
    let mut bench = Bench::new(RetryLimits::default());
    let [lost, arrived] = [bench.push(1, "a"), bench.push(2, "b")];
    assert_eq!(bench.all_next(), [lost, arrived]);
    bench.now += 2 * HOUR;
    assert_eq!(bench.expired(), None);
    bench.settle(lost, DOWN);
    assert_eq!(bench.expired(), Some(lost));
    assert_eq!(bench.settle(arrived, Outcome::Done), None);
    assert!(bench.expired().is_none() && bench.queue.is_empty());
}

#[test]
fn operator_ends_a_rest_and_his_message_is_the_probe() {
    let mut bench = Bench::new(RetryLimits::default());
    let keys: Vec<_> = (0..5).map(|n| bench.push(n, "a")).collect();
    for key in bench.all_next() {
        bench.settle(key, DOWN).unwrap();
    }
    assert!(bench.queue.retry_now(JournalKey::new(keys[3])));
    assert_eq!(bench.all_next(), [keys[3]]);
    assert!(!bench.queue.retry_now(JournalKey::new(99)));
}

#[test]
fn entry_that_is_removed_in_flight_leaves_its_place_to_the_next() {
    let mut bench = Bench::new(RetryLimits::default().with_max_per_destination(1));
    let [first, second] = [bench.push(1, "a"), bench.push(1, "a")];
    assert_eq!(bench.next(), Some(first));
    assert!(bench.queue.remove(JournalKey::new(first)));
    assert!(!bench.queue.remove(JournalKey::new(first)));
    assert_eq!(bench.settle(first, DOWN), None, "nobody waits for it");
    assert_eq!(bench.next(), Some(second));
}

#[test]
fn destination_that_others_reached_is_tried_again_at_once() {
    let mut bench = Bench::new(RetryLimits::default());
    bench.push(1, "a");
    bench.next().unwrap();
    bench.settle(1, DOWN).unwrap();
    bench.queue.reached(&"b");
    assert_eq!(bench.next(), None);
    bench.queue.reached(&"a");
    assert_eq!(bench.next(), Some(1));
}

#[test]
fn name_is_taken_once() {
    let mut bench = Bench::new(RetryLimits::default());
    let entry = bench.entry(1, "a");
    assert!(bench.queue.push(entry.clone()));
    assert!(!bench.queue.push(entry));
}

#[test]
fn queue_gives_its_memory_back_when_it_runs_empty() {
    let mut bench = Bench::new(RetryLimits::default());
    for conversation in 0..5_000 {
        bench.push(conversation, "a");
    }
    while let Some(key) = bench.next() {
        bench.settle(key, Outcome::Done);
    }
    assert!(bench.queue.is_empty());
    assert_eq!(bench.queue.entries.capacity(), 0);
    let again = bench.push(1, "a");
    assert_eq!(bench.next(), Some(again));
}
