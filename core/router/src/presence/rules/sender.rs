//! Rules on senders: whose messages the principal's inbox takes.

use rialto_model::{Authentication, InstantInbox};

use super::subject::{Proof, Subject};
use crate::AddressPattern;

/// What becomes of a sender's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "an inbox takes a message or not")]
pub enum Reception {
    /// The inbox takes them, as far as the operator's rules let them pass.
    Accept,
    /// They are refused, whatever the operator's rules say.
    Refuse,
}

/// One rule on senders. RFC 2779 §2.3.5 and §5.4.10.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderRule {
    subject: Subject,
    reception: Reception,
}

impl SenderRule {
    /// Says what becomes of the messages of some senders.
    pub fn new(subject: Subject, reception: Reception) -> Self {
        Self {
            subject: subject.folded(),
            reception,
        }
    }

    /// Which senders it means.
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What becomes of their messages.
    pub const fn reception(&self) -> Reception {
        self.reception
    }

    pub(super) fn with_addresses(self, meant: &impl Fn(AddressPattern) -> AddressPattern) -> Self {
        let subject = self.subject.with_addresses(meant);
        Self { subject, ..self }
    }

    /// What the first rule that means a sender says; the sender is folded.
    pub(crate) fn judge(
        rules: &[Self],
        sender: &InstantInbox,
        authentication: Authentication,
    ) -> Option<Reception> {
        let means = |rule: &&Self| {
            let needed = rule.reception.proof();
            rule.subject.means(sender, authentication, needed)
        };
        rules.iter().find(means).map(Self::reception)
    }
}

impl Reception {
    const fn proof(self) -> Proof {
        match self {
            Self::Accept => Proof::Voucher,
            Self::Refuse => Proof::OwnWord,
        }
    }
}
