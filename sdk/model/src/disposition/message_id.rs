//! Names of messages.

use std::fmt;

use bytestring::ByteString;
use rand::CryptoRng;
use thiserror::Error;

/// The name by which a report finds the message that it is about. RFC 5438 §6.3.
///
/// The sender's network gives it and only that network understands it: it is compared byte by byte and sent back as it came. Own
/// ones are tokens of 128 random bits, so that nobody can report on a message that he has not seen.
///
/// Foreign ones may be more than the tokens of RFC 3862, as an XMPP stanza's id is; white space and controls are in none. A
/// plugin whose native names are other or longer keeps those itself, and uses an own one here.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MessageId {
    id: ByteString,
}

/// Why a text is no name of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MessageIdError {
    /// There is none.
    #[error("the message's id is empty")]
    Empty,
    /// It is longer than [`MessageId::MAX_LEN`].
    #[error("the message's id has {len} bytes, at most {max} are taken", max = MessageId::MAX_LEN)]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// White space, a control, or what XML cannot carry stands in it.
    #[error("the message's id has white space or a control character at byte {at}")]
    Character {
        /// The offset of that character.
        at: usize,
    },
}

impl MessageId {
    /// The longest foreign one, in bytes.
    pub const MAX_LEN: usize = 256;

    /// Makes an own one: 128 bits of `rng`, in hexadecimal.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let (high, low) = (rng.next_u64(), rng.next_u64());
        Self {
            id: format!("{high:016x}{low:016x}").into(),
        }
    }

    /// Takes a foreign one as it is; shares it.
    pub fn parse(id: impl Into<ByteString>) -> Result<Self, MessageIdError> {
        let id = id.into();
        if id.is_empty() {
            return Err(MessageIdError::Empty);
        }
        if id.len() > Self::MAX_LEN {
            return Err(MessageIdError::TooLong { len: id.len() });
        }
        match id.find(is_foreign_to_ids) {
            Some(at) => Err(MessageIdError::Character { at }),
            None => Ok(Self { id }),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.id
    }

    /// The name as shared text.
    pub const fn as_text(&self) -> &ByteString {
        &self.id
    }
}

fn is_foreign_to_ids(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '\u{fffe}' | '\u{ffff}')
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.id)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({self})")
    }
}
