//! One rule of the operator's.

use rialto_model::{Authentication, ByteString};

use super::Question;
use crate::{AdapterId, AddressPattern};

/// Allows or denies the messages that meet all of its conditions; with none, all messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRule {
    pub(crate) action: RuleAction,
    pub(crate) from_adapter: Option<ByteString>,
    pub(crate) from: Option<AddressPattern>,
    pub(crate) to_adapter: Option<ByteString>,
    pub(crate) to: Option<AddressPattern>,
    pub(crate) authenticated: Option<RequiredAuthentication>,
    pub(crate) place: Option<ByteString>,
}

/// What a rule does with the messages that match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a rule permits or forbids")]
pub enum RuleAction {
    /// Lets them pass.
    Allow,
    /// Refuses them as `NotPermitted`.
    Deny,
}

/// Whether a rule is about senders that somebody vouches for, or about the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequiredAuthentication {
    Some,
    None,
}

/// The conditions of a rule, its adapters found and its addresses folded.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) from_adapter: Option<AdapterId>,
    pub(crate) from: Option<AddressPattern>,
    pub(crate) to_adapter: Option<AdapterId>,
    pub(crate) to: Option<AddressPattern>,
    pub(crate) authenticated: Option<RequiredAuthentication>,
}

/// Whether a rule matches a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    No,
    Yes,
    /// If that adapter delivers.
    Perhaps,
}

impl AccessRule {
    /// Makes a rule for all messages.
    pub const fn new(action: RuleAction) -> Self {
        Self {
            action,
            from_adapter: None,
            from: None,
            to_adapter: None,
            to: None,
            authenticated: None,
            place: None,
        }
    }

    /// Only messages that came from the adapter of that name.
    pub fn from_adapter(mut self, name: impl Into<ByteString>) -> Self {
        self.from_adapter = Some(name.into());
        self
    }

    /// Only messages of these senders.
    pub fn from(mut self, source: AddressPattern) -> Self {
        self.from = Some(source);
        self
    }

    /// Only messages that the adapter of that name would deliver.
    pub fn to_adapter(mut self, name: impl Into<ByteString>) -> Self {
        self.to_adapter = Some(name.into());
        self
    }

    /// Only messages for these recipients.
    pub fn to(mut self, destination: AddressPattern) -> Self {
        self.to = Some(destination);
        self
    }

    /// Only messages whose sender somebody vouches for.
    pub fn authenticated(mut self) -> Self {
        self.authenticated = Some(RequiredAuthentication::Some);
        self
    }

    /// Only messages whose sender nobody vouches for.
    pub fn unauthenticated(mut self) -> Self {
        self.authenticated = Some(RequiredAuthentication::None);
        self
    }

    /// Says where the operator wrote it, for explanations.
    pub fn with_place(mut self, place: impl Into<ByteString>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// What it does.
    pub const fn action(&self) -> RuleAction {
        self.action
    }

    /// Whether it matches every message that the other one matches.
    pub(super) fn covers(&self, other: &Self) -> bool {
        fn wider<T>(one: Option<&T>, other: Option<&T>, covers: impl Fn(&T, &T) -> bool) -> bool {
            one.is_none_or(|one| other.is_some_and(|other| covers(one, other)))
        }
        let same = |one: &ByteString, other: &ByteString| one == other;
        wider(
            self.from_adapter.as_ref(),
            other.from_adapter.as_ref(),
            same,
        ) && wider(self.to_adapter.as_ref(), other.to_adapter.as_ref(), same)
            && wider(
                self.from.as_ref(),
                other.from.as_ref(),
                AddressPattern::covers,
            )
            && wider(self.to.as_ref(), other.to.as_ref(), AddressPattern::covers)
            && wider(
                self.authenticated.as_ref(),
                other.authenticated.as_ref(),
                |one, other| one == other,
            )
    }

    /// Whether it has a say where a source does not belong to the network that the message came from.
    ///
    /// To allow that takes the name of the network: the address is what is in doubt.
    pub(super) const fn may_lift_the_network(&self) -> bool {
        matches!(self.action, RuleAction::Deny) || self.from_adapter.is_some()
    }

    /// Whether it matters where a source does not belong to the network that the message came from; `later` are the rules behind it.
    ///
    /// All of that is denied by default: only an exception matters there, and what denies something that an exception behind it allows.
    pub(super) fn matters_outside_the_network(&self, later: &[Self]) -> bool {
        let may_meet = |exception: &Self| {
            let named = self.from_adapter.as_ref();
            named.is_none_or(|adapter| exception.from_adapter.as_ref() == Some(adapter))
        };
        self.is_exception()
            || self.action == RuleAction::Deny
                && later
                    .iter()
                    .any(|rule| rule.is_exception() && may_meet(rule))
    }

    /// Whether it allows messages from a network to which their source does not belong.
    const fn is_exception(&self) -> bool {
        matches!(self.action, RuleAction::Allow) && self.may_lift_the_network()
    }

    /// Where the operator wrote it, if that is known.
    pub const fn place(&self) -> Option<&ByteString> {
        self.place.as_ref()
    }
}

impl RequiredAuthentication {
    const fn is_met_by(self, authentication: Authentication) -> bool {
        matches!(self, Self::Some) == authentication.is_authenticated()
    }
}

impl Condition {
    pub(super) fn matches(&self, question: &Question<'_>) -> Match {
        let is = |wanted: Option<AdapterId>, adapter| wanted.is_none_or(|id| id == adapter);
        let means = |pattern: &Option<AddressPattern>, inbox| {
            pattern
                .as_ref()
                .is_none_or(|pattern| pattern.matches(inbox))
        };
        let matches = is(self.from_adapter, question.from)
            && self
                .authenticated
                .is_none_or(|required| required.is_met_by(question.authentication))
            && means(&self.from, question.source.inbox)
            && means(&self.to, question.destination.inbox);
        match (matches, question.to) {
            (false, _) => Match::No,
            (true, None) if self.to_adapter.is_some() => Match::Perhaps,
            (true, Some(to)) if !is(self.to_adapter, to) => Match::No,
            (true, _) => Match::Yes,
        }
    }
}
