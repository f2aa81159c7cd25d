//! How long to wait before the next attempt to connect.

use std::time::Duration;

/// Grows from `min` to `max`, doubling, and is spread so that many components do not return at
/// once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(min: Duration, max: Duration) -> Self {
        Self {
            min,
            max: max.max(min),
            failures: 0,
        }
    }

    /// The wait after one more failure; `random` is between 0 and 1.
    pub(crate) fn next(&mut self, random: f64) -> Duration {
        let longest = self.longest();
        self.failures = self.failures.saturating_add(1);
        // Between half of it and all of it.
        longest.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
    }

    /// A connection held for so long: if that is longer than the next wait may be, the next failure
    /// is the first again. A server that accepts and hangs up at once is not asked at once again.
    pub(crate) fn held(&mut self, time: Duration) {
        if time >= self.longest() {
            self.failures = 0;
        }
    }

    fn longest(&self) -> Duration {
        let doubled = self.min.saturating_mul(2_u32.saturating_pow(self.failures));
        doubled.min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_doubles_up_to_its_bound_and_begins_anew_after_a_connection_that_held() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10));
        let waits: Vec<u64> = (0..6).map(|_| backoff.next(1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
        for _ in 0..100 {
            backoff.next(0.5);
        }
        backoff.held(Duration::from_secs(9));
        assert_eq!(backoff.next(1.0), Duration::from_secs(10));
        backoff.held(Duration::from_secs(10));
        assert_eq!(backoff.next(0.0), Duration::from_millis(500));
    }
}
