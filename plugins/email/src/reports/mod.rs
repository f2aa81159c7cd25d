//! Later words on messages: reports that come by mail, and those that go out by it (RFC 3464, RFC 8098).

mod incoming;
mod outgoing;

use std::sync::Arc;

use rialto_email_codec::{Domain, Mailbox, message::MessageId};
use rialto_sdk::{Host, model::TransactionId};

use crate::outbound::Outbound;

/// Reads reports, and writes them.
#[derive(Debug)]
pub(crate) struct Reports {
    host: Host,
    hostname: Domain,
    bounce_domain: Option<Domain>,
    outbound: Arc<Outbound>,
}

impl Reports {
    pub(crate) fn new(
        host: Host,
        hostname: Domain,
        bounce_domain: Option<Domain>,
        outbound: Arc<Outbound>,
    ) -> Self {
        Self {
            host,
            hostname,
            bounce_domain,
            outbound,
        }
    }

    /// The operation whose reports come to this mailbox, if it is one of those.
    pub(crate) fn concerned_by(&self, mailbox: &Mailbox) -> Option<TransactionId> {
        let own = self.bounce_domain.as_ref()?;
        let is_own = mailbox.host().to_string() == own.as_str();
        let local_part = mailbox.local_part().as_str();
        if !is_own || local_part.len() != TRANSACTION || !local_part.bytes().all(is_hex) {
            return None;
        }
        TransactionId::parse(local_part.as_bytes()).ok()
    }

    /// The operation whose mail has this identifier.
    fn concerned_by_id(&self, id: &MessageId) -> Option<TransactionId> {
        let transaction = id.transaction(&self.hostname)?;
        TransactionId::parse(transaction.as_bytes()).ok()
    }
}

/// The length of the identifiers that the gateway gives to what it delivers.
const TRANSACTION: usize = 32;

const fn is_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'a'..=b'f')
}
