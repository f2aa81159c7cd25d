//! What comes over a stream.

use bytestring::ByteString;

use crate::{Element, RefusalError, Stanza, StreamError, namespace};

/// Names the namespace of a stream's stanzas (RFC 6120 §4.8.2, XEP-0114).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentNamespace {
    /// `jabber:component:accept`: a component and its server.
    Component,
    /// `jabber:client`: a client and its server.
    Client,
    /// `jabber:server`: two servers.
    Server,
}

impl ContentNamespace {
    /// The namespace itself.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Component => namespace::COMPONENT,
            Self::Client => namespace::CLIENT,
            Self::Server => namespace::SERVER,
        }
    }
}

/// Opens a stream (RFC 6120 §4.7).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamHeader {
    /// Who sends it.
    pub from: Option<ByteString>,
    /// To whom.
    pub to: Option<ByteString>,
    /// The stream's id, which the receiving entity chooses.
    pub id: Option<ByteString>,
    /// The language of what has none of its own.
    pub lang: Option<ByteString>,
}

impl StreamHeader {
    pub(super) fn from_element(element: &Element) -> Self {
        Self {
            from: element.attribute("from").cloned(),
            to: element.attribute("to").cloned(),
            id: element.attribute("id").cloned(),
            lang: element.lang().cloned(),
        }
    }
}

/// Is what is left of a child of the stream that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The stanza, of which nothing is read but addresses, id, type and language, so that it can be
    /// answered; `None` if it is no stanza.
    pub head: Option<Stanza>,
    /// Why it was not taken.
    pub error: RefusalError,
}

/// Is one thing that came over a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamEvent {
    /// The stream was opened. Comes first, once.
    Header(StreamHeader),
    /// A message, presence or iq.
    Stanza(Stanza),
    /// A stanza that was not taken; the stream goes on behind it.
    Refused(Refused),
    /// The peer ends the stream for a reason; [`End`](Self::End) follows, or the connection just
    /// ends.
    Error(StreamError),
    /// Any other child of the stream: features, a handshake.
    Element(Element),
    /// The peer closed the stream. Comes last.
    End,
}
