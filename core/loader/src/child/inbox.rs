//! The reading end of a socket.

use std::io::{self, Read};

use super::frame::{Frame, FrameError};

/// What is read at once, and kept for the next time.
const USUAL: usize = 256 << 10;

/// Reads frames; what has come of the next one is kept.
#[derive(Debug)]
pub(super) struct Inbox<R> {
    from: R,
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
}

impl<R: Read> Inbox<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            buffer: vec![0; USUAL],
            begin: 0,
            end: 0,
        }
    }

    /// Waits for more bytes. 0: there will be none.
    pub(super) fn fill(&mut self) -> io::Result<usize> {
        self.make_room();
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        let len = self.from.read(room)?;
        self.end += len;
        Ok(len)
    }

    /// Whether the next frame is all there.
    pub(super) fn is_ready(&self) -> Result<bool, FrameError> {
        let there = self.buffer.get(self.begin..self.end).unwrap_or_default();
        Ok(Frame::first(there)?.is_some())
    }

    /// The next whole frame.
    pub(super) fn next(&mut self) -> Result<Option<Frame<'_>>, FrameError> {
        let there = self.buffer.get(self.begin..self.end).unwrap_or_default();
        let Some((frame, len)) = Frame::first(there)? else {
            return Ok(None);
        };
        self.begin += len;
        Ok(Some(frame))
    }

    /// The buffer grows with what has come, not with what a frame says of its length, and shrinks when all is read.
    fn make_room(&mut self) {
        if self.begin == self.end {
            (self.begin, self.end) = (0, 0);
            if self.buffer.len() > USUAL {
                self.buffer = vec![0; USUAL];
            }
        } else if self.begin > 0 {
            self.buffer.copy_within(self.begin..self.end, 0);
            (self.begin, self.end) = (0, self.end - self.begin);
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.end, 0);
        }
    }
}
