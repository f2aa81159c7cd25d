//! Whether a process answers.

use std::time::{Duration, Instant};

/// Whether a process answers.
pub(super) struct Pulse {
    asked: Option<Instant>,
    last: Instant,
}

impl Pulse {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            asked: None,
            last: now,
        }
    }

    pub(super) fn is_due(&mut self, now: Instant, every: Duration) -> bool {
        let is_due = now.saturating_duration_since(self.last) >= every;
        if is_due {
            self.last = now;
        }
        is_due
    }

    /// Whether to ask: not while an answer is waited for.
    pub(super) fn ask(&mut self, now: Instant) -> bool {
        let asks = self.asked.is_none();
        self.asked.get_or_insert(now);
        asks
    }

    pub(super) const fn heard(&mut self) {
        self.asked = None;
    }

    /// Time in which nobody listened does not count.
    pub(super) fn was_not_heard(&mut self, time: Duration) {
        if let Some(asked) = &mut self.asked {
            *asked += time;
        }
    }

    pub(super) fn silence(&self, now: Instant) -> Duration {
        self.asked
            .map_or(Duration::ZERO, |asked| now.saturating_duration_since(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[expect(clippy::disallowed_methods, reason = "any time will do")]
    fn asked() -> (Pulse, Instant) {
        let begin = Instant::now();
        let mut pulse = Pulse::new(begin);
        assert!(pulse.ask(begin));
        (pulse, begin)
    }

    #[test]
    fn process_is_silent_since_it_was_first_asked() {
        let (mut pulse, begin) = asked();
        assert!(!pulse.ask(begin + SECOND), "one question at a time");
        assert_eq!(pulse.silence(begin + 3 * SECOND), 3 * SECOND);
        pulse.heard();
        assert_eq!(pulse.silence(begin + 4 * SECOND), Duration::ZERO);
    }

    #[test]
    fn time_in_which_the_gateway_did_not_listen_is_no_silence() {
        let (mut pulse, begin) = asked();
        pulse.was_not_heard(2 * SECOND);
        assert_eq!(pulse.silence(begin + 3 * SECOND), SECOND);
    }

    #[test]
    fn process_is_looked_at_no_more_often_than_asked_for() {
        let (mut pulse, begin) = asked();
        assert!(!pulse.is_due(begin + SECOND / 2, SECOND));
        assert!(pulse.is_due(begin + SECOND, SECOND));
        assert!(!pulse.is_due(begin + SECOND, SECOND));
    }
}
