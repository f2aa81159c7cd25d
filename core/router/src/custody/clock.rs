//! What time it is for people, and over a restart.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The wall clock, as it was at one moment, carried on by the monotonic one.
///
/// Read once, at the start: a clock that is set while the gateway runs changes nothing for it.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    anchor: Instant,
    wall: SystemTime,
}

/// A time of the wall clock in a record: milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Millis(pub(crate) u64);

impl WallClock {
    /// Says that it is `wall` at the moment `anchor`.
    pub const fn new(anchor: Instant, wall: SystemTime) -> Self {
        Self { anchor, wall }
    }

    /// What people's clocks show at that moment.
    pub fn at(&self, now: Instant) -> SystemTime {
        let after = now.saturating_duration_since(self.anchor);
        let before = self.anchor.saturating_duration_since(now);
        let wall = self.wall.checked_add(after).unwrap_or(self.wall);
        wall.checked_sub(before).unwrap_or(UNIX_EPOCH)
    }

    /// The moment at which it was read.
    pub(crate) const fn anchor(&self) -> Instant {
        self.anchor
    }

    pub(crate) fn millis(&self, now: Instant) -> Millis {
        Millis::of(self.at(now))
    }

    /// What is left of a time that began and ends as a record says: never more than all of it, if the clock was set back meanwhile.
    pub(crate) fn left(&self, now: Instant, begin: Millis, end: Millis) -> Duration {
        self.left_millis(self.millis(now), begin, end)
    }

    /// The same, where the time of the wall clock is known.
    pub(crate) fn left_millis(&self, now: Millis, begin: Millis, end: Millis) -> Duration {
        let whole = end.0.saturating_sub(begin.0);
        let left = end.0.saturating_sub(now.0);
        Duration::from_millis(left.min(whole))
    }
}

impl Millis {
    pub(crate) fn of(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn time(self) -> SystemTime {
        let time = UNIX_EPOCH.checked_add(Duration::from_millis(self.0));
        time.unwrap_or(UNIX_EPOCH)
    }

    pub(crate) fn plus(self, time: Duration) -> Self {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_that_was_set_back_prolongs_nothing() {
        #[expect(
            clippy::disallowed_methods,
            reason = "an instant cannot be had otherwise"
        )]
        let now = Instant::now();
        let hour = 3_600_000;
        let clock = |hours: u64| {
            let wall = Millis(hours * hour).time();
            WallClock::new(now, wall).left(now, Millis(100 * hour), Millis(101 * hour))
        };
        assert_eq!(clock(100), Duration::from_secs(3600));
        assert_eq!(clock(1), Duration::from_secs(3600));
        assert_eq!(clock(101), Duration::ZERO);
    }

    #[test]
    fn clock_goes_with_the_monotonic_one() {
        #[expect(
            clippy::disallowed_methods,
            reason = "an instant cannot be had otherwise"
        )]
        let now = Instant::now();
        let clock = WallClock::new(now, UNIX_EPOCH + Duration::from_secs(1000));
        let later = now + Duration::from_secs(60);
        assert_eq!(clock.at(later), UNIX_EPOCH + Duration::from_secs(1060));
    }
}
