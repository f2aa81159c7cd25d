//! Messages of XMPP and of the common format, one for the other (RFC 7572, RFC 3922, RFC 7247 §6).

mod address;
mod content;
mod inbound;
mod outbound;

#[cfg(test)]
mod rfc_examples;

pub(crate) use address::OwnDomains;
pub(crate) use inbound::{Incoming, classify};
pub(crate) use outbound::stanza_from_operation;
