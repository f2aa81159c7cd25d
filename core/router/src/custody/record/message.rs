//! A message that is kept.

use rialto_model::{
    Authentication, ByteString, ContentHeader, Header, InstantMessage, MaxForwards,
    MessageOperation, Payload, TransactionId,
};

use super::{Reader, Unreadable, Writer};
use crate::custody::clock::Millis;

/// A message that is kept, with every byte and header that came with it.
///
/// Not in the form of RFC 3862: a message may hold what that cannot say, and is kept all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::custody) struct MessageRecord {
    /// The adapter that it came from.
    pub(in crate::custody) adapter: ByteString,
    pub(in crate::custody) accepted_at: Millis,
    pub(in crate::custody) expires_at: Millis,
    /// Under which name it is handed on, each time.
    pub(in crate::custody) onward: TransactionId,
    /// As it came, but for how long its sender waited and how long it was worth delivering: that is in the times.
    pub(in crate::custody) operation: MessageOperation,
}

impl MessageRecord {
    pub(super) const KIND: u8 = 1;

    /// Writes a record of an operation that its owner keeps.
    pub(in crate::custody) fn write_of(
        adapter: &str,
        [accepted_at, expires_at]: [Millis; 2],
        onward: &TransactionId,
        operation: &MessageOperation,
    ) -> Vec<u8> {
        let message = operation.message();
        let mut to = Writer::new(Self::KIND, message.payload().len() + 512);
        to.bytes(adapter.as_bytes());
        to.millis(accepted_at);
        to.millis(expires_at);
        to.id(onward);
        to.id(operation.transaction_id());
        to.inbox(operation.source());
        to.inbox(operation.destination());
        to.optional(operation.source_instance());
        to.optional(operation.destination_instance());
        to.byte(u8::from(operation.authentication().is_authenticated()));
        to.byte(operation.max_forwards().hops());
        to.optional(operation.identity());
        to.optional(operation.reference());
        write_message(&mut to, message);
        to.end()
    }

    #[cfg(test)]
    pub(super) fn write(&self) -> Vec<u8> {
        let times = [self.accepted_at, self.expires_at];
        Self::write_of(&self.adapter, times, &self.onward, &self.operation)
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let adapter = from.text()?;
        let (accepted_at, expires_at) = (from.millis()?, from.millis()?);
        let (onward, id) = (from.id()?, from.id()?);
        let (source, destination) = (from.inbox()?, from.inbox()?);
        let instances = [from.optional()?, from.optional()?];
        let authentication = match from.byte()? {
            0 => Authentication::None,
            1 => Authentication::Network,
            _ => return Err(Unreadable::Damaged("an authentication is unknown")),
        };
        let hops = MaxForwards::new(from.byte()?);
        let (identity, reference) = (from.optional()?, from.optional()?);
        let message = read_message(from)?;
        let mut operation = MessageOperation::new(id, source, destination, message)
            .with_authentication(authentication)
            .with_max_forwards(hops);
        let [source_instance, destination_instance] = instances;
        if let Some(instance) = source_instance {
            operation = operation.with_source_instance(instance);
        }
        if let Some(instance) = destination_instance {
            operation = operation.with_destination_instance(instance);
        }
        if let Some(identity) = identity {
            operation = operation.with_identity(identity);
        }
        if let Some(reference) = reference {
            operation = operation.with_reference(reference);
        }
        Ok(Self {
            adapter,
            accepted_at,
            expires_at,
            onward,
            operation,
        })
    }
}

fn write_message(to: &mut Writer, message: &InstantMessage) {
    to.count(message.headers().len());
    for header in message.headers().iter() {
        to.bytes(header.name.as_bytes());
        to.optional(header.language.as_ref());
        to.bytes(header.parameters.as_bytes());
        to.bytes(header.value.as_bytes());
    }
    to.optional(message.thread());
    to.bytes(message.content_type().as_bytes());
    to.count(message.content_headers().len());
    for header in message.content_headers() {
        to.bytes(header.name.as_bytes());
        to.bytes(header.value.as_bytes());
    }
    to.bytes(message.payload().as_bytes());
}

fn read_message(from: &mut Reader<'_>) -> Result<InstantMessage, Unreadable> {
    let headers = from.list(|from| {
        let (name, language) = (from.text()?, from.optional()?);
        let (parameters, value) = (from.text()?, from.text()?);
        let mut header = Header::new(name, value).with_parameters(parameters);
        header.language = language;
        Ok(header)
    })?;
    let thread = from.optional()?;
    let content_type = from.text()?;
    let content_headers = from.list(|from| Ok(ContentHeader::new(from.text()?, from.text()?)))?;
    let message = InstantMessage::new(content_type, Payload::new(from.bytes()?))
        .with_headers(headers.into_iter().collect())
        .with_content_headers(content_headers);
    Ok(match thread {
        Some(thread) => message.with_thread(thread),
        None => message,
    })
}
