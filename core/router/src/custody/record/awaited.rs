//! A message on which a later word is waited for.

use rialto_model::{ByteString, DispositionRequest, InstantInbox, MessageId, TransactionId};

use super::{Reader, Unreadable, Writer};
use crate::custody::clock::Millis;

/// A message that was handed over, and on which a later word is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::custody) struct AwaitedRecord {
    /// The adapter that it came from.
    pub(in crate::custody) adapter: ByteString,
    /// The adapter that it was handed to, and the inbox as its network knows it; nothing, before it was. No adapter but an inbox, where it
    /// is one of those that DNS may name.
    pub(in crate::custody) deliverer: ByteString,
    pub(in crate::custody) inbox: ByteString,
    pub(in crate::custody) onward: TransactionId,
    /// The sender's own name for the operation.
    pub(in crate::custody) id: TransactionId,
    pub(in crate::custody) source: InstantInbox,
    pub(in crate::custody) destination: InstantInbox,
    pub(in crate::custody) request: DispositionRequest,
    pub(in crate::custody) message_id: Option<MessageId>,
    pub(in crate::custody) reference: Option<ByteString>,
    /// When it came.
    pub(in crate::custody) sent_at: Millis,
    pub(in crate::custody) expires_at: Millis,
    /// Of which sides its sender was told; a bit for each.
    pub(in crate::custody) told: u8,
}

impl AwaitedRecord {
    pub(super) const KIND: u8 = 4;

    pub(in crate::custody) fn write(&self) -> Vec<u8> {
        let mut to = Writer::new(Self::KIND, 512);
        to.bytes(self.adapter.as_bytes());
        to.bytes(self.deliverer.as_bytes());
        to.bytes(self.inbox.as_bytes());
        to.id(&self.onward);
        to.id(&self.id);
        to.inbox(&self.source);
        to.inbox(&self.destination);
        to.request(self.request);
        to.message_id(self.message_id.as_ref());
        to.optional(self.reference.as_ref());
        to.millis(self.sent_at);
        to.millis(self.expires_at);
        to.byte(self.told);
        to.end()
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            adapter: from.text()?,
            deliverer: from.text()?,
            inbox: from.text()?,
            onward: from.id()?,
            id: from.id()?,
            source: from.inbox()?,
            destination: from.inbox()?,
            request: from.request()?,
            message_id: from.message_id()?,
            reference: from.optional()?,
            sent_at: from.millis()?,
            expires_at: from.millis()?,
            told: from.byte()?,
        })
    }
}
