//! Messages and presence of XMPP and of the common format, one for the other (RFC 7572, RFC 8048, RFC 3922, RFC 7247 §6).

mod address;
mod capitals;
mod content;
mod delay;
mod inbound;
mod nick;
mod outbound;
mod presence;
mod reference;
mod report;
mod requests;
mod typing;

#[cfg(test)]
mod address_corpora;
#[cfg(test)]
mod rfc_examples;

pub(crate) use address::{OwnDomains, contact, contact_jid, presentity, source_inbox};
pub(crate) use inbound::{Incoming, classify};
pub(crate) use outbound::stanza_from_operation;
pub(crate) use presence::{MAX_RESOURCES, Resource, document, resources};
pub(crate) use report::{late_failure, stanza_from_disposition};

#[cfg(test)]
pub(crate) use presence::example_presence;

/// The writer of a stream whose handshake is done: there is no other way to one.
#[cfg(test)]
fn test_writer() -> rialto_xmpp_codec::StanzaWriter {
    use rialto_xmpp_codec::{Handshake, HandshakeProgress, Limits};

    let mut out = Vec::new();
    let handshake = Handshake::start("sip.example.com", "s", Limits::default(), &mut out).unwrap();
    let mut answer: &[u8] = b"<stream:stream xmlns='jabber:component:accept' \
        xmlns:stream='http://etherx.jabber.org/streams' id='1'><handshake/>";
    match handshake.read(&mut answer, &mut out).unwrap() {
        HandshakeProgress::Done(stream) => stream.writer(),
        HandshakeProgress::Pending(_) => panic!("the handshake is not done"),
    }
}
