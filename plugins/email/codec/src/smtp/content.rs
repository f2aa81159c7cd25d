//! Content: the octets of a message as they come in, by DATA or in chunks.
//!
//! A line ends with CRLF and nothing else. A bare LF, a bare CR or a NUL is never content (RFC 5321 §2.3.8,
//! RFC 2045 §2.8), and a server that took one could be made to see the end of a message where the next one sees none.

use bytes::{Bytes, BytesMut};
use memchr::memchr3;

use crate::limits::{MAX_DISCARDED, MAX_TEXT_LINE};

/// What has come of a message, up to a bound.
#[derive(Debug)]
pub(super) struct Content {
    kept: BytesMut,
    limit: usize,
    discarded: usize,
    place: Place,
    line: usize,
    flaw: Option<Flaw>,
}

/// Why content is refused once it is all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    TooLarge,
    LineTooLong,
}

/// Why a session ends at once: what follows cannot be told from content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fatal {
    /// A bare CR, a bare LF or a NUL.
    BareLineEnd,
    /// More behind the limit than is read.
    Flood,
}

/// Where in a line the next octet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    /// After a dot that began the line and is not kept.
    Dot,
    /// After that dot and a CR.
    DotCr,
    Text,
    Cr,
}

impl Content {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            kept: BytesMut::new(),
            limit,
            discarded: 0,
            place: Place::Start,
            line: 0,
            flaw: None,
        }
    }

    /// Takes lines of DATA until a line with a dot alone; true if that came (RFC 5321 §4.5.2).
    pub(super) fn take_lines(&mut self, input: &mut &[u8]) -> Result<bool, Fatal> {
        while let Some((&byte, rest)) = input.split_first() {
            match (self.place, byte) {
                (Place::Start, b'.') => self.place = Place::Dot,
                (Place::Dot, b'\r') => self.place = Place::DotCr,
                (Place::Dot, _) => {
                    self.place = Place::Text;
                    continue;
                }
                (Place::DotCr, b'\n') => {
                    *input = rest;
                    self.place = Place::Start;
                    return Ok(true);
                }
                (Place::DotCr, _) => return Err(Fatal::BareLineEnd),
                _ => {
                    self.take_some(input)?;
                    continue;
                }
            }
            *input = rest;
        }
        Ok(false)
    }

    /// Takes all of a chunk, where dots mean nothing (RFC 3030 §2).
    pub(super) fn take_chunk(&mut self, mut chunk: &[u8]) -> Result<(), Fatal> {
        while !chunk.is_empty() {
            self.take_some(&mut chunk)?;
        }
        Ok(())
    }

    /// Whether a chunk may be the last here: not between CR and LF.
    pub(super) fn may_end(&self) -> bool {
        self.place != Place::Cr
    }

    /// What speaks against the content, if anything.
    pub(super) fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    /// Octets kept so far.
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.kept.freeze()
    }

    /// Takes one line end, or a run of text up to one.
    fn take_some(&mut self, input: &mut &[u8]) -> Result<(), Fatal> {
        if self.place == Place::Cr {
            *input = input.strip_prefix(b"\n").ok_or(Fatal::BareLineEnd)?;
            self.place = Place::Start;
            self.line = 0;
            return self.keep(b"\r\n");
        }
        let end = memchr3(b'\r', b'\n', 0, input).unwrap_or(input.len());
        let (text, rest) = input.split_at_checked(end).unwrap_or((input, &[]));
        if !text.is_empty() {
            self.place = Place::Text;
            self.line = self.line.saturating_add(text.len());
            if self.line > MAX_TEXT_LINE {
                self.flaw.get_or_insert(Flaw::LineTooLong);
            }
            self.keep(text)?;
        }
        *input = match rest.split_first() {
            None => rest,
            Some((b'\r', after)) => {
                self.place = Place::Cr;
                after
            }
            Some(_) => return Err(Fatal::BareLineEnd),
        };
        Ok(())
    }

    fn keep(&mut self, octets: &[u8]) -> Result<(), Fatal> {
        if self.flaw.is_none() && self.kept.len() + octets.len() <= self.limit {
            self.kept.extend_from_slice(octets);
            return Ok(());
        }
        self.flaw.get_or_insert(Flaw::TooLarge);
        self.kept = BytesMut::new();
        self.discarded += octets.len();
        if self.discarded > MAX_DISCARDED {
            Err(Fatal::Flood)
        } else {
            Ok(())
        }
    }
}
