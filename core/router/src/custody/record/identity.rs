//! What its network calls a message that was kept.

use rialto_model::{ByteString, InstantInbox};

use super::{Reader, Unreadable, Writer};
use crate::custody::clock::Millis;

/// What its network calls a message that was kept: one that comes again under this name is not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::custody) struct IdentityRecord {
    /// The adapter that it came from.
    pub(in crate::custody) adapter: ByteString,
    pub(in crate::custody) source: InstantInbox,
    pub(in crate::custody) destination: InstantInbox,
    pub(in crate::custody) identity: ByteString,
    pub(in crate::custody) accepted_at: Millis,
    pub(in crate::custody) expires_at: Millis,
}

impl IdentityRecord {
    pub(super) const KIND: u8 = 3;

    pub(in crate::custody) fn write(&self) -> Vec<u8> {
        let mut to = Writer::new(Self::KIND, 256);
        to.bytes(self.adapter.as_bytes());
        to.inbox(&self.source);
        to.inbox(&self.destination);
        to.bytes(self.identity.as_bytes());
        to.millis(self.accepted_at);
        to.millis(self.expires_at);
        to.end()
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            adapter: from.text()?,
            source: from.inbox()?,
            destination: from.inbox()?,
            identity: from.text()?,
            accepted_at: from.millis()?,
            expires_at: from.millis()?,
        })
    }
}
