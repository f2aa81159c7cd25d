//! The durations that all timers derive from.

use std::time::Duration;

/// T1, T2 and T4, checked (RFC 3261 §17.1.1.1, Table 4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timers {
    t1: Duration,
    t2: Duration,
    t4: Duration,
}

/// Says which durations cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TimersError {
    /// T1 is not of 1 ms to 10 s.
    #[error("T1 is not of 1 ms to 10 s")]
    T1,
    /// T2 is shorter than T1 or longer than 64 times T1.
    #[error("T2 is not of T1 to 64 times T1")]
    T2,
    /// T4 is longer than a minute.
    #[error("T4 is longer than 60 s")]
    T4,
}

impl Timers {
    /// 500 ms, 4 s and 5 s.
    pub const DEFAULT: Self = Self {
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
    };

    const SHORTEST_T1: Duration = Duration::from_millis(1);
    const LONGEST_T1: Duration = Duration::from_secs(10);
    const LONGEST_T4: Duration = Duration::from_secs(60);

    /// Takes the round-trip estimate, the longest interval between retransmissions, and the time
    /// that a message may stay in the network.
    ///
    /// # Errors
    ///
    /// Which of them is out of range.
    pub fn new(t1: Duration, t2: Duration, t4: Duration) -> Result<Self, TimersError> {
        if t1 < Self::SHORTEST_T1 || t1 > Self::LONGEST_T1 {
            return Err(TimersError::T1);
        }
        if t2 < t1 || t2 > t1 * 64 {
            return Err(TimersError::T2);
        }
        if t4 > Self::LONGEST_T4 {
            return Err(TimersError::T4);
        }
        Ok(Self { t1, t2, t4 })
    }

    /// Timer F: how long a client waits for the final response.
    #[must_use]
    pub fn f(&self) -> Duration {
        self.t1 * 64
    }

    /// Timer J: how long a server over UDP repeats its final response.
    #[must_use]
    pub fn j(&self) -> Duration {
        self.t1 * 64
    }

    /// Timer K: how long a client over UDP absorbs repeated responses.
    #[must_use]
    pub const fn k(&self) -> Duration {
        self.t4
    }

    /// Timer E's interval after so many retransmissions: T1, doubled, at most T2.
    #[must_use]
    pub fn e(&self, retransmissions: usize) -> Duration {
        let doublings = u32::try_from(retransmissions)
            .unwrap_or(u32::MAX)
            .min(Self::MAX_DOUBLINGS);
        self.t1.saturating_mul(1 << doublings).min(self.t2)
    }

    /// T2 is at most 64 times T1, so this many doublings reach it.
    const MAX_DOUBLINGS: u32 = 6;

    /// How many retransmissions it takes until Timer E is T2 for good.
    pub(super) fn steps(&self) -> usize {
        (0..).take_while(|step| self.e(*step) < self.t2).count()
    }

    /// When a server that has no final response yet owes a 100: Timer E of its client is T2 by then.
    ///
    /// 3.5 s with the default timers. RFC 4320 §4.1.
    #[must_use]
    pub fn trying(&self) -> Duration {
        (0..self.steps().max(1)).map(|step| self.e(step)).sum()
    }
}

impl Default for Timers {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn timer_e_doubles_up_to_t2() {
        let intervals: Vec<_> = (0..6).map(|step| Timers::DEFAULT.e(step)).collect();
        assert_eq!(intervals, [500, 1000, 2000, 4000, 4000, 4000].map(ms));
        assert_eq!(Timers::DEFAULT.e(usize::MAX), ms(4000));
    }

    #[test]
    fn trying_is_due_when_timer_e_reaches_t2() {
        assert_eq!(Timers::DEFAULT.trying(), ms(3500));
        assert_eq!(
            Timers::new(ms(500), ms(500), ms(0)).unwrap().trying(),
            ms(500)
        );
        assert_eq!(
            Timers::new(ms(500), ms(600), ms(0)).unwrap().trying(),
            ms(500)
        );
    }

    #[test]
    fn timers_are_refused_when_they_would_storm_or_stall() {
        assert_eq!(Timers::new(ms(0), ms(4000), ms(5000)), Err(TimersError::T1));
        assert_eq!(
            Timers::new(ms(500), ms(499), ms(5000)),
            Err(TimersError::T2)
        );
        assert_eq!(Timers::new(ms(1), ms(65), ms(5000)), Err(TimersError::T2));
        assert_eq!(
            Timers::new(ms(500), ms(4000), ms(60_001)),
            Err(TimersError::T4)
        );
    }
}
