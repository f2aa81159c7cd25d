//! XMPP without sockets: streams, stanzas, addresses, the component handshake.
//!
//! | part | what it does | specification |
//! |---|---|---|
//! | [`Handshake`], [`ComponentStream`] | joins an XMPP server as an external component | XEP-0114 |
//! | [`StreamReader`] | bytes in, in any chunks; stanzas out | RFC 6120 §4, §11 |
//! | [`StanzaWriter`] | stanzas in, escaped bytes out | RFC 6120 §8 |
//! | [`Stanza`], [`StanzaError`] | message, presence, iq and their errors | RFC 6120 §8, RFC 6121 |
//! | [`Receipt`], [`Marker`], [`ChatState`], [`Delay`], [`StanzaId`], [`Hint`] | what small extensions say inside of a message | XEP-0184, 0333, 0085, 0203, 0359, 0334 |
//! | [`Jid`], [`escape`], [`unescape`] | addresses and what their local parts cannot hold | RFC 7622, XEP-0106 |
//!
//! Nothing here waits, opens or reads a clock: the caller moves the bytes. All input is hostile;
//! what is read is bounded by [`Limits`], and an error names the place and never the content. A
//! stanza beyond the limits, or with what parsers do not take but servers pass on, is skipped and reported ([`Refused`]), so that the user who sent it
//! disturbs nobody else on the stream; only what is no XML for XMPP ends that.

#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::indexing_slicing)]

mod address;
mod component;
mod payload;
mod stanza;
mod stream;
mod xml;

pub use address::{AddressError, Jid, escape, unescape};
pub use component::{ComponentStream, Handshake, HandshakeError, HandshakeProgress};
pub use payload::{ChatState, Delay, Hint, Marker, Nick, Payload, PayloadError, Receipt, StanzaId};
pub use stanza::{
    Condition, DiscoInfo, ErrorType, Identity, Iq, IqPayload, IqType, LangText, Message,
    MessageType, Presence, PresenceType, Show, Stanza, StanzaError, Thread,
};
pub use stream::{
    ContentNamespace, Refused, StanzaWriter, StreamCondition, StreamError, StreamEvent,
    StreamHeader, StreamReader,
};
pub use xml::{
    Attribute, Element, LimitError, Limits, Node, ReadError, RefusalError, WriteError, namespace,
};
