//! What is to be told of a message.

use rialto_model::{ByteString, DispositionOperation};

use super::{Reader, Unreadable, Writer};
use crate::custody::clock::Millis;

/// What is to be told of a message, until the adapter that brought the message has taken it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::custody) struct ReportRecord {
    /// The adapter that is told.
    pub(in crate::custody) adapter: ByteString,
    pub(in crate::custody) accepted_at: Millis,
    pub(in crate::custody) expires_at: Millis,
    pub(in crate::custody) disposition: DispositionOperation,
}

impl ReportRecord {
    pub(super) const KIND: u8 = 2;

    pub(in crate::custody) fn write(&self) -> Vec<u8> {
        let told = &self.disposition;
        let mut to = Writer::new(Self::KIND, 512);
        to.bytes(self.adapter.as_bytes());
        to.millis(self.accepted_at);
        to.millis(self.expires_at);
        to.id(told.transaction_id());
        to.id(told.concerning());
        to.inbox(told.source());
        to.inbox(told.destination());
        to.disposition(told.disposition());
        to.present(told.failure(), Writer::failure);
        to.request(told.request());
        to.message_id(told.message_id());
        to.optional(told.reference());
        to.present(told.sent_at(), |to, time| to.millis(Millis::of(time)));
        to.end()
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let adapter = from.text()?;
        let (accepted_at, expires_at) = (from.millis()?, from.millis()?);
        let (id, concerning) = (from.id()?, from.id()?);
        let (source, destination) = (from.inbox()?, from.inbox()?);
        let kind = from.disposition()?;
        let mut told = DispositionOperation::new(id, concerning, source, destination, kind);
        if let Some(failure) = from.present(Reader::failure)? {
            told = told.with_failure(failure);
        }
        told = told.with_request(from.request()?);
        if let Some(message_id) = from.message_id()? {
            told = told.with_message_id(message_id);
        }
        if let Some(reference) = from.optional()? {
            told = told.with_reference(reference);
        }
        if let Some(sent_at) = from.present(Reader::millis)? {
            told = told.with_sent_at(sent_at.time());
        }
        Ok(Self {
            adapter,
            accepted_at,
            expires_at,
            disposition: told,
        })
    }
}
