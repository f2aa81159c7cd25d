//! Juliet, and the server that she is on: the server's end of a component's stream (XEP-0114).

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
};

use rialto_xmpp_codec::{
    Condition, ContentNamespace, Jid, Limits, Message, MessageType, ReadError, Stanza, StreamEvent,
    StreamHeader, StreamReader, WriteError, namespace,
};
use sha1::{Digest, Sha1};

use crate::{
    error::DemoError,
    events::{self, Event, EventSender},
    stanza,
};

/// The only user of the server, with her device.
pub(crate) const JID: &str = "juliet@xmpp.example/balcony";
/// The only user of the server.
pub(crate) const BARE_JID: &str = "juliet@xmpp.example";
/// The domain of the server.
pub(crate) const DOMAIN: &str = "xmpp.example";
/// The domain of the component, which is the gateway's.
pub(crate) const COMPONENT: &str = "relay.example";
/// What the component proves to know.
pub(crate) const SECRET: &str = "wherefore-art-thou";

/// A user on a server that takes one component at a time.
#[derive(Debug)]
pub(crate) struct XmppUser {
    local: SocketAddr,
    component: Component,
}

/// What came in.
#[derive(Debug)]
pub(crate) enum Received {
    /// The gateway has shown that it knows the secret.
    Joined,
    /// A message; the refusal is what was answered if it was for nobody here.
    Message {
        wire: String,
        from: String,
        text: String,
        refusal: Option<String>,
    },
    /// The report that a message of Juliet's was not taken.
    Error {
        wire: String,
        id: String,
        condition: String,
    },
    /// Any other stanza, and what was answered.
    Other {
        wire: String,
        answer: Option<String>,
    },
}

impl XmppUser {
    /// Opens the port for components and begins to answer on it.
    pub(crate) fn start(events: EventSender) -> Result<Self, DemoError> {
        let failed = || DemoError::io("Juliet's server has no socket");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed())?;
        let local = listener.local_addr().map_err(failed())?;
        let component = Component::default();
        let joined = component.clone();
        events::thread("juliet", move || {
            for stream in listener.incoming().flatten() {
                // A component that goes wrong is cut off, as a server does it; it may come again.
                let _cut_off = Session::new(stream, joined.clone(), events.clone()).serve();
                joined.set(None);
            }
        })?;
        Ok(Self { local, component })
    }

    /// Where the server takes components.
    pub(crate) fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Sends a message as Juliet's client would, and returns it as it went to the component.
    pub(crate) fn write(&self, to: &str, id: &str, text: &str) -> Result<String, DemoError> {
        let wire = stanza::message(JID, to, id, text)?;
        self.component.send(&wire)?;
        Ok(wire)
    }
}

/// The connection of the component that has joined.
#[derive(Clone, Debug, Default)]
struct Component(Arc<Mutex<Option<TcpStream>>>);

impl Component {
    fn set(&self, stream: Option<TcpStream>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stream;
    }

    fn send(&self, wire: &str) -> Result<(), DemoError> {
        let stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stream = stream.as_ref().ok_or(DemoError::NoComponent)?;
        stream
            .write_all(wire.as_bytes())
            .map_err(DemoError::io("Juliet's server cannot send"))
    }
}

/// One connection of a component, from its first byte.
struct Session {
    stream: TcpStream,
    component: Component,
    events: EventSender,
    id: String,
    reader: StreamReader,
    /// What was read of the stanza that is not whole yet.
    wire: Vec<u8>,
}

impl Session {
    fn new(stream: TcpStream, component: Component, events: EventSender) -> Self {
        let id = format!("{:016x}", rand::random::<u64>());
        let reader = StreamReader::new(ContentNamespace::Component, Limits::default());
        Self {
            stream,
            component,
            events,
            id,
            reader,
            wire: Vec::new(),
        }
    }

    fn serve(mut self) -> Result<(), SessionError> {
        let mut buffer = [0; 8192];
        loop {
            let count = self.stream.read(&mut buffer)?;
            let mut input = buffer.get(..count).unwrap_or_default();
            if input.is_empty() {
                return Ok(());
            }
            while let Some((event, wire)) = self.next_event(&mut input)? {
                self.take(event, wire)?;
            }
        }
    }

