//! Message identifiers (RFC 5322 §3.6.4).

use std::{fmt, fmt::Write as _, str::FromStr};

use crate::{limits::MAX_MESSAGE_ID, mailbox::Domain};

/// A message identifier, without its angle brackets.
///
/// Foreign ones are kept as they are, well-formed or not: they are compared and repeated, never read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(Box<str>);

impl MessageId {
    /// The identifier of a transaction: for the same text and domain always the same, for another another.
    ///
    /// # Errors
    /// It would be longer than [`MAX_MESSAGE_ID`].
    pub fn of_transaction(transaction: &str, domain: &Domain) -> Result<Self, MessageIdError> {
        let mut id = String::new();
        for byte in transaction.bytes() {
            match byte {
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' => id.push(char::from(byte)),
                // `=` begins an escape and so is escaped itself; a dot may not stand at the ends.
                _ => write!(id, "={byte:02X}").unwrap_or_default(),
            }
        }
        write!(id, "@{domain}").unwrap_or_default();
        id.parse()
    }

    /// The transaction of an identifier that [`of_transaction`](Self::of_transaction) made for this domain.
    #[must_use]
    pub fn transaction(&self, domain: &Domain) -> Option<String> {
        let (left, right) = self.0.rsplit_once('@')?;
        if !right.eq_ignore_ascii_case(domain.as_str()) {
            return None;
        }
        let mut pieces = left.split('=');
        let mut bytes = pieces.next()?.as_bytes().to_vec();
        for piece in pieces {
            let (escape, rest) = piece.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(escape, 16).ok()?);
            bytes.extend_from_slice(rest.as_bytes());
        }
        let transaction = String::from_utf8(bytes).ok()?;
        let made = Self::of_transaction(&transaction, domain).ok()?;
        (made.0.eq_ignore_ascii_case(&self.0) && left == made.left()).then_some(transaction)
    }

    /// The text between the brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn left(&self) -> &str {
        self.0.rsplit_once('@').map_or(&*self.0, |(left, _)| left)
    }
}

/// With its angle brackets.
impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

/// A text that no header can carry as a message identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a message identifier has 1 to {MAX_MESSAGE_ID} octets, no space, no control character, no angle bracket"
)]
pub struct MessageIdError;

impl FromStr for MessageId {
    type Err = MessageIdError;

    /// Takes a text with or without angle brackets.
    fn from_str(text: &str) -> Result<Self, MessageIdError> {
        let text = text.trim();
        let bare = text
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'))
            .unwrap_or(text);
        let forbidden =
            |char: char| char.is_whitespace() || char.is_control() || "<>".contains(char);
        if bare.is_empty() || bare.len() > MAX_MESSAGE_ID || bare.contains(forbidden) {
            return Err(MessageIdError);
        }
        Ok(Self(bare.into()))
    }
}
