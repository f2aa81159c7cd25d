//! Rules on watchers: who may subscribe or fetch, and what each sees.

use rialto_model::{Authentication, InstantInbox};

use super::subject::{Proof, Subject};
use crate::AddressPattern;

/// What becomes of a watcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 5025 has these four")]
pub enum Handling {
    /// It is told what the view shows.
    Allow(View),
    /// It waits for the presentity to decide.
    Confirm,
    /// It is refused.
    Block,
    /// It is told what a watcher of an offline presentity is told, and cannot tell which is true.
    PoliteBlock,
}

/// How much of the presence information is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows something has to do something for each"
)]
pub enum View {
    /// All.
    All,
    /// Open or closed.
    StatusOnly,
    /// That there is a subscription, and nothing else.
    Nothing,
}

/// In which way a watcher wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 2778 has these two")]
pub enum Way {
    /// From now on.
    Subscribe,
    /// Once.
    Fetch,
}

/// One rule on watchers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatcherRule {
    subject: Subject,
    way: Option<Way>,
    handling: Handling,
}

impl WatcherRule {
    /// Says what becomes of some watchers.
    pub fn new(subject: Subject, handling: Handling) -> Self {
        Self {
            subject: subject.folded(),
            way: None,
            handling,
        }
    }

    /// Restricts the rule to those who subscribe, or to those who fetch.
    pub const fn only_for(mut self, way: Way) -> Self {
        self.way = Some(way);
        self
    }

    /// Which watchers it means.
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The only way that it is about, if it is about one.
    pub const fn way(&self) -> Option<Way> {
        self.way
    }

    /// What becomes of them.
    pub const fn handling(&self) -> Handling {
        self.handling
    }

    pub(super) fn with_addresses(self, meant: &impl Fn(AddressPattern) -> AddressPattern) -> Self {
        let subject = self.subject.with_addresses(meant);
        Self { subject, ..self }
    }

    /// The watcher is folded.
    pub(super) fn means(
        &self,
        watcher: &InstantInbox,
        authentication: Authentication,
        way: Way,
    ) -> bool {
        self.way.is_none_or(|only| only == way)
            && self
                .subject
                .means(watcher, authentication, self.handling.proof())
    }

    /// Whether it says all that the other one says of whom.
    pub(super) fn takes_the_place_of(&self, other: &Self) -> bool {
        self.subject == other.subject && (self.way.is_none() || self.way == other.way)
    }
}

impl Handling {
    const fn proof(self) -> Proof {
        match self {
            Self::Allow(_) | Self::Confirm => Proof::Voucher,
            Self::Block | Self::PoliteBlock => Proof::OwnWord,
        }
    }
}
