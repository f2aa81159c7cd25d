//! Log lines that others can bring about.

use std::sync::Mutex;
use std::time::Duration;

use rialto_sdk::tokio::time::Instant;

use crate::line::lock;

/// Lets one line through, then none for a while, and counts those.
#[derive(Debug)]
pub(crate) struct Throttle {
    quiet: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    unsaid: u64,
}

impl Throttle {
    /// Stays quiet so long after each line.
    pub(crate) fn new(quiet: Duration) -> Self {
        Self {
            quiet,
            state: Mutex::default(),
        }
    }

    /// May a line be written now? If so, how many were not since the last?
    pub(crate) fn pass(&self, now: Instant) -> Option<u64> {
        let mut state = lock(&self.state);
        let is_quiet = |last: Instant| now.duration_since(last) < self.quiet;
        if state.last.is_some_and(is_quiet) {
            state.unsaid += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_passes_once_in_a_while_and_the_next_says_how_many_did_not() {
        let throttle = Throttle::new(Duration::from_secs(60));
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!(throttle.pass(after(0)), Some(0));
        assert_eq!(throttle.pass(after(1)), None);
        assert_eq!(throttle.pass(after(59)), None);
        assert_eq!(throttle.pass(after(60)), Some(2));
        assert_eq!(throttle.pass(after(61)), None);
        assert_eq!(throttle.pass(after(500)), Some(1));
    }
}
