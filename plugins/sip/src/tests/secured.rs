//! TLS, both ways (RFC 3261 §26, RFC 5922).

mod clients;
mod servers;

use rialto_sdk::prelude::{
    ByteString, InstantInbox, InstantMessage, MessageOperation, TransactionId,
};

use super::{
    Fake, StreamPeer, address,
    authority::{Authority, Certified},
    message,
    peer::{Peer, header, response, status},
    start_with,
};
use crate::{adapter::Adapter, config::TransportKind};

/// The domain that the adapter has a certificate for.
const GATEWAY: &str = "gw.example";

/// An adapter that listens over TLS alone, with more in its section `tls`.
fn secured(gateway: &Fake, authority: &Authority, own: &Certified, more: &str) -> Adapter {
    start_with(
        gateway,
        &format!(
            r#"{{"listen": ["tls:127.0.0.1:0"], {}}}"#,
            own.section(authority, more)
        ),
    )
}

fn tls(adapter: &Adapter) -> std::net::SocketAddr {
    address(adapter, TransportKind::Tls)
}

fn over_tls(branch: &str, body: &str) -> String {
    message(branch, body).replace("SIP/2.0/UDP", "SIP/2.0/TLS")
}

/// A message to Romeo, whose domain is `sip.example`.
fn operation(next_hop: &str) -> MessageOperation {
    MessageOperation::new(
        TransactionId::parse(b"op").unwrap(),
        InstantInbox::parse("im:juliet@xmpp.example").unwrap(),
        InstantInbox::parse("im:romeo@sip.example").unwrap(),
        InstantMessage::text(ByteString::from("hi")),
    )
    .with_next_hop(next_hop)
}
