//! Rules of principals: who may watch them, what each sees, who may speak for them.
//!
//! What can become of a watcher has RFC 5025's words (§3.2.1). The first rule that means a watcher decides; what no rule decides is left to the
//! presentity's network, or to the default of hosted presentities. Decided by the gateway alone, and so when the presentity is out of contact too.
//! RFC 2779 §2.3 and §5.1.

use rialto_model::{Authentication, InstantInbox};
use thiserror::Error;

mod record;
#[cfg(test)]
mod tests;

pub(super) use self::record::RulesRecord;
use crate::{
    AddressPattern,
    access::{fold, fold_pattern},
};

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

/// Which watchers a rule means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// These. A rule that allows means only whom somebody vouches for: an address proves nothing.
    Address(AddressPattern),
    /// Those who say that they do not say who they are: anybody at `anonymous.invalid`. RFC 3323 §4.1.1.3.
    Anonymous,
    /// Those for whom nobody vouches, whoever they say that they are.
    Unauthenticated,
    /// All. A rule that allows means only whom somebody vouches for.
    Anyone,
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

/// The rules of one principal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PresenceRules {
    watchers: Vec<WatcherRule>,
    publishers: Vec<AddressPattern>,
}

/// Why rules are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RulesError {
    /// There are too many.
    #[error("there are {count} rules, at most {max} are taken; write rules for whole domains")]
    TooMany {
        /// How many.
        count: usize,
        /// How many there may be.
        max: usize,
    },
}

impl WatcherRule {
    /// Says what becomes of some watchers.
    pub fn new(subject: Subject, handling: Handling) -> Self {
        let subject = match subject {
            Subject::Address(pattern) => Subject::Address(fold_pattern(pattern)),
            other => other,
        };
        Self {
            subject,
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

    /// The watcher is folded.
    fn means(&self, watcher: &InstantInbox, authentication: Authentication, way: Way) -> bool {
        if self.way.is_some_and(|only| only != way) {
            return false;
        }
        let is_vouched_for = authentication.is_authenticated();
        let may_mean = is_vouched_for || !self.handling.is_favour();
        match &self.subject {
            Subject::Address(pattern) => may_mean && pattern.matches(watcher),
            Subject::Anonymous => watcher.domain() == ANONYMOUS,
            Subject::Unauthenticated => !is_vouched_for,
            Subject::Anyone => may_mean,
        }
    }
}

/// The domain of those who do not say who they are. RFC 3323 §4.1.1.3.
const ANONYMOUS: &str = "anonymous.invalid";

impl PresenceRules {
    /// The most rules on watchers, and the most publishers, of one principal.
    pub const MOST: usize = 1_000;

    /// Rules in their order: the first that means a watcher decides.
    pub fn new(watchers: Vec<WatcherRule>) -> Result<Self, RulesError> {
        check(watchers.len())?;
        Ok(Self {
            watchers,
            publishers: Vec::new(),
        })
    }

    /// Says who may publish besides the presentity itself.
    pub fn with_publishers(
        mut self,
        publishers: impl IntoIterator<Item = AddressPattern>,
    ) -> Result<Self, RulesError> {
        self.publishers = publishers.into_iter().map(fold_pattern).collect();
        check(self.publishers.len())?;
        Ok(self)
    }

    /// The rules on watchers.
    pub fn watchers(&self) -> &[WatcherRule] {
        &self.watchers
    }

    /// Who may publish besides the presentity itself.
    pub fn publishers(&self) -> &[AddressPattern] {
        &self.publishers
    }

    /// What becomes of a watcher; none: no rule says so.
    pub fn judge(
        &self,
        watcher: &InstantInbox,
        authentication: Authentication,
        way: Way,
    ) -> Option<Handling> {
        let watcher = fold(watcher);
        let mut rules = self.watchers.iter();
        let rule = rules.find(|rule| rule.means(&watcher, authentication, way))?;
        Some(rule.handling)
    }

    /// Whether a principal, for whom somebody vouches, may speak for the presentity.
    pub fn may_publish(&self, publisher: &InstantInbox) -> bool {
        let publisher = fold(publisher);
        let mut publishers = self.publishers.iter();
        publishers.any(|pattern| pattern.matches(&publisher))
    }

    /// Whether anybody is blocked politely: then no watcher may see a difference.
    pub fn is_polite(&self) -> bool {
        let mut rules = self.watchers.iter();
        rules.any(|rule| rule.handling == Handling::PoliteBlock)
    }

    /// Whether they say nothing.
    pub const fn is_empty(&self) -> bool {
        self.watchers.is_empty() && self.publishers.is_empty()
    }
}

impl Handling {
    /// Whether it gives the watcher something that a stranger must not get by another's name.
    const fn is_favour(self) -> bool {
        matches!(self, Self::Allow(_) | Self::Confirm)
    }
}

const fn check(count: usize) -> Result<(), RulesError> {
    let max = PresenceRules::MOST;
    if count > max {
        return Err(RulesError::TooMany { count, max });
    }
    Ok(())
}