    /// The next event, with the bytes that it came as.
    fn next_event(
        &mut self,
        input: &mut &[u8],
    ) -> Result<Option<(StreamEvent, String)>, ReadError> {
        let before = *input;
        let event = self.reader.read(input)?;
        let read = before.len() - input.len();
        self.wire.extend(before.iter().take(read));
        Ok(event.map(|event| {
            let wire = String::from_utf8_lossy(&self.wire).trim().to_owned();
            self.wire.clear();
            (event, wire)
        }))
    }

    fn take(&mut self, event: StreamEvent, wire: String) -> Result<(), SessionError> {
        match event {
            StreamEvent::Header(header) => self.open(&header),
            StreamEvent::Element(element) if element.is(namespace::COMPONENT, "handshake") => {
                self.admit(&element.text())
            }
            StreamEvent::Stanza(stanza) if self.is_admitted() => {
                let received = self.answer(stanza, wire)?;
                Ok(self.events.send(Event::Xmpp(received))?)
            }
            _ => Err(SessionError::Over),
        }
    }

    fn open(&mut self, header: &StreamHeader) -> Result<(), SessionError> {
        if header.to.as_deref() != Some(COMPONENT) {
            return Err(SessionError::Over);
        }
        let (content, stream, id) = (namespace::COMPONENT, namespace::STREAM, &self.id);
        let header = format!(
            "<?xml version='1.0'?><stream:stream xmlns='{content}' xmlns:stream='{stream}' \
             from='{COMPONENT}' id='{id}'>"
        );
        Ok(self.stream.write_all(header.as_bytes())?)
    }

    /// Lets the component in if it knows the secret (XEP-0114 §3).
    fn admit(&mut self, proof: &str) -> Result<(), SessionError> {
        let digest = Sha1::new()
            .chain_update(&self.id)
            .chain_update(SECRET)
            .finalize();
        let expected: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if proof != expected {
            return Err(SessionError::Over);
        }
        self.stream.write_all(b"<handshake/>")?;
        self.component.set(Some(self.stream.try_clone()?));
        Ok(self.events.send(Event::Xmpp(Received::Joined))?)
    }

