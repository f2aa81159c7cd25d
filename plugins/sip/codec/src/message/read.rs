//! From bytes to the index of a message.

use memchr::memchr2;

use super::{
    SipMessage, StartLine,
    index::{Entry, Index},
};
use crate::{
    DecodeError, HeaderName, Method,
    header::{content_length, first_via},
    limits::{MAX_HEAD_LENGTH, MAX_MESSAGE_LENGTH},
};

impl<'a> SipMessage<'a> {
    /// Reads a datagram, or a message that [`Framer`](crate::Framer) has cut out of a stream.
    ///
    /// Empty lines before the start line are skipped, bytes after the body are left out
    /// (RFC 3261 §7.5, §18.3).
    ///
    /// # Errors
    ///
    /// What keeps the bytes from being a message; [`DecodeError::reject`] says what to answer.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let (length, limit) = (bytes.len(), MAX_MESSAGE_LENGTH);
        if length > limit {
            return Err(DecodeError::TooLong { length, limit });
        }
        let mut lines = Lines::new(bytes);
        let line = lines.next_line()?.ok_or(DecodeError::Empty)?;
        let text = std::str::from_utf8(line.text).map_err(|error| DecodeError::StartLine {
            at: line.at + error.valid_up_to(),
            expected: "UTF-8",
        })?;
        let start_line = StartLine::parse(text, line.at)?;
        let mut index = Index::new();
        while let Some(line) = lines.next_folded()? {
            let (length, limit) = (lines.taken().len(), MAX_HEAD_LENGTH);
            if length > limit {
                return Err(DecodeError::TooLong { length, limit });
            }
            index.push(Entry::read(&line)?)?;
        }
        let mut message = Self {
            bytes,
            head: valid_prefix(lines.taken()),
            start_line,
            index,
            body: &[],
        };
        message.body = message.cut_body(lines.rest())?;
        Ok(message)
    }

    /// Reads what an answer to a broken request needs, whatever else is wrong with it.
    ///
    /// `None` for what must not be answered: a response, an ACK, a request without a Via whose
    /// sent-by can be read. The message has no body, and lacks the header lines that are no such.
    #[must_use]
    pub fn salvage(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.get(..MAX_MESSAGE_LENGTH).unwrap_or(bytes);
        let mut lines = Lines::new(bytes);
        let line = lines.next_line().ok()??;
        let line = std::str::from_utf8(line.text).ok()?;
        let (method, uri) = line.split_once(' ')?;
        let method = Method::parse(method).filter(|method| *method != Method::Ack)?;
        let mut index = Index::new();
        while let Ok(Some(line)) = lines.next_folded() {
            if let Ok(entry) = Entry::read(&line)
                && index.push(entry).is_err()
            {
                break;
            }
        }
        let message = Self {
            bytes,
            head: valid_prefix(lines.taken()),
            start_line: StartLine::Request { method, uri },
            index,
            body: &[],
        };
        let via = message.header(HeaderName::Via)?;
        let sent_by = via
            .text()
            .ok()?
            .split([';', ','])
            .next()
            .unwrap_or_default();
        first_via(via.at(), sent_by).ok()?;
        Some(message)
    }

    fn cut_body(&self, rest: &'a [u8]) -> Result<&'a [u8], DecodeError> {
        let Some(header) = self.single(HeaderName::ContentLength)? else {
            return Ok(rest);
        };
        let expected = content_length(header.value(), header.at())?;
        let got = rest.len();
        rest.get(..expected)
            .ok_or(DecodeError::BodyTooShort { expected, got })
    }
}

/// Takes a message apart line by line.
pub(crate) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// One line without its end.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) text: &'a [u8],
    /// Where it begins in the message.
    pub(crate) at: usize,
    /// Whether other lines are folded onto it.
    pub(crate) is_folded: bool,
}

impl<'a> Lines<'a> {
    /// Starts at the first line that is not empty.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let mut lines = Self { bytes, at: 0 };
        while lines.rest().starts_with(b"\r\n") {
            lines.at += 2;
        }
        lines
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// What has been taken.
    pub(crate) fn taken(&self) -> &'a [u8] {
        self.bytes.get(..self.at).unwrap_or_default()
    }

    /// Takes one line; `None` when nothing is left.
    pub(crate) fn next_line(&mut self) -> Result<Option<Line<'a>>, DecodeError> {
        if self.rest().is_empty() {
            return Ok(None);
        }
        let (start, end) = (self.at, self.end_of_line()?);
        self.at = end + 2;
        Ok(Some(self.line(start, end, false)))
    }

    /// Takes one header line with all that is folded onto it; `None` at the empty line.
    pub(crate) fn next_folded(&mut self) -> Result<Option<Line<'a>>, DecodeError> {
        let start = self.at;
        let mut is_folded = false;
        loop {
            let end = self.end_of_line()?;
            self.at = end + 2;
            if end == start {
                return Ok(None);
            }
            if !matches!(self.bytes.get(self.at), Some(b' ' | b'\t')) {
                return Ok(Some(self.line(start, end, is_folded)));
            }
            is_folded = true;
        }
    }

    fn line(&self, start: usize, end: usize, is_folded: bool) -> Line<'a> {
        Line {
            text: self.bytes.get(start..end).unwrap_or_default(),
            at: start,
            is_folded,
        }
    }

    /// Where the CRLF of this line stands.
    fn end_of_line(&self) -> Result<usize, DecodeError> {
        let rest = self.rest();
        let length = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        match rest.get(length..) {
            Some([b'\r', b'\n', ..]) => Ok(self.at + length),
            None | Some([] | [b'\r']) => Err(DecodeError::Unterminated {
                at: self.bytes.len(),
            }),
            Some(_) => Err(DecodeError::BareLineEnd {
                at: self.at + length,
            }),
        }
    }
}

/// As much of the bytes as is UTF-8, which is mostly all.
fn valid_prefix(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(valid).unwrap_or_default()
        }
    }
}
