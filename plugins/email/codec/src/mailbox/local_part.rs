//! Local parts: the text, and the quotes that SMTP needs around some of it.

use std::{fmt, str::FromStr};

use super::MailboxError;

/// A local part, as the text that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalPart(Box<str>);

impl LocalPart {
    /// Takes a text as it is, without quotes or escapes.
    ///
    /// # Errors
    /// It is empty or holds a control character, which no quotes can carry (RFC 5321 §4.1.2).
    pub fn new(text: &str) -> Result<Self, MailboxError> {
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(MailboxError::LocalPart);
        }
        Ok(Self(text.into()))
    }

    /// The text, without quotes or escapes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a local part in SMTP's form at the start of `text`; what follows is given back.
    pub(super) fn take(text: &str) -> Result<(Self, &str), MailboxError> {
        if let Some(quoted) = text.strip_prefix('"') {
            return take_quoted(quoted);
        }
        let end = text
            .find(|char| !(is_atext(char) || char == '.'))
            .unwrap_or(text.len());
        let (dot_string, rest) = text.split_at_checked(end).ok_or(MailboxError::LocalPart)?;
        if !is_dot_string(dot_string) {
            return Err(MailboxError::LocalPart);
        }
        Ok((Self(dot_string.into()), rest))
    }
}

/// The form that SMTP carries: quoted unless it is a dot-string.
impl fmt::Display for LocalPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;

        if is_dot_string(&self.0) {
            return f.write_str(&self.0);
        }
        f.write_char('"')?;
        for char in self.0.chars() {
            if matches!(char, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(char)?;
        }
        f.write_char('"')
    }
}

impl FromStr for LocalPart {
    type Err = MailboxError;

    /// Reads SMTP's form, the whole text.
    fn from_str(text: &str) -> Result<Self, MailboxError> {
        match Self::take(text)? {
            (local_part, "") => Ok(local_part),
            _ => Err(MailboxError::LocalPart),
        }
    }
}

/// Reads a quoted string after its first quote.
fn take_quoted(text: &str) -> Result<(LocalPart, &str), MailboxError> {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next().ok_or(MailboxError::LocalPart)? {
            '"' => return Ok((LocalPart::new(&value)?, chars.as_str())),
            '\\' => match chars.next() {
                Some(escaped @ ' '..='~') => value.push(escaped),
                _ => return Err(MailboxError::LocalPart),
            },
            char => value.push(char),
        }
    }
}

fn is_dot_string(text: &str) -> bool {
    text.split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

/// RFC 5322 §3.2.3, with what RFC 6532 §3.2 adds; no control character of C1.
fn is_atext(char: char) -> bool {
    char.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(char)
        || (!char.is_ascii() && !char.is_control() && !char.is_whitespace())
}
