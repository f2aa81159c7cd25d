//! The namespaces this crate knows by name.

use bytestring::ByteString;

/// No namespace.
pub const NONE: &str = "";
/// The `xml` prefix.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// Streams (RFC 6120 §4.8.1).
pub const STREAM: &str = "http://etherx.jabber.org/streams";
/// Stream error conditions (RFC 6120 §4.9.2).
pub const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
/// Stanza error conditions (RFC 6120 §8.3.2).
pub const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
/// Stanzas between a server and its component (XEP-0114).
pub const COMPONENT: &str = "jabber:component:accept";
/// Stanzas between a client and its server (RFC 6120 §4.8.2).
pub const CLIENT: &str = "jabber:client";
/// Stanzas between servers (RFC 6120 §4.8.2).
pub const SERVER: &str = "jabber:server";
/// Ping (XEP-0199).
pub const PING: &str = "urn:xmpp:ping";
/// What an entity is and can do (XEP-0030).
pub const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
/// What an entity contains (XEP-0030).
pub const DISCO_ITEMS: &str = "http://jabber.org/protocol/disco#items";
/// Message delivery receipts (XEP-0184).
pub const RECEIPTS: &str = "urn:xmpp:receipts";
/// Headers of a stanza (XEP-0131).
pub const SHIM: &str = "http://jabber.org/protocol/shim";
/// Chat state notifications (XEP-0085).
pub const CHAT_STATES: &str = "http://jabber.org/protocol/chatstates";
/// Displayed markers (XEP-0333).
pub const CHAT_MARKERS: &str = "urn:xmpp:chat-markers:0";
/// Delayed delivery (XEP-0203).
pub const DELAY: &str = "urn:xmpp:delay";
/// Unique and stable stanza ids (XEP-0359).
pub const STANZA_IDS: &str = "urn:xmpp:sid:0";
/// User nicknames (XEP-0172).
pub const NICK: &str = "http://jabber.org/protocol/nick";
/// Message processing hints (XEP-0334).
pub const HINTS: &str = "urn:xmpp:hints";

const KNOWN: [&str; 19] = [
    COMPONENT,
    CLIENT,
    SERVER,
    STREAM,
    STANZA_ERRORS,
    STREAM_ERRORS,
    PING,
    DISCO_INFO,
    DISCO_ITEMS,
    RECEIPTS,
    CHAT_STATES,
    CHAT_MARKERS,
    DELAY,
    STANZA_IDS,
    NICK,
    HINTS,
    SHIM,
    XML,
    NONE,
];

/// Keeps one copy of each known namespace, so that a stanza's elements share it without counting.
pub(crate) fn intern(uri: String) -> ByteString {
    match KNOWN.iter().find(|known| **known == uri) {
        Some(known) => ByteString::from_static(known),
        None => ByteString::from(uri),
    }
}

/// A namespace of this list, shared and not copied.
pub(crate) const fn known(uri: &'static str) -> ByteString {
    ByteString::from_static(uri)
}