    fn is_admitted(&self) -> bool {
        self.component
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// Answers what a server would answer, before the next stanza is looked at.
    fn answer(&mut self, stanza: Stanza, wire: String) -> Result<Received, SessionError> {
        match stanza {
            Stanza::Message(message) if message.type_ == MessageType::Error => {
                Ok(report(message, wire))
            }
            Stanza::Message(message) => {
                let refusal = if is_for_juliet(&message) {
                    None
                } else {
                    Some(stanza::refusal(&message, &Condition::ItemNotFound)?)
                };
                self.write(refusal.as_deref())?;
                let from = message.from.unwrap_or_default().to_string();
                let text = message.bodies.first().map(|body| body.text.to_string());
                Ok(Received::Message {
                    wire,
                    from,
                    text: text.unwrap_or_default(),
                    refusal,
                })
            }
            Stanza::Iq(iq) => {
                let answer = stanza::answer(&iq)?;
                self.write(answer.as_deref())?;
                Ok(Received::Other { wire, answer })
            }
            Stanza::Presence(_) => Ok(Received::Other { wire, answer: None }),
        }
    }

    fn write(&mut self, answer: Option<&str>) -> Result<(), SessionError> {
        Ok(self
            .stream
            .write_all(answer.unwrap_or_default().as_bytes())?)
    }
}

/// Why a component is cut off.
#[derive(Debug, thiserror::Error)]
enum SessionError {
    #[error("the connection broke")]
    Io(#[from] io::Error),
    #[error("the component sent no XMPP")]
    Read(#[from] ReadError),
    #[error("the answer cannot be written")]
    Write(#[from] WriteError),
    #[error("the component ended the stream, or sent what has no place in it")]
    Over,
}

fn is_for_juliet(message: &Message) -> bool {
    let to = message.to.as_deref().and_then(|to| Jid::parse(to).ok());
    to.is_some_and(|to| to.bare() == BARE_JID)
}

fn report(message: Message, wire: String) -> Received {
    let condition = message.error.map(|error| error.condition.name().to_owned());
    Received::Error {
        wire,
        id: message.id.unwrap_or_default().to_string(),
        condition: condition.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use rialto_xmpp_codec::{ComponentStream, Handshake, HandshakeProgress, Iq, LangText};

    use super::*;
    use crate::events::Events;

    /// A component that has joined, as the gateway does it.
    struct Peer {
        connection: TcpStream,
        stream: ComponentStream,
    }

    impl Peer {
        fn join(server: SocketAddr, secret: &str) -> io::Result<Self> {
            let mut connection = TcpStream::connect(server)?;
            let mut out = Vec::new();
            let start = Handshake::start(COMPONENT, secret, Limits::default(), &mut out);
            let mut handshake = start.unwrap();
            loop {
                connection.write_all(&out)?;
                out.clear();
                let mut buffer = [0; 1024];
                let count = connection.read(&mut buffer)?;
                if count == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                match handshake.read(&mut &buffer[..count], &mut out).unwrap() {
                    HandshakeProgress::Pending(pending) => handshake = pending,
                    HandshakeProgress::Done(stream) => return Ok(Self { connection, stream }),
                }
            }
        }

        fn write(&mut self, stanza: impl Into<Stanza>) {
            let mut out = Vec::new();
            self.stream
                .writer()
                .write(&stanza.into(), &mut out)
                .unwrap();
            self.connection.write_all(&out).unwrap();
        }

        fn read(&mut self) -> Stanza {
            loop {
                let mut byte = [0];
                self.connection.read_exact(&mut byte).unwrap();
                if let Some(event) = self.stream.read(&mut &byte[..]).unwrap() {
                    let StreamEvent::Stanza(stanza) = event else {
                        panic!("{event:?}")
                    };
                    return stanza;
                }
            }
        }
    }

    fn joined() -> (XmppUser, Peer, Events) {
        let (sender, events) = events::channel();
        let user = XmppUser::start(sender).unwrap();
        let peer = Peer::join(user.local_address(), SECRET).unwrap();
        (user, peer, events)
    }

    fn message(to: &'static str) -> Message {
        Message {
            from: Some("sip=sip.example\\2fromeo@relay.example".into()),
            to: Some(to.into()),
            id: Some("1".into()),
            bodies: vec![LangText::new("Adieu <&> 🌹")],
            ..Message::default()
        }
    }

    fn wait(events: &mut Events, mut is_it: impl FnMut(&Received) -> bool) -> Received {
        let found = events.wait("it", |event| match event {
            Event::Xmpp(received) if is_it(&received) => Ok(received),
            event => Err(event),
        });
        found.unwrap()
    }

    #[test]
    fn server_refuses_a_component_with_another_secret() {
        let (sender, _events) = events::channel();
        let user = XmppUser::start(sender).unwrap();
        assert!(Peer::join(user.local_address(), "guess").is_err());
        assert!(matches!(
            user.write("a@relay.example", "1", ""),
            Err(DemoError::NoComponent)
        ));
    }

    #[test]
    fn server_takes_a_message_for_juliet_as_it_was_on_the_wire() {
        let (_user, mut peer, mut events) = joined();
        peer.write(message(BARE_JID));
        let received = wait(&mut events, |received| {
            matches!(received, Received::Message { .. })
        });
        let Received::Message {
            wire,
            text,
            refusal,
            ..
        } = received
        else {
            unreachable!()
        };
        assert!(
            wire.starts_with("<message from=") && wire.ends_with("</message>"),
            "{wire}"
        );
        assert_eq!((text.as_str(), refusal), ("Adieu <&> 🌹", None));
    }

    #[test]
    fn server_refuses_a_message_for_nobody_before_it_answers_a_ping() {
        let (_user, mut peer, _events) = joined();
        peer.write(message("nurse@xmpp.example"));
        peer.write(Iq::ping(COMPONENT.into(), DOMAIN.into(), "2".into()));
        let Stanza::Message(refusal) = peer.read() else {
            panic!("no message")
        };
        assert_eq!(refusal.error.unwrap().condition, Condition::ItemNotFound);
        assert_eq!(refusal.id.as_deref(), Some("1"));
        let Stanza::Iq(pong) = peer.read() else {
            panic!("no iq")
        };
        assert_eq!(
            (pong.type_.as_str(), pong.id.as_deref()),
            ("result", Some("2"))
        );
    }

    #[test]
    fn juliet_writes_to_the_component() {
        let (user, mut peer, mut events) = joined();
        wait(&mut events, |received| matches!(received, Received::Joined));
        user.write(
            "sip=sip.example\\2fromeo@relay.example",
            "j1",
            "Come & hear",
        )
        .unwrap();
        let Stanza::Message(message) = peer.read() else {
            panic!("no message")
        };
        assert_eq!(message.from.as_deref(), Some(JID));
        assert_eq!(message.bodies[0].text, "Come & hear");
    }
}
