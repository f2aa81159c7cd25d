//! Who has got a mail already, though its sender may not know.

use quick_cache::sync::Cache;
use rialto_email_codec::Mailbox;

use crate::mapping::identity::Identity;

/// Recipients for whom a mail was taken.
///
/// SMTP has one answer for all recipients: where some were served and others may be later, the client is told to come again, and
/// then only the others are tried. The same serves a client that lost the answer. It is a memory, not a record: after
/// a restart a mail may be delivered once more.
#[derive(Debug)]
pub(crate) struct Settled {
    taken: Cache<(Identity, Mailbox), ()>,
}

/// Recipients of mails that are remembered.
const MAX_SETTLED: usize = 50_000;

impl Settled {
    pub(crate) fn new() -> Self {
        Self {
            taken: Cache::new(MAX_SETTLED),
        }
    }

    /// Notes that a mail was taken for this recipient.
    pub(crate) fn note(&self, identity: &Identity, recipient: &Mailbox) {
        self.taken.insert((identity.clone(), recipient.clone()), ());
    }

    /// Whether it was.
    pub(crate) fn has(&self, identity: &Identity, recipient: &Mailbox) -> bool {
        self.taken
            .get(&(identity.clone(), recipient.clone()))
            .is_some()
    }
}
