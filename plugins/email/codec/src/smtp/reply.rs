//! Replies: written by a server, read and classified by a client (RFC 5321 §4.2, RFC 2034).

use std::fmt::Write as _;

use super::status::{EnhancedStatus, StatusClass, StatusSubject};
use crate::limits::{MAX_REPLY_LINE, MAX_REPLY_LINES};

/// A reply: a code, perhaps an enhanced status, and a text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    status: Option<EnhancedStatus>,
    text: Vec<String>,
}

/// The code of a reply and the status that goes with it, as a program writes them: [`smtp_reply!`](crate::smtp_reply) checks them when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyCode {
    code: u16,
    status: Option<EnhancedStatus>,
}

/// A reply of one line: code, subject and detail of its status, whose class is the code's first digit (RFC 2034 §4), and text.
///
/// ```
/// let reply = rialto_email_codec::smtp_reply!(550, 1, 1, "no such user");
/// assert_eq!(reply.status().map(|status| status.to_string()).as_deref(), Some("5.1.1"));
/// ```
///
/// ```compile_fail
/// rialto_email_codec::smtp_reply!(350, 1, 1, "350 has no status");
/// ```
#[macro_export]
macro_rules! smtp_reply {
    ($code:literal, $subject:literal, $detail:literal, $text:expr $(,)?) => {
        $crate::smtp::Reply::with(
            const { $crate::smtp::ReplyCode::of($code, $subject, $detail) },
            $text,
        )
    };
}

impl ReplyCode {
    /// A code, and subject and detail of its status.
    ///
    /// # Panics
    /// The code is not one of 2yz, 4yz and 5yz, or a number has more than three digits; in a `const` that ends the compilation.
    #[must_use]
    pub const fn of(code: u16, subject: u16, detail: u16) -> Self {
        assert!(matches!(code / 100, 2 | 4 | 5), "codes with a status");
        let class = match code / 100 {
            2 => StatusClass::Success,
            4 => StatusClass::PersistentTransient,
            _ => StatusClass::Permanent,
        };
        Self {
            code,
            status: Some(EnhancedStatus::new(class, subject, detail)),
        }
    }

    /// A code that has no status: a greeting's, or one of 3yz (RFC 2034 §3).
    ///
    /// # Panics
    /// It is not one of 200 to 599; in a `const` that ends the compilation.
    #[must_use]
    pub const fn without_status(code: u16) -> Self {
        assert!(matches!(code, 200..600), "a code");
        Self { code, status: None }
    }

    /// The status.
    #[must_use]
    pub const fn status(self) -> Option<EnhancedStatus> {
        self.status
    }
}

impl Reply {
    /// A reply of one line. What stands in the text is as in [`new`](Self::new).
    #[must_use]
    pub fn with(code: ReplyCode, text: &str) -> Self {
        Self {
            code: code.code,
            status: code.status,
            text: vec![one_line(text)],
        }
    }

    /// A reply of one line. What a line cannot hold is left out of its text, so that a text from
    /// elsewhere can end no line; its rest beyond [`MAX_REPLY_LINE`] is cut.
    ///
    /// # Errors
    /// The code is none (200 to 599), or the status is of another class than the code (RFC 2034 §4).
    pub fn new(
        code: u16,
        status: impl Into<Option<EnhancedStatus>>,
        text: &str,
    ) -> Result<Self, ReplyError> {
        let status = status.into();
        if !(200..600).contains(&code) {
            return Err(ReplyError::Code);
        }
        if status.is_some_and(|status: EnhancedStatus| status.class() as u16 != code / 100) {
            return Err(ReplyError::StatusClass);
        }
        Ok(Self {
            code,
            status,
            text: vec![one_line(text)],
        })
    }

    /// Reads a whole reply of one or more lines, with CRLF or LF between them.
    ///
    /// The status is that of the first line. A server that says none, or nonsense, has none.
    ///
    /// # Errors
    /// No line, a line without a code, lines of different codes, too many or too long lines.
    pub fn parse(text: &str) -> Result<Self, ReplyError> {
        let mut reply: Option<Self> = None;
        let mut open = true;
        for (count, line) in text.lines().enumerate() {
            if count >= MAX_REPLY_LINES || line.len() > MAX_REPLY_LINE {
                return Err(ReplyError::TooLong);
            }
            let (code, more, text) = split_line(line)?;
            if !open || reply.as_ref().is_some_and(|reply| reply.code != code) {
                return Err(ReplyError::Lines);
            }
            open = more;
            reply
                .get_or_insert_with(|| Self {
                    code,
                    status: None,
                    text: Vec::new(),
                })
                .push(text);
        }
        match reply {
            Some(reply) if !open => Ok(reply),
            _ => Err(ReplyError::Lines),
        }
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The enhanced status.
    #[must_use]
    pub fn status(&self) -> Option<EnhancedStatus> {
        self.status
    }

    /// The text, line by line, without codes.
    pub fn text(&self) -> impl Iterator<Item = &str> {
        self.text.iter().map(String::as_str)
    }

    /// Whether what was asked was done (2yz).
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.code / 100 == 2
    }

