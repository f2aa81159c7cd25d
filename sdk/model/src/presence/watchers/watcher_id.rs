//! Names of watchers in a document.

use std::fmt::{self, Write};

use bytestring::ByteString;
use thiserror::Error;

use crate::SubscriptionId;

/// What tells a subscription from all others in the documents of one watcher of watchers: a token. RFC 3858 §3, RFC 3261 §25.1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WatcherId(ByteString);

/// The text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the name of a watcher is no token of 1 to {max} bytes", max = WatcherId::MAX_LEN)]
#[non_exhaustive]
pub struct WatcherIdError;

impl WatcherId {
    /// The longest one taken, in bytes.
    pub const MAX_LEN: usize = 128;

    /// Takes a foreign one as it is.
    pub fn parse(id: impl Into<ByteString>) -> Result<Self, WatcherIdError> {
        let id = id.into();
        let is_token = (1..=Self::MAX_LEN).contains(&id.len()) && id.bytes().all(is_token);
        is_token.then_some(Self(id)).ok_or(WatcherIdError)
    }

    /// The token as written.
    pub const fn as_text(&self) -> &ByteString {
        &self.0
    }
}

/// One name for each subscription: what may not stand in a token becomes a `%` and its number.
impl From<&SubscriptionId> for WatcherId {
    fn from(id: &SubscriptionId) -> Self {
        let mut token = String::with_capacity(id.as_str().len());
        for byte in id.as_bytes() {
            match is_token(*byte) && *byte != b'%' {
                true => token.push(char::from(*byte)),
                // A text takes all that is written to it.
                false => write!(token, "%{byte:02X}").unwrap_or_default(),
            }
        }
        Self(token.into())
    }
}

impl fmt::Display for WatcherId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_kept_and_what_is_none_refused() {
        let longest = "a".repeat(WatcherId::MAX_LEN);
        for token in ["hh8juja87s997-ass7", "a.!%*_+`'~", &longest] {
            assert_eq!(WatcherId::parse(token).unwrap().as_text(), token);
        }
        for other in ["", "two words", "<a>", "ü", &format!("{longest}a")] {
            assert_eq!(WatcherId::parse(other), Err(WatcherIdError), "{other}");
        }
    }

    #[test]
    fn every_subscription_has_a_name_of_its_own() {
        let name = |id: &[u8]| WatcherId::from(&SubscriptionId::parse(id).unwrap());
        assert_eq!(name(b"a1-._").as_text(), "a1-._");
        assert_eq!(name(b"<a>@%40").as_text(), "%3Ca%3E%40%2540");
        let longest = name(&[b'@'; 40]);
        assert_eq!(WatcherId::parse(longest.as_text().clone()), Ok(longest));
    }
}
