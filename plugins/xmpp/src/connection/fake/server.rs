//! The server, as far as a test plays it.

use std::collections::VecDeque;

use rialto_xmpp_codec::{
    ContentNamespace, Limits, Message, Presence, Stanza, StreamEvent, StreamReader, namespace,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};

/// The server's end of a connection.
pub(super) type Peer = Box<dyn PeerStream>;

pub(crate) trait PeerStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> PeerStream for S {}

/// A server that does what it is told to.
pub(crate) struct FakeServer {
    stream: Peer,
    reader: StreamReader,
    unread: VecDeque<StreamEvent>,
}

impl FakeServer {
    pub(super) fn at(stream: Peer) -> Self {
        Self {
            stream,
            reader: StreamReader::new(ContentNamespace::Component, Limits::default()),
            unread: VecDeque::new(),
        }
    }

    /// Accepts whatever secret; the codec's own tests check it.
    pub(crate) async fn handshake(&mut self) {
        assert!(matches!(self.next().await, Some(StreamEvent::Header(_))));
        self.header().await;
        let Some(StreamEvent::Element(element)) = self.next().await else {
            panic!("no handshake")
        };
        assert!(element.is(namespace::COMPONENT, "handshake"));
        self.send("<handshake/>").await;
    }

    pub(crate) async fn header(&mut self) {
        self.send(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' \
             xmlns:stream='http://etherx.jabber.org/streams' from='sip.example.com' id='1'>",
        )
        .await;
    }

    pub(crate) async fn send(&mut self, xml: &str) {
        self.stream
            .write_all(xml.as_bytes())
            .await
            .expect("an open connection");
    }

    /// The two directions of the connection, as bytes.
    pub(crate) fn into_halves(self) -> (ReadHalf<Peer>, WriteHalf<Peer>) {
        split(self.stream)
    }

    /// What the plugin sent next; `None` once it closed the connection.
    pub(crate) async fn next(&mut self) -> Option<StreamEvent> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(event) = self.unread.pop_front() {
                return Some(event);
            }
            let count = self
                .stream
                .read(&mut buffer)
                .await
                .ok()
                .filter(|count| *count > 0)?;
            let mut bytes = &buffer[..count];
            while let Some(event) = self.reader.read(&mut bytes).expect("a readable stream") {
                self.unread.push_back(event);
            }
        }
    }

    pub(crate) async fn message(&mut self) -> Message {
        match self.next().await {
            Some(StreamEvent::Stanza(Stanza::Message(message))) => message,
            other => panic!("no message: {other:?}"),
        }
    }

    pub(crate) async fn presence(&mut self) -> Presence {
        match self.next().await {
            Some(StreamEvent::Stanza(Stanza::Presence(presence))) => presence,
            other => panic!("no presence: {other:?}"),
        }
    }

    /// The id of the answer that comes next.
    pub(crate) async fn answer(&mut self) -> String {
        match self.next().await {
            Some(StreamEvent::Stanza(Stanza::Iq(iq))) => iq.id.expect("an id").to_string(),
            other => panic!("no answer: {other:?}"),
        }
    }

    /// Answers the ping that comes next.
    pub(crate) async fn prove(&mut self) {
        let ping = self.ping().await;
        self.pong(&ping).await;
    }

    /// The id of the ping that comes next.
    pub(crate) async fn ping(&mut self) -> String {
        match self.next().await {
            Some(StreamEvent::Stanza(Stanza::Iq(iq))) => {
                assert_eq!(iq.to.as_deref(), Some("example.com"));
                iq.id.expect("an id").to_string()
            }
            other => panic!("no ping: {other:?}"),
        }
    }

    pub(crate) async fn pong(&mut self, id: &str) {
        self.send(&format!(
            "<iq type='result' from='example.com' to='sip.example.com' id='{id}'/>"
        ))
        .await;
    }
}
