//! What went wrong, who can mend it, and whether a retry can help.

use std::{borrow::Cow, fmt, time::Duration};

/// The reason that a sender is told, with what its own network needs to say it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a failure that is not reported leaves the sender in the dark"]
pub struct Failure {
    reason: FailureReason,
    origin: Origin,
    retry: Retry,
    detail: Cow<'static, str>,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident = $code:literal, $class:ident, $origin:ident, $retry:expr, $text:literal;)*) => {
        /// Why an operation failed.
        ///
        /// Each has a number on the plugin boundary, a class, and defaults for who must act and for retries. What a
        /// native protocol says for it is in exactly one table of that protocol's plugin.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FailureReason { $($(#[$doc])* $reason,)* }

        impl FailureReason {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$reason),*];

            /// The number that stands for it on the boundary.
            pub const fn code(self) -> u32 {
                match self { $(Self::$reason => $code),* }
            }

            /// The reason with that number; an unknown one is [`Internal`](Self::Internal).
            pub const fn from_code(code: u32) -> Self {
                match code { $($code => Self::$reason,)* _ => Self::Internal }
            }

            /// Whether it will pass by itself.
            pub const fn class(self) -> FailureClass {
                match self { $(Self::$reason => FailureClass::$class),* }
            }

            /// What it says to people.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$reason => $text),* }
            }

            const fn origin(self) -> Origin {
                match self { $(Self::$reason => Origin::$origin),* }
            }

            const fn retry(self) -> Retry {
                match self { $(Self::$reason => $retry),* }
            }
        }
    };
}

reasons! {
    /// The source is not a valid instant inbox.
    InvalidSource = 1, Permanent, Sender, Retry::Never, "the source is not a valid instant inbox";
    /// The destination is not a valid instant inbox.
    InvalidDestination = 2, Permanent, Sender, Retry::Never, "the destination is not a valid instant inbox";
    /// The destination's system knows no such inbox.
    NoSuchInbox = 3, Permanent, Sender, Retry::Never, "there is no such instant inbox";
    /// The inbox has no presentity.
    NoPresentity = 4, Permanent, Sender, Retry::Never, "the inbox has no presentity";
    /// Access rules forbid the operation.
    NotPermitted = 5, Permanent, Sender, Retry::Never, "the operation is not permitted";
    /// The watcher has a subscription for this presentity already.
    AlreadySubscribed = 6, Permanent, Sender, Retry::Never, "the watcher has subscribed already";
    /// The hop count ran out: most likely a loop.
    HopLimitReached = 7, Permanent, Operator, Retry::Never, "the message has passed too many relays";
    /// No way to the destination's domain is known.
    Unresolvable = 8, Permanent, Sender, Retry::Never, "no way to the destination's domain is known";
    /// The destination's system cannot be reached now.
    Unreachable = 9, Temporary, Peer, Retry::Backoff, "the destination's system cannot be reached";
    /// The destination's system gave no answer in time.
    TimedOut = 10, Temporary, Peer, Retry::Backoff, "the destination's system did not answer in time";
    /// The recipient takes no messages now.
    RecipientUnavailable = 11, Temporary, Peer, Retry::Backoff, "the recipient takes no messages now";
    /// The message is larger than a system on its way takes.
    TooLarge = 12, Permanent, Sender, Retry::Never, "the message is too large";
    /// The destination's network cannot carry this content.
    UnsupportedContent = 13, Permanent, Sender, Retry::Never, "the destination's network cannot carry this content";
    /// A header named in `Require` is not understood.
    UnknownRequiredHeader = 14, Permanent, Sender, Retry::Never, "a required header is not understood";
    /// The gateway or an adapter has all the work it takes.
    Overloaded = 15, Temporary, Host, Retry::After(Duration::from_secs(2)), "the gateway has all the work it takes";
    /// The gateway or an adapter is stopping.
    ShuttingDown = 16, Temporary, Host, Retry::After(Duration::from_secs(10)), "the gateway is shutting down";
    /// A fault of the gateway or of a plugin.
    Internal = 17, Temporary, Plugin, Retry::Backoff, "the gateway had a fault";
    /// The adapter does not offer this service.
    UnsupportedService = 18, Permanent, Sender, Retry::Never, "the destination's network does not offer this service";
    /// The destination's system refused the message for good, with a reason of its own.
    Refused = 19, Permanent, Peer, Retry::Never, "the destination's system refused the message";
    /// The sender gave up on the operation before it ended.
    Cancelled = 20, Temporary, Sender, Retry::Never, "the operation was cancelled";
}

/// Whether a failure will pass by itself; what a protocol's table falls back to for a reason that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureClass {
    /// The same operation will fail again.
    Permanent,
    /// The same operation may succeed later.
    Temporary,
}

/// Who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The sender: the operation itself is at fault.
    Sender,
    /// The far system.
    Peer,
    /// The plugin's author.
    Plugin,
    /// The gateway's authors, or its load.
    Host,
    /// The gateway's operator: configuration.
    Operator,
}

/// Whether, and when, the same operation may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// It will fail again.
    Never,
    /// The far side named a time.
    After(Duration),
    /// At growing intervals.
    Backoff,
}

impl Failure {
    /// Makes a failure with the reason's own origin, retry and text.
    pub const fn new(reason: FailureReason) -> Self {
        let text = reason.text();
        Self {
            reason,
            origin: reason.origin(),
            retry: reason.retry(),
            detail: Cow::Borrowed(text),
        }
    }

    /// Says more, for people: lower case, without a full stop, never a part of a message.
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Says who must act, where the reason's own is not right.
    pub const fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Says when to try again, where the reason's own is not right.
    pub const fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Why.
    pub const fn reason(&self) -> FailureReason {
        self.reason
    }

    /// Who must act.
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// When to try again.
    pub const fn retry(&self) -> Retry {
        self.retry
    }

    /// What to tell people.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<FailureReason> for Failure {
    fn from(reason: FailureReason) -> Self {
        Self::new(reason)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_number_and_comes_back_from_it() {
        for reason in FailureReason::ALL {
            assert_eq!(FailureReason::from_code(reason.code()), *reason);
        }
    }

    #[test]
    fn unknown_number_is_an_internal_failure() {
        assert_eq!(FailureReason::from_code(u32::MAX), FailureReason::Internal);
    }

    #[test]
    fn permanent_reasons_are_never_retried_by_default() {
        for reason in FailureReason::ALL
            .iter()
            .filter(|r| r.class() == FailureClass::Permanent)
        {
            assert_eq!(Failure::new(*reason).retry(), Retry::Never, "{reason:?}");
        }
    }
}