    /// What the reply means to whoever keeps the message.
    ///
    /// The code decides between now, later and never (RFC 5321 §4.2.1); the status, where its class agrees,
    /// says why, else what the code itself tells.
    #[must_use]
    pub fn classification(&self) -> Classification {
        let permanence = match self.code / 100 {
            2 | 3 => Permanence::Accepted,
            4 => Permanence::Temporary,
            _ => Permanence::Permanent,
        };
        let status = self
            .status
            .filter(|status| status.class() as u16 == self.code / 100);
        let status = status.or_else(|| status_of_code(self.code));
        let subject = status.map_or(StatusSubject::Other, EnhancedStatus::subject);
        Classification {
            permanence,
            subject,
            status,
        }
    }

    /// The reply as bytes, with its CRLF.
    pub(crate) fn write(&self, output: &mut bytes::BytesMut) {
        let last = self.text.len().saturating_sub(1);
        for (index, text) in self.text.iter().enumerate() {
            let separator = if index == last { ' ' } else { '-' };
            let mut line = format!("{}{separator}", self.code);
            if let Some(status) = self.status {
                write!(line, "{status} ").unwrap_or_default();
            }
            output.extend_from_slice(line.as_bytes());
            output.extend_from_slice(text.as_bytes());
            output.extend_from_slice(b"\r\n");
        }
    }

    fn push(&mut self, text: &str) {
        let text = match EnhancedStatus::take(text) {
            Some((status, rest)) => {
                self.status.get_or_insert(status);
                rest
            }
            None => text,
        };
        self.text.push(one_line(text));
    }
}

/// What a reply means: data for a plugin's table of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Classification {
    /// Whether to try again.
    pub permanence: Permanence,
    /// What it was about.
    pub subject: StatusSubject,
    /// The whole status, where one was given or follows from the code.
    pub status: Option<EnhancedStatus>,
}

/// Whether a later attempt can help. There is nothing between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the first digit of a reply has these meanings"
)]
pub enum Permanence {
    /// 2yz and 3yz.
    Accepted,
    /// 4yz: the same again, later.
    Temporary,
    /// 5yz, and what is no reply at all.
    Permanent,
}

/// Why a text is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// No code where one must be.
    #[error("a reply line has no code from 200 to 599")]
    Code,
    /// A status that contradicts its code.
    #[error("the class of the enhanced status is not the first digit of the code (RFC 2034, 4)")]
    StatusClass,
    /// More lines or longer ones than are read.
    #[error("the reply has over {MAX_REPLY_LINES} lines, or one over {MAX_REPLY_LINE} octets")]
    TooLong,
    /// Lines that make no reply.
    #[error("the lines make no single reply: one code, - after it in all lines but the last")]
    Lines,
}

/// `code`, whether more lines follow, text.
fn split_line(line: &str) -> Result<(u16, bool, &str), ReplyError> {
    let (digits, rest) = line.split_at_checked(3).ok_or(ReplyError::Code)?;
    let code = match digits.parse() {
        Ok(code) if digits.bytes().all(|byte| byte.is_ascii_digit()) => code,
        _ => return Err(ReplyError::Code),
    };
    if !(200..600).contains(&code) {
        return Err(ReplyError::Code);
    }
    match rest.split_at_checked(1) {
        None => Ok((code, false, "")),
        Some((" ", text)) => Ok((code, false, text)),
        Some(("-", text)) => Ok((code, true, text)),
        Some(_) => Err(ReplyError::Lines),
    }
}

/// What RFC 5321 §4.2.2 says of a code, in the words of RFC 3463.
fn status_of_code(code: u16) -> Option<EnhancedStatus> {
    use StatusClass::{Permanent, PersistentTransient as Transient};
    let (class, subject, detail) = match code {
        421 => (Transient, 3, 2),
        450 => (Transient, 2, 0),
        451 => (Transient, 3, 0),
        452 => (Transient, 3, 1),
        455 => (Transient, 5, 4),
        500..=504 => (Permanent, 5, 0),
        521 | 556 => (Permanent, 3, 2),
        530 | 535 => (Permanent, 7, 0),
        550 => (Permanent, 2, 0),
        551 => (Permanent, 1, 6),
        552 => (Permanent, 2, 2),
        553 => (Permanent, 1, 3),
        555 => (Permanent, 5, 4),
        _ => return None,
    };
    Some(EnhancedStatus::new(class, subject, detail))
}

/// The text without control characters, cut at a character where the line would be too long.
fn one_line(text: &str) -> String {
    let mut line: String = text.chars().filter(|char| !char.is_control()).collect();
    let room = MAX_REPLY_LINE - "550-5.123.123 \r\n".len();
    if line.len() > room {
        line.truncate(line.floor_char_boundary(room));
    }
    line
}
