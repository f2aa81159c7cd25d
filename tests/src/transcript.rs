//! What a process has written so far, to wait on.

use std::{
    fmt,
    io::Read,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// The growing output of a process.
#[derive(Debug, Default)]
pub struct Transcript {
    state: Mutex<State>,
    grown: Condvar,
}

/// The output held nothing of what was looked for, and the time is over or the process has closed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The deadline has passed.
    TimedOut,
    /// Nothing more can come.
    Closed,
}

impl Transcript {
    /// Reads the source to its end on a thread of its own.
    pub fn follow(source: impl Read + Send + 'static) -> Arc<Self> {
        let transcript = Arc::new(Self::default());
        let writer = Arc::clone(&transcript);
        thread::spawn(move || writer.fill(source));
        transcript
    }

    /// Waits until `find` answers something about the output.
    ///
    /// # Errors
    /// [`Silence`] when the time is over, or the output ends, and `find` has still answered nothing.
    pub fn wait_for<T>(
        &self,
        within: Duration,
        mut find: impl FnMut(&[u8]) -> Option<T>,
    ) -> Result<T, Silence> {
        let mut found = None;
        let (state, timeout) = self
            .grown
            .wait_timeout_while(self.state(), within, |state| {
                found = find(&state.bytes);
                found.is_none() && !state.closed
            })
            .unwrap_or_else(PoisonError::into_inner);
        drop(state);
        found.ok_or_else(|| {
            if timeout.timed_out() {
                Silence::TimedOut
            } else {
                Silence::Closed
            }
        })
    }

    /// All that was written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    fn fill(&self, mut source: impl Read) {
        let mut buffer = [0; 16 * 1024];
        loop {
            let count = source.read(&mut buffer).unwrap_or(0);
            let mut state = self.state();
            state.bytes.extend(buffer.iter().take(count));
            state.closed = count == 0;
            let closed = state.closed;
            drop(state);
            self.grown.notify_all();
            if closed {
                return;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "the time is over",
            Self::Closed => "it has closed its output",
        })
    }
}

/// Whether the output holds these bytes, for [`Transcript::wait_for`].
pub fn holds(text: &str) -> impl FnMut(&[u8]) -> Option<()> {
    move |bytes| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
            .then_some(())
    }
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    closed: bool,
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn transcript_finds_text_that_spans_two_reads() {
        let source = Cursor::new("on").chain(Cursor::new("line\n"));
        let transcript = Transcript::follow(source);
        assert_eq!(
            transcript.wait_for(Duration::from_secs(5), holds("online")),
            Ok(())
        );
    }

    #[test]
    fn transcript_reports_closed_when_the_output_ends_without_the_text() {
        let transcript = Transcript::follow(Cursor::new("refused"));
        let waited = transcript.wait_for(Duration::from_secs(5), holds("online"));
        assert_eq!(waited, Err(Silence::Closed));
    }
}
