//! Where each part of a message/cpim begins and ends.

use std::ops::Range;

use super::{CpimError, MAX_HEAD_LEN, MAX_HEADER_LEN, MAX_HEADERS, MAX_LEN};

/// The parts, as ranges of the whole; the empty lines between belong to none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blocks {
    /// The MIME headers of the whole, if it begins with any.
    pub(super) mime: Range<usize>,
    /// The message headers.
    pub(super) message: Range<usize>,
    /// The MIME headers of the content.
    pub(super) content: Range<usize>,
    /// Where the payload begins.
    pub(super) payload: usize,
}

impl Blocks {
    /// Finds them in one pass over the headers.
    pub(super) fn find(bytes: &[u8]) -> Result<Self, CpimError> {
        if bytes.len() > MAX_LEN {
            return Err(CpimError::TooLong {
                len: bytes.len(),
                max: MAX_LEN,
            });
        }
        let mut scan = Scan {
            bytes,
            at: 0,
            headers: 0,
        };
        let mime = match is_mime_header(bytes) {
            true => scan.block(Until::EmptyLine)?,
            false => 0..0,
        };
        let message = scan.block(Until::MimeHeader)?;
        let content = scan.block(Until::EmptyLine)?;
        Ok(Self {
            mime,
            message,
            content,
            payload: scan.at,
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    EmptyLine,
    /// Or an empty line.
    MimeHeader,
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    headers: usize,
}

impl Scan<'_> {
    /// Passes over one block and the empty line after it.
    fn block(&mut self, until: Until) -> Result<Range<usize>, CpimError> {
        let begin = self.at;
        let mut header = begin;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let window = rest
                .get(..MAX_HEAD_LEN.saturating_sub(self.at))
                .unwrap_or(rest);
            let len = match memchr::memchr(b'\n', window) {
                Some(lf) => lf + 1,
                None if window.len() < rest.len() => {
                    return Err(CpimError::HeadTooLong { max: MAX_HEAD_LEN });
                }
                None => {
                    return Err(CpimError::Truncated {
                        at: self.bytes.len(),
                    });
                }
            };
            let end = self.at;
            if matches!(window, [b'\n', ..] | [b'\r', b'\n', ..]) {
                self.at += len;
                return Ok(begin..end);
            }
            if until == Until::MimeHeader && is_mime_header(window) {
                return Ok(begin..end);
            }
            if !matches!(window, [b' ' | b'\t', ..]) {
                header = self.at;
                self.count()?;
            }
            self.at += len;
            if self.at - header > MAX_HEADER_LEN {
                return Err(CpimError::HeaderTooLong {
                    at: header,
                    max: MAX_HEADER_LEN,
                });
            }
        }
    }

    const fn count(&mut self) -> Result<(), CpimError> {
        self.headers += 1;
        if self.headers > MAX_HEADERS {
            return Err(CpimError::TooManyHeaders {
                at: self.at,
                max: MAX_HEADERS,
            });
        }
        Ok(())
    }
}

/// Whether a line begins with the name of a MIME header: none of these is a message header.
pub(super) fn is_mime_header(line: &[u8]) -> bool {
    let begins_with = |name: &[u8]| {
        line.get(..name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name))
    };
    begins_with(b"Content-") || begins_with(b"MIME-Version:")
}
