//! From bytes to the index of a message.

use memchr::memchr2;

use super::{
    SipMessage, StartLine,
    index::{Entry, Index},
};
use crate::{
    DecodeError, HeaderName, Method,
    header::{content_length, first_via},
    limits::MAX_MESSAGE_LENGTH,
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
        let (line, at) = lines.next_line()?.ok_or(DecodeError::Empty)?;
        let line = std::str::from_utf8(line).map_err(|error| DecodeError::StartLine {
            at: error.valid_up_to(),
            expected: "UTF-8",
        })?;
        let start_line = StartLine::parse(line, at)?;
        let mut message = Self {
            bytes,
            start_line,
            index: Index::new(),
            body: &[],
        };
        while let Some((line, at)) = lines.next_folded()? {
            message.index.push(Entry::read(line, at)?)?;
        }
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
        let (line, _) = lines.next_line().ok()??;
        let line = std::str::from_utf8(line).ok()?;
        let (method, uri) = line.split_once(' ')?;
        let method = Method::parse(method).filter(|method| *method != Method::Ack)?;
        let start_line = StartLine::Request { method, uri };
        let mut message = Self {
            bytes,
            start_line,
            index: Index::new(),
            body: &[],
        };
        while let Ok(Some((line, at))) = lines.next_folded() {
            if let Ok(entry) = Entry::read(line, at)
                && message.index.push(entry).is_err()
            {
                break;
            }
        }
        let via = message.header(HeaderName::Via)?;
        let text = std::str::from_utf8(via.value()).ok()?;
        let sent_by = text.split([';', ',']).next().unwrap_or_default();
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

    /// Takes one line without its end, and where it begins; `None` when nothing is left.
    pub(crate) fn next_line(&mut self) -> Result<Option<(&'a [u8], usize)>, DecodeError> {
        let (start, rest) = (self.at, self.rest());
        if rest.is_empty() {
            return Ok(None);
        }
        let length = self.line_length(rest)?;
        self.at += length + 2;
        Ok(Some((rest.get(..length).unwrap_or_default(), start)))
    }

    /// Takes one header line with all that is folded onto it; `None` at the empty line.
    pub(crate) fn next_folded(&mut self) -> Result<Option<(&'a [u8], usize)>, DecodeError> {
        let start = self.at;
        if self.rest().starts_with(b"\r\n") {
            self.at += 2;
            return Ok(None);
        }
        loop {
            self.at += self.line_length(self.rest())? + 2;
            if !matches!(self.bytes.get(self.at), Some(b' ' | b'\t')) {
                let line = self.bytes.get(start..self.at - 2).unwrap_or_default();
                return Ok(Some((line, start)));
            }
        }
    }

    fn line_length(&self, rest: &[u8]) -> Result<usize, DecodeError> {
        let Some(length) = memchr2(b'\r', b'\n', rest) else {
            return Err(DecodeError::Unterminated {
                at: self.bytes.len(),
            });
        };
        match (rest.get(length), rest.get(length + 1)) {
            (Some(b'\r'), Some(b'\n')) => Ok(length),
            (Some(b'\r'), None) => Err(DecodeError::Unterminated {
                at: self.bytes.len(),
            }),
            _ => Err(DecodeError::BareLineEnd {
                at: self.at + length,
            }),
        }
    }
}
