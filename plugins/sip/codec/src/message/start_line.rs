//! The first line of a message.

use crate::{DecodeError, Method, StatusCode, lex};

/// The start line (RFC 3261 §7.1, §7.2).
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "SIP has these two and no version will add one"
)]
pub enum StartLine<'a> {
    /// A request.
    Request {
        /// What is asked for.
        method: Method<'a>,
        /// The Request-URI as it was written; see [`Request`](crate::Request) for the typed one.
        uri: &'a str,
    },
    /// A response.
    Response {
        /// How it went.
        status: StatusCode,
        /// What it says to a human.
        reason: &'a str,
    },
}

impl<'a> StartLine<'a> {
    /// Reads a line without its end; `base` is where it begins in the message.
    pub(crate) fn parse(line: &'a str, base: usize) -> Result<Self, DecodeError> {
        let malformed = |at: usize, expected| DecodeError::StartLine {
            at: base + at,
            expected,
        };
        let (first, rest) = lex::split_once(line, b' ').ok_or_else(|| malformed(0, "method"))?;
        if is_version(first) {
            return Self::parse_status(first, rest, base + first.len() + 1);
        }
        let method = Method::parse(first).ok_or_else(|| malformed(0, "method"))?;
        let (uri, version) =
            lex::split_once(rest, b' ').ok_or_else(|| malformed(first.len() + 1, "SIP version"))?;
        if uri.is_empty() {
            return Err(malformed(first.len() + 1, "Request-URI"));
        }
        if !is_version(version) {
            return Err(malformed(first.len() + uri.len() + 2, "SIP version"));
        }
        if !version.eq_ignore_ascii_case(VERSION) {
            return Err(DecodeError::Version);
        }
        Ok(Self::Request { method, uri })
    }

    fn parse_status(version: &str, rest: &'a str, base: usize) -> Result<Self, DecodeError> {
        if !version.eq_ignore_ascii_case(VERSION) {
            return Err(DecodeError::Version);
        }
        // The space after the code is required; its absence is forgiven (RFC 4475 §3.1.1.13).
        let (code, reason) = lex::split_once(rest, b' ').unwrap_or((rest, ""));
        let number = lex::number(code).ok_or(DecodeError::StartLine {
            at: base,
            expected: "status code",
        })?;
        let number = u16::try_from(number).ok().filter(|_| code.len() == 3);
        let status = number.and_then(StatusCode::new);
        Ok(Self::Response {
            status: status.ok_or(DecodeError::StatusCode)?,
            reason,
        })
    }
}

const VERSION: &str = "SIP/2.0";

/// Whether this is `SIP/` with a version, which no method can look like.
fn is_version(text: &str) -> bool {
    let Some((name, version)) = text.split_at_checked("SIP/".len()) else {
        return false;
    };
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    name.eq_ignore_ascii_case("SIP/")
        && lex::split_once(version, b'.')
            .is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}
