//! Chat state notifications (XEP-0085).

use super::{Payload, PayloadError};
use crate::{Element, WriteError, namespace};

/// Says how much a user takes part in a conversation (XEP-0085 §2).
///
/// It stands beside a body, `active` there, or alone. A message has one at most; of more, the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChatState {
    /// Attends to the conversation.
    Active,
    /// Is composing a message.
    Composing,
    /// Was composing, and has stopped for now.
    Paused,
    /// Has not attended for a while.
    Inactive,
    /// Has left the conversation.
    Gone,
}

impl ChatState {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Active,
        Self::Composing,
        Self::Paused,
        Self::Inactive,
        Self::Gone,
    ];

    /// The element's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Composing => "composing",
            Self::Paused => "paused",
            Self::Inactive => "inactive",
            Self::Gone => "gone",
        }
    }
}

impl Payload for ChatState {
    fn from_element(element: &Element) -> Option<Result<Self, PayloadError>> {
        let mut all = Self::ALL.into_iter();
        all.find(|state| element.is(namespace::CHAT_STATES, state.name()))
            .map(Ok)
    }

    fn to_element(&self) -> Result<Element, WriteError> {
        Element::new(namespace::known(namespace::CHAT_STATES), self.name())
    }
}
