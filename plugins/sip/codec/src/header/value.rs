//! Values of a simple shape: tokens, numbers, media types, warnings.

use std::borrow::Cow;

use super::{Params, params::unquoted};
use crate::{
    DecodeError, HeaderName, Host,
    lex::{self, Cursor, is_value_byte, is_word_byte},
};

/// A token with parameters: Content-Disposition, Event, Subscription-State and others.
#[derive(Clone, Copy, Debug)]
pub struct TokenValue<'a> {
    token: &'a str,
    params: Params<'a>,
}

impl<'a> TokenValue<'a> {
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            token: cursor.token()?,
            params: Params::read(cursor)?,
        })
    }

    /// The token.
    #[must_use]
    pub const fn token(&self) -> &'a str {
        self.token
    }

    /// The parameters.
    #[must_use]
    pub const fn params(&self) -> Params<'a> {
        self.params
    }
}

/// A media type, or a range of them in Accept (RFC 3261 §20.15, §20.1).
#[derive(Clone, Copy, Debug)]
pub struct MediaType<'a> {
    main_type: &'a str,
    subtype: &'a str,
    text: &'a str,
    params: Params<'a>,
}

impl<'a> MediaType<'a> {
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let start = cursor.at();
        let main_type = cursor.token()?;
        if !cursor.eat_separator(b'/') {
            return Err(cursor.expected("slash"));
        }
        let subtype = cursor.token()?;
        let params = Params::read(cursor)?;
        Ok(Self {
            main_type,
            subtype,
            text: cursor.since(start),
            params,
        })
    }

    /// The part before the slash; compare it without regard to case.
    #[must_use]
    pub const fn main_type(&self) -> &'a str {
        self.main_type
    }

    /// The part after the slash; compare it without regard to case.
    #[must_use]
    pub const fn subtype(&self) -> &'a str {
        self.subtype
    }

    /// Whether it is of this type, whatever its parameters.
    #[must_use]
    pub fn is(&self, main_type: &str, subtype: &str) -> bool {
        self.main_type.eq_ignore_ascii_case(main_type) && self.subtype.eq_ignore_ascii_case(subtype)
    }

    /// The parameters.
    #[must_use]
    pub const fn params(&self) -> Params<'a> {
        self.params
    }

    /// All of it as it was written; it may be folded.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.text
    }
}

/// Says when to try again (RFC 3261 §20.33).
#[derive(Clone, Copy, Debug)]
pub struct RetryAfter<'a> {
    seconds: u32,
    params: Params<'a>,
}

impl<'a> RetryAfter<'a> {
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let seconds = number_up_to(cursor, HeaderName::RetryAfter, u32::MAX)?;
        cursor.skip_space();
        if cursor.peek() == Some(b'(') {
            skip_comment(cursor)?;
        }
        Ok(Self {
            seconds,
            params: Params::read(cursor)?,
        })
    }

    /// The seconds to wait.
    #[must_use]
    pub const fn seconds(&self) -> u32 {
        self.seconds
    }

    /// The parameters.
    #[must_use]
    pub const fn params(&self) -> Params<'a> {
        self.params
    }
}

/// What else there is to say about a response (RFC 3261 §20.43).
#[derive(Clone, Copy, Debug)]
pub struct Warning<'a> {
    code: u16,
    agent: &'a str,
    text: &'a str,
}

impl<'a> Warning<'a> {
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let digits = cursor.take_while(|byte| byte.is_ascii_digit());
        let code = digits.parse().ok().filter(|_| digits.len() == 3);
        let code = code.ok_or_else(|| cursor.expected("warning code of three digits"))?;
        if !cursor.eat(b' ') {
            return Err(cursor.expected("space"));
        }
        let start = cursor.at();
        let agent = cursor.take_while(is_value_byte);
        if agent.is_empty() {
            return Err(cursor.expected("warning agent"));
        }
        if !is_host_port(agent) && !lex::is_token(agent) {
            return Err(cursor.expected_at(start, "warning agent"));
        }
        cursor.skip_space();
        Ok(Self {
            code,
            agent,
            text: cursor.quoted_string()?,
        })
    }

    /// The code of three digits.
    #[must_use]
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// The host or pseudonym of whoever added it.
    #[must_use]
    pub const fn agent(&self) -> &'a str {
        self.agent
    }

    /// The text without quotes and escapes.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        unquoted(self.text)
    }
}

/// Whether this is a host, with a port or without.
fn is_host_port(text: &str) -> bool {
    Host::parse_prefix(text).is_ok_and(|(_, length)| {
        let port = text.get(length..).unwrap_or_default();
        port.is_empty()
            || port
                .strip_prefix(':')
                .and_then(lex::number)
                .is_some_and(|port| port <= u64::from(u16::MAX))
    })
}

/// Reads a number that must not exceed a limit.
pub(crate) fn number_up_to(
    cursor: &mut Cursor<'_>,
    header: HeaderName,
    limit: u32,
) -> Result<u32, DecodeError> {
    let digits = cursor.take_while(|byte| byte.is_ascii_digit());
    let number = lex::number(digits).ok_or_else(|| cursor.expected("number"))?;
    let number = u32::try_from(number).ok().filter(|number| *number <= limit);
    let limit_exceeded = DecodeError::OutOfRange {
        header,
        limit: u64::from(limit),
    };
    number.ok_or(limit_exceeded)
}

/// Reads the value of Content-Length.
pub(crate) fn content_length(value: &[u8], base: usize) -> Result<usize, DecodeError> {
    let header = HeaderName::ContentLength;
    let malformed = DecodeError::Malformed {
        header,
        at: base,
        expected: "number",
    };
    let text = std::str::from_utf8(value).map_err(|_| malformed)?;
    let number = lex::number(text).ok_or(malformed)?;
    let limit = u64::from(u32::MAX);
    let number = u32::try_from(number).map_err(|_| DecodeError::OutOfRange { header, limit })?;
    usize::try_from(number).map_err(|_| DecodeError::OutOfRange { header, limit })
}

/// Reads one token of a list.
pub(crate) fn read_token<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, DecodeError> {
    cursor.token()
}

/// Reads `word [@ word]`, the form of Call-ID.
pub(crate) fn read_word<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, DecodeError> {
    let start = cursor.at();
    if cursor.take_while(is_word_byte).is_empty() {
        return Err(cursor.expected("word"));
    }
    if cursor.eat(b'@') && cursor.take_while(is_word_byte).is_empty() {
        return Err(cursor.expected("word after the at sign"));
    }
    Ok(cursor.since(start))
}

/// Skips a comment; they nest (RFC 3261 §25.1).
fn skip_comment(cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
    let mut depth = 0_usize;
    while let Some(byte) = cursor.peek() {
        cursor.advance(if byte == b'\\' { 2 } else { 1 });
        match byte {
            b'(' => depth += 1,
            b')' if depth == 1 => return Ok(()),
            b')' => depth -= 1,
            _ => {}
        }
    }
    Err(cursor.expected("closing parenthesis"))
}
