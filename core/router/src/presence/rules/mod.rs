//! Rules of principals: who may watch them, what each sees, who may speak for them, who may write to them.
//!
//! What can become of a watcher has RFC 5025's words (§3.2.1). The first rule that means a watcher, or a sender, decides; what no rule decides is
//! left to the presentity's network, or to the default of hosted presentities, or to the operator's rules. Decided by the gateway alone, and so
//! when the principal is out of contact too. RFC 2779 §2.3 and §5.1.

use rialto_model::{Authentication, InstantInbox};
use thiserror::Error;

mod change;
mod record;
mod sender;
mod subject;
#[cfg(test)]
mod tests;
mod text;
mod watcher;

pub use self::{
    change::RulesChange,
    sender::{Reception, SenderRule},
    subject::Subject,
    text::{PrincipalRule, RulesTextError, RulesTextProblem},
    watcher::{Handling, View, WatcherRule, Way},
};
pub(super) use self::{
    record::RulesRecord,
    text::{Line, Word},
};
use crate::{
    AddressPattern,
    access::{fold, fold_pattern},
};

/// The rules of one principal, on its presentity and its inbox of the same address.
///
/// Written and read as text, a rule to a line:
///
/// ```
/// use rialto_router::PrincipalRules;
///
/// let text = "\
/// allow bob@office.example
/// show status-only to *@office.example when fetching
/// block anonymous
/// polite-block eve@mail.example
/// confirm anyone
/// refuse messages from *@*.spam.example
/// let carol@office.example publish
/// ";
/// let rules: PrincipalRules = text.parse()?;
/// assert_eq!(rules.watchers().len(), 5);
/// assert_eq!(rules.to_string(), text);
/// let error = "allow bob@office.example\nblok eve@mail.example".parse::<PrincipalRules>();
/// assert!(error.unwrap_err().to_string().starts_with("line 2, column 1: "));
/// # Ok::<(), rialto_router::RulesTextError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrincipalRules {
    watchers: Vec<WatcherRule>,
    senders: Vec<SenderRule>,
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
    /// Their addresses are too long.
    #[error(
        "the addresses of the rules have {len} bytes, at most {max} are taken; write rules for whole domains"
    )]
    TooLong {
        /// How long they are together.
        len: usize,
        /// How long they may be.
        max: usize,
    },
}

impl PrincipalRules {
    /// The most rules on watchers, the most on senders, and the most publishers, of one principal.
    pub const MOST: usize = 1_000;

    /// The longest that all addresses of the rules of one principal may be together, in bytes.
    pub const MOST_BYTES: usize = 256 * 1024;

    /// Rules on watchers in their order: the first that means a watcher decides.
    pub fn new(watchers: Vec<WatcherRule>) -> Result<Self, RulesError> {
        let rules = Self {
            watchers,
            ..Self::default()
        };
        rules.checked()
    }

    /// Says whose messages the inbox takes: the first rule that means a sender decides.
    pub fn with_senders(
        mut self,
        senders: impl IntoIterator<Item = SenderRule>,
    ) -> Result<Self, RulesError> {
        self.senders = senders.into_iter().collect();
        self.checked()
    }

    /// Says who may publish besides the presentity itself.
    pub fn with_publishers(
        mut self,
        publishers: impl IntoIterator<Item = AddressPattern>,
    ) -> Result<Self, RulesError> {
        self.publishers = publishers.into_iter().map(fold_pattern).collect();
        self.checked()
    }

    /// The rules on watchers.
    pub fn watchers(&self) -> &[WatcherRule] {
        &self.watchers
    }

    /// The rules on senders.
    pub fn senders(&self) -> &[SenderRule] {
        &self.senders
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
        Some(rule.handling())
    }

    /// What becomes of a sender's messages; none: no rule says so.
    pub fn judge_sender(
        &self,
        sender: &InstantInbox,
        authentication: Authentication,
    ) -> Option<Reception> {
        SenderRule::judge(&self.senders, &fold(sender), authentication)
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
        rules.any(|rule| rule.handling() == Handling::PoliteBlock)
    }

    /// Whether they say nothing.
    pub const fn is_empty(&self) -> bool {
        self.watchers.is_empty() && self.senders.is_empty() && self.publishers.is_empty()
    }

    fn checked(self) -> Result<Self, RulesError> {
        let counts = [
            self.watchers.len(),
            self.senders.len(),
            self.publishers.len(),
        ];
        let max = Self::MOST;
        if let Some(count) = counts.into_iter().find(|count| *count > max) {
            return Err(RulesError::TooMany { count, max });
        }
        let watchers = self.watchers.iter().map(|rule| rule.subject().len());
        let senders = self.senders.iter().map(|rule| rule.subject().len());
        let publishers = self.publishers.iter().map(AddressPattern::len);
        let (len, max) = (
            watchers.chain(senders).chain(publishers).sum(),
            Self::MOST_BYTES,
        );
        if len > max {
            return Err(RulesError::TooLong { len, max });
        }
        Ok(self)
    }
}
