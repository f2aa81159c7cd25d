//! The value of Subscription-State.

use super::TokenValue;
use crate::lex;

/// How far a subscription is, and for how long (RFC 6665 §8.2.3).
#[derive(Clone, Copy, Debug)]
pub struct SubscriptionState<'a>(TokenValue<'a>);

impl<'a> SubscriptionState<'a> {
    pub(crate) const fn new(value: TokenValue<'a>) -> Self {
        Self(value)
    }

    /// Its name, as written: `active`, `pending`, `terminated`, or what this crate does not know.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.0.token()
    }

    /// Whether it has this name, in any case.
    #[must_use]
    pub const fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// Why it ended.
    #[must_use]
    pub fn reason(&self) -> Option<&'a str> {
        self.0.params().token("reason")
    }

    /// For how many seconds more it lasts; too large a number is the largest of all, what is no number is none.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        self.seconds("expires")
    }

    /// After how many seconds the watcher may come again; as [`expires`](Self::expires).
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        self.seconds("retry-after")
    }

    fn seconds(&self, name: &str) -> Option<u32> {
        let seconds = lex::number(self.0.params().token(name)?)?;
        Some(u32::try_from(seconds).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use crate::{HeaderName, lex::Cursor};

    use super::*;

    fn of(text: &str) -> SubscriptionState<'_> {
        let mut cursor = Cursor::new(HeaderName::SubscriptionState, 0, text);
        SubscriptionState::new(TokenValue::read(&mut cursor).unwrap())
    }

    #[test]
    fn rfc6665_8_2_3_state_has_a_name_and_times_in_seconds() {
        let active = of("Active;expires=599;retry-after=x");
        assert!(active.is("active") && !active.is("pending"));
        assert_eq!((active.expires(), active.retry_after()), (Some(599), None));
        let ended = of("terminated; reason=probation ;retry-after=99999999999");
        assert_eq!(ended.reason(), Some("probation"));
        assert_eq!(ended.retry_after(), Some(u32::MAX));
        assert_eq!(of("frobnicated").name(), "frobnicated");
    }
}
