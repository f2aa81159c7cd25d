//! What the rules say.

use std::fmt;

use rialto_model::{Failure, FailureReason};

/// Whether a message may pass, and what decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a ruling that is not heeded protects nobody"]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever asks has to do something for each"
)]
pub enum Ruling {
    /// It may.
    Allowed(Ground),
    /// It may not.
    Denied(Ground),
    /// That hangs on the adapter that delivers, which DNS has to name first.
    NeedsAdapter,
}

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ground {
    /// The recipient's block list.
    Recipient,
    /// The operator's rule with this number, from 0.
    Rule(usize),
    /// The message is the gateway's own.
    Gateway,
    /// The source is ours, and does not belong to the network that the message came from.
    NotItsNetwork,
    /// Neither side is ours.
    OpenRelay,
    /// The destination is not ours, and that the source is ours nobody vouches for.
    NobodyVouches,
    /// No rule forbids it.
    Default,
}

impl Ground {
    /// What the sender is told of a denial: the class of the rule, and nothing about others.
    pub(crate) const fn detail(self) -> &'static str {
        match self {
            Self::Recipient => "the recipient takes no messages from this sender",
            Self::NotItsNetwork => {
                "the sender's address does not belong to the network that the message came from"
            }
            Self::OpenRelay => "the gateway does not relay between domains that are not its own",
            Self::NobodyVouches => {
                "the gateway relays to domains that are not its own only for senders that their network vouches for"
            }
            _ => "the gateway's rules do not permit this message",
        }
    }

    pub(crate) fn failure(self) -> Failure {
        Failure::new(FailureReason::NotPermitted).with_detail(self.detail())
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recipient => "the recipient's block list",
            Self::Rule(number) => return write!(f, "rule {}", number + 1),
            Self::Gateway => "default (the gateway's own messages may pass)",
            Self::NotItsNetwork => "default (own users speak by their own network only)",
            Self::OpenRelay => "default (no open relay)",
            Self::NobodyVouches => "default (no open relay: nobody vouches for the sender)",
            Self::Default => "default (no rule forbids it)",
        })
    }
}
