//! How hard, and how soon, deliveries are tried again.

use std::time::Duration;

use rand::Rng;

/// How many deliveries of kept messages are under way, and when those that failed are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryLimits {
    max_in_flight: u32,
    max_per_destination: u32,
    shortest: Duration,
    longest: Duration,
    longest_told: Duration,
}

impl RetryLimits {
    /// Sets how many deliveries may be under way at once, at least 1.
    pub const fn with_max_in_flight(mut self, deliveries: u32) -> Self {
        self.max_in_flight = at_least_one(deliveries);
        self
    }

    /// Sets how many deliveries to one destination may be under way at once, at least 1.
    pub const fn with_max_per_destination(mut self, deliveries: u32) -> Self {
        self.max_per_destination = at_least_one(deliveries);
        self
    }

    /// Sets the wait after a first failure, and the longest after many; each is twice as long as the one before.
    pub fn with_waits(mut self, shortest: Duration, longest: Duration) -> Self {
        self.shortest = shortest.max(Self::LEAST);
        self.longest = longest.max(self.shortest);
        self
    }

    /// Sets how long a far side that names a time may make us wait.
    pub const fn with_longest_told(mut self, longest: Duration) -> Self {
        self.longest_told = longest;
        self
    }

    /// No wait is shorter: a far side that says "at once" must not make us spin.
    const LEAST: Duration = Duration::from_millis(10);

    pub(super) const fn max_in_flight(&self) -> u32 {
        self.max_in_flight
    }

    /// With how many under way only destinations that have none may have another: a half.
    pub(super) const fn max_shared(&self) -> u32 {
        self.max_in_flight.div_ceil(2)
    }

    pub(super) const fn max_per_destination(&self) -> u32 {
        self.max_per_destination
    }

    /// How long to wait after so many failures in a row, of which the last named a time, or none.
    pub(super) fn wait(
        &self,
        failures: u32,
        told: Option<Duration>,
        rng: &mut impl Rng,
    ) -> Duration {
        match told {
            // Never sooner than told, and not all at the same time.
            Some(told) => {
                let told = told.min(self.longest_told).max(self.shortest);
                told + told.mul_f64(rng.random_range(0.0..Self::SPREAD))
            }
            None => {
                let doubled = 1_u32.checked_shl(failures.saturating_sub(1));
                let wait = self.shortest.saturating_mul(doubled.unwrap_or(u32::MAX));
                wait.min(self.longest).mul_f64(rng.random_range(0.5..=1.0))
            }
        }
    }

    /// By how much of it a wait that we were told is exceeded at most.
    const SPREAD: f64 = 0.125;
}

const fn at_least_one(number: u32) -> u32 {
    if number == 0 { 1 } else { number }
}

/// 8,192 deliveries at once, 64 to one destination; from half a second to a quarter of an hour, or up
/// to an hour when told so.
impl Default for RetryLimits {
    fn default() -> Self {
        Self {
            max_in_flight: 8_192,
            max_per_destination: 64,
            shortest: Duration::from_secs(1),
            longest: Duration::from_secs(900),
            longest_told: Duration::from_secs(3_600),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::SmallRng};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    proptest! {
        #[test]
        fn waits_double_up_to_the_longest_and_are_spread(failures in 1..200_u32, seed in any::<u64>()) {
            let wait = RetryLimits::default().wait(failures, None, &mut SmallRng::seed_from_u64(seed));
            let full = SECOND * 2_u32.saturating_pow(failures - 1).min(900);
            prop_assert!(wait >= full / 2 && wait <= full, "{wait:?} of {full:?}");
        }

        #[test]
        fn told_times_are_kept_within_bounds(told in 0..100_000_u64, seed in any::<u64>()) {
            let told = Duration::from_secs(told);
            let wait = RetryLimits::default().wait(5, Some(told), &mut SmallRng::seed_from_u64(seed));
            let bounded = told.clamp(SECOND, 3_600 * SECOND);
            prop_assert!(wait >= bounded && wait <= bounded.mul_f64(1.125));
        }
    }

    #[test]
    fn limits_of_nothing_still_let_one_delivery_pass() {
        let limits = RetryLimits::default()
            .with_max_in_flight(0)
            .with_max_per_destination(0)
            .with_waits(Duration::ZERO, Duration::ZERO);
        assert_eq!(
            (limits.max_in_flight(), limits.max_per_destination()),
            (1, 1)
        );
        let wait = limits.wait(1, Some(Duration::ZERO), &mut SmallRng::seed_from_u64(1));
        assert!(wait >= RetryLimits::LEAST);
    }
}
